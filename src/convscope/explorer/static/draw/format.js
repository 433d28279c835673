// Numbers as people read them.

/** About four digits, with a real minus sign. @param {number} value */
export function short(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "no number" : value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return minus(String(value));
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return minus(value.toExponential(2));
  return minus(Number(value.toPrecision(4)).toString());
}

/** At most two digits behind the point, for a number that stands in a cell. @param {number} value */
export function tiny(value) {
  if (!Number.isFinite(value)) return short(value);
  const size = Math.abs(value);
  return minus(Number(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)).toString());
}

/** As many of six digits as a cell has room for, and what is no finite number as such. @param {number} value @param {number} size pixels of the cell */
export function fitted(value, size) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const room = Math.max(4, Math.floor(size / 6.4));
  for (let digits = 6; digits > 1; digits--) {
    const text = minus(String(Number(value.toPrecision(digits))));
    if (text.length <= room) return text;
  }
  return tiny(value);
}

/** Every digit. @param {number} value */
export const exact = (value) => minus(String(value));

/** "1 layer", "2 layers". @param {number} number @param {string} noun */
export const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** Numbers of a text with real minus signs; hyphens of words stay. @param {string} text */
export const minus = (text) => text.replace(/(?<![\w-])-(?=[\d∞.])|(?<=e)-(?=\d)/g, "−");

/** Three digits and a unit: 1.82 G, 11.2 M. @param {number} value */
export function compact(value) {
  for (const [size, unit] of /** @type {[number, string][]} */ ([[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]])) {
    if (Math.abs(value) >= 0.9995 * size) return `${minus(Number((value / size).toPrecision(3)).toString())} ${unit}`;
  }
  return short(value);
}

/** "3 × 224 × 224", "one number". @param {number[]} shape */
export const sizes = (shape) => shape.join("×") || "one number";
