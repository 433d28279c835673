// How often each pixel is used by the windows: the middle more often than the border, and some perhaps never.
import { bind } from "../state.js";
import { html } from "../draw/dom.js";
import { counted } from "../draw/format.js";
import { choice, frame, part, player, slider } from "../draw/frame.js";
import { plane, scale } from "../draw/plane.js";
import { uses } from "../uses.js";

const DEFAULTS = { size: 10, kernel: 3, stride: 1, padding: 0, dilation: 1, layers: 1, counted: "ways", at: 55 };

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const view = frame(el, {
    title: "How often a pixel is used", name: "used",
    lead: "Every window takes part of the image. Pixels in the middle lie under many windows, those at the border under few: the middle has more say.",
  });
  const ranges = /** @type {Record<string, [string, number, number]>} */ ({ size: ["Size of the image", 3, 32], kernel: ["Kernel", 1, 7], stride: ["Stride", 1, 5], padding: ["Padding", 0, 6], dilation: ["Dilation", 1, 4], layers: ["Layers stacked", 1, 5] });
  const controls = Object.fromEntries(Object.entries(ranges).map(([name, [label, min, max]]) => [name, slider(label, { min, max, value: DEFAULTS[name] }, (value) => state.set({ [name]: value, ...(name === "size" ? { at: Math.floor(value / 2) * (value + 1) } : {}) }))]));
  const which = choice("Counted", { ways: "ways into the last layer", outputs: "numbers of the last layer that it reaches" }, DEFAULTS.counted, (value) => state.set({ counted: value }));
  const steps = player(el, { what: "pixel", count: () => state.get().size ** 2, get: () => state.get().at, set: (at) => state.set({ at }) });
  view.controls.append(...Object.values(controls).map((each) => each.element), which.element, steps.element);
  const room = (side) => Math.min(side, el.clientWidth || side);
  const input = plane({ label: "How often each pixel is used", side: room(460), onPick: (row, column) => state.set({ at: row * state.get().size + column }) });
  const output = plane({ label: "The numbers of the last layer that the chosen pixel reaches", side: room(300) });
  const [counts, reaches] = [scale(), scale()];
  const captions = [html("span"), html("span")];
  view.drawing.append(
    part("The image, with how often each pixel is used", html("div", {}, input.element, counts.element), captions[0]),
    part("The last layer", html("div", {}, output.element, reaches.element), captions[1]));

  const draw = () => {
    const asked = state.get();
    for (const name of Object.keys(controls)) controls[name].set(asked[name]);
    which.set(asked.counted);
    const found = uses(asked);
    const { windows, missing, ways, outputs } = found;
    if (!windows.length) return view.say(`A window reaches over ${missing.reach} pixels, but only ${missing.size + 2 * asked.padding} are there: no window fits. Choose more padding, less dilation or a smaller kernel.`);
    const { size } = asked;
    const along = asked.counted === "ways" ? ways : outputs.map((each) => each.length);
    const values = Float64Array.from({ length: size * size }, (_, i) => along[Math.floor(i / size)] * along[i % size]);
    const most = Math.max(...along) ** 2;
    const at = Math.max(0, Math.min(asked.at, size * size - 1));
    const [row, column] = [Math.floor(at / size), at % size];
    const dropped = along.flatMap((uses, i) => (uses ? [] : [i]));
    const strips = dropped.flatMap((i) => [{ row: i, column: 0, width: size, kind: "never" }, { row: 0, column: i, height: size, kind: "never" }]);
    input.update({ rows: size, columns: size, values, colours: "sequential", lo: 0, hi: most, marks: [...strips, { row, column }] });
    input.cursor = { row, column };
    counts.update(0, most, "sequential");
    const last = windows.at(-1).outputs;
    const reached = new Float64Array(last * last);
    for (const y of outputs[row]) for (const x of outputs[column]) reached[y * last + x] = 1;
    output.update({ rows: last, columns: last, values: reached, colours: "grey", lo: 0, hi: 1, marks: [] });
    reaches.update(0, 1, "grey");
    const middle = Math.floor(size / 2);
    captions[0].textContent = never(dropped, size, windows);
    captions[1].textContent = `${last} × ${last} numbers. White (1): those that pixel (${row}, ${column}) reaches, ${(outputs[row].length * outputs[column].length).toLocaleString("en")} of ${(last * last).toLocaleString("en")}.`;
    const short = missing ? ` A layer ${windows.length + 1} has no room: its window reaches over ${missing.reach} of ${missing.size + 2 * asked.padding}, so ${counted(windows.length, "layer")} ${windows.length === 1 ? "is" : "are"} counted.` : "";
    const how = asked.counted === "ways" ? (windows.length > 1 ? "reaches the last layer in" : "lies under") : "reaches";
    const thing = asked.counted === "ways" ? (windows.length > 1 ? "way" : "window") : "number of the last layer";
    view.say(`Pixel (${row}, ${column}) ${how} ${plural(values[at], thing)}; the corner (0, 0) ${how} ${plural(values[0], thing)}, the middle (${middle}, ${middle}) ${plural(values[middle * size + middle], thing)}.${short}`);
    view.table(() => ({ head: ["row or column", "along one axis", "with the middle one"], right: [0, 1, 2], rows: along.map((uses, i) => [i, uses.toLocaleString("en"), (uses * along[middle]).toLocaleString("en")]) }));
  };
  const leave = state.subscribe(draw);
  draw();
  return () => { steps.stop(); leave(); };
}

const plural = (number, thing) => (number === 1 ? `1 ${thing}` : `${number.toLocaleString("en")} ${thing.replace("number of", "numbers of")}${thing.includes(" of ") ? "" : "s"}`);

/** Which inputs no window takes, layer by layer. */
function never(dropped, size, windows) {
  const rest = windows.flatMap((window, layer) => (layer && window.dropped.length ? [`Layer ${layer + 1} drops ${listed(window.dropped)} of its ${window.size}.`] : []));
  const first = dropped.length
    ? `Never used: rows and columns ${listed(dropped)}, ${(size ** 2 - (size - dropped.length) ** 2).toLocaleString("en")} of ${(size ** 2).toLocaleString("en")} pixels. None is dropped where the stride divides size + 2 · padding − reach of the window.`
    : "No pixel is dropped.";
  return [first, ...rest].join(" ");
}

const listed = (list) => (list.length > 8 ? `${list.slice(0, 7).join(", ")} … ${list.at(-1)}` : list.length > 1 ? `${list.slice(0, -1).join(", ")} and ${list.at(-1)}` : String(list[0]));

export default { render };
