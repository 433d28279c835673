// Pooling: of the numbers under each window the largest, or their mean; no weights, and each channel by itself.
import { bind } from "../state.js";
import { html } from "../draw/dom.js";
import { range } from "../draw/colour.js";
import { exact, short } from "../draw/format.js";
import { choice, frame, player, slider, toggle } from "../draw/frame.js";
import { live } from "../draw/live.js";
import { legend, plane } from "../draw/plane.js";
import { typed } from "../draw/typed.js";
import { sizeRule } from "../stack.js";
import { parseMatrix, pool } from "../matrix.js";
import { OWN, greyed, ownPicture, pictureOf } from "../picture.js";

const NUMBERS = { four: "1 1 2 4; 4 5 6 9; 3 1 0 3; 4 0 1 8", nine: "0 1 2; 3 4 5; 6 7 8", sixteen: "0 1 2 3; 4 5 6 7; 8 9 10 11; 12 13 14 15" };
const SAMPLES = { four: "4×4, 2×2 apart", nine: "0 to 8, 2×2 one by one", sixteen: "0 to 15, 3×3 padded", wide: "0 to 15, windows 2×3", [OWN]: "a picture of your own", typed: "your own numbers" };
const SIDE = 32; // pixels of the longer side of a picture
const SETTINGS = {
  four: { numbers: NUMBERS.four, size: "2x2", stride: "2x2", padding: "0x0" },
  nine: { numbers: NUMBERS.nine, size: "2x2", stride: "1x1", padding: "0x0" },
  sixteen: { numbers: NUMBERS.sixteen, size: "3x3", stride: "2x2", padding: "1x1" },
  wide: { numbers: NUMBERS.sixteen, size: "2x3", stride: "2x3", padding: "0x1" },
};
const DEFAULTS = { sample: "", kind: "max", ...SETTINGS.four, padded: true, step: 0 };
const NAMES = /** @type {const} */ (["size", "stride", "padding"]);
const pair = (text, least) => { const [high, wide = high] = text.split("x").map(Number); return [high, wide].map((each) => Math.min(16, Math.max(least, Math.round(each) || least))); };

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const view = frame(el, { title: "Pooling", name: "pooling", lead: "A window steps over the numbers and keeps one of each place: the largest, or the mean. There is nothing to learn, and each channel is pooled by itself." });
  const sample = choice("Example", SAMPLES, "four", (name) => (SETTINGS[name] ? state.set({ sample: "", ...SETTINGS[name], step: 0 }) : name === OWN && state.set({ sample: OWN, step: 0 })));
  const own = ownPicture(model, SIDE, () => (state.get().sample === OWN ? draw() : state.set({ sample: OWN, step: 0 })), (error) => view.say(/** @type {Error} */ (error).message));
  const kind = choice("Keep", { max: "the largest", mean: "the mean" }, DEFAULTS.kind, (next) => state.set({ kind: next }));
  const turn = (name, axis) => slider(`${name === "size" ? "Window" : name[0].toUpperCase() + name.slice(1)} ${["height", "width"][axis]}`, { min: name === "padding" ? 0 : 1, max: name === "padding" ? 2 : 4, value: 1 }, (value) => {
    state.set({ [name]: pair(state.get()[name], 0).map((each, at) => (at === axis ? value : each)).join("x"), step: 0 });
  });
  const turns = NAMES.flatMap((name) => [0, 1].map((axis) => ({ name, axis, slider: turn(name, axis) })));
  const padded = toggle("zeros of the padding count in the mean", true, (on) => state.set({ padded: on }));
  const editor = typed("Numbers", (numbers) => state.set({ sample: "", numbers, step: 0 }));
  const walk = player(el, { what: "window", count: () => Math.max(1, rows() * columns()), get: () => state.get().step, set: (step) => state.set({ step }) });
  view.controls.append(sample.element, own.element, kind.element, ...turns.map((each) => each.slider.element), padded.element, editor.element, walk.element);
  let now = pool([[0]], { kind: "max", size: [1, 1], stride: [1, 1], padding: [0, 0] });
  const rows = () => now.windows[0].outputs;
  const columns = () => now.windows[1].outputs;
  const before = plane({ label: "Numbers", side: 352, onPick: (row, column) => state.set({ step: at(row, 0) * columns() + at(column, 1) }) });
  const at = (place, axis) => Math.min(now.windows[axis].outputs - 1, Math.max(0, Math.floor(place / now.windows[axis].stride)));
  const after = plane({ label: "Pooled", side: 352, onPick: (row, column) => state.set({ step: row * columns() + column }) });
  const scale = html("div");
  const rules = html("div");
  const figures = [live(html("div", {}, before.element, scale)), live(after.element), live(rules)];
  view.drawing.append(...figures.map((each) => each.element));

  const draw = () => {
    const asked = state.get();
    let numbers;
    try {
      numbers = asked.sample === OWN ? greyed(pictureOf(own).channels) : parseMatrix(asked.numbers, DEFAULTS.numbers);
    } catch (error) {
      return view.say(error.message);
    }
    const [size, stride, padding] = NAMES.map((name) => pair(asked[name], name === "padding" ? 0 : 1));
    now = pool(numbers, { kind: asked.kind, size, stride, padding, padded: asked.padded });
    sample.set(asked.sample === OWN ? OWN : Object.keys(SETTINGS).find((name) => Object.entries(SETTINGS[name]).every(([key, value]) => asked[key] === value)) ?? "typed");
    kind.set(asked.kind);
    turns.forEach(({ name, axis, slider: each }) => each.set({ size, stride, padding }[name][axis]));
    padded.set(asked.padded);
    padded.element.hidden = asked.kind === "max" || !padding.some(Boolean);
    editor.element.hidden = asked.sample === OWN;
    editor.set(asked.numbers);
    view.more.replaceChildren(asked.sample === OWN ? html("p", { class: "note" }, `${own.picture.said} Colours are weighed 0.299, 0.587, 0.114 to grey.`) : "");
    rules.replaceChildren(...now.windows.map((window, axis) => html("p", { class: "rule caption" }, html("span", {}, `${["height", "width"][axis]} `), sizeRule(window))));
    if (!rows() || !columns() || now.values.flat().some((value) => !Number.isFinite(value))) {
      view.say(rows() && columns() ? "A window lies on padding alone: there is nothing to keep. Pad less than the window is large." : `A window of ${size.join("×")} does not fit into ${numbers.length}×${numbers[0].length} numbers with this padding.`);
      ["", "", "The rule"].forEach((title, each) => figures[each].set(title));
      return;
    }
    const flat = numbers.flat();
    const colours = asked.sample === OWN ? "grey" : "sequential";
    const [lo, hi] = range(flat, colours);
    const step = Math.max(0, Math.min(Math.round(asked.step), rows() * columns() - 1));
    const [row, column] = [Math.floor(step / columns()), step % columns()];
    const terms = now.terms(row, column);
    const kept = now.values[row][column];
    const window = { row: now.windows[0].start(row), column: now.windows[1].start(column), height: size[0], width: size[1] };
    const [top, left] = padding;
    const winner = asked.kind === "max" ? terms.filter(({ value }) => value === kept).slice(0, 1) : [];
    const marks = [window, ...winner.flatMap((term) => ["win", "win inner"].map((kind) => ({ row: term.row, column: term.column, kind })))];
    before.update({ ...around(numbers, padding, asked.kind === "max" ? -Infinity : 0), colours, lo, hi, marks: marks.map((mark) => ({ ...mark, row: mark.row + top, column: mark.column + left })) });
    before.cursor = { row: window.row + top, column: window.column + left, jump: stride };
    after.update({ rows: rows(), columns: columns(), values: now.values.flat(), colours, lo, hi, marks: [{ row, column }] });
    after.cursor = { row, column };
    scale.replaceChildren(legend(lo, hi, colours));
    const missing = size[0] * size[1] - terms.length;
    const list = terms.map(({ value }) => short(value)).join(asked.kind === "max" ? ", " : " + ");
    const zeros = missing ? (asked.kind === "max" ? ` (${missing} of the padding never win)` : asked.padded ? ` (${missing} of the padding count as 0)` : ` (${missing} of the padding are left out)`) : "";
    view.say(asked.kind === "max" ? `Row ${row}, column ${column}: the largest of ${list} is ${exact(Number(kept.toPrecision(6)))}${zeros}.` : `Row ${row}, column ${column}: (${list}) / ${asked.padded ? size[0] * size[1] : terms.length} = ${short(kept)}${zeros}.`);
    figures[0].set("Numbers", [padding.some(Boolean) ? "Grey: padding." : "", winner.length ? "White frame: the number that is kept." : ""].join(" "));
    figures[1].set("Pooled");
    figures[2].set("The rule");
    view.table(() => ({ head: ["row", ...now.values[0].map((_, each) => `column ${each}`)], right: now.values[0].map((_, each) => each + 1), rows: now.values.map((line, each) => [each, ...line.map(short)]) }));
  };
  const leave = state.subscribe(draw);
  draw();
  return () => { walk.stop(); leave(); };
}

/** The numbers with their padding around them, which is covered in grey. @param {number[][]} numbers @param {number[]} padding @param {number} value */
function around(numbers, padding, value) {
  const [top, left] = padding;
  const [rows, columns] = [numbers.length + 2 * top, numbers[0].length + 2 * left];
  const inside = (i) => numbers[Math.floor(i / columns) - top]?.[(i % columns) - left];
  const all = Array.from({ length: rows * columns }, (_, i) => inside(i));
  return { rows, columns, values: all.map((each) => each ?? value), shade: all.map((each) => (each === undefined ? 0 : 1)), opacity: 1 };
}

export default { render };
