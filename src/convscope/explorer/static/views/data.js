// The examples that a run is judged by, those that it got most wrong first: the way into everything else.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html } from "../draw/dom.js";
import { choice, frame, toggle } from "../draw/frame.js";
import { painted } from "../draw/plane.js";
import { counted } from "../draw/format.js";

const DEFAULTS = { sort: "worst", mistakes: false, from: 0, run: "" };
const SHOWN = 48;

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "Examples and mistakes", name: "examples", lead: "Choose one to see what the network makes of it, layer by layer, down to single products." });
  const controls = {
    sort: choice("Order", { worst: "most wrong first", stored: "as stored" }, DEFAULTS.sort, (sort) => state.set({ sort, from: 0 })),
    mistakes: toggle("mistakes only", false, (mistakes) => state.set({ mistakes, from: 0 })),
  };
  const before = html("button", { type: "button", click: () => state.set({ from: Math.max(0, state.get().from - SHOWN) }) }, "Previous");
  const after = html("button", { type: "button", click: () => state.set({ from: state.get().from + SHOWN }) }, "Next");
  const own = html("input", { type: "file", accept: "image/*", "aria-label": "An image of your own", change: () => own.files[0] && model.keep?.(own.files[0]).catch(view.fail) });
  view.controls.append(controls.sort.element, controls.mistakes.element, before, after,
    ...(model.keep ? [html("div", { class: "control" }, html("span", {}, "An image of your own, or drop it on the page"), own)] : []));

  const asked = latest(
    ({ run, sort, mistakes, from }) => source.get(`${path("runs", run)}/images`, { sort, from, n: SHOWN, only: mistakes ? "mistakes" : "" }),
    ({ values, arrays }) => {
      const { from } = state.get();
      before.disabled = from === 0;
      after.disabled = from + SHOWN >= values.count;
      const rate = values.mistakes === null ? "" : `, of which ${values.mistakes.toLocaleString("en")} were answered wrongly`;
      view.say(`${counted(values.examples, "example")} of the ${values.split} split${rate}. Shown: ${values.count ? from + 1 : 0} to ${Math.min(from + SHOWN, values.count)}.`);
      const cards = values.rows.map((row, at) => card(row, at, arrays.thumbnails, state));
      view.drawing.replaceChildren(html("ul", { class: "gallery" }, cards));
      view.more.replaceChildren(...values.warnings.map((text) => html("p", { class: "alert" }, text)));
      const columns = Object.keys(values.rows[0] ?? {}).filter((name) => !["image", "right"].includes(name));
      view.table(() => ({ head: columns, rows: values.rows.map((row) => columns.map((name) => row[name])) }));
    },
    view.fail);

  const draw = () => {
    const now = state.get();
    controls.sort.set(now.sort);
    controls.mistakes.set(now.mistakes);
    asked.run(now);
  };
  view.say("Reading the set …");
  const leave = state.subscribe(draw);
  draw();
  return () => { asked.leave(); leave(); };
}

function card(row, at, thumbnails, state) {
  const { right, label, prediction } = row;
  const canvas = thumbnails ? [picture(thumbnails, at)] : [];
  const said = prediction === undefined ? "" : right === false ? `${prediction}, is ${label}` : prediction;
  return html("li", {}, html("a", { href: state.href({ image: row.image, view: "classes" }) ?? "#" },
    canvas,
    html("span", { class: `answer ${right === false ? "wrong" : ""}` }, said || label || ""),
    row.probability ? ` ${(100 * Number(row.probability)).toFixed(1)} %` : "",
    html("span", { class: "id" }, row.id)));
}

function picture({ shape: [, rows, columns], data }, at) {
  const canvas = html("canvas", { width: columns, height: rows, "aria-hidden": "true" });
  const pixels = data.subarray(at * rows * columns * 3, (at + 1) * rows * columns * 3);
  canvas.getContext("2d").putImageData(painted({ rows, columns, pixels }), 0, 0);
  return canvas;
}

export default { render };
