// A network as a drawing: a row for each operation in the order in which they run, lines for what flows between them.
import { html, svg } from "./dom.js";
import { compact } from "./format.js";

/**
 * A row: `from` are the names of the rows that it takes from, `numbers` one for each column, null where unknown.
 * @typedef {{name: string, title?: string, detail?: string, from: string[], shape: string, numbers?: (number | null)[], href?: string,
 *   tone?: string, filled?: boolean, label?: string, beside?: {href: string, text: string, label: string}}} Row
 * @typedef {{rows: Row[], columns?: string[], groups?: {first: number, count: number, times: number}[]}} Content
 */

const [ROW, HEAD, BAND, LANE, TOP] = [46, 26, 26, 16, 19]; // pixels; where in a row its operation stands

/** The lane of every row, so that no line crosses an operation: a lane is held until the last that takes from it. @param {{name: string, from: string[]}[]} rows */
export function lanes(rows) {
  const at = new Map(rows.map((row, i) => [row.name, i]));
  const last = rows.map((_, i) => i);
  rows.forEach((row, i) => row.from.forEach((name) => at.has(name) && (last[at.get(name)] = Math.max(last[at.get(name)], i))));
  const held = []; // by lane: the row whose numbers are still needed
  const lane = rows.map((row, i) => {
    const ends = held.flatMap((source, each) => (source !== undefined && last[source] <= i ? [each] : []));
    const own = ends.filter((each) => row.from.includes(rows[held[each]].name));
    const free = [...held, undefined].findIndex((source) => source === undefined);
    const chosen = own.length ? own[0] : free;
    for (const each of ends) held[each] = undefined;
    if (last[i] > i) held[chosen] = i;
    return chosen;
  });
  const edges = rows.flatMap((row, i) => row.from.filter((name) => at.get(name) < i).map((name) => ({ from: at.get(name), to: i })));
  return { lane, edges, count: Math.max(0, ...lane) + 1 };
}

/** The drawing; `onPick(name)` is called for rows that have a label and no link. @param {{label: string, onPick?: (name: string) => void}} options */
export function graph({ label, onPick }) {
  const element = html("div", { class: "graph" });
  let content = /** @type {Content} */ ({ rows: [] });
  let width = 0;
  const draw = () => {
    const focused = [...element.querySelectorAll("a, [role=button]")].indexOf(/** @type {any} */ (element.getRootNode()).activeElement);
    if (width) element.replaceChildren(drawn(content, Math.max(280, Math.min(880, width)), label, onPick)); // else once it stands on the page
    if (focused >= 0) element.querySelectorAll("a, [role=button]")[focused]?.focus();
  };
  const watch = new ResizeObserver(([entry]) => {
    const next = Math.floor(entry.contentRect.width);
    if (!next || next === width) return;
    width = next;
    draw();
  });
  watch.observe(element);
  return {
    element,
    /** @param {Content} next */
    update(next) {
      content = next;
      width ||= element.clientWidth;
      draw();
    },
    leave: () => watch.disconnect(),
  };
}

function drawn({ rows, columns = [], groups = [] }, width, label, onPick) {
  const { lane, edges, count } = lanes(rows);
  const starts = new Map(groups.map((group) => [group.first, group]));
  let y = columns.length ? HEAD : 4;
  const tops = rows.map((_, i) => {
    if (starts.has(i)) y += BAND;
    y += ROW;
    return y - ROW;
  });
  const step = Math.min(LANE, (width * 0.4) / count);
  const x = (each) => 12 + each * step;
  const left = x(count - 1) + 18;
  const cell = width >= 760 ? 170 : width >= 520 ? 110 : 62;
  const right = width - cell * columns.length;
  const most = columns.map((_, at) => Math.max(1, ...rows.map((row) => row.numbers?.[at] ?? 0)));
  const line = ({ from, to }) => {
    const [x0, x1, y0, y1] = [x(lane[from]), x(lane[to]), tops[from] + TOP + 6, tops[to] + TOP - 7];
    return x0 === x1 ? `M${x0} ${y0}V${y1}` : `M${x0} ${y0}V${y1 - 22}C${x0} ${y1 - 8} ${x1} ${y1 - 14} ${x1} ${y1}`;
  };
  const tip = ({ to }) => `M${x(lane[to])} ${tops[to] + TOP - 5}l-3.5 -6h7z`;
  return svg("svg", { class: "chart", width, height: y + 6, viewBox: `0 0 ${width} ${y + 6}`, role: "group", "aria-label": label },
    columns.map((title, at) => svg("text", { x: right + at * cell, y: 14, class: "faint" }, cell > 100 ? title : `${title.slice(0, 5)}.`)),
    groups.map(({ first, count: many, times }) => [
      svg("rect", { x: 1, y: tops[first] - BAND + 1, width: width - 2, height: BAND + many * ROW - 3, rx: 6, class: "fold" }),
      svg("text", { x: left, y: tops[first] - 8, class: "strong" }, cut(`${times} times, one after the other; numbers are of one`, width - left)),
    ]),
    svg("path", { d: edges.map(line).join(""), class: "axis" }),
    svg("path", { d: edges.map(tip).join(""), class: "tip" }),
    rows.map((row, i) => [operation(row, tops[i], { left, right: right - (row.beside && width >= 520 ? 60 : 0), width, onPick }, x(lane[i])),
      row.beside && width >= 520 ? svg("a", { href: row.beside.href }, svg("title", {}, row.beside.label), svg("text", { x: right - 12, y: tops[i] + TOP + 4, "text-anchor": "end", class: "beside" }, row.beside.text)) : "",
      columns.map((_, at) => bar(row.numbers?.[at], most[at], right + at * cell, tops[i], cell))]));
}

function operation({ name, title = name, detail = "", shape, href, tone = "", filled, label }, y, { left, right, width, onPick }, x) {
  const room = right - left - 6;
  const shown = cut(title, room / 1.12); // bold is wider
  const rest = cut(detail, room - (shown.length + 1) * 7.4);
  const content = [
    svg("title", {}, `${title} ${detail} → ${shape}${label ? `: ${label}` : ""}`),
    svg("rect", { x: 1, y, width: width - 2, height: ROW - 4, class: "hit" }),
    svg("circle", { cx: x, cy: y + TOP, r: 5.5, class: filled ? "bar true" : "bar" }),
    svg("text", { x: left, y: y + TOP + 4 }, svg("tspan", { class: "strong" }, shown), rest ? svg("tspan", { class: "faint", dx: 7 }, rest) : ""),
    svg("text", { x: left, y: y + TOP + 20, class: tone ? tone : "faint", "font-size": 11 }, cut(shape, tone ? width - left : room)),
  ];
  if (href) return svg("a", { href }, content);
  if (!onPick || !label) return svg("g", {}, content);
  return svg("g", { role: "button", tabindex: 0, click: () => onPick(name), keydown: (event) => event.key === "Enter" && onPick(name) }, content);
}

function bar(value, most, x, y, cell) {
  if (value === undefined) return "";
  const long = cell > 100 ? cell - 74 : 0;
  const length = long * ((value ?? 0) / most);
  return [
    long && value ? svg("rect", { x, y: y + TOP - 6, width: Math.max(1, length), height: 12, class: "bar" }) : "",
    svg("text", { x: long && value ? x + Math.max(1, length) + 6 : x, y: y + TOP + 4, class: value ? "" : "faint" }, value === null ? "unknown" : compact(value)),
  ];
}

/** Words cut at their end to fit so many pixels. */
function cut(text, pixels) {
  const most = Math.floor(pixels / 6.6);
  return text.length <= most ? text : most < 4 ? "" : `${text.slice(0, most - 1)}…`;
}
