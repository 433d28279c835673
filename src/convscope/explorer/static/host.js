// A view on a page of its own, without a server: its state is in memory, its answers lie in the page.
import { html } from "./draw/dom.js";

/**
 * What shows a view in an element of such a page. @param {{render: (given: any) => any}} view
 * @returns {(el: HTMLElement, given: Record<string, any>) => any} given: state, embedded, and what else the view is given
 */
export const hosted = (view) => (el, given) => {
  const listeners = new Set();
  const held = { state: {}, ...given };
  const [bar, place] = [html("div", { class: "place" }), html("div")];
  bar.hidden = true; // where an answer is missing there is a way back
  bar.append(html("button", { type: "button", click: () => { model.set("state", { ...given.state }); model.save_changes(); bar.hidden = true; } }, "As it was saved"));
  el.replaceChildren(bar, place);
  const model = {
    get: (name) => held[name],
    set(name, value) {
      held[name] = value;
      bar.hidden = !given.embedded;
    },
    save_changes: () => [...listeners].forEach((listener) => listener()),
    on: (event, listener) => listeners.add(listener),
    off: (event, listener) => listeners.delete(listener),
  };
  return view.render({ model, el: place });
};
