// Channels as rows over the positions of a text or a signal, which stands above them on the same axis.
import { range } from "./colour.js";
import { html, svg } from "./dom.js";
import { short } from "./format.js";
import { KINDS } from "./line.js";
import { painted } from "./plane.js";

const [LEFT, RIGHT] = [54, 8]; // room for numbers of four digits and a minus
const STRIPS = { letters: 26, signal: 72 }; // heights of the input
const LETTER = 8; // pixels of a position from which its letter is written
const MOST_LETTERS = 400; // that are all written, on a narrow screen to scroll through
const TICKS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

/**
 * `values` (rows, columns); of the input `letters` or `signal` (channels, length). Column t is centred on position
 * `start + t · stride + (size − 1) / 2`. `first` is the number of the first row; `at` a row and a column that are marked.
 * @typedef {{rows: number, columns: number, values: ArrayLike<number>, limits: (row: number) => [number, number], first: number,
 *   letters: string[], signal?: {shape: number[], data: any}, axis: {start: number, stride: number, size: number}, at: [number, number]}} Content
 */

/**
 * The drawing: `onPick(row, column)` is called by clicks and Enter, `onMove` by the pointer and the arrow keys.
 * @param {{label: string, onPick: (row: number, column: number) => void, onMove: (row: number, column: number) => void}} options
 */
export function bands({ label, onPick, onMove }) {
  const above = svg("svg", { class: "chart", role: "img", "aria-label": "The input" });
  const canvas = html("canvas", { "aria-hidden": "true" });
  const over = svg("svg", { class: "over", "aria-hidden": "true" });
  const stack = html("div", { class: "stack", tabindex: 0, role: "application", "aria-roledescription": "matrix", "aria-label": `${label}: move with the arrow keys` }, canvas, over);
  const element = html("div", { class: "bands" }, above, stack);
  let content = /** @type {null | Content} */ (null);
  let kept = { values: /** @type {any} */ (null), limits: "" };

  /** @returns {[number, number]} */
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const within = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    return [within((event.clientY - box.top) / box.height, content.rows), within((event.clientX - box.left) / box.width, content.columns)];
  };
  canvas.addEventListener("click", (event) => onPick(...under(event)));
  canvas.addEventListener("pointermove", (event) => onMove(...under(event)));
  stack.addEventListener("keydown", (event) => {
    const [row, column] = content.at;
    if (event.key === "Enter") onPick(row, column);
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -1e9], End: [0, 1e9] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    onMove(Math.min(content.rows - 1, Math.max(0, row + step[0])), Math.min(content.columns - 1, Math.max(0, column + step[1])));
  });

  const draw = () => {
    const { rows, columns, values, limits, first, letters, signal, axis, at } = content;
    const length = letters.length || signal?.shape[1] || columns;
    const centre = (column) => axis.start + column * axis.stride + (axis.size - 1) / 2 + 0.5;
    const [from, to] = [Math.min(0, centre(0) - axis.stride / 2), Math.max(length, centre(columns - 1) + axis.stride / 2)];
    const readable = letters.length <= MOST_LETTERS ? LEFT + RIGHT + (LETTER + 0.5) * letters.length : 0; // more is scrolled
    const width = Math.max(260, element.clientWidth || 640, readable);
    const strip = letters.length ? STRIPS.letters : STRIPS.signal;
    const unit = (width - LEFT - RIGHT) / (to - from);
    const x = (position) => LEFT + (position - from) * unit;
    const [row, column] = at;
    const seen = [axis.start + column * axis.stride, axis.start + column * axis.stride + axis.size];
    const window = svg("rect", { class: "shade", x: x(Math.max(from, seen[0])), y: 0, width: Math.max(1, (Math.min(to, seen[1]) - Math.max(from, seen[0])) * unit), height: strip });
    above.replaceChildren(window, ...(letters.length ? written(letters, x, unit) : signal ? curves(signal, x) : []), ...positions(from, to, unit, (at) => ({ x: x(at + 0.5), y: strip + 13 })));
    for (const [name, value] of Object.entries({ width, height: strip + 18, viewBox: `0 0 ${width} ${strip + 18}` })) above.setAttribute(name, value);
    const high = Math.min(28, Math.max(3, Math.floor(480 / rows)));
    const known = JSON.stringify([columns, ...Array.from({ length: rows }, (_, each) => limits(each))]);
    if (kept.values !== values || kept.limits !== known) {
      kept = { values, limits: known };
      [canvas.width, canvas.height] = [columns, rows];
      const context = canvas.getContext("2d");
      for (let each = 0; each < rows; each++) {
        const [lo, hi] = limits(each);
        context.putImageData(painted({ rows: 1, columns, values: Array.prototype.slice.call(values, each * columns, (each + 1) * columns), lo, hi }), 0, each);
      }
    }
    const left = x(centre(0) - axis.stride / 2);
    Object.assign(canvas.style, { left: `${left}px`, width: `${columns * axis.stride * unit}px`, height: `${rows * high}px` });
    Object.assign(stack.style, { width: `${width}px`, height: `${rows * high}px` });
    for (const [name, value] of Object.entries({ width, height: rows * high, viewBox: `0 0 ${width} ${rows * high}` })) over.setAttribute(name, value);
    const every = TICKS.find((step) => step * high >= 16) ?? 1;
    const named = Array.from({ length: rows }, (_, each) => each).filter((each) => (first + each) % every === 0);
    over.replaceChildren(
      ...named.map((each) => svg("text", { class: "faint", x: LEFT - 6, y: Math.min(rows * high - 1, Math.max(10, (each + 0.5) * high + 4)), "text-anchor": "end" }, short(first + each))),
      svg("rect", { class: "mark", x: left + column * axis.stride * unit, y: row * high, width: Math.max(2, axis.stride * unit), height: high }));
  };
  const seen = new ResizeObserver(() => content && draw());
  seen.observe(element);
  return {
    element,
    /** @param {Content} next */
    update(next) {
      content = next;
      draw();
    },
    leave: () => seen.disconnect(),
  };
}

function written(letters, x, unit) {
  if (unit < LETTER) return [svg("text", { class: "faint", x: LEFT, y: 18 }, `${letters.length} tokens`)];
  return letters.map((letter, at) => svg("text", { x: x(at + 0.5), y: 18, "text-anchor": "middle", class: "letter" }, unit < 6 * letter.length ? letter.slice(0, Math.max(1, Math.floor(unit / 7))) : letter || "·"));
}

function curves({ shape, data }, x) {
  const [channels, length] = shape;
  return Array.from({ length: Math.min(channels, KINDS.length) }, (_, channel) => {
    const y = data.subarray(channel * length, (channel + 1) * length);
    const [lo, hi] = range(y, "sequential");
    const most = STRIPS.signal - 10;
    const path = Array.from(y, (value, at) => `${at ? "L" : "M"}${x(at + 0.5).toFixed(1)} ${(5 + most * (1 - (value - lo) / (hi - lo || 1))).toFixed(1)}`).join("");
    const ends = channel ? [] : [svg("text", { class: "faint", x: LEFT - 6, y: 14, "text-anchor": "end" }, short(hi)), svg("text", { class: "faint", x: LEFT - 6, y: STRIPS.signal - 2, "text-anchor": "end" }, short(lo))];
    return [svg("path", { class: `line ${KINDS[channel]}`, d: path }), ...ends];
  }).flat();
}

function positions(from, to, unit, below) {
  const step = TICKS.find((each) => each * unit >= 34) ?? 10_000;
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at < to; at += step) ticks.push(svg("text", { class: "faint", ...below(at), "text-anchor": "middle" }, short(at)));
  return ticks;
}
