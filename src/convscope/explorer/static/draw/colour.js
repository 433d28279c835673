// Numbers as colours: perceptually even, and in order also in grey and for the colour-blind.

const ANCHORS = {
  sequential: ["#0a0f2c", "#1d3b78", "#16728a", "#3fa587", "#a9d068", "#fdf3b4"],
  diverging: ["#08306b", "#2f74b5", "#93bfe0", "#f7f7f5", "#efb381", "#c4570c", "#6b2b00"],
  grey: ["#000000", "#ffffff"],
};

/** Tables of 256 colours as red, green, blue bytes. @type {Record<string, Uint8ClampedArray>} */
const tables = {};

/** The table of a name: sequential, diverging or grey. @param {string} name */
export function table(name) {
  return (tables[name] ??= spread(ANCHORS[name].map(oklab)));
}

/** The place of a value in a table, 0..255. */
export const index = (value, lo, hi) => Math.round(255 * Math.min(1, Math.max(0, (value - lo) / (hi > lo ? hi - lo : 1))));

/** Whether dark letters are read better on a colour of a table. @param {string} name @param {number} at */
export function isLight(name, at) {
  const [red, green, blue] = table(name).subarray(3 * at, 3 * at + 3);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140;
}

/**
 * The range that a table is laid over: symmetric about 0 for diverging colours.
 * @param {ArrayLike<number>} values @param {string} name @returns {[number, number]}
 */
export function range(values, name) {
  let lo = Infinity;
  let hi = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isFinite(value)) {
      if (value < lo) lo = value;
      if (value > hi) hi = value;
    }
  }
  if (lo > hi) return [0, 1];
  if (name !== "diverging") return [lo, hi];
  const most = Math.max(Math.abs(lo), Math.abs(hi)) || 1;
  return [-most, most];
}

function spread(anchors) {
  const colours = new Uint8ClampedArray(768);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (anchors.length - 1);
    const first = Math.min(anchors.length - 2, Math.floor(place));
    const share = place - first;
    colours.set(bytes(anchors[first].map((value, axis) => value + share * (anchors[first + 1][axis] - value))), 3 * i);
  }
  return colours;
}

const linear = (byte) => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
const gamma = (value) => 255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * Math.max(0, value) ** (1 / 2.4) - 0.055);

/** Björn Ottosson's OKLab of a colour, in which equal steps look equal. */
function oklab(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => linear(parseInt(hex.slice(at, at + 2), 16)));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function bytes([light, a, b]) {
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}
