// Networks as drawings: repeated blocks are found where modules begin, and no line runs through an operation.
import assert from "node:assert/strict";
import test from "node:test";
import { lanes } from "../../src/convscope/explorer/static/draw/graph.js";
import { fold, repeats } from "../../src/convscope/explorer/static/repeats.js";

/** A chain of residual blocks, as ResNet-50 has them; the first of a stage has a convolution beside it. */
function resnet(stages) {
  const nodes = [{ name: "input", op: "input", from: [], shape: [3, 224, 224] }];
  const add = (name, op, from, shape) => { nodes.push({ name, op, from, shape }); return name; };
  let last = add("conv1", "correlate", ["input"], [64, 56, 56]);
  stages.forEach((blocks, stage) => {
    const shape = [256 << stage, 56 >> stage, 56 >> stage];
    for (let block = 0; block < blocks; block++) {
      const path = `layer${stage + 1}.${block}`;
      const into = last;
      for (let i = 1; i <= 3; i++) {
        last = add(`${path}.conv${i}`, "correlate", [last], shape);
        last = add(`${path}.bn${i}`, "batch_norm", [last], shape);
        if (i < 3) last = add(`${path}.relu${i}`, "relu", [last], shape);
      }
      const beside = block ? into : add(`${path}.down`, "correlate", [into], shape);
      last = add(`${path}.relu`, "relu", [add(`${path}.add`, "add", [last, beside], shape)], shape);
    }
  });
  add("fc", "linear", [last], [1000]);
  return nodes;
}

test("blocks that repeat are shown once, cut where a module begins", () => {
  const nodes = resnet([3, 4, 6, 3]);
  const found = repeats(nodes);
  assert.deepEqual(found.map(({ times, count }) => [times, count]), [[2, 10], [3, 10], [5, 10], [2, 10]]);
  assert.deepEqual(found.map(({ first }) => nodes[first].name), ["layer1.1.conv1", "layer2.1.conv1", "layer3.1.conv1", "layer4.1.conv1"]);
  const { rows, groups } = fold(nodes, found);
  assert.equal(rows.length, nodes.length - 10 - 20 - 40 - 10);
  assert.equal(rows[groups[0].first + 10].name, "layer2.0.conv1");
  assert.deepEqual(rows[groups[0].first + 10].from, ["layer1.1.relu"]); // what stands for layer1.2.relu
});

test("no line runs through an operation, in 152 layers and in a U", () => {
  const u = ["a", "b", "c", "d", "e", "f", "g"].map((name, i, all) => ({ name, from: [...(i ? [all[i - 1]] : []), ...(i > 3 ? [all[6 - i]] : [])] }));
  for (const rows of [resnet([3, 8, 36, 3]), u]) {
    const { lane, edges } = lanes(rows);
    for (const { from, to } of edges) {
      for (let i = from + 1; i < to; i++) assert.notEqual(lane[i], lane[from], `${rows[from].name} → ${rows[to].name} through ${rows[i].name}`);
    }
  }
});

test("a chain is one lane, without repeats", () => {
  const chain = ["a", "b", "c"].map((name, i, all) => ({ name, op: name, shape: [i], from: i ? [all[i - 1]] : [] }));
  assert.equal(lanes(chain).count, 1);
  assert.deepEqual(repeats(chain), []);
});
