// Points of several classes: each class has a colour and a shape, so that neither the colour-blind nor a grey print lose it.
import { html, svg } from "./dom.js";

export const MOST = 10; // classes that are told apart so; of more the chosen one alone is coloured
const SHAPES = ["M4 0a4 4 0 1 0-8 0a4 4 0 1 0 8 0z", "M-3.5-3.5h7v7h-7z", "M0-4.6l4.3 7.4h-8.6z", "M0-4.8l4.8 4.8l-4.8 4.8l-4.8-4.8z", "M-4.6-1.5h3.1v-3.1h3v3.1h3.1v3h-3.1v3.1h-3v-3.1h-3.1z"];

/** The class of elements by which the style colours a group, one of `count`; without groups, or of many, it is the same. @param {number} group @param {number} count */
const coloured = (group, count) => (group >= 0 && count <= MOST ? `c${group}` : "plain");

/**
 * A point, or what is written in place of it. @param {{x: number, y: number, group: number, groups: number, text?: string, title: string}} point
 */
export function point({ x, y, group, groups, text, title }) {
  const about = { class: `point ${coloured(group, groups)}` };
  const tip = svg("title", {}, title);
  if (text !== undefined) return svg("text", { ...about, x, y: y + 4, "text-anchor": "middle" }, text, tip);
  return svg("path", { ...about, d: SHAPES[groups <= MOST && group > 0 ? group % SHAPES.length : 0], transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` }, tip);
}

/**
 * Which mark is which class, and how many points it has; a click chooses one, another click none.
 * @param {{names: string[], counts: number[], chosen: string, onPick: (name: string) => void}} groups
 */
export function pointLegend({ names, counts, chosen, onPick }) {
  const swatch = (at) => svg("svg", { width: 12, height: 12, viewBox: "-6 -6 12 12", "aria-hidden": "true" }, svg("path", { class: `point ${coloured(at, names.length)}`, d: SHAPES[names.length <= MOST ? at % SHAPES.length : 0] }));
  return html("ul", { class: "point-legend" }, names.map((name, at) => counts[at] ? html("li", {}, html("button", { type: "button", "aria-pressed": String(name === chosen), click: () => onPick(name === chosen ? "" : name) }, swatch(at), ` ${name}: ${counts[at].toLocaleString("en")}`)) : ""));
}
