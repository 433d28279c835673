// Classic filters on a grey picture, as they were before kernels were learned: Gaussian blur, Sobel and Canny's edges.
import { gaussian } from "./correlate.js";

/** A picture of one channel, row by row. @typedef {{rows: number, columns: number, values: Float32Array}} Grey */

/** Blur along the rows, then along the columns; beyond the border the last pixel is repeated. @param {Grey} image @param {number} sigma @returns {Grey} */
export function blur(image, sigma) {
  const weights = Float32Array.from(gaussian(sigma));
  return along(along(image, weights), weights);
}

/** Blur along the rows, and turn the picture, so that a second time blurs along the columns and turns it back. */
function along({ rows, columns, values }, weights) {
  const radius = (weights.length - 1) / 2;
  const out = new Float32Array(values.length);
  const line = new Float32Array(columns + 2 * radius);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    line.fill(values[start], 0, radius);
    line.set(values.subarray(start, start + columns), radius);
    line.fill(values[start + columns - 1], radius + columns);
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += line[column + i] * weights[i];
      out[column * rows + row] = sum;
    }
  }
  return { rows: columns, columns: rows, values: out };
}

/** How fast the grey value grows to the right (`x`) and downwards (`y`): Sobel's kernels. @param {Grey} image */
export function sobel({ rows, columns, values }) {
  const [x, y, magnitude] = [0, 0, 0].map(() => new Float32Array(values.length));
  for (let row = 0; row < rows; row++) {
    const [above, here, below] = [Math.max(0, row - 1), row, Math.min(rows - 1, row + 1)].map((at) => at * columns);
    for (let column = 0; column < columns; column++) {
      const [left, right] = [Math.max(0, column - 1), Math.min(columns - 1, column + 1)];
      const [a, b, c] = [values[above + left], values[above + column], values[above + right]];
      const [d, e] = [values[here + left], values[here + right]];
      const [f, g, h] = [values[below + left], values[below + column], values[below + right]];
      const at = here + column;
      x[at] = c - a + 2 * (e - d) + h - f;
      y[at] = f - a + 2 * (g - b) + h - c;
      magnitude[at] = Math.sqrt(x[at] * x[at] + y[at] * y[at]);
    }
  }
  return { x, y, magnitude };
}

/** Of four directions the one nearest to that of the steepest growth: 0 across, 1 falling ╲, 2 down, 3 rising ╱. */
export function directions(x, y) {
  const out = new Uint8Array(x.length);
  for (let at = 0; at < x.length; at++) out[at] = (Math.round((4 * Math.atan2(y[at], x[at])) / Math.PI) + 4) % 4;
  return out;
}

const STEPS = [[0, 1], [1, 1], [1, 0], [1, -1]]; // rows and columns to the next pixel in each direction

/** The magnitude where it is no less than that of both neighbours in its direction, else 0: edges of one pixel. */
export function thinned(magnitude, direction, rows, columns) {
  const out = new Float32Array(magnitude.length);
  const of = (row, column) => (row >= 0 && row < rows && column >= 0 && column < columns ? magnitude[row * columns + column] : 0);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const [down, right] = STEPS[direction[at]];
      // ">" on one side, "≥" on the other: of two equal neighbours one is kept.
      if (magnitude[at] > of(row - down, column - right) && magnitude[at] >= of(row + down, column + right)) out[at] = magnitude[at];
    }
  }
  return out;
}

/** 2 where at least `high`, 1 where at least `low`, else 0. @param {Float32Array} values */
export function classed(values, low, high) {
  const out = new Uint8Array(values.length);
  for (let at = 0; at < values.length; at++) out[at] = values[at] > 0 ? Number(values[at] >= low) + Number(values[at] >= high) : 0;
  return out;
}

/** 1 where strong, or weak and joined to a strong one by weak ones that touch, also at corners. @param {Uint8Array} classes */
export function joined(classes, rows, columns) {
  const out = new Uint8Array(classes.length);
  const open = [];
  classes.forEach((value, at) => value === 2 && open.push(at) && (out[at] = 1));
  while (open.length) {
    const at = open.pop();
    const [row, column] = [Math.floor(at / columns), at % columns];
    for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
        const next = y * columns + x;
        if (!classes[next] || out[next]) continue;
        out[next] = 1;
        open.push(next);
      }
    }
  }
  return out;
}

/** Every step of Canny's edges; thresholds are shares of the largest magnitude. @param {Grey} image */
export function canny(image, { sigma, low, high }) {
  const { rows, columns } = image;
  const blurred = blur(image, sigma);
  const { x, y, magnitude } = sobel(blurred);
  const direction = directions(x, y);
  const thin = thinned(magnitude, direction, rows, columns);
  const most = magnitude.reduce((a, b) => Math.max(a, b), 0);
  const classes = classed(thin, low * most, high * most);
  return { blurred: blurred.values, x, y, magnitude, direction, thin, most, classes, edges: joined(classes, rows, columns) };
}
