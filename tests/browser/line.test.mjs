// Long lines keep their extremes, and axes carry round numbers.
import assert from "node:assert/strict";
import test from "node:test";
import { scale, ticks } from "../../src/convscope/explorer/static/draw/axes.js";
import { nearest, thinned } from "../../src/convscope/explorer/static/draw/line.js";

test("a line of a million points becomes at most 4,000, and keeps its peak", () => {
  const y = new Float32Array(1_000_000);
  y[567_891] = 5;
  y[12] = -3;
  const kept = thinned(y, 4000);
  assert.ok(kept.length <= 4000);
  assert.ok(kept.includes(567_891) && kept.includes(12) && kept.includes(0) && kept.includes(999_999));
  assert.deepEqual(thinned([1, 2, 3], 4000), [0, 1, 2]);
});

test("the nearest point of an uneven line", () => {
  const line = { name: "", x: [1, 2, 10, 20], y: [0, 0, 0, 0] };
  assert.deepEqual([0, 5, 7, 14, 99].map((value) => nearest(line, value)), [0, 1, 2, 2, 3]);
});

test("ticks are round, also on a logarithmic axis", () => {
  assert.deepEqual(ticks(0, 1, 4), [0, 0.5, 1]);
  assert.deepEqual(ticks(-0.3, 0.3, 4), [-0.2, 0, 0.2]);
  assert.deepEqual(ticks(0.002, 3, 4, true), [0.01, 0.1, 1]);
});

test("a scale and back", () => {
  for (const log of [false, true]) {
    const one = scale(0.1, 100, 50, 600, log);
    assert.ok(Math.abs(one.back(one.of(7)) - 7) < 1e-9);
    assert.deepEqual([one.of(0.1), one.of(100)], [50, 600]);
  }
});
