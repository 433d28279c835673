// Numbers along one axis as bars, in bands one below the other over the same positions.
import { html, svg } from "./dom.js";
import { short, tiny } from "./format.js";

const [LEFT, RIGHT, HEAD, GAP] = [44, 8, 34, 16];
const ROOM = 24; // pixels of a position from which a bar has its number
const TICKS = [1, 2, 5, 10, 20, 50, 100];

/**
 * A band of bars: `values[i]` at position `at + i · step`; `hi` are those to stand out.
 * @typedef {{title: string, values: ArrayLike<number>, at: number, step?: number, height?: number, lo: number, hi: number, strong?: (i: number) => boolean}} Band
 */

/**
 * Bands to look at. `onPick` is given the position that is clicked.
 * @param {{label: string, onPick?: (position: number) => void}} options
 */
export function strips({ label, onPick }) {
  const chart = svg("svg", { class: "chart", role: "img", "aria-label": label });
  const element = html("div", { class: "strips" }, chart);
  let shown = /** @type {null | {from: number, to: number, bands: Band[], window?: [number, number], inside?: [number, number]}} */ (null);
  let [unit, room] = [1, 0];
  const draw = () => {
    if (!shown) return;
    const { from, to, bands, window, inside } = shown;
    const width = Math.max(260, room);
    unit = (width - LEFT - RIGHT) / (to - from + 1);
    const x = (position) => LEFT + (position - from) * unit;
    let top = 0;
    const parts = bands.map((band) => {
      const drawn = bars(band, top, { x, unit, width });
      top += HEAD + (band.height ?? 64) + GAP;
      return drawn;
    });
    const tick = TICKS.find((step) => step * unit >= 26) ?? 200;
    const ticks = [];
    for (let position = Math.ceil(from / tick) * tick; position <= to; position += tick) ticks.push(svg("text", { x: x(position + 0.5), y: top + 8, "text-anchor": "middle", class: "faint" }, short(position)));
    const padding = inside ? [[from, inside[0]], [inside[1], to + 1]].filter(([first, end]) => end > first) : [];
    chart.setAttribute("width", String(width));
    chart.setAttribute("height", String(top + 14));
    chart.setAttribute("viewBox", `0 0 ${width} ${top + 14}`);
    chart.replaceChildren(
      ...padding.map(([first, end]) => svg("rect", { x: x(first), y: HEAD, width: (end - first) * unit, height: top - HEAD, class: "beyond" })),
      ...(window ? [svg("rect", { x: x(window[0]), y: HEAD - 4, width: (window[1] - window[0] + 1) * unit, height: top - HEAD, class: "shade" })] : []),
      ...parts.flat(), ...ticks);
  };
  if (onPick) {
    chart.addEventListener("click", (event) => onPick(Math.floor((event.clientX - chart.getBoundingClientRect().left - LEFT) / unit) + (shown?.from ?? 0)));
    chart.classList.add("picks");
  }
  const seen = new ResizeObserver(([{ contentRect }]) => {
    room = contentRect.width;
    draw();
  });
  seen.observe(element);
  return {
    element,
    /** @param {NonNullable<typeof shown>} next */
    update(next) {
      shown = next;
      if (room) draw();
    },
    leave: () => seen.disconnect(),
  };
}

/** @param {Band} band */
function bars({ title, values, at, step = 1, height = 64, lo, hi, strong }, top, { x, unit, width }) {
  const [low, high] = [Math.min(0, lo), Math.max(0, hi) === Math.min(0, lo) ? 1 : Math.max(0, hi)];
  const y = (value) => top + HEAD + height * ((high - value) / (high - low));
  const wide = Math.max(1, unit - Math.min(3, unit / 5));
  const drawn = [svg("text", { x: LEFT, y: top + 14 }, title), svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(0), y2: y(0), class: "axis" })];
  for (const mark of new Set([low, 0, high])) drawn.push(svg("text", { x: LEFT - 6, y: y(mark) + 4, "text-anchor": "end", class: "faint" }, short(mark)));
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    const left = x(at + i * step);
    drawn.push(svg("rect", { x: left + (unit - wide) / 2, y: Math.min(y(0), y(value)) - (value ? 0 : 1), width: wide, height: Math.max(2, Math.abs(y(value) - y(0))), class: strong?.(i) ? "bar true" : "bar" }));
    if (unit >= ROOM) drawn.push(svg("text", { x: left + unit / 2, y: value < 0 ? y(value) + 12 : y(value) - 3, "text-anchor": "middle" }, tiny(value)));
  }
  return drawn;
}
