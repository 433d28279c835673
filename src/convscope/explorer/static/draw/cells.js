// A matrix whose numbers are typed, cell by cell: Tab goes on, the arrows up and down add and subtract 1.
import { html } from "./dom.js";
import { plane } from "./plane.js";

const CELL = 44; // pixels

/** @param {string} label @param {(row: number, column: number, value: number) => void} change */
export function cells(label, change) {
  const drawn = plane({ label, cell: CELL });
  drawn.element.setAttribute("aria-hidden", "true");
  const fields = html("div", { class: "fields" });
  let shape = "";
  return {
    element: html("div", { class: "cells", role: "group", "aria-label": label }, drawn.element, fields),
    /** @param {number[][]} matrix @param {number} most the number that has the strongest colour */
    update(matrix, most) {
      const [rows, columns, values] = [matrix.length, matrix[0].length, matrix.flat()];
      drawn.update({ rows, columns, values, colours: "diverging", lo: -most, hi: most });
      if (shape !== `${rows} ${columns}`) {
        shape = `${rows} ${columns}`;
        fields.style.gridTemplate = `repeat(${rows}, ${CELL}px) / repeat(${columns}, ${CELL}px)`;
        // Seen while they have the focus: otherwise the numbers of the plane below them are.
        fields.replaceChildren(...values.map((_, at) => html("input", {
          type: "number", step: "any", "aria-label": `${label}, row ${Math.floor(at / columns)}, column ${at % columns}`,
          input: (event) => event.target.value !== "" && change(Math.floor(at / columns), at % columns, Number(event.target.value)),
        })));
      }
      values.forEach((value, at) => {
        const input = fields.children[at];
        if (!input.matches(":focus") || Number(input.value) !== value) input.value = String(Number(value.toPrecision(3)));
      });
    },
  };
}
