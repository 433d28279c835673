// Axes have round numbers, and a long line keeps its extremes.
import assert from "node:assert/strict";
import test from "node:test";
import { kept, ticks } from "../../src/convscope/explorer/static/draw/chart.js";

test("ticks are round and lie between the ends", () => {
  assert.deepEqual(ticks(0, 1, false), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(0.31, 0.99, false), [0.4, 0.6, 0.8]);
  assert.deepEqual(ticks(0.002, 40, true), [0.01, 0.1, 1, 10]);
  assert.deepEqual(ticks(0.23, 1.4, true), [0.23, 1.4]);
});

test("of a long line every spike is kept, and not many more points than a screen has", () => {
  const y = new Float32Array(100_000);
  y[77_777] = 9;
  y[12] = -3;
  const points = kept(y);
  assert.ok(points.includes(77_777) && points.includes(12) && points.includes(0) && points.includes(99_999));
  assert.ok(points.length <= 2500);
  assert.deepEqual(points, [...points].sort((a, b) => a - b));
});
