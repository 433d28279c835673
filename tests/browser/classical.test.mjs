// Canny's steps on pictures whose answer is known, and how often pixels are used.
import assert from "node:assert/strict";
import test from "node:test";
import { blur, canny, classed, joined, sobel } from "../../src/convscope/explorer/static/canny.js";
import { correlate, gaussian } from "../../src/convscope/explorer/static/correlate.js";
import { KERNELS, PICTURES } from "../../src/convscope/explorer/static/samples.js";
import { uses } from "../../src/convscope/explorer/static/uses.js";

const grey = (rows, columns, value) => ({ rows, columns, values: Float32Array.from({ length: rows * columns }, (_, at) => value(Math.floor(at / columns), at % columns)) });
const near = (found, expected, by = 1e-6) => assert.ok(Math.abs(found - expected) <= by, `${found}, expected ${expected}`);

test("a blurred point is the Gaussian times itself, turned neither way; an even picture stays as it is", () => {
  const { rows, columns, values } = blur(grey(31, 41, (row, column) => Number(row === 15 && column === 22)), 1.5);
  const weights = gaussian(1.5);
  assert.deepEqual([rows, columns, weights.length], [31, 41, 13]);
  for (let i = 0; i < 13; i++) for (let j = 0; j < 13; j++) near(values[(9 + i) * 41 + 16 + j], weights[i] * weights[j]);
  for (const value of blur(grey(9, 9, () => 0.4), 5).values) near(value, 0.4);
});

test("Sobel is the correlation with its kernels", () => {
  const image = PICTURES.house();
  const found = sobel({ rows: 128, columns: 128, values: Float32Array.from(image.flat()) });
  for (const [name, values] of [["Sobel x", found.x], ["Sobel y", found.y]]) {
    const expected = correlate(image, KERNELS[name]);
    for (const [row, column] of [[0, 0], [60, 30], [125, 100]]) near(values[(row + 1) * 128 + column + 1], expected.values[row * 126 + column]);
  }
});

test("the edge of a step is one pixel wide, and lies on the step", () => {
  const settings = { sigma: 1, low: 0.2, high: 0.5 };
  const inner = Array.from({ length: 16 }, (_, i) => i + 4);
  const edgesOf = (isWhite) => {
    const { edges } = canny(grey(24, 24, (...at) => Number(isWhite(...at))), settings);
    return inner.map((row) => inner.filter((column) => edges[row * 24 + column]));
  };
  assert.deepEqual(edgesOf((row, column) => column >= 12), inner.map(() => [11]));
  assert.deepEqual(edgesOf((row) => row >= 12), inner.map((row) => (row === 11 ? inner : [])));
  // A slanting step lies between two diagonals of equal magnitude, which are no neighbours in its direction: a staircase.
  assert.deepEqual(edgesOf((row, column) => row > column), inner.map((row) => inner.filter((column) => row - column === 0 || row - column === 1)));
  assert.deepEqual(edgesOf((row, column) => row + column > 23), inner.map((row) => inner.filter((column) => row + column === 23 || row + column === 24)));
});

test("two thresholds: weak pixels count where they lead to a strong one, corners included", () => {
  const values = Float32Array.from([9, 0, 0, 0, 5, 0, 0, 0, 5, 0, 0, 0, 0, 0, 5, 0]);
  const classes = classed(values, 4, 8);
  assert.deepEqual([...classes], [2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]);
  assert.deepEqual([...joined(classes, 4, 4)], [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...joined(classed(Float32Array.from([9, 0, 0, 0, 0, 5, 0, 0, 0]), 4, 8), 1, 9)], [1, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...joined(classed(Float32Array.from([9, 0, 0, 5]), 4, 8), 2, 2)], [1, 0, 0, 1]);
  assert.equal(canny(grey(5, 5, () => 0.5), { sigma: 1, low: 0.1, high: 0.2 }).edges.reduce((a, b) => a + b), 0); // an even picture has no edge
});

test("D3: the middle is used more often than the border; what no window takes is counted 0", () => {
  const plain = { size: 5, kernel: 3, stride: 1, padding: 0, dilation: 1, layers: 1 };
  assert.deepEqual(uses(plain).ways, [1, 2, 3, 2, 1]); // 9 windows hold the middle, 1 a corner
  assert.deepEqual(uses({ ...plain, stride: 3, size: 8 }).ways, [1, 1, 1, 1, 1, 1, 0, 0]);
  const two = uses({ ...plain, layers: 2 });
  assert.deepEqual([two.ways, two.outputs], [[1, 2, 3, 2, 1], [[0], [0], [0], [0], [0]]]);
  assert.deepEqual(uses({ ...plain, size: 7, layers: 2 }).ways, [1, 3, 6, 7, 6, 3, 1]);
  const none = uses({ ...plain, layers: 4 });
  assert.deepEqual([none.windows.length, none.missing?.size, none.missing?.reach], [2, 1, 3]);
});
