// What one method says of an example: its map over the image, along the signal or over the letters, and alone.
import { range, table as colourTable, index, isLight } from "./colour.js";
import { html } from "./dom.js";
import { short } from "./format.js";
import { part } from "./frame.js";
import { lines } from "./line.js";
import { legend, plane } from "./plane.js";

const MOST_LETTERS = 400;

/**
 * How a map is shown: shares of its largest number in percent, and how much it covers the example.
 * @typedef {{least: number, most: number, opacity: number, at: string}} Look
 */

/** The drawings of a map; `onPick(row, column)` is called by clicks on the image. @param {string} which "The map", "The second map" @param {(row: number, column: number) => void} onPick */
export function attribution(which, onPick) {
  const over = plane({ label: `${which} over the example`, side: 300, onPick });
  const alone = plane({ label: `${which} alone`, side: 300 });
  const curve = lines({ label: `The signal, coloured by ${which.toLowerCase()}`, x: "step" });
  const letters = html("p", { class: "letters number" });
  const key = html("div");
  let answer = /** @type {any} */ (null);
  return {
    /** The parts of a new answer; of `isBeside` another one with the method's name in their titles. */
    parts(/** @type {any} */ next, /** @type {boolean} */ isBeside) {
      answer = next;
      const { values, arrays } = next;
      const named = (title, more = "") => (isBeside ? `${values.title}${more}` : title);
      const signs = values.signed ? "Orange speaks for it, blue against it." : "The lighter, the more it counts.";
      const [one, all] = arrays.signal ? ["step", "signal"] : values.letters.length ? ["letter", "text"] : ["pixel", "image"];
      const about = `${values.about.replaceAll("pixel", one).replaceAll("image", all)} (${values.source})`;
      if (arrays.pixels) {
        const isRegion = Boolean(arrays.region);
        return [
          part(named("The map over it"), html("div", {}, over.element, key), isRegion ? "Choose a place to explain what is predicted there." : signs),
          part(named("The map alone", ", alone"), alone.element, `${isRegion ? `${signs} ` : ""}${about}`)];
      }
      if (arrays.signal) return [part(named("The map along the signal"), html("div", {}, curve.element, key), `${signs} ${about}`)];
      return [part(named("The map over the text"), html("div", {}, letters, key), `${signs} ${about}`)];
    },
    /** Draw it anew as it is to look. @param {Look} look */
    paint(look) {
      if (!answer?.arrays.map) return;
      const { values, arrays } = answer;
      const colours = values.signed ? "diverging" : "sequential";
      const { cut, lo, hi } = within(arrays.map.data, values.signed, look);
      key.replaceChildren(legend(lo, hi, colours));
      if (arrays.pixels) {
        const [rows, columns] = arrays.pixels.shape;
        const large = upsampled(cut, arrays.map.shape, rows, columns);
        over.update({ rows, columns, pixels: arrays.pixels.data, values: large, colours, lo, hi, over: look.opacity / 100, marks: marks(look.at) });
        alone.update({ rows, columns, values: large, colours, lo, hi });
      } else if (arrays.signal) {
        const known = colourTable(colours);
        const bands = Array.from(cut, (value, at) => {
          const from = 3 * index(value, lo, hi);
          return { from: at - 0.5, to: at + 0.5, colour: `rgb(${known[from]} ${known[from + 1]} ${known[from + 2]} / ${look.opacity / 100})` };
        });
        const [channels, steps] = arrays.signal.shape;
        curve.update(Array.from({ length: channels }, (_, at) => ({ name: channels > 1 ? `channel ${at}` : "signal", y: arrays.signal.data.subarray(at * steps, (at + 1) * steps) })), { bands });
      } else letters.replaceChildren(...values.letters.slice(0, MOST_LETTERS).map((letter, at) => coloured(letter, `${at}: ${short(arrays.map.data[at])}`, colours, index(cut[at], lo, hi))));
    },
  };
}

/** The numbers of a map that have a colour, and those at the ends of the scale. */
function within(map, isSigned, { least, most }) {
  const [lowest, highest] = range(map, isSigned ? "diverging" : "sequential");
  const top = Math.max(most, least + 1) / 100;
  // a signed map is cut on both sides of 0 at once, so that 0 keeps its colour
  if (isSigned) return { cut: Float32Array.from(map, (value) => (Math.abs(value) < (least / 100) * highest ? 0 : value)), lo: -top * highest, hi: top * highest };
  return { cut: map, lo: lowest + (least / 100) * (highest - lowest), hi: lowest + top * (highest - lowest) };
}

function coloured(letter, title, colours, place) {
  const span = html("span", { title }, letter || "·");
  const [red, green, blue] = colourTable(colours).subarray(3 * place, 3 * place + 3);
  span.style.background = `rgb(${red} ${green} ${blue})`;
  span.style.color = isLight(colours, place) ? "#14181d" : "#ffffff";
  return span;
}

/** A map as many cells as the image: each takes the nearest of the map, so that what was computed is seen. */
function upsampled(map, [height, width], rows, columns) {
  if (height === rows && width === columns) return map;
  return Float32Array.from({ length: rows * columns }, (_, i) =>
    map[Math.floor((Math.floor(i / columns) * height) / rows) * width + Math.floor(((i % columns) * width) / columns)]);
}

const marks = (at) => (/^\d+,\d+$/.test(at) ? [{ row: Number(at.split(",")[0]), column: Number(at.split(",")[1]) }] : []);
