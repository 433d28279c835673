// Stacks of layers: the figures of lectures and papers, and their texts in links.
import assert from "node:assert/strict";
import test from "node:test";
import { dropped, fields, follow, formatStack, parseShape, parseStack, rest, seen, sizeRule, unread } from "../../src/convscope/explorer/static/stack.js";

const run = (input, layers) => follow(parseShape(input), parseStack(layers));
const last = (input, layers) => run(input, layers).at(-1);
const sizes = (input, layers) => last(input, layers).shape.slice(1).join("×");

test("sizes of stacks", () => {
  assert.equal(sizes("3x256x256", "c16k3s2p1,mk4"), "125×125");
  assert.equal(sizes("1x8x8", "c1k3p1"), "8×8");
  assert.equal(sizes("1x8x8", "c1k3p1s2"), "4×4");
  assert.equal(sizes("1x8x8", "c1k3x5s3x4p0x1"), "2×2");
  assert.deepEqual(run("2x64x64", "c4k5s4p4,c8k3p2").map((step) => step.shape), [[4, 17, 17], [8, 19, 19]]);
  assert.deepEqual(last("1x28x28", "c3k5s2p2").shape, [3, 14, 14]);
});

test("costs and weights", () => {
  const wide = last("128x256x256", "c128k5p2");
  assert.equal(wide.multiplications + wide.additions, 53_687_091_200); // 53 billion
  const lenet = run("1x28x28", "c32k3p1,mk2s2,c32k5,mk2s2,f256,f10");
  assert.equal(lenet.reduce((sum, step) => sum + step.parameters, 0), 233_578);
  assert.equal(lenet.reduce((sum, step) => sum + step.multiplications, 0), 225_792 + 2_560_000 + 204_800 + 2560);
  assert.deepEqual(last("1x1000x1000", "f1000k5").ways, { dense: 1e9, local: 25_000, shared: 25 });
  assert.deepEqual(last("1x4x4", "ak2s2").multiplications, 4);
  assert.equal(last("4x8x8", "c8k3p1g4").parameters, 8 * 9 + 8);
});

test("what does not fit is said, and nothing behind it is computed", () => {
  const steps = run("3x8x8", "c8k3,c8k9,c8k1");
  assert.equal(steps.length, 2);
  assert.match(steps[1].fault, /reaches over 9 positions of the height, but only 6/);
  assert.match(last("3x8x8", "c4g2").fault, /2 groups/);
  assert.match(last("1x4x4", "mk2s2p2").fault, /padding alone/);
});

test("inputs that no window covers", () => {
  assert.deepEqual(dropped(last("1x8x8", "c1k3s2")), [[7], [7]]);
  assert.deepEqual(dropped(last("1x9x8", "c1k3s2")), [[], [7]]);
});

test("the rule with its numbers", () => {
  assert.equal(sizeRule(last("1x28x28", "c1k5s2p2").windows[0]), "⌊(28 + 2·2 − 5) / 2⌋ + 1 = 14");
  assert.equal(sizeRule(last("1x10x10", "c1k3d2").windows[0]), "⌊(10 + 2·0 − 2·(3 − 1) − 1) / 1⌋ + 1 = 6");
  assert.deepEqual(last("1x7x7", "c1k4ps").shape, [1, 7, 7]);
});

test("what a stride leaves over: padding alone, or inputs, and then what really keeps them", () => {
  const said = (input, layers) => rest(last(input, layers).windows[0]);
  assert.equal(said("3x256x256", "c16k3s2p1"), "255 / 2 leaves 1: the last window ends 1 position before the end, on which only padding lies: no input is lost.");
  assert.match(said("1x8x8", "c1k3s2"), /and 1 input there is lost: a stride of 1 or a padding of 1 would cover it\.$/);
  assert.deepEqual(dropped(last("1x8x8", "c1k3s2p1")), [[], []]);
  assert.match(said("1x9x9", "c1k3s2"), /leaves nothing/);
});

test("fields: k3 s1 then k5 s2 sees 7, and less at the border", () => {
  const layers = parseStack("c1k3,c1k5s2");
  assert.deepEqual(fields(layers, 0).map(({ size }) => size), [3, 7]);
  const windows = follow([1, 32, 32], parseStack("c1k3p1,c1k5s2p2")).map((step) => step.windows[0]);
  assert.deepEqual(seen(windows, 8)[0], [13, 14, 15, 16, 17, 18, 19]);
  assert.deepEqual(seen(windows, 0)[0], [0, 1, 2, 3]);
});

test("a stack is its text again", () => {
  for (const text of ["c16k3s2p1,mk4", "c1k3x5s3x4p0x1", "c8k3psg4,ak2s2,f10k5", "c4k3d2"]) assert.equal(formatStack(parseStack(text)), text);
});

test("what is no layer is told", () => {
  assert.deepEqual(unread("c16k3s2p1,mk4,c1k3x5s3x4p0x1,f10,c4k3ps,c1k3g2,c1k3d2p2"), []);
  assert.deepEqual(unread("nonsense,c1k99,k3,c1k3"), ["nonsense", "c1k99", "k3"]);
});
