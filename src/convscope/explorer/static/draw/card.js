// An example in small, as a link to it: its picture, signal or text, what was answered, and whether that is right.
import { html, svg } from "./dom.js";
import { colourOf, likely, SHARE } from "./answer.js";
import { short } from "./format.js";
import { painted } from "./plane.js";

const OUTSIDE = 255; // in a mask: beyond the picture, or what is not scored

/**
 * @param {any} row @param {number} at which of the arrays it is
 * @param {{arrays: Record<string, any>, figure?: string, href?: string}} how `truth` and `predicted` are masks over the pictures; `figure` is what the number of an answer that is more or less right is called
 */
export function card(row, at, { arrays: { thumbnails, signals, truth, predicted }, figure, href }) {
  const { right, label, prediction } = row;
  const small = thumbnails ? picture(thumbnails, at, truth, predicted) : signals ? line(signals, at) : row.text ? html("span", { class: "number excerpt" }, row.text) : "";
  const chance = row.probability ? likely(Number(row.probability)).replaceAll(" ", "\u00a0") : "";
  const said = prediction === undefined ? "" : right === false ? `answered ${prediction}${chance && ` (${chance})`}, is ${label}` : prediction;
  return html("li", {}, html("a", { href },
    small,
    html("span", { class: `answer ${right === false ? "wrong" : ""}` }, said || label || ""),
    chance && right !== false ? ` ${chance}` : "",
    row.figure === null ? "" : html("span", { class: "figure" }, `${figure} ${short(row.figure)}`),
    html("span", { class: "id" }, row.id)));
}

function line({ shape: [, length], data }, at) {
  const points = Array.from(data.subarray(at * length, (at + 1) * length), (value, x) => `${x} ${(34 - 32 * value).toFixed(1)}`);
  return svg("svg", { viewBox: `0 0 ${length - 1} 36`, "aria-hidden": "true", preserveAspectRatio: "none" }, svg("path", { class: "line", d: `M${points.join("L")}`, "vector-effect": "non-scaling-stroke" }));
}

function picture({ shape: [, rows, columns], data }, at, truth, predicted) {
  const canvas = html("canvas", { width: columns, height: rows, "aria-hidden": "true" });
  const count = rows * columns;
  const pixels = data.slice(at * count * 3, (at + 1) * count * 3);
  const of = (mask) => mask?.data.subarray(at * count, (at + 1) * count);
  if (predicted) fill(pixels, of(predicted));
  if (truth && !predicted) fill(pixels, of(truth));
  if (truth && predicted) outline(pixels, of(truth), columns);
  canvas.getContext("2d").putImageData(painted({ rows, columns, pixels }), 0, 0);
  return canvas;
}

function fill(pixels, mask) {
  for (let i = 0; i < mask.length; i++) if (mask[i] && mask[i] !== OUTSIDE) mix(pixels, i, colourOf(mask[i]), SHARE);
}

/** The border within each part of a mask, in white on dark pixels and dark on light ones. */
function outline(pixels, mask, columns) {
  for (let i = 0; i < mask.length; i++) {
    if (!mask[i] || mask[i] === OUTSIDE) continue;
    const beside = [i % columns ? i - 1 : i, (i + 1) % columns ? i + 1 : i, i - columns, i + columns];
    if (beside.some((other) => mask[other] !== undefined && mask[other] !== mask[i])) mix(pixels, i, [255, 255, 255], 1);
  }
}

function mix(pixels, i, colour, share) {
  for (let c = 0; c < 3; c++) pixels[3 * i + c] = pixels[3 * i + c] * (1 - share) + colour[c] * share;
}
