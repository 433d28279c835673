// Transposed convolution: every input writes the kernel, times itself, into the output; where they overlap, they add.
import { bind } from "../state.js";
import { html } from "../draw/dom.js";
import { range } from "../draw/colour.js";
import { counted, exact, short } from "../draw/format.js";
import { choice, frame, player, slider, toggle } from "../draw/frame.js";
import { live } from "../draw/live.js";
import { legend, plane } from "../draw/plane.js";
import { typed } from "../draw/typed.js";
import { formatMatrix, parseMatrix, spread } from "../matrix.js";

const ones = (size) => formatMatrix(Array.from({ length: size }, () => new Array(size).fill(1)));
const FOUR = "0 1; 2 3";
const EXAMPLES = {
  four: { title: "2×2 by 2×2", input: FOUR, kernel: FOUR, stride: 1, padding: 0, extra: 0 },
  apart: { title: "2×2 by 2×2, stride 2", input: FOUR, kernel: FOUR, stride: 2, padding: 0, extra: 0 },
  cut: { title: "2×2 by 2×2, one cut off each side", input: FOUR, kernel: FOUR, stride: 1, padding: 1, extra: 0 },
  doubled: { title: "3×3 to 6×6, kernel 3, stride 2", input: "1 2 3; 4 5 6; 7 8 9", kernel: "1 2 1; 2 4 2; 1 2 1", stride: 2, padding: 1, extra: 1 },
  checkered: { title: "checkerboard: kernel 3, stride 2", input: ones(5), kernel: ones(3), stride: 2, padding: 0, extra: 0 },
  even: { title: "none: kernel 4, stride 2", input: ones(5), kernel: ones(4), stride: 2, padding: 1, extra: 0 },
};
const settings = ({ input, kernel, stride, padding, extra }) => ({ input, kernel, stride, padding, extra });
/** The input to begin with: a 0 writes nothing. @param {string} input */
const beginning = (input) => (input.startsWith("0") ? 1 : 0);
const DEFAULTS = { ...settings(EXAMPLES.apart), step: beginning(EXAMPLES.apart.input), whole: false };
const LIMITS = { stride: [1, 4], padding: [0, 3], extra: [0, 3] };

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const view = frame(el, { title: "Transposed convolution", name: "transposed", lead: "A convolution read backwards: each input is multiplied by the whole kernel and written into the output, the stride apart. Where neighbours overlap, they are added." });
  const example = choice("Example", { ...Object.fromEntries(Object.entries(EXAMPLES).map(([name, { title }]) => [name, title])), own: "your own" }, "apart", (name) => EXAMPLES[name] && state.set({ ...settings(EXAMPLES[name]), step: beginning(EXAMPLES[name].input) }));
  const turns = Object.fromEntries(Object.entries({ stride: "Stride", padding: "Padding (cut off)", extra: "Output padding" }).map(([name, label]) => [name, slider(label, { min: LIMITS[name][0], max: LIMITS[name][1], value: 1 }, (value) => state.set({ [name]: value, step: 0, ...(name === "stride" ? { extra: Math.min(state.get().extra, value - 1) } : {}) }))]));
  const whole = toggle("all inputs at once", false, (on) => state.set({ whole: on }));
  const editors = { input: typed("Input", (input) => state.set({ input, step: 0 })), kernel: typed("Kernel", (kernel) => state.set({ kernel, step: 0 })) };
  let size = { rows: 1, columns: 1 };
  const walk = player(el, { what: "input", count: () => size.rows * size.columns, get: () => state.get().step, set: (step) => state.set({ step, whole: false }) });
  view.controls.append(example.element, ...Object.values(turns).map((each) => each.element), whole.element, editors.input.element, editors.kernel.element, walk.element);
  const input = plane({ label: "Input", cell: 40, onPick: (row, column) => state.set({ step: row * size.columns + column, whole: false }) });
  const kernel = plane({ label: "Kernel", cell: 40 });
  const output = plane({ label: "Output", side: 320 });
  const counts = plane({ label: "How many inputs write to each place", side: 320 });
  const scales = [html("div"), html("div"), html("div"), html("div")];
  const rules = html("div");
  const figures = [...[input, kernel, output, counts].map((each, at) => live(html("div", {}, each.element, scales[at]))), live(rules)];
  view.drawing.append(...figures.map((each) => each.element));

  const draw = () => {
    const now = state.get();
    const [values, weights] = [parseMatrix(now.input, DEFAULTS.input), parseMatrix(now.kernel, DEFAULTS.kernel)];
    const within = (value, most) => Math.max(0, Math.min(most, Math.round(value)));
    const stride = Math.max(1, within(now.stride, 8));
    const [extra, padding] = [within(now.extra, stride - 1), within(now.padding, 16)];
    size = { rows: values.length, columns: values[0].length };
    const step = within(now.step, size.rows * size.columns - 1);
    const made = spread(values, weights, { stride, padding, extra }, now.whole ? Infinity : step + 1);
    const done = spread(values, weights, { stride, padding, extra });
    example.set(Object.keys(EXAMPLES).find((name) => Object.entries(settings(EXAMPLES[name])).every(([key, value]) => now[key] === value)) ?? "own");
    for (const name of Object.keys(turns)) turns[name].set(name === "extra" ? extra : now[name], name === "extra" ? { max: stride - 1 } : {});
    whole.set(now.whole);
    for (const name of Object.keys(editors)) editors[name].set(now[name]);
    rules.replaceChildren(...["height", "width"].map((name, axis) => html("p", { class: "rule caption" }, html("span", {}, `${name} `), sizeRule(done.spreads[axis]))));
    figures[4].set("The rule", "(size − 1)·stride + kernel − 2·padding + output padding");
    if (!made.rows || !made.columns) {
      view.say(`Cutting ${padding} off each side leaves nothing.`);
      figures.slice(0, 4).forEach((each) => each.set(""));
      return;
    }
    const [row, column] = [Math.floor(step / size.columns), step % size.columns];
    const value = values[row][column];
    const flat = [values.flat(), weights.flat(), made.values.flat(), made.counts.flat()];
    const ranges = [range(flat[0], "diverging"), range(flat[1], "diverging"), range(done.values.flat(), "diverging"), [0, Math.max(1, ...flat[3])]];
    const at = now.whole ? [] : [{ row: row * stride - padding, column: column * stride - padding, height: weights.length, width: weights[0].length }];
    input.update({ ...size, values: flat[0], colours: "diverging", lo: ranges[0][0], hi: ranges[0][1], marks: now.whole ? [] : [{ row, column }] });
    input.cursor = { row, column };
    kernel.update({ rows: weights.length, columns: weights[0].length, values: flat[1], colours: "diverging", lo: ranges[1][0], hi: ranges[1][1] });
    output.update({ rows: made.rows, columns: made.columns, values: flat[2], colours: "diverging", lo: ranges[2][0], hi: ranges[2][1], marks: at });
    counts.update({ rows: made.rows, columns: made.columns, values: flat[3], lo: 0, hi: ranges[3][1], marks: at });
    scales.forEach((scale, i) => scale.replaceChildren(legend(ranges[i][0], ranges[i][1], i < 3 ? "diverging" : "sequential")));
    view.say(now.whole ? `All ${size.rows * size.columns} inputs have written: ${size.rows}×${size.columns} became ${made.rows}×${made.columns}.` : `Input ${row}, ${column} writes ${exact(value)} times the kernel at rows ${short(at[0].row)} to ${short(at[0].row + weights.length - 1)}, columns ${short(at[0].column)} to ${short(at[0].column + weights[0].length - 1)}${padding ? "; what lies outside is cut off" : ""}.`);
    ["Input", "Kernel", now.whole ? "Output" : "Output so far"].forEach((title, each) => figures[each].set(title));
    figures[3].set("Writers of each place", overlap(made.counts, weights, stride));
    view.table(() => ({ head: ["row", ...made.values[0].map((_, each) => `column ${each}`)], right: made.values[0].map((_, each) => each + 1), rows: made.values.map((line, each) => [each, ...line.map(short)]) }));
  };
  const leave = state.subscribe(draw);
  draw();
  return () => { walk.stop(); leave(); };
}

const sizeRule = ({ size, stride, kernel, before, extra, outputs }) => `(${size} − 1)·${stride} + ${kernel} − 2·${before} + ${extra} = ${outputs}`;

/** How unevenly the inputs overlap, away from the borders, where fewer reach. */
function overlap(counts, weights, stride) {
  const edge = Math.max(weights.length, weights[0].length) - 1;
  const inner = [...new Set(counts.slice(edge, counts.length - edge).flatMap((row) => row.slice(edge, row.length - edge)))].sort((a, b) => a - b);
  const divides = weights.length % stride === 0 && weights[0].length % stride === 0;
  if (!divides) return `${stride} does not divide the kernel of ${weights.length}×${weights[0].length}: ${inner.length > 1 ? `away from the borders places are written ${inner.join(", ")} times` : "places are written unequally often"}, which shows as a checkerboard.`;
  return `${stride === 1 ? "With stride 1" : `${stride} divides the kernel, so`} every place away from the borders is written equally often${inner.length ? `, ${counted(inner[0], "time")}` : ""}.`;
}

export default { render };
