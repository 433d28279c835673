// Pooling, spreading and 1×1 convolutions of small matrices: the figures of the lectures.
import assert from "node:assert/strict";
import test from "node:test";
import { atEachPlace, parseMatrix, pool, product, spread } from "../../src/convscope/explorer/static/matrix.js";

const matrix = (text) => parseMatrix(text, "0");
const plain = { stride: [1, 1], padding: [0, 0] };

test("pooling", () => {
  assert.deepEqual(pool(matrix("1 1 2 4; 4 5 6 9; 3 1 0 3; 4 0 1 8"), { kind: "max", size: [2, 2], stride: [2, 2], padding: [0, 0] }).values, [[5, 9], [4, 8]]);
  const nine = matrix("0 1 2; 3 4 5; 6 7 8");
  assert.deepEqual(pool(nine, { kind: "max", size: [2, 2], ...plain }).values, [[4, 5], [7, 8]]);
  assert.deepEqual(pool(nine, { kind: "mean", size: [2, 2], ...plain }).values, [[2, 3], [5, 6]]);
  const sixteen = matrix("0 1 2 3; 4 5 6 7; 8 9 10 11; 12 13 14 15");
  assert.deepEqual(pool(sixteen, { kind: "max", size: [3, 3], stride: [2, 2], padding: [1, 1] }).values, [[5, 7], [13, 15]]);
  assert.deepEqual(pool(sixteen, { kind: "max", size: [2, 3], stride: [2, 3], padding: [0, 1] }).values, [[5, 7], [13, 15]]);
  assert.deepEqual(pool(matrix("4 4; 4 4"), { kind: "mean", size: [2, 2], stride: [2, 2], padding: [1, 1] }).values, [[1, 1], [1, 1]]);
  assert.deepEqual(pool(matrix("4 4; 4 4"), { kind: "mean", size: [2, 2], stride: [2, 2], padding: [1, 1], padded: false }).values, [[4, 4], [4, 4]]);
});

test("transposed convolution", () => {
  const four = matrix("0 1; 2 3");
  const of = (given) => spread(four, four, { stride: 1, padding: 0, extra: 0, ...given });
  assert.deepEqual(of({}).values, [[0, 0, 1], [0, 4, 6], [4, 12, 9]]);
  assert.deepEqual(of({ stride: 2 }).values, [[0, 0, 0, 1], [0, 0, 2, 3], [0, 2, 0, 3], [4, 6, 6, 9]]);
  assert.deepEqual(of({ padding: 1 }).values, [[4]]);
  assert.deepEqual(spread([[1, 2]], [[1, 3, 1]], { stride: 2, padding: 0, extra: 0 }).values, [[1, 3, 3, 6, 2]]);
});

test("a kernel that the stride does not divide overlaps unevenly", () => {
  const ones = (n) => Array.from({ length: n }, () => new Array(n).fill(1));
  const counts = (kernel) => new Set(spread(ones(6), ones(kernel), { stride: 2, padding: 2, extra: 0 }).counts.slice(1, -1).flatMap((row) => row.slice(1, -1)));
  assert.deepEqual([...counts(3)].sort(), [1, 2, 4]);
  assert.deepEqual([...counts(4)], [4]);
});

test("1×1 convolution is a matrix product", () => {
  const planes = [matrix("1 2; 3 4"), matrix("5 6; 7 8"), matrix("-1 0; 1 2")];
  const weights = matrix("1 0.5 -1; 2 -1 0.25");
  assert.deepEqual(atEachPlace(planes, weights).map((plane) => plane.flat()), product(weights, planes.map((plane) => plane.flat())));
});

test("text that is no matrix is not taken", () => {
  for (const text of ["1 2; 3", "a b", ""]) assert.deepEqual(parseMatrix(text, "7"), [[7]]);
  assert.deepEqual(matrix("1, 2\n−3 4"), [[1, 2], [-3, 4]]);
});
