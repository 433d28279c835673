// The examples that a run is judged by, those that it got most wrong first: the way into everything else.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html, svg } from "../draw/dom.js";
import { choice, frame, part, table, toggle } from "../draw/frame.js";
import { painted, plane } from "../draw/plane.js";
import { counted } from "../draw/format.js";

const DEFAULTS = { sort: "worst", mistakes: false, from: 0, run: "", label: "", prediction: "" };
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
  const only = html("button", { type: "button", click: () => state.set({ label: undefined, prediction: undefined, from: 0 }) });
  only.hidden = true;
  const facts = html("div", { class: "facts" });
  view.controls.append(controls.sort.element, controls.mistakes.element, before, after, only,
    ...(model.keep ? [html("div", { class: "control" }, html("span", {}, "An image of your own, or drop it on the page"), own)] : []));

  const asked = latest(
    ({ run, sort, mistakes, from, label, prediction }) => source.get(`${path("runs", run)}/images`, { sort, from, n: SHOWN, only: mistakes ? "mistakes" : "", label, prediction }),
    ({ values, arrays }) => {
      const { from, label, prediction } = state.get();
      if (own.parentElement) own.parentElement.hidden = values.kind !== "image";
      only.hidden = !label && !prediction;
      only.textContent = `Only ${label} taken for ${prediction}: show all again`;
      before.disabled = from === 0;
      after.disabled = from + SHOWN >= values.count;
      const rate = values.mistakes === null ? "" : `, of which ${values.mistakes.toLocaleString("en")} were answered wrongly`;
      view.say(`${counted(values.examples, "example")} of the ${values.split} split${rate}. Shown: ${values.count ? from + 1 : 0} to ${Math.min(from + SHOWN, values.count)}.`);
      const cards = values.rows.map((row, at) => card(row, at, arrays, state));
      view.drawing.replaceChildren(html("ul", { class: "gallery" }, cards), facts);
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
  const counts = latest(({ run }) => source.get(`${path("runs", run)}/counts`), ({ values, arrays }) => {
    const classes = values.names.length && Object.values(values.splits).every((each) => each.classes);
    const names = Object.keys(values.splits);
    const cells = table({ head: ["class", ...names], right: names.map((_, at) => at + 1), rows: [["all", ...names.map((name) => values.splits[name].count.toLocaleString("en"))],
      ...(classes ? values.names.map((name, at) => [name, ...names.map((each) => (values.splits[each].classes[at] ?? 0).toLocaleString("en"))]) : [])] });
    facts.replaceChildren(part("Examples of each split", html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Examples of each split" }, cells)), ...(arrays.confusion ? [confused(values, arrays.confusion)] : []));
  }, () => facts.replaceChildren()); // what is wrong with the set is told in place of the list
  const confused = ({ names }, { data }) => {
    const size = names.length;
    const pick = (row, column) => state.set({ label: names[row], prediction: names[column], from: 0 });
    const matrix = plane({ label: "Which class was taken for which", side: 420, onPick: pick });
    matrix.update({ rows: size, columns: size, values: Float32Array.from(data), lo: 0 });
    const wrong = Array.from(data.keys()).filter((i) => Math.floor(i / size) !== i % size && data[i]).sort((a, b) => data[b] - data[a]).slice(0, 10);
    const said = wrong.map((i) => html("li", {}, html("button", { type: "button", click: () => pick(Math.floor(i / size), i % size) }, `${names[Math.floor(i / size)]} taken for ${names[i % size]}: ${data[i]}`)));
    return part("Which class was taken for which", html("div", { class: "confused" }, matrix.element, html("ul", {}, said)), "Row: the class; column: the answer, both in the order of the classes above. A cell shows its examples alone.");
  };
  view.say("Reading the set …");
  const leave = state.subscribe(draw);
  draw();
  counts.run(state.get());
  return () => { asked.leave(); counts.leave(); leave(); };
}

/** @param {any} row @param {number} at @param {Record<string, any>} arrays @param {any} state */
function card(row, at, { thumbnails, signals }, state) {
  const { right, label, prediction } = row;
  const canvas = thumbnails ? picture(thumbnails, at) : signals ? line(signals, at) : row.text ? html("span", { class: "number excerpt" }, row.text) : "";
  const said = prediction === undefined ? "" : right === false ? `${prediction}, is ${label}` : prediction;
  return html("li", {}, html("a", { href: state.href({ image: row.image, view: "classes" }) },
    canvas,
    html("span", { class: `answer ${right === false ? "wrong" : ""}` }, said || label || ""),
    row.probability ? ` ${(100 * Number(row.probability)).toFixed(1)} %` : "",
    html("span", { class: "id" }, row.id)));
}

function line({ shape: [, length], data }, at) {
  const points = Array.from(data.subarray(at * length, (at + 1) * length), (value, x) => `${x} ${(34 - 32 * value).toFixed(1)}`);
  return svg("svg", { viewBox: `0 0 ${length - 1} 36`, "aria-hidden": "true", preserveAspectRatio: "none" }, svg("path", { class: "line", d: `M${points.join("L")}`, "vector-effect": "non-scaling-stroke" }));
}

function picture({ shape: [, rows, columns], data }, at) {
  const canvas = html("canvas", { width: columns, height: rows, "aria-hidden": "true" });
  const pixels = data.subarray(at * rows * columns * 3, (at + 1) * rows * columns * 3);
  canvas.getContext("2d").putImageData(painted({ rows, columns, pixels }), 0, 0);
  return canvas;
}

export default { render };
