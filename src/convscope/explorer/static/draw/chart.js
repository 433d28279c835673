// Lines over two axes, with a cursor that says every number at its place.
import { svg, html } from "./dom.js";
import { short } from "./format.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [58, 14, 12, 34];
const MOST = 1200; // points of a line that are drawn: the extremes of each stretch
export const COLOURS = ["var(--blue)", "var(--orange)", "var(--teal)", "var(--mark)", "var(--grey)"];

/** @typedef {{name: string, x: ArrayLike<number>, y: ArrayLike<number>, colour: string, kind?: "line" | "dashed" | "thin"}} Series */

/**
 * A chart to update; `said` is told what stands under the cursor.
 * @param {{label: string, x: string, width?: number, height?: number}} options
 */
export function chart({ label, x: along, width = 470, height = 240 }) {
  const drawn = svg("svg", { class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const said = html("p", { class: "caption", "aria-live": "polite" });
  const keys = html("p", { class: "keys" });
  const element = html("div", { class: "lines", tabindex: 0, role: "application", "aria-label": `${label}: move the cursor with the arrow keys` }, drawn, keys, said);
  let series = /** @type {Series[]} */ ([]);
  let scale = { x: (value) => value, y: (value) => value, from: 0, to: 1 };
  let cursor = NaN;

  const point = () => {
    drawn.querySelector(".cursor")?.remove();
    if (!Number.isFinite(cursor)) return void (said.textContent = "");
    drawn.append(svg("line", { class: "cursor", x1: scale.x(cursor), x2: scale.x(cursor), y1: TOP, y2: height - BOTTOM }));
    said.textContent = `${along} ${short(cursor)}: ${series.map((each) => `${each.name} ${short(each.y[nearest(each.x, cursor)])}`).join(", ")}`;
  };
  drawn.addEventListener("pointermove", (event) => {
    const box = drawn.getBoundingClientRect();
    const share = (((event.clientX - box.left) / box.width) * width - LEFT) / (width - LEFT - RIGHT);
    cursor = Math.round(scale.from + Math.min(1, Math.max(0, share)) * (scale.to - scale.from));
    point();
  });
  element.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const step = Math.max(1, Math.round((scale.to - scale.from) / 100)) * by;
    cursor = Math.min(scale.to, Math.max(scale.from, (Number.isFinite(cursor) ? cursor : scale.from) + step));
    point();
  });

  return {
    element,
    /** @param {Series[]} next @param {boolean} [log] */
    update(next, log = false) {
      series = next.filter((each) => each.x.length);
      const xs = series.flatMap((each) => [each.x[0], each.x[each.x.length - 1]]);
      const [lo, hi] = range(series, log);
      const [from, to] = [Math.min(...xs, 0), Math.max(...xs, 1)];
      const flat = log ? Math.log10 : (value) => value;
      const rise = (value) => height - BOTTOM - ((flat(value) - flat(lo)) / (flat(hi) - flat(lo) || 1)) * (height - TOP - BOTTOM);
      scale = { from, to, x: (value) => LEFT + ((value - from) / (to - from || 1)) * (width - LEFT - RIGHT), y: rise };
      drawn.replaceChildren(
        ...ticks(lo, hi, log).flatMap((value) => [svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: rise(value), y2: rise(value) }), svg("text", { class: "faint", x: LEFT - 6, y: rise(value) + 4, "text-anchor": "end" }, short(value))]),
        ...ticks(from, to, false).map((value) => svg("text", { class: "faint", x: scale.x(value), y: height - BOTTOM + 16, "text-anchor": "middle" }, short(value))),
        svg("text", { class: "faint", x: width - RIGHT, y: height - 4, "text-anchor": "end" }, along),
        svg("path", { class: "axis", d: `M${LEFT} ${TOP}V${height - BOTTOM}H${width - RIGHT}` }),
        ...series.map((each) => line(each, scale, log)));
      keys.replaceChildren(...series.map((each) => html("span", {}, key(each), ` ${each.name}`)));
      point();
    },
  };
}

/** @param {Series} series */
function key({ colour, kind }) {
  return svg("svg", { width: 22, height: 10, viewBox: "0 0 22 10", "aria-hidden": "true" }, svg("line", { x1: 0, x2: 22, y1: 5, y2: 5, ...stroke(colour, kind) }));
}

const stroke = (colour, kind = "line") => ({ stroke: colour, fill: "none", "stroke-width": kind === "thin" ? 1 : 2, "stroke-dasharray": kind === "dashed" ? "5 4" : undefined, opacity: kind === "thin" ? 0.45 : undefined });

/** @param {Series} series @param {{x: (value: number) => number, y: (value: number) => number}} scale @param {boolean} log */
function line({ x, y, colour, kind }, scale, log) {
  const points = [];
  let open = false;
  for (const at of kept(y)) {
    const drawn = Number.isFinite(y[at]) && (!log || y[at] > 0);
    if (drawn) points.push(`${open ? "L" : "M"}${scale.x(x[at]).toFixed(1)} ${scale.y(y[at]).toFixed(1)}`);
    open = drawn;
  }
  const dots = y.length <= 40 && kind !== "thin" ? Array.from(y, (value, at) => (Number.isFinite(value) ? svg("circle", { cx: scale.x(x[at]), cy: scale.y(value), r: 2.5, fill: colour }) : null)) : [];
  return svg("g", {}, svg("path", { d: points.join(""), ...stroke(colour, kind) }), dots);
}

/** Which points of a long line are drawn: of each stretch the least and the largest. @param {ArrayLike<number>} y */
export function kept(y) {
  if (y.length <= MOST) return Array.from(y, (_, at) => at);
  const chosen = new Set([0, y.length - 1]);
  const stretch = y.length / (MOST / 2);
  for (let first = 0; first < y.length; first += stretch) {
    let [low, high] = [Math.floor(first), Math.floor(first)];
    for (let at = low; at < Math.min(y.length, first + stretch); at++) {
      if (y[at] < y[low]) low = at;
      if (y[at] > y[high]) high = at;
    }
    chosen.add(low).add(high);
  }
  return [...chosen].sort((a, b) => a - b);
}

function range(series, log) {
  let [lo, hi] = [Infinity, -Infinity];
  for (const { y } of series) {
    for (let at = 0; at < y.length; at++) {
      if (!Number.isFinite(y[at]) || (log && y[at] <= 0)) continue;
      lo = Math.min(lo, y[at]);
      hi = Math.max(hi, y[at]);
    }
  }
  if (lo > hi) return log ? [0.1, 1] : [0, 1];
  if (log) return [lo, hi > lo ? hi : lo * 10];
  const room = (hi - lo || Math.abs(hi) || 1) * 0.04;
  return [lo - room, hi + room];
}

/** Round numbers between two, about five. @param {number} lo @param {number} hi @param {boolean} log */
export function ticks(lo, hi, log) {
  if (log) {
    const decades = [];
    for (let power = Math.ceil(Math.log10(lo) - 1e-9); power <= Math.log10(hi) + 1e-9; power++) decades.push(Number(`1e${power}`));
    return decades.length > 1 ? decades : [lo, hi];
  }
  const rough = (hi - lo) / 5;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * size).find((each) => each >= rough);
  const found = [];
  for (let at = Math.ceil(lo / step); at * step <= hi + 1e-12; at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

/** The place of the number closest to another. @param {ArrayLike<number>} x @param {number} value */
function nearest(x, value) {
  let best = -1;
  for (let at = 0; at < x.length; at++) if (best < 0 || Math.abs(x[at] - value) < Math.abs(x[best] - value)) best = at;
  return best;
}
