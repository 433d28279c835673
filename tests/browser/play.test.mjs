// The figures of the documents (D0 to D4), from the pictures, signals and kernels that the page offers.
import assert from "node:assert/strict";
import test from "node:test";
import { correlate, correlateChannels, flipped, gaussian, im2col, toeplitz } from "../../src/convscope/explorer/static/correlate.js";
import { COLOURS, EXAMPLES, IMAGES, KERNELS, SIGNALS, SIGNAL_KERNELS } from "../../src/convscope/explorer/static/samples.js";
import { isNumbers, readKernels, readNumbers, writeKernels } from "../../src/convscope/explorer/static/numbers.js";

const near = (found, expected, by = 1e-12) => assert.ok(Math.abs(found - expected) <= by, `${found}, expected ${expected}`);
const along = (signal, kernel) => Array.from(correlate([signal], [kernel]).values);
const shown = (name) => correlate(IMAGES[EXAMPLES[name].sample], KERNELS[EXAMPLES[name].kernel]);

test("D0: a step answers at its rise and at its fall, the other way round under strict convolution", () => {
  const [signal, kernel] = [SIGNALS["10 zeros, 5 ones, 10 zeros"], SIGNAL_KERNELS["(−1, 1)"]];
  const expected = Array.from({ length: 24 }, (_, at) => (at === 9 ? 1 : at === 14 ? -1 : 0));
  assert.deepEqual(along(signal, kernel).map((value) => value + 0), expected);
  assert.deepEqual(along(signal, [...kernel].reverse()).map((value) => 0 - value), expected);
});

test("D0: of the noisy square the kernel of −1 and 8 leaves 14 × 14, large on the square's boundary", () => {
  const { rows, columns, values } = shown("edges of a noisy square");
  assert.deepEqual([rows, columns], [14, 14]);
  const isRing = (at) => {
    const [row, column] = [Math.floor(at / 14), at % 14];
    return row >= 3 && row <= 8 && column >= 3 && column <= 8 && (row === 3 || row === 8 || column === 3 || column === 8);
  };
  const mean = (list) => list.reduce((sum, value) => sum + Math.abs(value), 0) / list.length;
  const ring = Array.from(values).filter((_, at) => isRing(at));
  assert.equal(ring.length, 20);
  assert.ok(mean(ring) > 3 * mean(Array.from(values).filter((_, at) => !isRing(at))));
});

test("D1: a filter on its own image and on the mirrored one; the lecture's 2.43 leaves out six small products", () => {
  const own = shown("a line that matches");
  near(own.values[0], 2.49);
  near(own.terms(0, 0).map(({ x, w }) => x * w).filter((product) => product > 0.5).reduce((a, b) => a + b), 2.43);
  near(shown("its mirror image").values[0], 1.21);
});

test("D2: a band of black, with a kernel of one row", () => {
  const { rows, columns, values } = shown("edges of a black band");
  assert.deepEqual([rows, columns], [6, 7]);
  for (let row = 0; row < 6; row++) assert.deepEqual(Array.from(values.slice(7 * row, 7 * row + 7), (value) => value + 0), [0, 1, 0, 0, 0, -1, 0]);
});

test("D2: four points turn into four crosses; strict convolution leaves any kernel as it is", () => {
  const { rows, columns, values } = shown("four points, a cross each");
  assert.deepEqual([rows, columns, values.filter((value) => value === 1).length, values.filter(Boolean).length], [62, 62, 20, 20]);
  const dot = IMAGES.dot;
  const kernel = [[1, 2, 3], [4, 5, 6]];
  const middle = correlate(dot, flipped(kernel));
  assert.deepEqual([0, 1].map((row) => Array.from(middle.values.slice((3 + row) * 7 + 2, (3 + row) * 7 + 5))), kernel);
  assert.deepEqual(flipped(kernel), [[6, 5, 4], [3, 2, 1]]);
});

test("D2: padding and stride, also of rectangular windows", () => {
  const image = Array.from({ length: 8 }, () => new Array(8).fill(1));
  const ones = (rows, columns) => Array.from({ length: rows }, () => new Array(columns).fill(1));
  const size = ({ rows, columns }) => [rows, columns];
  assert.deepEqual(size(correlate(image, ones(3, 3), 1, 1)), [8, 8]);
  assert.deepEqual(size(correlate(image, ones(3, 3), 2, 1)), [4, 4]);
  assert.deepEqual(size(correlate(image, ones(3, 5), [3, 4], [0, 1])), [2, 2]);
});

test("D3: components and bias sum to the map, which the products close too", () => {
  const channels = COLOURS["three lights"];
  const kernels = [KERNELS.Laplace, KERNELS["Sobel x"], KERNELS["mean 3×3"]];
  const { values, components, terms, rows, columns } = correlateChannels(channels, kernels, 2, 1, 2, 0.5);
  assert.deepEqual([rows, columns, components.length], [15, 15, 3]);
  for (let at = 0; at < values.length; at++) {
    near(values[at], components[0][at] + components[1][at] + components[2][at] + 0.5);
    near(values[at], terms(Math.floor(at / columns), at % columns).reduce((sum, { x, w }) => sum + x * w, 0.5));
  }
});

test("D4: the three kernels over 20 zeros, 20 ones, 20 zeros", () => {
  const signal = SIGNALS["20 zeros, 20 ones, 20 zeros"];
  assert.equal(signal.length, 60);
  const ones = along(signal, SIGNAL_KERNELS["five ones"]);
  assert.deepEqual([ones.length, ones[15], ones[16], ones[20], ones[35], ones[39], ones[40]], [56, 0, 1, 5, 5, 1, 0]);
  const smooth = along(signal, SIGNAL_KERNELS["Gaussian, 5 long, σ = 2"]);
  near(Math.max(...smooth), 1);
  const weights = [0.6065306597126334, 0.8824969025845955, 1, 0.8824969025845955, 0.6065306597126334]; // e^(−x²/8)
  const sum = weights.reduce((a, b) => a + b);
  SIGNAL_KERNELS["Gaussian, 5 long, σ = 2"].forEach((weight, at) => near(weight, weights[at] / sum));
  const edges = along(signal, SIGNAL_KERNELS["(−1, −1, 0, 1, 1)"]);
  assert.deepEqual([Math.max(...edges), Math.min(...edges), edges[17], edges[37]], [2, -2, 2, -2]);
});

test("D4: im2col of 3 × 32 × 32 under 5 × 5 is 75 × 784, and a matrix product gives the result", () => {
  const channels = COLOURS["three lights"];
  const kernels = channels.map((_, c) => KERNELS["Gauss 5×5"].map((row) => row.map((weight) => weight * (c + 1))));
  const result = correlateChannels(channels, kernels);
  const matrix = im2col(result, channels);
  assert.deepEqual([matrix.rows, matrix.columns], [75, 784]);
  const padded = correlateChannels(channels, kernels, 3, 2, 2);
  const [wide, flat] = [im2col(padded, channels), padded.terms(1, 4)];
  flat.forEach((term, i) => near(wide.values[i * wide.columns + padded.columns + 4], term.x, 1e-6));
  const row = kernels.flat(2);
  for (const at of [0, 300, 783]) near(row.reduce((sum, weight, i) => sum + weight * matrix.values[i * 784 + at], 0), result.values[at], 1e-6);
});

test("the Toeplitz matrix times the image is the result, padding and holes included", () => {
  const channels = [IMAGES.seven];
  const result = correlateChannels(channels, [KERNELS["Sobel y"]], 2, 1, 2);
  const { rows, columns, values } = toeplitz(result, channels);
  const image = channels.flat(2);
  assert.equal(columns, image.length);
  for (let row = 0; row < rows; row++) near(image.reduce((sum, value, i) => sum + value * values[row * columns + i], 0), result.values[row]);
});

test("every example and every kernel can be computed", () => {
  for (const { sample, kernel, at = 0, note } of Object.values(EXAMPLES)) {
    const channels = COLOURS[sample] ?? [IMAGES[sample]];
    const { values } = correlateChannels(channels, KERNELS[kernel] ? channels.map(() => KERNELS[kernel]) : readKernels(kernel, channels.length));
    assert.ok(values[at] && note, "where it begins there is something to see");
  }
  near(gaussian(5).reduce((a, b) => a + b), 1);
  assert.equal(gaussian(5).length, 41);
});

test("numbers that are typed: what is wrong is said", () => {
  assert.deepEqual(readNumbers("1, −2  3.5,"), [1, -2, 3.5]);
  assert.throws(() => readNumbers("1, two"), /“two” is not a number/);
  assert.throws(() => readNumbers(" "), /no number/);
  assert.throws(() => readNumbers("1 ".repeat(501)), /501 numbers/);
  assert.throws(() => readKernels("1,2;3", 1), /not equally long/);
  const kernels = [[[1, -2]], [[0, 0.5]], [[3, 4]]];
  assert.deepEqual(readKernels(writeKernels(kernels), 3), kernels);
  assert.deepEqual(readKernels("1,0", 3), [[[1, 0]], [[1, 0]], [[1, 0]]]);
  assert.ok(isNumbers("1,0;−1,1e-3|2") && Object.keys(KERNELS).every((name) => !isNumbers(name)));
});
