// A matrix of numbers, or a picture, as coloured cells: with the numbers in them where there is room, and marks on top.
import { index, isLight, range, table } from "./colour.js";
import { html, svg } from "./dom.js";
import { short, tiny } from "./format.js";

const ROOM = 28; // pixels of a cell from which its number is written into it
const ODD = [214, 0, 110]; // of a cell that holds no finite number

/**
 * @typedef {{row: number, column: number, height?: number, width?: number, kind?: string}} Mark
 * @typedef {{rows: number, columns: number, values?: ArrayLike<number>, pixels?: ArrayLike<number>, colours?: string, text?: (value: number, size: number) => string,
 *   lo?: number, hi?: number, marks?: Mark[], shade?: ArrayLike<number>, opacity?: number, over?: number}} Content
 */

/**
 * A matrix to look at. `update` draws it anew, from new arrays where numbers are new; `onPick(row, column)` is called by clicks, Enter and the arrow keys,
 * or with `onMove` by clicks and Enter: then that is called by the arrow keys. `onHover` while the pointer is over it. `side` is how long its longer side may be, in pixels.
 * @param {{label: string, side?: number, cell?: number, onPick?: (row: number, column: number) => void, onMove?: (row: number, column: number) => void, onHover?: (row: number, column: number) => void}} options
 */
export function plane({ label, side = 320, cell, onPick, onMove, onHover }) {
  const canvas = html("canvas", { "aria-hidden": "true" });
  const [texts, marks] = [svg("g"), svg("g")];
  const overlay = svg("svg", { "aria-hidden": "true", preserveAspectRatio: "none" }, texts, marks);
  let written = ""; // which numbers stand in the cells
  let of = /** @type {ArrayLike<number> | undefined} */ (undefined);
  const stack = html("div", { class: "stack" }, canvas, overlay);
  const interactive = Boolean(onPick);
  const element = html("div", {
    class: "plane",
    ...(interactive
      ? { tabindex: 0, role: "application", "aria-roledescription": "matrix", "aria-label": `${label}: move with the arrow keys` }
      : { role: "img", "aria-label": label }),
  }, stack);
  /** @type {Content} */
  let content = { rows: 1, columns: 1 };
  let cursor = /** @type {{row: number, column: number, jump?: number[]}} */ ({ row: 0, column: 0 });

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * content.rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * content.columns);
    return { row: clamp(row, content.rows), column: clamp(column, content.columns) };
  };
  const pick = (next) => {
    cursor = next;
    onPick?.(next.row, next.column);
  };
  if (interactive) {
    canvas.addEventListener("click", (event) => pick(at(event)));
    element.addEventListener("keydown", (event) => {
      if (event.key === "Enter") pick(cursor);
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -1e9], End: [0, 1e9] }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const [down, right] = cursor.jump ?? [1, 1];
      cursor = { ...cursor, row: clamp(cursor.row + step[0] * down, content.rows), column: clamp(cursor.column + step[1] * right, content.columns) };
      (onMove ?? onPick)?.(cursor.row, cursor.column);
    });
  }
  if (onHover) {
    canvas.addEventListener("pointermove", (event) => {
      const { row, column } = at(event);
      onHover(row, column);
    });
  }

  return {
    element,
    /** Where the cursor of the keyboard stands, and how far (down, right) an arrow key moves it: one cell, or `jump`. */
    set cursor(place) {
      cursor = place;
    },
    /** @param {Content} next */
    update(next) {
      content = next;
      const { rows, columns } = next;
      const size = cell ?? Math.max(1, Math.min(48, side / Math.max(rows, columns)));
      stack.style.width = `${Math.round(columns * size)}px`;
      stack.style.aspectRatio = `${columns} / ${rows}`; // where there is less room it shrinks
      canvas.width = columns;
      canvas.height = rows;
      const drawn = canvas.getContext("2d");
      drawn.putImageData(painted(next), 0, 0);
      overlay.setAttribute("viewBox", `0 0 ${columns} ${rows}`);
      const settings = [rows, columns, size, next.colours, next.lo, next.hi].join();
      if (next.values !== of || settings !== written) { // many numbers, and often only a mark moves
        [of, written] = [next.values, settings];
        texts.replaceChildren(...(size >= ROOM && next.values && !next.pixels && rows * columns <= 1600 ? numbers(next, size) : []));
      }
      marks.replaceChildren(...(next.marks ?? []).map(marked));
    },
  };
}

/** A bar that says which colour is which number. @param {number} lo @param {number} hi @param {string} colours */
export function legend(lo, hi, colours) {
  const bar = html("canvas", { width: 256, height: 1, "aria-hidden": "true" });
  const image = new ImageData(256, 1);
  const known = table(colours);
  for (let i = 0; i < 256; i++) image.data.set([...known.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  bar.getContext("2d").putImageData(image, 0, 0);
  return html("div", { class: "legend" }, html("span", {}, short(lo)), bar, html("span", {}, short(hi)));
}

/** A place for a legend, which is drawn anew where it changes. */
export function scale() {
  const element = html("div");
  let known = "";
  return {
    element,
    /** @param {number} lo @param {number} hi @param {string} colours */
    update(lo, hi, colours) {
      const next = [lo, hi, colours].join();
      if (next === known) return;
      known = next;
      element.replaceChildren(legend(lo, hi, colours));
    },
  };
}

/** The bytes of a matrix as colours, or of a picture (rows, columns, 3) as they are. @param {Content} content */
export function painted({ rows, columns, values, pixels, colours = "sequential", lo, hi, shade, opacity = 0.55, over = 1 }) {
  const image = new ImageData(columns, rows);
  const { data } = image;
  const count = rows * columns;
  if (pixels) {
    for (let i = 0; i < count; i++) {
      data[4 * i] = pixels[3 * i];
      data[4 * i + 1] = pixels[3 * i + 1];
      data[4 * i + 2] = pixels[3 * i + 2];
      data[4 * i + 3] = 255;
    }
  }
  if (values) {
    const known = table(colours);
    const [low, high] = lo === undefined || hi === undefined ? range(values, colours) : [lo, hi];
    const factor = 255 / (high > low ? high - low : 1);
    for (let i = 0; i < count; i++) {
      const value = values[i];
      const from = Number.isFinite(value) ? 3 * Math.round(Math.min(255, Math.max(0, (value - low) * factor))) : -1;
      for (let c = 0; c < 3; c++) data[4 * i + c] = data[4 * i + c] * (1 - over) + over * (from < 0 ? ODD[c] : known[from + c]); // laid over a picture
      data[4 * i + 3] = 255;
    }
  }
  if (shade) {
    for (let i = 0; i < count; i++) {
      if (shade[i]) continue; // what is not shaded in is covered, so that the field stands out
      for (let c = 0; c < 3; c++) data[4 * i + c] = data[4 * i + c] * (1 - opacity) + 128 * opacity;
    }
  }
  return image;
}

/** The numbers of a matrix as texts in its cells. @param {Content} content @param {number} size pixels of a cell */
function numbers({ rows, columns, values, colours = "sequential", lo, hi, text: written = tiny }, size) {
  const [low, high] = lo === undefined || hi === undefined ? range(values, colours) : [lo, hi];
  const all = Array.from({ length: rows * columns }, (_, i) => written(values[i], size));
  const longest = written === tiny ? 0 : Math.max(...all.map((text) => text.length)); // many digits are all of one size
  const texts = [];
  for (let i = 0; i < rows * columns; i++) {
    const text = all[i];
    const light = Number.isFinite(values[i]) && isLight(colours, index(values[i], low, high));
    texts.push(svg("text", {
      x: (i % columns) + 0.5,
      y: Math.floor(i / columns) + 0.5,
      "font-size": Math.min(0.36, 1.45 / Math.max(3, longest || text.length), 15 / size),
      fill: light ? "#14181d" : "#ffffff",
    }, text));
  }
  return texts;
}

function marked({ row, column, height = 1, width = 1, kind = "" }) {
  return svg("rect", { x: column, y: row, width, height, class: kind === "shade" ? "shade" : `mark ${kind}` });
}

const clamp = (value, count) => Math.min(count - 1, Math.max(0, value));
