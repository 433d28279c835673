// Small matrices as text that people type, and the sums of pooling, spreading and 1×1 convolutions over them.
import { Spread, Window } from "./geometry.js";

const MOST = 16; // rows and columns that are typed

/** The matrix of a text: rows by semicolons or lines, numbers by spaces. @param {string} text @param {string} usual taken where the text is none @returns {number[][]} */
export function parseMatrix(text, usual) {
  const rows = text.split(/[;\n]/).map((row) => row.trim().split(/[\s,]+/).filter(Boolean).map((each) => Number(each.replace("−", "-")))).filter((row) => row.length);
  const isOne = rows.length && rows.length <= MOST && rows[0].length <= MOST && rows.every((row) => row.length === rows[0].length && row.every(Number.isFinite));
  return isOne ? rows : text === usual ? [[0]] : parseMatrix(usual, usual);
}

/** @param {number[][]} matrix */
export const formatMatrix = (matrix) => matrix.map((row) => row.join(" ")).join("; ");

/**
 * Pool a matrix. `terms(row, column)` are the numbers under one window, the padding left out, and which of them is the result.
 * @param {number[][]} matrix @param {{kind: string, size: number[], stride: number[], padding: number[], padded?: boolean}} given
 */
export function pool(matrix, { kind, size, stride, padding, padded = true }) {
  const windows = [matrix.length, matrix[0].length].map((length, axis) => new Window({ size: length, kernel: size[axis], stride: stride[axis], before: padding[axis], after: padding[axis] }));
  const [down, across] = windows;
  const terms = (row, column) => down.inputs(row).flatMap((y) => across.inputs(column).map((x) => ({ row: y, column: x, value: matrix[y][x] })));
  const one = (row, column) => {
    const under = terms(row, column).map(({ value }) => value);
    if (!under.length) return kind === "max" ? -Infinity : padded ? 0 : NaN;
    if (kind === "max") return Math.max(...under);
    return under.reduce((sum, value) => sum + value, 0) / (padded ? size[0] * size[1] : under.length);
  };
  const values = Array.from({ length: down.outputs }, (_, row) => Array.from({ length: across.outputs }, (_, column) => one(row, column)));
  return { windows, values, terms };
}

/**
 * Spread a matrix by a transposed convolution: each input writes the kernel times itself, `stride` apart. `upTo` inputs
 * have written; `counts` says how many inputs write to each place, of all of them.
 * @param {number[][]} matrix @param {number[][]} kernel @param {{stride: number, padding: number, extra: number}} given @param {number} upTo
 */
export function spread(matrix, kernel, { stride, padding, extra }, upTo = Infinity) {
  const along = (size, length) => new Spread({ size, kernel: length, stride, before: padding, after: padding, extra });
  const [down, across] = [along(matrix.length, kernel.length), along(matrix[0].length, kernel[0].length)];
  const [rows, columns] = [Math.max(0, down.outputs), Math.max(0, across.outputs)];
  const values = Array.from({ length: rows }, () => new Array(columns).fill(0));
  const counts = values.map((row) => [...row]);
  matrix.forEach((line, i) => line.forEach((value, j) => kernel.forEach((weights, k) => weights.forEach((weight, l) => {
    const [row, column] = [i * stride - padding + k, j * stride - padding + l];
    if (row < 0 || row >= rows || column < 0 || column >= columns) return;
    counts[row][column] += 1;
    if (i * line.length + j < upTo) values[row][column] += value * weight;
  }))));
  return { rows, columns, values, counts, spreads: [down, across] };
}

/** A 1×1 convolution: (out, in) weights and a bias at each place of `planes` (in, rows, columns), place by place. @param {number[][][]} planes @param {number[][]} weights */
export function atEachPlace(planes, weights) {
  return weights.map((row) => planes[0].map((line, y) => line.map((_, x) => row.reduce((sum, weight, channel) => sum + weight * planes[channel][y][x], 0))));
}

/** The product of two matrices. @param {number[][]} a @param {number[][]} b */
export const product = (a, b) => a.map((row) => b[0].map((_, column) => row.reduce((sum, value, k) => sum + value * b[k][column], 0)));
