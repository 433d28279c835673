// A grid of places without numbers: padding around it, a window on it, and what no window covers hatched.
import { html, newId, svg } from "./dom.js";

const LINES = 6; // pixels of a cell from which the lines between cells are drawn

/**
 * @typedef {{rows: number, columns: number, pads?: number[][], dropped?: number[][], stride?: number[],
 *   window?: {rows: number[], columns: number[]}}} Content
 */

/** The grid; `onPick(row, column)` is called by clicks and arrow keys. @param {{label: string, side?: number, onPick: (row: number, column: number) => void}} options */
export function grid({ label, side = 320, onPick }) {
  const element = html("div", { class: "plane grid", tabindex: 0, role: "application", "aria-roledescription": "grid", "aria-label": `${label}: move with the arrow keys` });
  const hatch = newId();
  let content = /** @type {Content} */ ({ rows: 1, columns: 1 });
  let size = 1;
  let pads = [[0, 0], [0, 0]];
  let jump = [1, 1];
  element.addEventListener("click", (event) => {
    const box = element.firstChild.getBoundingClientRect();
    const shown = (size * box.width) / element.firstChild.viewBox.baseVal.width; // where there is less room it shrinks
    onPick(Math.floor((event.clientY - box.top) / shown) - pads[0][0], Math.floor((event.clientX - box.left) / shown) - pads[1][0]);
  });
  element.addEventListener("keydown", (event) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const middle = (places) => (places[0] + places.at(-1)) / 2;
    const step = (places, axis) => Math.round(middle(places) + by[axis] * jump[axis]);
    onPick(step(content.window.rows, 0), step(content.window.columns, 1));
  });
  return {
    element,
    /** @param {Content} next */
    update(next) {
      content = next;
      const { rows, columns, dropped = [[], []], window, stride = [1, 1] } = next;
      jump = stride;
      pads = next.pads ?? [[0, 0], [0, 0]];
      const [high, wide] = [rows + pads[0][0] + pads[0][1], columns + pads[1][0] + pads[1][1]];
      size = Math.min(36, side / Math.max(high, wide));
      const [top, left] = [pads[0][0] * size, pads[1][0] * size];
      const [width, height] = [wide * size, high * size];
      const lines = size < LINES ? "" : [...Array(high + 1).keys()].map((at) => `M0 ${at * size}h${width}`).join("") + [...Array(wide + 1).keys()].map((at) => `M${at * size} 0v${height}`).join("");
      const strip = (at, isRow) => svg("rect", isRow ? { x: left, y: top + at * size, width: columns * size, height: size, fill: `url(#${hatch})` } : { x: left + at * size, y: top, width: size, height: rows * size, fill: `url(#${hatch})` });
      const cells = (window?.rows ?? []).flatMap((row) => window.columns.map((column) => `M${left + column * size} ${top + row * size}h${size}v${size}h${-size}z`)).join("");
      const [first, last] = [(places) => places[0], (places) => places.at(-1) + 1];
      element.replaceChildren(svg("svg", { width: width + 2, height: height + 2, viewBox: `-1 -1 ${width + 2} ${height + 2}`, "aria-hidden": "true", class: "cells" },
        svg("defs", {}, svg("pattern", { id: hatch, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 2, height: 6, class: "hatch" }))),
        svg("rect", { width, height, class: "pad" }),
        svg("rect", { x: left, y: top, width: columns * size, height: rows * size, class: "room" }),
        svg("path", { d: lines, class: "grid" }),
        dropped[0].map((at) => strip(at, true)), dropped[1].map((at) => strip(at, false)),
        cells ? [svg("path", { d: cells, class: "on" }), svg("rect", { x: left + first(window.columns) * size, y: top + first(window.rows) * size, width: (last(window.columns) - first(window.columns)) * size, height: (last(window.rows) - first(window.rows)) * size, class: "mark" })] : ""));
    },
  };
}
