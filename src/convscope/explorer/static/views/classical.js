// Blur and Canny's edges, step by step: kernels that people wrote down before networks learned theirs.
import { bind } from "../state.js";
import { html } from "../draw/dom.js";
import { counted, short } from "../draw/format.js";
import { choice, frame, part, player, slider } from "../draw/frame.js";
import { legend, painted, plane } from "../draw/plane.js";
import { range } from "../draw/colour.js";
import { canny } from "../canny.js";
import { OWN, greyed, ownPicture, pictureOf } from "../picture.js";
import { PICTURES } from "../samples.js";

const DEFAULTS = { sample: "house", sigma: 1.5, low: 0.1, high: 0.25, step: 8, at: "" };
const MOST = 160; // pixels of the longer side of one's own picture
const FAINT = 0.05; // of the largest magnitude: below it no direction is shown
const COLOURS = [[35, 103, 176], [179, 77, 8], [13, 112, 88], [150, 60, 160]];
const TURNS = ["│ edge upright: grey grows across", "╱ edge rising: grey grows to the lower right or upper left", "─ edge level: grey grows down or up", "╲ edge falling: grey grows to the lower left or upper right"];

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const view = frame(el, {
    title: "Blur and Canny", name: "canny",
    lead: "Filters that were written by hand: blur away the grain, see where the grey value changes and in which direction, keep the crest of that, and join strong edges by weak ones.",
  });
  const own = ownPicture(model, MOST, () => {
    key = "";
    state.get().sample === OWN ? draw() : state.set({ sample: OWN, at: "" });
  }, (error) => view.say(/** @type {Error} */ (error).message));
  const names = Object.fromEntries([...Object.keys(PICTURES), OWN].map((name) => [name, name]));
  const share = (value) => `${Math.round(100 * value)} %`;
  const controls = {
    sample: choice("Picture", names, DEFAULTS.sample, (sample) => state.set({ sample })),
    sigma: slider("Blur, σ in pixels", { min: 0.5, max: 5, step: 0.1, value: 1.5, shown: short }, (sigma) => state.set({ sigma })),
    high: slider("High threshold", { min: 0.01, max: 1, step: 0.01, value: 0.25, shown: share }, (high) => state.set({ high, low: Math.min(high, state.get().low) })),
    low: slider("Low threshold", { min: 0.01, max: 1, step: 0.01, value: 0.1, shown: share }, (low) => state.set({ low, high: Math.max(low, state.get().high) })),
  };
  const steps = player(el, { what: "step", count: () => STEPS.length, get: () => state.get().step, set: (step) => state.set({ step }) });
  view.controls.append(controls.sample.element, own.element, controls.sigma.element, controls.high.element, controls.low.element, steps.element);

  const large = plane({ label: "The chosen step", side: Math.min(440, el.clientWidth || 440), onPick: (row, column) => state.set({ at: `${row},${column}` }) });
  const scale = html("div");
  const [title, caption] = [html("span"), html("span")];
  const small = STEPS.map(({ name }, at) => {
    const canvas = html("canvas", { "aria-hidden": "true" });
    const button = html("button", { type: "button", click: () => state.set({ step: at }) }, canvas, html("span", {}, `${at} ${name}`));
    return { canvas, button };
  });
  view.drawing.append(part(/** @type {any} */ (title), html("div", {}, large.element, scale), caption), html("ul", { class: "maps steps", "aria-label": "All steps" }, small.map(({ button }) => html("li", {}, button))));

  let greyOfSample = "";
  let grey = { rows: 1, columns: 1, values: new Float32Array(1) };
  let found = canny(grey, DEFAULTS);
  let key = ""; // of the settings that `found` is of
  const draw = () => {
    const asked = state.get();
    for (const name of Object.keys(controls)) controls[name].set(asked[name]);
    const next = JSON.stringify([asked.sample, asked.sigma, asked.low, asked.high]);
    if (next !== key) {
      try {
        if (!key || greyOfSample !== asked.sample) grey = greyOf(asked.sample, own);
      } catch (error) {
        return view.say(error.message);
      }
      [key, greyOfSample] = [next, asked.sample];
      found = canny(grey, asked);
      small.forEach(({ canvas }, at) => {
        if (canvas.width !== grey.columns || canvas.height !== grey.rows) [canvas.width, canvas.height] = [grey.columns, grey.rows];
        canvas.getContext("2d").putImageData(painted(STEPS[at].content(grey, found)), 0, 0);
      });
      view.more.replaceChildren(html("p", { class: "note" }, asked.sample === OWN && own.picture.said ? `${own.picture.said} Colours are weighed 0.299, 0.587, 0.114 to grey.` : ""));
    }
    const at = Math.max(0, Math.min(asked.step, STEPS.length - 1));
    small.forEach(({ button }, i) => button.setAttribute("aria-pressed", String(i === at)));
    const content = STEPS[at].content(grey, found);
    const [row, column] = asked.at.split(",").map(Number);
    const isPicked = asked.at !== "" && row < grey.rows && column < grey.columns;
    large.update({ ...content, marks: isPicked ? [{ row, column }] : [] });
    if (isPicked) large.cursor = { row, column };
    title.textContent = `${at} ${STEPS[at].name}`;
    scale.replaceChildren(...(content.key ?? [legend(content.lo, content.hi, content.colours)]));
    caption.textContent = STEPS[at].says(grey, found, asked);
    view.say(isPicked ? atPixel(grey, found, row, column) : `Step ${at} of ${STEPS.length - 1}. ${counted(count(found.edges, 1), "pixel")} of ${(grey.rows * grey.columns).toLocaleString("en")} are edges in the end. Choose a pixel to see its numbers.`);
    view.table(() => ({ head: ["step", "least", "largest", "what it is"], right: [1, 2], rows: STEPS.map(({ name, values, says }, i) => [`${i} ${name}`, ...range(values(grey, found), "sequential").map(short), says(grey, found, asked)]) }));
  };
  const leave = state.subscribe(draw);
  draw();
  return () => { steps.stop(); leave(); };
}

function greyOf(sample, own) {
  if (sample !== OWN && !PICTURES[sample]) throw new Error(`There is no picture “${sample}”: choose one.`);
  const grey = sample === OWN ? greyed(pictureOf(own).channels) : PICTURES[sample]();
  return { rows: grey.length, columns: grey[0].length, values: Float32Array.from(grey.flat()) };
}

const count = (values, wanted) => values.reduce((sum, value) => sum + Number(value === wanted), 0);

/**
 * A step: its numbers, how they are drawn, and what they are.
 * @param {string} name @param {string} colours @param {(grey: any, found: any) => any} values @param {(grey: any, found: any, asked: any) => string} says
 * @param {(list: any, found: any) => [number, number]} limits
 */
function step(name, colours, values, says, limits = (list) => range(list, colours)) {
  const content = ({ rows, columns }, found, list) => {
    const [lo, hi] = limits(list, found);
    return { rows, columns, values: list, colours, lo, hi };
  };
  return { name, values, says, content: (grey, found) => content(grey, found, values(grey, found)) };
}

const fixed = (lo, hi) => () => /** @type {[number, number]} */ ([lo, hi]);
const upright = (_, { most }) => /** @type {[number, number]} */ ([0, most || 1]);
const STEPS = [
  step("Grey picture", "grey", (grey) => grey.values, ({ rows, columns }) => `${rows} × ${columns} pixels, 0 is black and 1 white.`, fixed(0, 1)),
  step("Blur", "grey", (_, found) => found.blurred, (_, __, { sigma }) => `Each pixel is the mean of its surroundings, weighed by a Gaussian of σ = ${sigma}: ${2 * Math.floor(4 * sigma + 0.5) + 1} numbers along the rows, then as many along the columns. Beyond the border the last pixel is repeated.`, fixed(0, 1)),
  step("Sobel x", "diverging", (_, found) => found.x, () => "How much the grey value grows from left to right: (−1 0 1, −2 0 2, −1 0 1) over the blurred picture. Orange grows, blue falls."),
  step("Sobel y", "diverging", (_, found) => found.y, () => "The same from top to bottom: (−1 −2 −1, 0 0 0, 1 2 1). Orange grows downwards, blue falls."),
  step("Magnitude", "sequential", (_, found) => found.magnitude, (_, { most }) => `√(x² + y²), at most ${short(most)}: large at edges, whichever way they run.`, upright),
  { name: "Direction", values: (_, found) => found.direction, content: turned, says: () => `In which of four directions the grey value changes most; an edge runs across it. Grey: below ${100 * FAINT} % of the largest magnitude.` },
  step("Non-maximum suppression", "sequential", (_, found) => found.thin, ({ rows, columns }, { thin }) => `The magnitude where both neighbours in its direction are smaller, else 0: ${counted(rows * columns - count(thin, 0), "pixel")} are left, edges one pixel wide.`, upright),
  step("Two thresholds", "grey", (_, found) => found.classes, (_, { classes, most }, { low, high }) => `White: strong, at least ${short(high * most)} (${count(classes, 2).toLocaleString("en")}). Grey: weak, at least ${short(low * most)} (${count(classes, 1).toLocaleString("en")}). Black: neither.`, fixed(0, 2)),
  step("Hysteresis: the edges", "grey", (_, found) => found.edges, (_, { edges, classes }) => `The strong pixels, and those weak ones that touch them, also at corners or by way of other weak ones: ${counted(count(edges, 1), "pixel")}, ${(count(edges, 1) - count(classes, 2)).toLocaleString("en")} of them weak.`, fixed(0, 1)),
];

function turned({ rows, columns }, { direction, magnitude, most }) {
  const pixels = new Uint8ClampedArray(3 * rows * columns);
  for (let i = 0; i < direction.length; i++) pixels.set(magnitude[i] > FAINT * most ? COLOURS[direction[i]] : [128, 128, 128], 3 * i);
  const key = TURNS.map((words, at) => {
    const swatch = html("canvas", { width: 1, height: 1, class: "swatch", "aria-hidden": "true" });
    const context = swatch.getContext("2d");
    context.fillStyle = `rgb(${COLOURS[at].join()})`;
    context.fillRect(0, 0, 1, 1);
    return html("div", { class: "legend" }, swatch, html("span", {}, words));
  });
  return { rows, columns, pixels, key };
}

function atPixel({ columns, values }, found, row, column) {
  const at = row * columns + column;
  const kept = !found.thin[at] ? "not the crest of an edge" : ["below both thresholds", "weak", "strong"][found.classes[at]];
  return `Row ${row}, column ${column}: grey ${short(values[at])}, blurred ${short(found.blurred[at])}; grows ${short(found.x[at])} to the right and ${short(found.y[at])} downwards, magnitude ${short(found.magnitude[at])} (${Math.round((100 * found.magnitude[at]) / (found.most || 1))} % of the largest): ${kept}, ${found.edges[at] ? "an edge" : "no edge"}.`;
}

export default { render };
