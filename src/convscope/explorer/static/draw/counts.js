// How many examples each split has, of classes how many of each: as bars with their numbers.
import { html, svg } from "./dom.js";

const [WIDE, HIGH] = [60, 14]; // of a bar that is all of its split
const KINDS = ["a", "b", "c", "d"]; // of splits: their colours

/**
 * A table whose cells are bars; a column a split, whose colour its head shows. `onPick` is given the class that is chosen.
 * @param {{names: string[], splits: Record<string, {count: number, classes: number[] | null}>}} values @param {(name: string) => void} onPick
 */
export function countsOf({ names, splits }, onPick) {
  const columns = Object.entries(splits);
  const classes = names.length && columns.every(([, { classes: each }]) => each);
  const most = classes ? Math.max(...columns.flatMap(([, split]) => split.classes.map((each) => each / Math.max(1, split.count)))) : 1;
  const cell = (count, share, at) => html("td", { class: "right" }, count.toLocaleString("en"), svg("svg", { class: "chart share", width: WIDE, height: HIGH, viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: `bar split ${KINDS[at % KINDS.length]}`, y: 2, height: HIGH - 4, width: count ? Math.max(1, (share / most) * WIDE) : 0 })));
  const head = columns.map(([name], at) => html("th", { scope: "col", class: "right" }, svg("svg", { class: "chart swatch", width: 12, height: 12, "aria-hidden": "true" }, svg("rect", { class: `bar split ${KINDS[at % KINDS.length]}`, width: 12, height: 12 })), ` ${name}`));
  const rows = classes ? names.map((name, i) => html("tr", {}, html("th", { scope: "row" }, html("button", { type: "button", class: "plain", click: () => onPick(name) }, name)), columns.map(([, split], at) => cell(split.classes[i] ?? 0, (split.classes[i] ?? 0) / Math.max(1, split.count), at)))) : [];
  return html("table", { class: "counts" },
    html("thead", {}, html("tr", {}, html("th", { scope: "col" }, classes ? "class" : ""), head)),
    html("tbody", {}, html("tr", {}, html("th", { scope: "row" }, "all"), columns.map(([, { count }]) => html("td", { class: "right" }, count.toLocaleString("en")))), rows));
}
