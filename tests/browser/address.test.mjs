// Every state of the page is a link, and the link is that state again.
import assert from "node:assert/strict";
import test from "node:test";
import { format, parse } from "../../src/convscope/explorer/static/address.js";

const STATES = {
  "#/": {},
  "#/correlate2d?at=17&kernel=Sobel+x": { view: "correlate2d", at: "17", kernel: "Sobel x" },
  "#/lenet-2/data": { run: "lenet-2", view: "data" },
  "#/lenet-2/test/17/trace/conv1/3,10,12?hi=2&lo=-1": { run: "lenet-2", image: "test:17", view: "trace", node: "conv1", at: "3,10,12", lo: "-1", hi: "2" },
  "#/a%20run%2Fb/own/12ab/maps/layer1.0": { run: "a run/b", image: "own:12ab", view: "maps", node: "layer1.0" },
  "#/~data/data": { run: "data", view: "data" },
};

for (const [link, state] of Object.entries(STATES)) {
  test(link, () => {
    assert.equal(format(state), link);
    assert.deepEqual(parse(link), state);
  });
}

test("a link that was cut says what it can", () => {
  assert.deepEqual(parse("#/run/test"), { run: "run", image: "test:" });
  assert.deepEqual(parse("#/%zz"), { run: "%zz" });
});
