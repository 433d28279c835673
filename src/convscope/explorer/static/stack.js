// A stack of layers as text, and what follows from it: sizes, costs, weights, fields. The windows are those of geometry.js.
import { counted } from "./draw/format.js";
import { Window, samePadding } from "./geometry.js";

/** What a letter at the front of a layer's text means. @type {Record<string, string>} */
export const KINDS = { c: "convolution", m: "max pooling", a: "average pooling", f: "fully connected" };
const MOST = { size: 4096, channels: 4096, kernel: 63, stride: 63, padding: 63, dilation: 16, layers: 24 };

/**
 * A layer: pairs are of height and width; `padding` may be "same".
 * @typedef {{kind: string, channels: number, kernel: number[], stride: number[], padding: number[] | "same", dilation: number[], groups: number}} Layer
 * @typedef {[number, number, number]} Shape channels, height, width
 * @typedef {{layer: Layer, before: Shape, shape: Shape, windows: Window[], multiplications: number, additions: number,
 *   parameters: number, fault: string, ways: {dense: number, local: number, shared: number}}} Step
 */

const NAMES = { k: "kernel", s: "stride", p: "padding", d: "dilation" };
const whole = (text, usual, least, most) => Math.min(most, Math.max(least, Number.isInteger(Number(text)) && text !== "" ? Number(text) : usual));

/** The layer of a text: "c16k3s2p1" is a convolution to 16 channels, kernel 3, stride 2, padding 1; "k3x5" is 3 high, 5 wide. @param {string} text @returns {Layer} */
export function parseLayer(text) {
  const kind = KINDS[text[0]] ? text[0] : "c";
  const layer = /** @type {Layer} */ ({ kind, channels: whole(/^.(\d+)/.exec(text)?.[1] ?? "", 1, 1, MOST.channels), kernel: [1, 1], stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 });
  if (/ps/.test(text)) layer.padding = "same";
  for (const [, letter, high, wide] of text.matchAll(/([kspd])(\d+)(?:x(\d+))?/g)) {
    const name = NAMES[letter];
    layer[name] = [high, wide ?? high].map((each) => whole(each, 1, letter === "p" ? 0 : 1, MOST[name]));
  }
  layer.groups = whole(/g(\d+)/.exec(text)?.[1] ?? "", 1, 1, MOST.channels);
  return layer;
}

/** @param {string} letter @param {number[]} values @param {number} usual */
const pair = (letter, [high, wide], usual) => (high === usual && wide === usual ? "" : `${letter}${high === wide ? high : `${high}x${wide}`}`);

/** @param {Layer} layer */
export function formatLayer({ kind, channels, kernel, stride, padding, dilation, groups }) {
  const sizes = kind === "f" ? pair("k", kernel, 1) : `${pair("k", kernel, 0)}${pair("s", stride, 1)}${padding === "same" ? "ps" : pair("p", padding, 0)}${pair("d", dilation, 1)}`;
  return `${kind}${kind === "c" || kind === "f" ? channels : ""}${sizes}${kind === "c" && groups > 1 ? `g${groups}` : ""}`;
}

/** @param {string} text layers with commas between */
export const parseStack = (text) => text.split(",").filter(Boolean).slice(0, MOST.layers).map(parseLayer);
/** @param {Layer[]} layers */
export const formatStack = (layers) => layers.map(formatLayer).join(",");

const FORM = /^[cmaf]\d*(k\d+(x\d+)?|s\d+(x\d+)?|p(s|\d+(x\d+)?)|d\d+(x\d+)?|g\d+)*$/;

/** The layers of a text that cannot be read as they are written. @param {string} text */
export const unread = (text) => text.split(",").filter((each, at) => {
  const layer = parseLayer(each);
  const sizes = [...each.matchAll(/([kspd])(\d+)(?:x(\d+))?/g)];
  return at >= MOST.layers || !FORM.test(each) || sizes.some(([, letter, high, wide]) => String(layer[NAMES[letter]]) !== `${Number(high)},${Number(wide ?? high)}`);
});

/** The shape of a text such as 3x224x224. @param {string} text @returns {Shape} */
export function parseShape(text) {
  const [channels, height, width] = text.split("x");
  return [whole(channels, 1, 1, MOST.channels), whole(height ?? "", 8, 1, MOST.size), whole(width ?? height ?? "", 8, 1, MOST.size)];
}

/** What every layer makes of what the one before made; those behind one that does not fit are left out. @param {Shape} input @param {Layer[]} layers @returns {Step[]} */
export function follow(input, layers) {
  const steps = [];
  let before = input;
  for (const layer of layers) {
    const step = through(before, layer);
    steps.push(step);
    if (step.fault) break;
    before = step.shape;
  }
  return steps;
}

/** @param {Shape} before @param {Layer} layer @returns {Step} */
export function through(before, layer) {
  const [channels, ...sizes] = before;
  const inputs = channels * sizes[0] * sizes[1];
  const area = layer.kernel[0] * layer.kernel[1];
  const step = /** @type {Step} */ ({ layer, before, windows: [], fault: "", multiplications: 0, additions: 0, parameters: 0 });
  if (layer.kind === "f") {
    const outputs = layer.channels;
    const ways = { dense: inputs * outputs, local: outputs * channels * area, shared: channels * area };
    return { ...step, shape: [outputs, 1, 1], multiplications: inputs * outputs, additions: inputs * outputs, parameters: inputs * outputs + outputs, ways };
  }
  const windows = sizes.map((size, axis) => windowOf(size, layer, axis));
  const isConvolution = layer.kind === "c";
  const outputs = isConvolution ? layer.channels : channels;
  const shape = /** @type {Shape} */ ([outputs, windows[0].outputs, windows[1].outputs]);
  const numbers = shape[0] * shape[1] * shape[2];
  const each = isConvolution ? (channels / layer.groups) * area : area;
  const kinds = isConvolution ? { multiplications: numbers * each, additions: numbers * each, parameters: outputs * each + outputs }
    : { multiplications: layer.kind === "a" ? numbers : 0, additions: numbers * (each - 1), parameters: 0 };
  const fault = faultOf(before, layer, windows);
  return { ...step, ...kinds, shape, windows, fault, ways: { dense: inputs * numbers, local: numbers * each, shared: outputs * each } };
}

/** The rows and the columns that no window of a layer covers. @param {Step} step */
export const dropped = ({ windows, fault }) => (fault ? [] : windows.map((window) => window.dropped));

function windowOf(size, { kernel, stride, padding, dilation }, axis) {
  const [before, after] = padding === "same" ? samePadding(size, kernel[axis], stride[axis], dilation[axis]) : [padding[axis], padding[axis]];
  return new Window({ size, kernel: kernel[axis], stride: stride[axis], before, after, dilation: dilation[axis] });
}

/** @param {Shape} before @param {Layer} layer @param {Window[]} windows */
function faultOf(before, layer, windows) {
  const [channels] = before;
  if (layer.kind === "c" && (channels % layer.groups || layer.channels % layer.groups)) return `${layer.groups} groups do not divide ${channels} channels in and ${layer.channels} out`;
  for (const [axis, window] of windows.entries()) {
    const along = ["height", "width"][axis];
    const there = window.size + window.before + window.after;
    if (!window.outputs) return `the window reaches over ${window.reach} positions of the ${along}, but only ${there} are there, padding included`;
    const empty = layer.kind !== "c" && Array.from({ length: window.outputs }, (_, at) => at).some((at) => !window.inputs(at).length);
    if (empty) return `a window along the ${along} would lie on padding alone: pad less`;
  }
  return "";
}

/** The rule of the size with its numbers put in. @param {Window} window */
export function sizeRule({ size, kernel, stride, before, after, dilation, outputs }) {
  const padding = before === after ? `2·${before}` : `${before} + ${after}`;
  const reach = dilation > 1 ? `${dilation}·(${kernel} − 1) − 1` : String(kernel);
  return `⌊(${size} + ${padding} − ${reach}) / ${stride}⌋ + 1 = ${outputs}`;
}

/** w + 2p − k: whether the stride divides it says whether the last window ends on the last position. @param {Window} window */
export const room = (window) => window.size + window.before + window.after - window.reach;

/** Whether the stride divides what is left of the input beside the first window; where inputs are lost so, what keeps them. @param {Window} window */
export function rest(window) {
  const [left, { stride, before, after, reach }] = [room(window), window];
  const over = left % stride;
  if (!over) return `${left} / ${stride} leaves nothing: the last window ends on the last position.`;
  const said = `${left} / ${stride} leaves ${over}: the last window ends ${counted(over, "position")} before the end`;
  if (over <= after) return `${said}, on which only padding lies: no input is lost.`;
  const lost = over - after;
  const wider = Array.from({ length: stride }, (_, more) => more).find((more) => (left + 2 * more) % stride <= after + more);
  const strides = Array.from({ length: stride }, (_, at) => at + 1).filter((each) => left % each === 0);
  const helps = [`a stride of ${strides.join(" or ")}`, before === after && wider && before + wider < reach ? `a padding of ${before + wider}` : ""].filter(Boolean);
  return `${said}, and ${counted(lost, "input")} there ${lost === 1 ? "is" : "are"} lost: ${helps.join(" or ")} would cover ${lost === 1 ? "it" : "them"}.`;
}

/** The receptive field after each layer far from borders: its size and its step, R = R + (k − 1)·d·Πs. @param {Layer[]} layers @param {number} axis */
export function fields(layers, axis) {
  let [size, step] = [1, 1];
  return layers.map((layer) => {
    const before = { size, step };
    size += (layer.kernel[axis] - 1) * layer.dilation[axis] * step;
    step *= layer.stride[axis];
    return { size, step, before };
  });
}

/** The positions of every level that one unit of the last depends on, exact at borders: the input's first. @param {Window[]} windows @param {number} unit @returns {number[][]} */
export function seen(windows, unit) {
  const levels = [[unit]];
  for (const window of [...windows].reverse()) {
    levels.unshift([...new Set(levels[0].flatMap((at) => window.inputs(at)))].sort((a, b) => a - b));
  }
  return levels;
}
