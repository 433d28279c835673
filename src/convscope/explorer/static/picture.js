// A picture of one's own, read here in the browser: it goes to no server, and is brought to a size to look into.
import { html, newId } from "./draw/dom.js";

/** @typedef {{channels: number[][][], height: number, width: number, said: string}} Picture */

export const OWN = "your own"; // as the sample that a view shows

/**
 * The picture of one's own in a view: what a notebook gave, or a file that was chosen here or in another view. `show` is
 * called when it is to be shown. @param {import("./state.js").Model} model @param {number} most pixels of the longer side
 * @param {() => void} show @param {(error: unknown) => void} fail
 */
export function ownPicture(model, most, show, fail) {
  const given = model.get("pixels");
  const id = newId();
  const input = html("input", { id, type: "file", accept: "image/*", change: () => input.files[0] && read((model.picture = input.files[0]), () => true) });
  const own = { picture: /** @type {Picture | null} */ (given ? { channels: given, height: given[0].length, width: given[0][0].length, said: model.get("said") ?? "" } : null),
    element: html("div", { class: "control" }, html("label", { for: id }, "A picture of your own"), input) };
  const sample = () => model.get("state")?.sample;
  const read = (file, wanted) => readPicture(file, most).then((picture) => {
    own.picture = picture;
    if (wanted()) show();
  }, fail);
  if (!given && model.picture) {
    const transfer = new DataTransfer(); // so that the field names the file
    transfer.items.add(model.picture);
    input.files = transfer.files;
    read(model.picture, () => sample() === OWN || sample() === undefined);
  }
  return own;
}

/** The picture of a view, or why there is none. @param {{picture: Picture | null}} own @returns {Picture} */
export function pictureOf({ picture }) {
  if (!picture) throw new Error("A picture of somebody's own does not travel with a link: choose the file below “A picture of your own”, or another picture.");
  return picture;
}

/** The grey values of channels of rows, as rows. @param {number[][][]} channels */
export const greyed = ([red, green, blue]) => (green ? red.map((row, y) => row.map((value, x) => 0.299 * value + 0.587 * green[y][x] + 0.114 * blue[y][x])) : red);

/**
 * Read a file as channels of numbers from 0 to 1: one where it is grey, else red, green and blue.
 * @param {File} file @param {number} most pixels of the longer side @returns {Promise<Picture>}
 */
export async function readPicture(file, most) {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name} is no picture that this browser can read: choose a PNG, JPEG, WebP, GIF or BMP.`);
  });
  const [high, wide] = [bitmap.height, bitmap.width];
  const scale = Math.min(1, most / Math.max(high, wide));
  const [height, width] = [high, wide].map((size) => Math.max(1, Math.round(size * scale)));
  const channels = [0, 0, 0].map(() => Array.from({ length: height }, () => new Array(width).fill(0)));
  const bound = (at, count, size) => Math.floor((at * size) / count);
  const canvas = html("canvas", { width: wide, height: Math.ceil(high / height) + 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  for (let row = 0; row < height; row++) { // a band for each row of the result, so that no large copy is needed
    const [top, end] = [bound(row, height, high), bound(row + 1, height, high)];
    context.fillRect(0, 0, wide, end - top);
    context.drawImage(bitmap, 0, top, wide, end - top, 0, 0, wide, end - top);
    const { data } = context.getImageData(0, 0, wide, end - top);
    for (let column = 0; column < width; column++) mean(data, wide, end - top, bound(column, width, wide), bound(column + 1, width, wide)).forEach((value, c) => (channels[c][row][column] = value));
  }
  bitmap.close();
  const isGrey = channels[0].every((row, y) => row.every((value, x) => value === channels[1][y][x] && value === channels[2][y][x]));
  const sized = scale < 1 ? `brought from ${high} × ${wide} to ${height} × ${width} pixels: each is the mean of those that it covers` : `${height} × ${width} pixels, as they are`;
  return { channels: isGrey ? channels.slice(0, 1) : channels, height, width, said: `${file.name}, ${sized}; 0..255 divided by 255, what is transparent on white.` };
}

/** The mean of red, green and blue of a part of a band, from 0 to 1. */
function mean(data, wide, high, left, right) {
  const sums = [0, 0, 0];
  for (let y = 0; y < high; y++) for (let x = left; x < right; x++) for (let c = 0; c < 3; c++) sums[c] += data[4 * (y * wide + x) + c];
  return sums.map((sum) => sum / (255 * high * (right - left)));
}

/** The bytes of a colour picture, for a plane. @param {number[][][]} channels */
export const bytes = (channels) => Uint8ClampedArray.from(channels[0].flatMap((row, y) => row.flatMap((_, x) => channels.map((each) => 255 * each[y][x]))));
