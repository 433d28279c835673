// How often each input is used by the windows of layers that are stacked, along one axis.
import { Window } from "./geometry.js";

/**
 * Of `layers` equal layers over `size` inputs: their windows; for each input in how many `ways` it reaches the last
 * layer; which of its `outputs` it reaches. Layers end before one for which not even one window fits: `missing` is it.
 * @param {{size: number, kernel: number, stride: number, padding: number, dilation: number, layers: number}} given
 */
export function uses({ size, kernel, stride, padding, dilation, layers }) {
  const windows = /** @type {Window[]} */ ([]);
  let missing = /** @type {Window | null} */ (null);
  for (let inputs = size; windows.length < layers && !missing; inputs = windows.at(-1)?.outputs ?? 0) {
    const window = new Window({ size: inputs, kernel, stride, before: padding, after: padding, dilation });
    if (window.outputs) windows.push(window);
    else missing = window;
  }
  const last = windows.at(-1)?.outputs ?? 0;
  let ways = new Array(last).fill(1);
  let outputs = Array.from({ length: last }, (_, at) => [at]);
  for (const window of [...windows].reverse()) {
    const fed = Array.from({ length: window.size }, (_, input) => window.outputsOf(input));
    ways = fed.map((each) => each.reduce((sum, output) => sum + ways[output], 0));
    outputs = fed.map((each) => [...new Set(each.flatMap((output) => outputs[output]))].sort((a, b) => a - b));
  }
  return { windows, missing, ways, outputs };
}
