// Numbers and shares as they are read.
import assert from "node:assert/strict";
import test from "node:test";
import { likely, percent } from "../../src/convscope/explorer/static/draw/answer.js";
import { minus, short } from "../../src/convscope/explorer/static/draw/format.js";

test("only all is 100 %, and only nothing 0 %", () => {
  assert.deepEqual([1, 0.99999, 0.909, 0.05, 0.00001, 0].map(percent), ["100.0 %", "> 99.9 %", "90.9 %", "5.00 %", "< 0.01 %", "0.00 %"]);
  assert.deepEqual([likely(1), likely(0)], ["> 99.9 %", "< 0.01 %"]); // rounded, where no class is certain
});

test("a minus is no hyphen", () => {
  assert.deepEqual([short(-2.5), short(-1e-7), minus("-0.09 like itself, left-right")], ["−2.5", "−1.00e−7", "−0.09 like itself, left-right"]);
});
