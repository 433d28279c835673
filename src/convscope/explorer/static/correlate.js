// The sum under a window, for the pictures that are played with; the windows are those of geometry.js.
import { Window } from "./geometry.js";

/**
 * How a kernel walks over an image: a number for both axes, or one for the rows and one for the columns.
 * @typedef {number | [number, number]} Steps
 * @typedef {{row: number, column: number, x: number, w: number, inside: boolean, channel?: number}} Term
 */

const pair = (/** @type {Steps} */ steps) => (typeof steps === "number" ? [steps, steps] : steps);

/**
 * Correlate an image with a kernel. `terms(row, column)` are the products of one number of the result.
 * @param {number[][]} image @param {number[][]} kernel @param {Steps} stride @param {Steps} padding @param {Steps} dilation
 */
export function correlate(image, kernel, stride = 1, padding = 0, dilation = 1) {
  const along = (axis, size, length) =>
    new Window({ size, kernel: length, stride: pair(stride)[axis], before: pair(padding)[axis], after: pair(padding)[axis], dilation: pair(dilation)[axis] });
  const down = along(0, image.length, kernel.length);
  const across = along(1, image[0].length, kernel[0].length);
  const [rows, columns] = [down.outputs, across.outputs];
  /** @returns {Term[]} */
  const terms = (row, column) =>
    down.positions(row).flatMap((y, i) =>
      across.positions(column).map((x, j) => {
        const inside = y >= 0 && y < image.length && x >= 0 && x < image[0].length;
        return { row: y, column: x, x: inside ? image[y][x] : 0, w: kernel[i][j], inside };
      }));
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let i = 0, y = down.start(row); i < kernel.length; i++, y += down.dilation) {
        if (y < 0 || y >= image.length) continue; // the padding is 0
        for (let j = 0, x = across.start(column); j < kernel[i].length; j++, x += across.dilation) {
          if (x >= 0 && x < image[y].length) sum += image[y][x] * kernel[i][j];
        }
      }
      values[row * columns + column] = sum;
    }
  }
  return { rows, columns, values, terms, down, across };
}

/**
 * Correlate every channel with a kernel of its own: `components`, whose sum plus the bias is the map, `values`.
 * @param {number[][][]} channels @param {number[][][]} kernels @param {Steps} stride @param {Steps} padding @param {Steps} dilation
 */
export function correlateChannels(channels, kernels, stride = 1, padding = 0, dilation = 1, bias = 0) {
  const parts = channels.map((image, c) => correlate(image, kernels[c], stride, padding, dilation));
  const components = parts.map((each) => each.values);
  const values = components[0].map((_, at) => components.reduce((sum, each) => sum + each[at], 0) + bias);
  /** @returns {Term[]} */
  const terms = (row, column) => parts.flatMap((each, channel) => each.terms(row, column).map((term) => ({ ...term, channel })));
  return { ...parts[0], values, components, terms };
}

/** A kernel turned by 180°: correlating with it is the strict convolution with the kernel. @param {number[][]} kernel */
export const flipped = (kernel) => kernel.map((row) => [...row].reverse()).reverse();

/** The windows as the columns of a matrix: the kernel as a row, times it, is the whole result. */
export function im2col({ rows, columns, down, across }, channels) {
  const [windows, size] = [rows * columns, down.kernel * across.kernel];
  const values = new Float32Array(channels.length * size * windows);
  channels.forEach((image, c) => {
    for (let row = 0; row < rows; row++) {
      for (let i = 0, y = down.start(row); i < down.kernel; i++, y += down.dilation) {
        if (y < 0 || y >= image.length) continue; // the padding is 0
        for (let j = 0; j < across.kernel; j++) {
          const start = (c * size + i * across.kernel + j) * windows + row * columns;
          for (let column = 0, x = j * across.dilation - across.before; column < columns; column++, x += across.stride) values[start + column] = image[y][x] ?? 0;
        }
      }
    }
  });
  return { rows: channels.length * size, columns: windows, values };
}

/** The kernel as a matrix with a row for each number of the result: times the image as a column, it is the result. */
export function toeplitz({ rows, columns, terms }, channels) {
  const [height, width] = [channels[0].length, channels[0][0].length];
  const [count, inputs] = [rows * columns, channels.length * height * width];
  const values = new Float32Array(count * inputs);
  for (let at = 0; at < count; at++) values.set(unfolded(terms(Math.floor(at / columns), at % columns), channels), at * inputs);
  return { rows: count, columns: inputs, values };
}

/** One row of the Toeplitz matrix: the weight of every number of the image. @param {Term[]} terms @param {number[][][]} channels */
export function unfolded(terms, channels) {
  const [height, width] = [channels[0].length, channels[0][0].length];
  const row = new Float32Array(channels.length * height * width);
  for (const { inside, channel = 0, row: y, column: x, w } of terms) if (inside) row[(channel * height + y) * width + x] = w;
  return row;
}

const CUT = 4; // standard deviations at which the bell is cut off

/** The weights of a Gaussian from -radius to radius; they sum to 1. @param {number} sigma */
export function gaussian(sigma, radius = Math.floor(CUT * sigma + 0.5)) {
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
