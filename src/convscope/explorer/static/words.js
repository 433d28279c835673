// What operations and their windows are called.
import { sizes } from "./draw/format.js";

const WORDS = {
  correlate: "convolution", convolve: "strict convolution", correlate_transpose: "transposed convolution", max_pool: "max pooling",
  avg_pool: "average pooling", global_avg_pool: "global average", global_max_pool: "global maximum", linear: "fully connected",
  batch_norm: "batch norm", relu: "ReLU", selu: "SELU", add: "sum", concat: "concatenation", reshape: "reshape", input: "input",
};

/** An operation in words. @param {string} op */
export const operation = (op) => WORDS[op] ?? op.replaceAll("_", " ");

const alike = (values) => (values.every((value) => String(value) === String(values[0])) ? String(values[0]) : values.join("×"));
const pads = (padding) => alike(padding.map((pair) => (Array.isArray(pair) ? (pair[0] === pair[1] ? pair[0] : `${pair[0]}+${pair[1]}`) : pair)));

/** A window as people write it: "k3 s2 p1". @param {{kernel: number[], stride: number[], padding: any} | null | undefined} window */
export const windowText = (window) => (window?.kernel.length ? `k${alike(window.kernel)} s${alike(window.stride)}${typeof window.padding === "string" ? ` p${window.padding}` : ` p${pads(window.padding)}`}` : "");

/** Layers to choose from, each with the sizes of its maps. @param {{name: string, shape: number[]}[]} nodes @returns {[string, string][]} */
export const layerNames = (nodes) => nodes.map(({ name, shape }) => [name, `${name}  ${sizes(shape.slice(1))}`]);

/** What is said of something that a link asks for and that is not there. @param {string} asked @param {string} there @param {string} shown */
export const missing = (asked, there, shown) => `The link asks for ${asked}, and there is none: ${there}. Shown is ${shown}.`;

/** Names of which there may be many: "a, b, c and 20 more". @param {string[]} names @param {number} [most] */
export const named = (names, most = 8) => (names.length > most ? `${names.slice(0, most).join(", ")} and ${names.length - most} more` : names.join(", "));
