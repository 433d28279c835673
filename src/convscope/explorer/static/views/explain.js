// What an answer rests on: a map over the example, and below it whether its method can be believed on this network.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html, svg } from "../draw/dom.js";
import { short } from "../draw/format.js";
import { choice, frame, part, slider } from "../draw/frame.js";
import { legend, plane } from "../draw/plane.js";
import { isLight, table } from "../draw/colour.js";

const DEFAULTS = { run: "", image: "", method: "gradcam", beside: "ig", target: "", minimum: 0, maximum: 1, opacity: 0.75 };
const MOST_CLASSES = 300;

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "What the answer rests on", name: "explanation", lead: "A map looks convincing whether it is true or not: read the verdict below it first. Minimum and maximum are shares of the magnitude below which 99.5 % of the map lie." });
  const share = (value) => `${Math.round(100 * value)} %`;
  const controls = {
    method: choice("Method", {}, "", (method) => state.set({ method })),
    beside: choice("Beside it", {}, "", (beside) => state.set({ beside })),
    target: choice("Of", { "": "its own answer" }, "", (target) => state.set({ target })),
    minimum: slider("Minimum", { min: 0, max: 1, step: 0.01, value: 0, shown: share }, (minimum) => state.set({ minimum, maximum: Math.max(minimum, state.get().maximum) })),
    maximum: slider("Maximum", { min: 0, max: 1, step: 0.01, value: 1, shown: share }, (maximum) => state.set({ maximum, minimum: Math.min(maximum, state.get().minimum) })),
    opacity: slider("Opacity", { min: 0, max: 1, step: 0.01, value: 0.75, shown: share }, (opacity) => state.set({ opacity })),
  };
  view.controls.append(...Object.values(controls).map((each) => each.element));
  let answers = [];

  const show = () => {
    const now = state.get();
    for (const name of Object.keys(controls)) controls[name].set(now[name]);
    const [first] = answers;
    if (!first) return;
    view.drawing.replaceChildren(...answers.map((answer) => one(answer, now, check)));
    const told = first.values;
    view.say(told.refused ? `${first.title} does not apply: ${told.refused}.` : `${told.title} of ${told.target || "the answer"}: ${told.of} ${short(told.score)}${told.passed === null ? "; not checked on this run" : told.passed ? "; held the checks" : "; did not hold the checks"}.`);
    view.table(() => ({
      head: ["method", "of", "score", "least", "largest", "layer", "gap", "verdict"], right: [2, 3, 4, 6],
      rows: answers.map(({ values, title }) => (values.refused ? [title, "", "", "", "", "", "", values.refused] : [title, values.target, short(values.score), short(values.minimum), short(values.maximum), values.node ?? "", values.gap === null ? "" : short(values.gap), values.verdict || "not checked"])),
    }));
  };
  const ask = (now, method, checks = "") => source.get(path("runs", now.run, "explain", now.image), { method, target: now.target, node: now.node ?? "", at: now.at ?? "", checks })
    .then((answer) => ({ ...answer, title: titles[method] ?? method, method }));
  const check = async (method, button) => {
    button.disabled = true;
    button.textContent = "Checking on held-out examples …";
    try {
      const checked = await ask(state.get(), method, "1");
      answers = answers.map((each) => (each.method === method ? checked : each));
    } catch (error) {
      button.textContent = error.message;
      return;
    }
    show();
  };
  let titles = /** @type {Record<string, string>} */ ({});
  let key = "";
  const asked = latest(async (now) => Promise.all([now.method, now.beside].filter((method, at, all) => method && all.indexOf(method) === at).map((method) => ask(now, method))),
    (found) => { answers = found; show(); }, view.fail);
  const change = () => {
    const now = state.get();
    const next = JSON.stringify([now.run, now.image, now.method, now.beside, now.target, now.node, now.at]);
    if (next === key) return show();
    key = next;
    asked.run(now);
  };
  const begin = latest((now) => Promise.all([source.get("methods"), source.get(path("runs", now.run))]), ([known, run]) => {
    titles = Object.fromEntries(known.values.methods.map((each) => [each.name, each.title]));
    controls.method.set(state.get().method, titles);
    controls.beside.set(state.get().beside, { "": "nothing", ...titles });
    const classes = run.values.classes.slice(0, MOST_CLASSES);
    controls.target.set(state.get().target, { "": "its own answer", ...Object.fromEntries(classes.map((name) => [name, name])) });
    change();
  }, view.fail);
  view.say("Explaining the answer …");
  const leave = state.subscribe(change);
  begin.run(state.get());
  return () => { begin.leave(); asked.leave(); leave(); };
}

/** The map of one method over the example, with its verdict and a way to check it. */
function one({ values, arrays, title, method }, now, check) {
  if (values.refused) return part(title, html("p", { class: "note" }, `does not apply: ${values.refused}`));
  const colours = values.signed ? "diverging" : "sequential";
  const most = largest(arrays.map.data);
  const verdict = html("p", { class: values.passed === false ? "alert" : "caption" }, values.verdict || "Not checked on this run.");
  const button = values.verdict ? "" : html("button", { type: "button", click: (event) => check(method, event.currentTarget) }, "Check this method (seconds to a minute)");
  const facts = [values.node ? `layer ${values.node}` : "", values.gap === null ? "" : `misses its sum by ${short(values.gap)}`, ...values.notes].filter(Boolean).join("; ");
  return part(title, html("div", {}, over(values, arrays, now, colours, most, title), legend(values.signed ? -most * now.maximum : most * now.minimum, most * now.maximum, colours), facts ? html("p", { class: "caption" }, facts) : "", verdict, button));
}

/** The magnitude below which 99.5 % of a map lie: one pixel alone would leave all others pale. */
function largest(values) {
  const sizes = Float32Array.from(values.filter(Number.isFinite), Math.abs).sort();
  return sizes[Math.floor(0.995 * (sizes.length - 1))] || sizes[sizes.length - 1] || 1;
}

/** How strongly a value covers the example: nothing below the minimum, all of the opacity from the maximum on. */
const strength = (value, most, { minimum, maximum }) => Math.min(1, Math.max(0, (Math.abs(value) / most - minimum) / Math.max(1e-6, maximum - minimum)));

function colourOf(value, most, now, colours) {
  const known = table(colours);
  const full = Math.min(1, strength(value, most, now));
  const at = colours === "diverging" ? Math.round(127.5 + 127.5 * Math.sign(value) * full) : Math.round(255 * full);
  return known.subarray(3 * at, 3 * at + 3);
}

function over(values, arrays, now, colours, most, title) {
  if (values.letters.length) return letters(values.letters, arrays.map.data, most, now, colours);
  if (arrays.pixels) {
    const [rows, columns] = arrays.pixels.shape;
    const [high, wide] = arrays.map.shape;
    const pixels = new Uint8ClampedArray(rows * columns * 3);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const to = 3 * (y * columns + x);
        const value = arrays.map.data[Math.floor((y * high) / rows) * wide + Math.floor((x * wide) / columns)];
        const cover = now.opacity * (Number.isFinite(value) ? strength(value, most, now) : 0);
        const colour = colourOf(Number.isFinite(value) ? value : 0, most, now, colours);
        for (let c = 0; c < 3; c++) pixels[to + c] = (1 - cover) * arrays.pixels.data[to + c] + cover * colour[c];
      }
    }
    const drawn = plane({ label: `${title} over the image`, side: 320 });
    drawn.update({ rows, columns, pixels: values.upward ? upside(pixels, rows, columns) : pixels });
    return drawn.element;
  }
  return trace(arrays, most, now, colours);
}

function upside(pixels, rows, columns) {
  const turned = new Uint8ClampedArray(pixels.length);
  for (let y = 0; y < rows; y++) turned.set(pixels.subarray(3 * y * columns, 3 * (y + 1) * columns), 3 * (rows - 1 - y) * columns);
  return turned;
}

function letters(text, map, most, now, colours) {
  return html("p", { class: "letters" }, text.map((letter, at) => {
    const span = html("span", { title: short(map[at]) }, letter || "·");
    const cover = strength(map[at], most, now);
    const [red, green, blue] = colourOf(map[at], most, now, colours);
    span.style.backgroundColor = `rgb(${red} ${green} ${blue} / ${now.opacity * cover})`;
    const place = colours === "diverging" ? Math.round(127.5 + 127.5 * Math.sign(map[at]) * cover) : Math.round(255 * cover);
    if (now.opacity * cover > 0.5) span.style.color = isLight(colours, place) ? "#14181d" : "#fff";
    return span;
  }));
}

/** A signal as lines, above a strip that is coloured by the map. */
function trace({ signal, map }, most, now, colours) {
  const [channels, steps] = signal.shape;
  const [width, height] = [560, 150];
  const [lo, hi] = [signal.data.reduce((a, b) => Math.min(a, b), Infinity), signal.data.reduce((a, b) => Math.max(a, b), -Infinity)];
  const lines = Array.from({ length: channels }, (_, c) => svg("polyline", { class: "axis", points: Array.from({ length: steps }, (_, t) => `${(((t + 0.5) * width) / steps).toFixed(1)},${(height - 4 - ((signal.data[c * steps + t] - lo) / (hi - lo || 1)) * (height - 8)).toFixed(1)}`).join(" ") }));
  const strip = html("canvas", { class: "strip", width: map.data.length, height: 1, role: "img", "aria-label": "The map along the signal" });
  const image = new ImageData(map.data.length, 1);
  map.data.forEach((value, t) => image.data.set([...colourOf(value, most, now, colours), 255], 4 * t));
  strip.getContext("2d").putImageData(image, 0, 0);
  return html("div", {}, svg("svg", { class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `A signal of ${steps} steps, from ${short(lo)} to ${short(hi)}` }, lines), strip);
}

export default { render };
