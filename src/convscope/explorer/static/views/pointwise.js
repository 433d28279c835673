// A 1×1 convolution: at every place the channels are mixed by one matrix, as by a fully connected layer for each pixel.
import { bind } from "../state.js";
import { html } from "../draw/dom.js";
import { range } from "../draw/colour.js";
import { exact, short } from "../draw/format.js";
import { frame, part, player } from "../draw/frame.js";
import { live, place } from "../draw/live.js";
import { legend, plane } from "../draw/plane.js";
import { typed } from "../draw/typed.js";
import { atEachPlace, parseMatrix, product } from "../matrix.js";

const DEFAULTS = { weights: "0.5 0.5 0; 1 -1 0; 0 -0.5 1", red: "9 9 9 9; 9 8 7 6; 1 2 3 4; 0 0 1 2", green: "0 1 2 3; 2 3 4 5; 5 5 5 5; 7 8 9 9", blue: "3 1 0 0; 0 2 4 6; 6 7 8 9; 9 4 2 1", step: 5 };
const CHANNELS = /** @type {const} */ (["red", "green", "blue"]);

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const view = frame(el, { title: "1×1 convolution", name: "pointwise", lead: "Its window is one place: it sees no neighbours, only the channels of that place. The same matrix of weights mixes them everywhere." });
  let size = { rows: 4, columns: 4 };
  const pick = (row, column) => state.set({ step: row * size.columns + column });
  const walk = player(el, { what: "place", count: () => size.rows * size.columns, get: () => state.get().step, set: (step) => state.set({ step }) });
  const editor = typed("Weights, a row for each channel out", (weights) => state.set({ weights }));
  const editors = CHANNELS.map((name) => typed(`Channel ${name}`, (text) => state.set({ [name]: text })));
  view.controls.append(editor.element, ...editors.map((each) => each.element), walk.element);
  const inputs = CHANNELS.map((name) => plane({ label: `Channel ${name}`, cell: 34, onPick: pick }));
  const weights = plane({ label: "Weights", cell: 44 });
  const wide = plane({ label: "All places side by side", cell: 34, onPick: (_, column) => state.set({ step: column }) });
  const long = plane({ label: "The product", cell: 34, onPick: (_, column) => state.set({ step: column }) });
  const outputs = [];
  const mixed = [];
  const scales = [html("div"), html("div"), html("div")];
  const given = inputs.map((each, i) => part(`Channel ${CHANNELS[i]}`, each.element));
  const mixing = live(html("div", {}, weights.element, scales[0]));
  const whole = live(html("div", {}, wide.element, scales[1], long.element, scales[2]));

  const draw = () => {
    const now = state.get();
    const typedIn = CHANNELS.map((name) => parseMatrix(now[name], DEFAULTS[name]));
    const fits = typedIn.every((each) => each.length === typedIn[0].length && each[0].length === typedIn[0][0].length);
    const planes = fits ? typedIn : CHANNELS.map((name) => parseMatrix(DEFAULTS[name], "0"));
    const asked = parseMatrix(now.weights, DEFAULTS.weights);
    const matrix = asked[0].length === CHANNELS.length ? asked : parseMatrix(DEFAULTS.weights, "0");
    editor.set(now.weights);
    editors.forEach((each, i) => each.set(now[CHANNELS[i]]));
    size = { rows: planes[0].length, columns: planes[0][0].length };
    const step = Math.max(0, Math.min(Math.round(now.step), size.rows * size.columns - 1));
    const [row, column] = [Math.floor(step / size.columns), step % size.columns];
    const made = atEachPlace(planes, matrix);
    const flat = planes.map((each) => each.flat());
    const multiplied = product(matrix, flat);
    const difference = Math.max(...made.flatMap((each, o) => each.flat().map((value, i) => Math.abs(value - multiplied[o][i]))));
    const [least, most] = range(flat.flat(), "sequential");
    const [low, high] = range(multiplied.flat(), "diverging");
    const [from, to] = range(matrix.flat(), "diverging");
    const marks = [{ row, column }];
    inputs.forEach((each, i) => { each.update({ ...size, values: flat[i], lo: least, hi: most, marks }); each.cursor = { row, column }; });
    weights.update({ rows: matrix.length, columns: matrix[0].length, values: matrix.flat(), colours: "diverging" });
    while (outputs.length < multiplied.length) outputs.push(plane({ label: `Channel ${outputs.length} out`, cell: 34, onPick: pick }));
    multiplied.forEach((values, o) => {
      outputs[o].update({ ...size, values, colours: "diverging", lo: low, hi: high, marks });
      outputs[o].cursor = { row, column };
    });
    wide.update({ rows: flat.length, columns: flat[0].length, values: flat.flat(), lo: least, hi: most, marks: [{ row: 0, column: step, height: flat.length }] });
    long.update({ rows: multiplied.length, columns: flat[0].length, values: multiplied.flat(), colours: "diverging", lo: low, hi: high, marks: [{ row: 0, column: step, height: multiplied.length }] });
    wide.cursor = long.cursor = { row: 0, column: step };
    const vector = flat.map((each) => each[step]);
    view.say(`${fits ? "" : "The channels must be of one size: the example's are shown. "}At row ${row}, column ${column} the channels ${vector.map(short).join(", ")} become ${multiplied.map((each) => short(each[step])).join(", ")}. Channel 0: ${matrix[0].map((weight, i) => `${short(weight)}·${short(vector[i])}`).join(" + ")} = ${exact(Number(multiplied[0][step].toPrecision(12)))}.`);
    scales[0].replaceChildren(legend(from, to, "diverging"));
    scales[1].replaceChildren(legend(least, most, "sequential"));
    scales[2].replaceChildren(legend(low, high, "diverging"));
    while (mixed.length < outputs.length) mixed.push(part(`Channel ${mixed.length} out`, outputs[mixed.length].element));
    mixing.set("Weights", `${matrix.length} channels out × ${CHANNELS.length} in: ${matrix.length * CHANNELS.length} weights, whatever the size of the image.`);
    whole.set("The same as a matrix product", `Every place a column, the weights times all of them at once: ${matrix.length}×${CHANNELS.length} times ${CHANNELS.length}×${flat[0].length}. The largest difference to the walk over the places is ${short(difference)}.`);
    place(view.drawing, ...given, mixing.element, ...mixed.slice(0, multiplied.length), whole.element);
    view.table(() => ({ head: ["place", ...CHANNELS, ...multiplied.map((_, o) => `out ${o}`)], right: [1, 2, 3, ...multiplied.map((_, o) => o + 4)], rows: flat[0].map((_, i) => [`${Math.floor(i / size.columns)}, ${i % size.columns}`, ...flat.map((each) => short(each[i])), ...multiplied.map((each) => short(each[i]))]) }));
  };
  const leave = state.subscribe(draw);
  draw();
  return () => { walk.stop(); leave(); };
}

export default { render };
