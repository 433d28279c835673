// What an answer rests on: the map of a method over the example, and whether the method can be believed on this run.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { range, table as colourTable, index, isLight } from "../draw/colour.js";
import { html } from "../draw/dom.js";
import { short } from "../draw/format.js";
import { lines } from "../draw/line.js";
import { choice, frame, part, slider } from "../draw/frame.js";
import { legend, plane } from "../draw/plane.js";

const DEFAULTS = { run: "", image: "", method: "gradcam", target: "", node: "", at: "", least: 0, most: 100, opacity: 60 };
const CAM = ["gradcam", "gradcampp", "guided_gradcam"]; // whose map is of a layer
const MOST_LETTERS = 400;

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "What it rests on", name: "explain", lead: "Which places of the example count for an answer, by one of several methods. Methods disagree, and some show the example more than the network: read the verdict of the checks first." });
  const controls = {
    method: choice("Method", {}, "", (method) => state.set({ method, node: undefined })),
    target: choice("Explained", {}, "", (target) => state.set({ target })),
    node: choice("Layer", {}, "", (node) => state.set({ node })),
    least: slider("Minimum", { min: 0, max: 100, value: 0, shown: percent }, (least) => state.set({ least })),
    most: slider("Maximum", { min: 1, max: 100, value: 100, shown: percent }, (most) => state.set({ most })),
    opacity: slider("Opacity", { min: 0, max: 100, value: 60, shown: percent }, (opacity) => state.set({ opacity })),
  };
  view.controls.append(...Object.values(controls).map((each) => each.element));
  const pick = (row, column) => regional && state.set({ at: `${row},${column}` });
  const [image, over, alone] = ["The example", "The map over the example", "The map alone"].map((label) => plane({ label, side: 300, onPick: label.startsWith("The map over") ? pick : undefined }));
  const curve = lines({ label: "The signal, coloured by the map", x: "step" });
  const verdict = html("div", { class: "verdict" });
  const letters = html("p", { class: "letters number" });
  const scaleSlot = html("div");
  const checked = new Map();
  let regional = false;
  let answer = null;

  const paint = () => {
    if (!answer?.arrays.map) return;
    const { values, arrays } = answer;
    const { least, most, opacity } = state.get();
    const map = arrays.map.data;
    const colours = values.signed ? "diverging" : "sequential";
    const [lowest, highest] = range(map, colours);
    // a signed map is cut on both sides of 0 at once, so that 0 keeps its colour
    const top = (Math.max(most, least + 1) / 100) * highest;
    const bottom = values.signed ? -top : lowest + (least / 100) * (highest - lowest);
    const high = values.signed ? top : lowest + (Math.max(most, least + 1) / 100) * (highest - lowest);
    const cut = values.signed ? Float32Array.from(map, (value) => (Math.abs(value) < (least / 100) * highest ? 0 : value)) : map;
    scaleSlot.replaceChildren(legend(bottom, high, colours));
    if (arrays.pixels) {
      const [rows, columns] = arrays.pixels.shape;
      const large = upsampled(cut, arrays.map.shape, rows, columns);
      over.update({ rows, columns, pixels: arrays.pixels.data, values: large, colours, lo: bottom, hi: high, over: opacity / 100, marks: marks(state.get().at) });
      alone.update({ rows, columns, values: large, colours, lo: bottom, hi: high });
    } else if (arrays.signal) {
      const known = colourTable(colours);
      const bands = Array.from(cut, (value, at) => {
        const from = 3 * index(value, bottom, high);
        return { from: at - 0.5, to: at + 0.5, colour: `rgb(${known[from]} ${known[from + 1]} ${known[from + 2]} / ${opacity / 100})` };
      });
      const [channels, steps] = arrays.signal.shape;
      curve.update(Array.from({ length: channels }, (_, at) => ({ name: channels > 1 ? `channel ${at}` : "signal", y: arrays.signal.data.subarray(at * steps, (at + 1) * steps) })), { bands });
    } else {
      const known = colourTable(colours);
      letters.replaceChildren(...values.letters.slice(0, MOST_LETTERS).map((letter, at) => {
        const place = index(cut[at], bottom, high);
        const span = html("span", { title: `${at}: ${short(map[at])}` }, letter || "·");
        const [red, green, blue] = known.subarray(3 * place, 3 * place + 3);
        span.style.background = `rgb(${red} ${green} ${blue})`;
        span.style.color = isLight(colours, place) ? "#14181d" : "#ffffff";
        return span;
      }));
    }
  };
  const draw = ({ values, arrays }) => {
    answer = { values, arrays };
    const now = state.get();
    regional = Boolean(arrays.region);
    controls.method.set(now.method, values.methods);
    controls.target.set(now.target, [["", `its own answer (${values.target})`], ...values.targets.map((name) => [name, name])]);
    controls.node.element.hidden = !CAM.includes(now.method);
    controls.node.set(now.node, [["", values.node && !now.node ? `the last with places (${values.node})` : "the last with places"], ...values.layers.map((name) => [name, name])]);
    if (values.refused) {
      view.say(`${values.title} is refused here: ${values.refused}.`);
      view.drawing.replaceChildren(...(arrays.pixels ? [part("The example", shown(arrays.pixels))] : []));
      view.more.replaceChildren();
      return;
    }
    const whole = short(values.score);
    view.say(`${values.title}: what ${values.target} rests on, with a score of ${whole}; the map goes from ${short(values.minimum)} to ${short(values.maximum)}${values.node ? `, taken of layer ${values.node} (${values.shape.join(" × ")})` : ""}.`);
    const signs = values.signed ? "Orange speaks for it, blue against it." : "The lighter, the more it counts.";
    const [one, all] = arrays.signal ? ["step", "signal"] : values.letters.length ? ["letter", "text"] : ["pixel", "image"];
    const [about, key] = [`${values.about.replaceAll("pixel", one).replaceAll("image", all)} (${values.source})`, html("div", {}, scaleSlot)];
    if (arrays.pixels) {
      view.drawing.replaceChildren(
        part("The example", shown(arrays.pixels)),
        part("The map over it", html("div", {}, over.element, key), regional ? "Choose a place to explain what is predicted there." : signs),
        part("The map alone", alone.element, `${regional ? `${signs} ` : ""}${about}`),
        ...(regional ? [part("What is explained", region(arrays.region), values.target)] : []));
    } else if (arrays.signal) view.drawing.replaceChildren(part("The map along the signal", html("div", {}, curve.element, key), `${signs} ${about}`));
    else view.drawing.replaceChildren(part("The map over the text", html("div", {}, letters, key), `${signs} ${about}`));
    paint();
    judge();
    view.table(() => rowsOf(values, arrays.map));
  };
  const shown = ({ shape: [rows, columns], data }) => {
    image.update({ rows, columns, pixels: data });
    return image.element;
  };
  const region = ({ shape: [rows, columns], data }) => {
    const mask = plane({ label: "What is explained", side: 300 });
    mask.update({ rows, columns, values: data, colours: "grey", lo: 0, hi: 1 });
    return mask.element;
  };

  const judge = () => {
    const now = state.get();
    const found = checked.get(keyOf(now)) ?? answer.values;
    const button = html("button", { type: "button", click: check }, "Check this method");
    verdict.className = `verdict${found.passed === false ? " alert" : ""}`;
    verdict.replaceChildren(html("h2", {}, "Can it be believed?"),
      html("p", {}, found.verdict ? `${found.passed === false ? "The checks failed: " : ""}${found.verdict}` : `${found.title} has not been checked on this run. Checking asks whether its maps change when the weights do, and whether what they point at matters; it takes seconds to a minute.`),
      found.verdict ? "" : button,
      ...found.remarks.map((text) => html("p", { class: "note" }, text)));
    const { gap } = answer.values;
    const theory = gap === null ? [] : [html("p", { class: "note" }, `Theory says what the map adds up to; it misses that by ${short(gap)}, ${short(Math.abs(100 * gap / (answer.values.score || 1)))} % of the score.`)];
    view.more.replaceChildren(verdict, ...theory, ...answer.values.notes.map((text) => html("p", { class: "note" }, text)));
  };
  const keyOf = ({ method, node }) => `${method}\n${node}`;
  const question = ({ run, image: name, method, target, node, at }, more = {}) => source.get(path("runs", run, "explain", name), { method, target, node, at: regionalAt(at), ...more });
  const regionalAt = (at) => (/^\d+,\d+$/.test(at) ? at : "");
  const checking = latest((now) => question(now, { checks: 1 }), ({ values }, now) => {
    checked.set(keyOf(now), values);
    judge();
  }, (error) => verdict.replaceChildren(html("p", { class: "alert", role: "alert" }, String(error).replace(/^Error: /, ""))));
  function check() {
    verdict.replaceChildren(html("h2", {}, "Can it be believed?"), html("p", { role: "status" }, "Checking on held-out examples; this takes seconds to a minute …"));
    checking.run(state.get());
  }

  const asked = latest(question, draw, view.fail);
  let last = "";
  const change = () => {
    const now = state.get();
    for (const name of ["least", "most", "opacity"]) controls[name].set(now[name]);
    const wanted = [now.method, now.target, now.node, now.at].join("\n");
    if (wanted === last) return paint();
    last = wanted;
    checking.leave();
    asked.run(now);
  };
  view.say("Computing the map …");
  const leave = state.subscribe(change);
  change();
  return () => { asked.leave(); checking.leave(); leave(); };
}

/** A map as many cells as the image: each takes the nearest of the map, so that what was computed is seen. */
function upsampled(map, [height, width], rows, columns) {
  if (height === rows && width === columns) return map;
  return Float32Array.from({ length: rows * columns }, (_, i) =>
    map[Math.floor((Math.floor(i / columns) * height) / rows) * width + Math.floor(((i % columns) * width) / columns)]);
}

const percent = (value) => `${value} %`;
const marks = (at) => (/^\d+,\d+$/.test(at) ? [{ row: Number(at.split(",")[0]), column: Number(at.split(",")[1]) }] : []);

/** The places that count most, in words and numbers. */
function rowsOf({ letters }, { shape, data }) {
  const order = Array.from(data.keys()).sort((a, b) => Math.abs(data[b]) - Math.abs(data[a])).slice(0, 100);
  const names = shape.length === 2 ? ["row", "column"] : [letters.length ? "letter" : "step"];
  const where = (i) => (shape.length === 2 ? [Math.floor(i / shape[1]), i % shape[1]] : [letters.length ? `${i} ${letters[i]}` : i]);
  return { head: [...names, "counts"], right: [0, 1, 2], rows: order.map((i) => [...where(i), short(data[i])]) };
}

export default { render };
