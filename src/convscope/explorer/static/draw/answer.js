// Answers that are no single class, as pictures: labels, numbers, points and masks, each with its truth beside it.
import { html, svg } from "./dom.js";
import { counted, short } from "./format.js";
import { part } from "./frame.js";
import { legend, plane } from "./plane.js";

const COLOURS = [[128, 128, 128], [230, 97, 1], [53, 120, 200], [27, 158, 119], [214, 0, 110], [230, 190, 20], [120, 80, 190], [150, 90, 40]];
export const SHARE = 0.55; // of a class's colour over the picture

/** A share in percent: only all is 100 %, and only nothing 0 %. @param {number} share */
export function percent(share) {
  if (share < 1 && share >= 0.9995) return "> 99.9 %";
  if (share > 0 && share < 0.00005) return "< 0.01 %";
  return `${(100 * share).toFixed(share > 0.0995 ? 1 : 2)} %`;
}

/** A probability in percent: rounding alone makes one 0 or 1. @param {number} chance */
export const likely = (chance) => percent(Math.min(1 - Number.EPSILON, Math.max(Number.MIN_VALUE, chance)));

/** What an answer is in words, its drawings, and the same as a table. @param {import("../source.js").Answer} found */
export function answerOf({ values, arrays }) {
  const { answer, truth, names } = values;
  if (arrays.classes || arrays.objects) return masks(values, arrays);
  if (arrays.reconstruction) return givenBack(answer, arrays);
  if (answer.points) return points(answer.points, truth, arrays.pixels);
  if (answer.numbers) return numbers(answer, truth);
  const known = answer.probabilities ?? {};
  const rows = (names.length ? names : Object.keys(known)).map((name, at) => ({ name, chance: known[name], isTrue: truth?.[at] === 1 }));
  const labels = answer.labels ?? [];
  const right = rows.filter(({ isTrue }) => isTrue).map(({ name }) => name);
  return {
    said: `${labels.length ? labels.join(", ") : "none of the labels"}${truth ? `; labelled ${right.join(", ") || "with none"}` : ""}`,
    parts: [part("Probability of each label", bars(rows), "Filled: the labels of the example. Each label is told on its own, so that these need not add up to 100 %.")],
    table: { head: ["label", "probability", "is so"], right: [1], rows: rows.map(({ name, chance, isTrue }) => [name, likely(chance), truth ? (isTrue ? "yes" : "no") : ""]) },
  };
}

function numbers({ numbers: told, units = {} }, truth) {
  const rows = Object.entries(told).map(([name, value], at) => [name, short(Number(value.toPrecision(4))), truth ? short(truth[at]) : "", truth ? short(Number((value - truth[at]).toPrecision(4))) : "", units[name] ?? ""]);
  const [width, left] = [360, 110];
  const drawn = Object.entries(told).map(([name, value], at) => {
    const most = Math.max(Math.abs(value), Math.abs(truth?.[at] ?? 0)) * 1.2 || 1;
    const place = (each) => left + ((each + most) / (2 * most)) * (width - left - 10);
    const y = 20 + at * 34;
    return [
      svg("text", { x: left - 10, y: y + 4, "text-anchor": "end" }, name),
      svg("line", { class: "axis", x1: place(-most), x2: place(most), y1: y, y2: y }),
      svg("line", { class: "axis", x1: place(0), x2: place(0), y1: y - 5, y2: y + 5 }),
      truth ? svg("circle", { class: "line", cx: place(truth[at]), cy: y, r: 6 }) : "",
      svg("circle", { class: "dot", cx: place(value), cy: y, r: 4 }),
    ];
  });
  const height = 34 * rows.length + 10;
  return {
    said: rows.map(([name, value, is, , unit]) => `${name} ${value}${unit ? ` ${unit}` : ""}${truth ? ` (is ${is})` : ""}`).join(", "),
    parts: [part("What it answers", svg("svg", { class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "The numbers that were answered" }, drawn), `Dot: the answer${truth ? "; ring: the truth" : ""}; the stroke across is 0.`)],
    table: { head: ["number", "answer", "truth", "difference", "unit"], right: [1, 2, 3], rows },
  };
}

function points(told, truth, pixels) {
  const found = Object.entries(told);
  const [rows, columns] = pixels?.shape ?? [1, 1];
  const image = plane({ label: "The points on the image", side: 380 });
  if (pixels) image.update({ rows, columns, pixels: pixels.data });
  const radius = Math.max(rows, columns) / 110;
  image.element.querySelector("svg").append(...found.flatMap(([, [x, y]], at) => [
    truth && Number.isFinite(truth[at]?.[0]) ? svg("line", { class: "error", x1: x, y1: y, x2: truth[at][0], y2: truth[at][1] }) : "",
    svg("circle", { class: "dot point", cx: x, cy: y, r: radius }),
  ]).filter(Boolean));
  const far = (at) => (truth ? Math.hypot(found[at][1][0] - truth[at][0], found[at][1][1] - truth[at][1]) : NaN);
  const all = found.map((_, at) => far(at)).filter(Number.isFinite);
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  return {
    said: `${counted(found.length, "point")}${all.length ? `, in the mean ${mean.toFixed(2)} pixels from where they are` : ""}`,
    parts: [part("The points", image.element, all.length ? "Dot: the answer; from it a stroke to where the point is." : "Dot: the answer.")],
    table: { head: ["point", "x", "y", "pixels off"], right: [1, 2, 3], rows: found.map(([name, [x, y]], at) => [name, x.toFixed(2), y.toFixed(2), truth ? far(at).toFixed(2) : ""]) },
  };
}

/** An image that was given back: how it looks, and where it is off. @param {any} answer @param {Record<string, any>} arrays */
function givenBack({ mse, ssim }, { reconstruction, difference }) {
  const [rows, columns] = difference.shape;
  const image = plane({ label: "The reconstruction", side: 300 });
  image.update({ rows, columns, pixels: reconstruction.data });
  const apart = plane({ label: "Reconstruction minus image", side: 300 });
  const most = difference.data.reduce((far, each) => Math.max(far, Math.abs(each)), 1e-6);
  apart.update({ rows, columns, values: difference.data, colours: "diverging", lo: -most, hi: most });
  return {
    said: `given back with a squared error of ${short(Number(mse.toPrecision(3)))} and a structural similarity of ${ssim.toFixed(3)}`,
    parts: [
      part("Given back", image.element, "What the network makes of the example, through its code."),
      part("Difference", html("div", {}, apart.element, legend(-most, most, "diverging")), "The reconstruction minus the example, of pixels from 0 to 1."),
    ],
    table: { head: ["figure", "value"], right: [1], rows: [["mean squared error", short(mse)], ["structural similarity", ssim.toFixed(4)]] },
  };
}

/** @param {any} values @param {Record<string, any>} arrays */
function masks({ answer, names, slices }, { classes, objects, truth, pixels }) {
  const told = classes ?? objects;
  const [rows, columns] = told.shape;
  const isMany = !classes;
  const picture = (label, mask, isCounted) => {
    const image = plane({ label, side: 300 });
    image.update({ rows, columns, pixels: coloured(mask, pixels, isCounted) });
    return image.element;
  };
  const shares = answer.shares ?? {};
  const count = new Map();
  if (truth && !isMany) for (const each of truth.data) count.set(each, (count.get(each) ?? 0) + 1);
  const scored = told.data.length - (count.get(-1) ?? 0);
  const key = isMany ? "Each object has a colour." : colourKey(names);
  const same = truth && !isMany ? told.data.reduce((sum, each, at) => sum + Number(each === truth.data[at]), 0) / scored : NaN;
  return {
    said: [...Object.entries(shares).map(([name, share]) => `${name} ${percent(share)} of the ${slices ? "volume" : "image"}`), answer.objects == null ? "" : counted(typeof answer.objects === "number" ? answer.objects : answer.objects.length, "object"), Number.isFinite(same) ? `${percent(same)} of the pixels ${slices ? "of this slice " : ""}are as in the truth` : ""].filter(Boolean).join(", "),
    parts: [
      part("What it answers", picture("The predicted mask", told, isMany), key),
      ...(objects && classes && answer.objects ? [part("Objects", picture("The objects", objects, true), "Each object that was counted has a colour.")] : []),
      ...(truth ? [part("The truth", picture("The true mask", truth, isMany), "")] : []),
      ...(truth && !isMany && same < 1 ? [part("Where they differ", differing(told, truth, pixels), "Magenta: answered with another class than the true one.")] : []),
    ],
    table: { head: ["class", "answer", slices ? "truth of this slice" : "truth"], right: [1, 2], rows: names.map((name, at) => [name, shares[name] === undefined ? "" : percent(shares[name]), count.size ? percent((count.get(at) ?? 0) / scored) : ""]) },
  };
}

/** The picture, and on it the pixels whose answer is not the truth. */
function differing(told, truth, pixels) {
  const [rows, columns] = told.shape;
  const image = plane({ label: "Where the answer is not the truth", side: 300 });
  const isWrong = { shape: told.shape, data: told.data.map((each, at) => Number(truth.data[at] >= 0 && each !== truth.data[at])) };
  image.update({ rows, columns, pixels: coloured(isWrong, pixels, false, () => [255, 0, 150]) });
  return image.element;
}

/** The picture under the colours of a mask, bytes (rows, columns, 3); class 0, the background, is left as it is. */
export function coloured({ shape: [rows, columns], data }, pixels, isCounted = false, of = colourOf) {
  const bytes = new Uint8ClampedArray(rows * columns * 3);
  const isSame = pixels && pixels.shape[0] === rows && pixels.shape[1] === columns;
  for (let i = 0; i < data.length; i++) {
    const colour = of(isCounted ? 1 + ((data[i] - 1) % (COLOURS.length - 1)) : data[i]);
    for (let c = 0; c < 3; c++) {
      const below = isSame ? pixels.data[3 * i + c] : 40;
      bytes[3 * i + c] = data[i] <= 0 ? below : below * (1 - SHARE) + colour[c] * SHARE; // below 0 nothing is scored
    }
  }
  return bytes;
}

/** The colour of a class, 0 to 255 of red, green and blue. @param {number} at */
export const colourOf = (at) => COLOURS[at % COLOURS.length];

/** Which colour is which class. @param {string[]} names */
export const colourKey = (names) => html("span", { class: "key" }, names.map((name, at) => html("span", {}, swatch(at), ` ${name}`)));

function swatch(at) {
  const [red, green, blue] = colourOf(at);
  return svg("svg", { width: 12, height: 12, "aria-hidden": "true" }, svg("rect", { width: 12, height: 12, fill: at ? `rgb(${red} ${green} ${blue})` : "none", stroke: "currentColor" }));
}

/** Bars of probabilities; the true ones are filled. @param {{name: string, chance: number, isTrue: boolean}[]} rows */
export function bars(rows) {
  const longest = Math.max(0, ...rows.map(({ name }) => Math.min(22, name.length)));
  const [height, left, width] = [22, 18 + 6.5 * longest, longest > 12 ? 200 : 230];
  return svg("svg", { class: "chart", width: left + width + 64, height: rows.length * height + 6, viewBox: `0 0 ${left + width + 64} ${rows.length * height + 6}`, role: "img", "aria-label": "Probability of each class" },
    rows.map(({ name, chance, isTrue }, at) => [
      svg("text", { x: left - 8, y: at * height + 16, "text-anchor": "end" }, name.length > 22 ? `${name.slice(0, 21)}…` : name),
      svg("rect", { x: left, y: at * height + 4, width: Math.max(1, width * chance), height: height - 8, class: isTrue ? "bar true" : "bar" }),
      svg("text", { x: left + width * chance + 6, y: at * height + 16, class: "faint" }, likely(chance)),
    ]));
}
