// Numbers as people type them: commas or spaces between numbers, a semicolon between rows, a bar between channels.

const MOST = 500;

/** The numbers of a text. @param {string} text @returns {number[]} */
export function readNumbers(text) {
  const words = text.replaceAll("−", "-").split(/[\s,]+/).filter(Boolean);
  const wrong = words.find((word) => !Number.isFinite(Number(word)));
  if (wrong !== undefined) throw new Error(`“${wrong}” is not a number: write for example 0, 1, 2.5, −1.`);
  if (!words.length) throw new Error("There is no number: write for example 0, 1, 2.5, −1.");
  if (words.length > MOST) throw new Error(`${words.length} numbers are too many to look at: give at most ${MOST}.`);
  return words.map(Number);
}

/** The numbers of a file, whose first line may name its column. @param {string} text @returns {number[]} */
export function readColumn(text) {
  if (/[\0\ufffd]/.test(text)) throw new Error("It is not a text of numbers.");
  const [first, ...others] = text.replace(/^\ufeff/, "").replaceAll(";", " ").trim().split("\n");
  return readNumbers((/^[^\d]*[a-z][^\d]*$/i.test(first) ? others : [first, ...others]).join("\n"));
}

/** The kernels of a text, one for each channel; a single one is taken for all. @param {string} text @param {number} channels @returns {number[][][]} */
export function readKernels(text, channels) {
  const kernels = text.split("|").map((each) => each.split(";").map(readNumbers));
  const [height, width] = [kernels[0].length, kernels[0][0].length];
  if (kernels.some((each) => each.length !== height || each.some((row) => row.length !== width))) {
    throw new Error(`The rows of the kernel are not equally long: the first has ${width} numbers.`);
  }
  return Array.from({ length: channels }, (_, c) => kernels[c] ?? kernels[0]);
}

/** The text of kernels. @param {number[][][]} kernels */
export const writeKernels = (kernels) => kernels.map((each) => each.map((row) => row.join(",")).join(";")).join("|");

/** Is this a text of numbers, and not a name? @param {string} text */
export const isNumbers = (text) => /^[\s\d.,;|e+−-]*$/.test(text);
