// A view beside a kernel: its links open other views in its place, which come from the kernel, and a button leads back.
import { html } from "./draw/dom.js";
import { sourceOf } from "./source.js";

/**
 * A view as a widget. Its model has `view`, its name, and `offers`: the title of each view that can be opened here, and
 * whether that needs an example. @param {{render: (given: any) => any}} first
 */
export const hosted = (first) => ({
  /** @param {{model: any, el: HTMLElement}} given */
  render({ model: widget, el }) {
    const offers = widget.get("offers");
    const loaded = { [widget.get("view")]: first };
    const way = []; // the states that were left
    const now = () => widget.get("state") ?? {};
    const shownNow = () => now().view ?? widget.get("view");
    const change = (state) => {
      widget.set("state", state);
      widget.save_changes();
    };
    const next = (patch) => JSON.stringify({ ...now(), ...patch }); // without what is undefined
    const enter = (text) => {
      way.push(now());
      change(JSON.parse(text));
    };
    /** @type {import("./state.js").Model} */
    const model = {
      get: (name) => widget.get(name),
      set: (name, value) => widget.set(name, value),
      save_changes: () => widget.save_changes(),
      on: (event, listener) => widget.on(event, listener),
      off: (event, listener) => widget.off(event, listener),
      send: (message) => widget.send(message),
      href(patch) {
        const offer = offers[patch.view ?? shownNow()];
        return offer && (patch.image || now().image || !offer.image) ? `#${encodeURIComponent(next(patch))}` : undefined;
      },
      go: (patch) => enter(next(patch)),
    };
    model.source = sourceOf(model);

    const bar = html("div", { class: "place" });
    const place = html("div");
    el.classList.add("convscope");
    el.replaceChildren(bar, place);
    const describe = () => {
      bar.hidden = !way.length;
      const back = html("button", { type: "button", click: () => change(way.pop()) }, "Back");
      const others = Object.entries(offers).filter(([name, offer]) => offer.image && name !== shownNow() && model.href({ view: name }));
      bar.replaceChildren(back, ...(now().image ? others.map(([name, offer]) => html("a", { href: model.href({ view: name }) }, offer.title)) : []));
    };
    el.addEventListener("click", (event) => {
      const link = /** @type {Element} */ (event.target).closest("a[href^='#%7B']"); // as href writes it
      if (!link || event.defaultPrevented) return;
      event.preventDefault();
      enter(decodeURIComponent(link.getAttribute("href").slice(1)));
    });

    let shown = "";
    let leave = () => {};
    const show = async () => {
      const name = shownNow();
      const { run = "", image = "" } = now();
      const key = [name, run, image].join("\n");
      describe();
      if (key === shown) return;
      shown = key;
      leave();
      leave = () => {};
      try {
        loaded[name] ??= await load(model.source, name);
        if (shown === key) leave = loaded[name].render({ model, el: place }) ?? leave;
      } catch (error) {
        place.replaceChildren(html("p", { class: "alert", role: "alert" }, error.message));
      }
    };
    widget.on("change:state", show);
    show();
    return () => {
      widget.off("change:state", show);
      leave();
    };
  },
});

/** A view from the kernel. */
async function load(source, name) {
  const { values } = await source.get(`views/${name}`);
  const address = URL.createObjectURL(new Blob([values.module], { type: "text/javascript" }));
  try {
    return (await import(address)).default;
  } finally {
    URL.revokeObjectURL(address);
  }
}
