// Signals and curves: lines over a common axis, of any length, with a cursor that says their numbers.
import { range } from "./colour.js";
import { html, svg } from "./dom.js";
import { short } from "./format.js";
import { scale, ticks } from "./axes.js";

const [WIDEST, HEIGHT, LEFT, BOTTOM, TOP] = [640, 220, 56, 34, 8];
const MOST = 4000; // points of a line
const FEW = 30; // points that are also seen each
export const KINDS = ["a", "b", "c", "d"]; // of strokes, told apart also by their dashes

/** @typedef {{name: string, x?: ArrayLike<number>, y: ArrayLike<number>, kind?: string}} Line */

/**
 * Lines to look at: `update` draws them anew. The pointer and the arrow keys move a cursor, whose numbers are said below.
 * @param {{label: string, x: string, y?: string, onPick?: (x: number) => void}} about
 */
export function lines({ label, x: across, y: up = "", onPick }) {
  const said = html("p", { class: "caption number", "aria-live": "polite" });
  const names = html("p", { class: "lines-legend" });
  const chart = svg("svg", { class: "chart", tabindex: 0, role: "application", "aria-roledescription": "chart", "aria-label": `${label}: move with the arrow keys` });
  const element = html("div", { class: "lines" }, chart, names, said);
  const cursor = svg("line", { class: "mark cursor", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
  let drawn = /** @type {{lines: Line[], h: any, v: any, at: number, width: number}} */ ({ lines: [], h: null, v: null, at: -1, width: WIDEST });

  const move = (at) => {
    const [first] = drawn.lines;
    if (!first?.y.length) return;
    drawn.at = Math.min(first.y.length - 1, Math.max(0, at));
    const value = place(first, drawn.at);
    const left = drawn.h.of(value);
    cursor.setAttribute("x1", left);
    cursor.setAttribute("x2", left);
    cursor.setAttribute("visibility", "visible");
    said.textContent = `${across} ${short(value)}: ${drawn.lines.map((line) => `${line.name} ${short(line.y[nearest(line, value)] ?? NaN)}`).join(", ")}`;
    onPick?.(value);
  };
  chart.addEventListener("pointermove", (event) => {
    if (!drawn.h) return;
    const box = chart.getBoundingClientRect();
    move(nearest(drawn.lines[0], drawn.h.back(((event.clientX - box.left) / box.width) * drawn.width)));
  });
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -50, PageDown: 50, Home: -1e9, End: 1e9 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    move(drawn.at + step);
  });

  return {
    element,
    /** @param {Line[]} given @param {{log?: boolean, bands?: {from: number, to: number, colour: string}[], lo?: number, hi?: number}} [how] */
    update(given, { log = false, bands = [], lo, hi } = {}) {
      const width = Math.max(260, Math.min(WIDEST, element.clientWidth || WIDEST)); // letters keep their size
      for (const [name, value] of Object.entries({ width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` })) chart.setAttribute(name, value);
      const shown = given.filter((line) => line.y.length);
      if (!shown.length) return chart.replaceChildren(svg("text", { x: LEFT, y: 40, class: "faint" }, "no numbers yet"));
      const kept = shown.map((line) => ({ ...line, at: thinned(line.y, MOST) }));
      const ends = shown.map((line) => [place(line, 0), place(line, line.y.length - 1)]);
      const [least, most] = extent(shown, log);
      const h = scale(Math.min(...ends.map(([a]) => a)), Math.max(...ends.map(([, b]) => b)), LEFT, width - 10);
      const v = scale(lo ?? least, hi ?? most, HEIGHT - BOTTOM, TOP, log);
      drawn = { lines: shown, h, v, at: drawn.at, width };
      chart.replaceChildren(
        ...bands.map((band) => svg("rect", { x: h.of(band.from), y: TOP, width: Math.max(0.5, h.of(band.to) - h.of(band.from)), height: HEIGHT - BOTTOM - TOP, fill: band.colour })),
        ...ticks(v.lo, v.hi, 4, log).map((value) => [svg("line", { class: "grid", x1: LEFT, x2: width - 10, y1: v.of(value), y2: v.of(value) }), svg("text", { class: "faint", x: LEFT - 6, y: v.of(value) + 4, "text-anchor": "end" }, short(value))]).flat(),
        ...ticks(h.lo, h.hi, width / 110).filter(Number.isInteger).map((value) => svg("text", { class: "faint", x: h.of(value), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, short(value))),
        svg("text", { class: "faint", x: width - 10, y: HEIGHT - 4, "text-anchor": "end" }, across),
        ...(bands.length ? kept.map((line) => svg("path", { class: "line halo", d: drawing(line, h, v) })) : []),
        ...kept.map((line, at) => svg("path", { class: `line ${line.kind ?? KINDS[at % KINDS.length]}`, d: drawing(line, h, v) })).reverse(), // the first on top
        ...kept.flatMap((line, at) => line.y.length > FEW ? [] : line.at.filter((i) => Number.isFinite(v.of(line.y[i]))).map((i) => svg("circle", { class: `line ${line.kind ?? KINDS[at % KINDS.length]}`, cx: h.of(place(line, i)), cy: v.of(line.y[i]), r: 2.5 }))),
        cursor);
      cursor.setAttribute("visibility", "hidden");
      names.replaceChildren(...shown.map((line, at) => html("span", {}, svg("svg", { width: 26, height: 10, "aria-hidden": "true" }, svg("path", { class: `line ${line.kind ?? KINDS[at % KINDS.length]}`, d: "M0 5h26" })), ` ${line.name}`)), ...(up ? [html("span", {}, up)] : []));
      said.textContent = "";
    },
  };
}

const place = (line, at) => (line.x ? line.x[at] : at);

/** Which point of a line, whose x rise, is nearest to a value. @param {Line} line @param {number} value */
export function nearest(line, value) {
  let [low, high] = [0, line.y.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (place(line, middle) <= value) low = middle;
    else high = middle;
  }
  return Math.abs(place(line, high) - value) < Math.abs(place(line, low) - value) ? high : low;
}

/** Places of a long line such that each stretch keeps its least and its largest value. @param {ArrayLike<number>} y @param {number} most */
export function thinned(y, most) {
  if (y.length <= most) return Array.from({ length: y.length }, (_, at) => at);
  const kept = new Set([0, y.length - 1]);
  const stretches = Math.floor(most / 2) - 1;
  for (let part = 0; part < stretches; part++) {
    const [from, to] = [part, part + 1].map((each) => Math.floor((each * y.length) / stretches));
    let [low, high] = [from, from];
    for (let at = from; at < to; at++) {
      if (y[at] < y[low]) low = at;
      if (y[at] > y[high]) high = at;
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b);
}

function extent(given, log) {
  const values = given.map((line) => range(log ? Array.from(line.y, (value) => (value > 0 ? value : NaN)) : line.y, "sequential"));
  return [Math.min(...values.map(([lo]) => lo)), Math.max(...values.map(([, hi]) => hi))];
}

/** What is no finite number, or not above 0 on a logarithmic axis, leaves a gap. */
function drawing(line, h, v) {
  let text = "";
  let pen = "M";
  for (const at of line.at) {
    const top = v.of(line.y[at]);
    if (Number.isFinite(top)) text += `${pen}${h.of(place(line, at)).toFixed(1)} ${top.toFixed(1)}`;
    pen = Number.isFinite(top) ? "L" : "M";
  }
  return text;
}
