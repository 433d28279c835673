// A window walks over an image: what it covers, times the kernel, summed, is one number of the result.
import { bind } from "../state.js";
import { html } from "../draw/dom.js";
import { exact, short, tiny } from "../draw/format.js";
import { choice, frame, part, player, slider } from "../draw/frame.js";
import { legend, plane } from "../draw/plane.js";
import { range } from "../draw/colour.js";
import { correlate } from "../correlate.js";
import { IMAGES, KERNELS } from "../samples.js";

const DEFAULTS = { sample: "seven", kernel: "vertical edge", at: 0, stride: 1, padding: 0, shown: "products" };

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const view = frame(el, {
    title: "Convolution in 2-D", name: "convolution",
    lead: "The window walks over the image. Under it, each number is multiplied by the kernel's; the products are summed.",
  });
  const named = (names) => Object.fromEntries(Object.keys(names).map((name) => [name, name]));
  const controls = {
    sample: choice("Image", named(IMAGES), DEFAULTS.sample, (sample) => state.set({ sample, at: 0 })),
    kernel: choice("Kernel", named(KERNELS), DEFAULTS.kernel, (kernel) => state.set({ kernel, at: 0 })),
    stride: slider("Stride", { min: 1, max: 4, value: 1 }, (stride) => state.set({ stride, at: 0 })),
    padding: slider("Padding", { min: 0, max: 3, value: 0 }, (padding) => state.set({ padding, at: 0 })),
    shown: choice("Shown as", { products: "products", im2col: "row of the im2col matrix", toeplitz: "row of the Toeplitz matrix" }, "products", (shown) => state.set({ shown })),
  };
  const steps = player(el, { what: "window", count: () => now.rows * now.columns, get: () => state.get().at, set: (at) => state.set({ at }) });
  view.controls.append(...Object.values(controls).map((each) => each.element), steps.element);

  const pick = (row, column) => state.set({ at: row * now.columns + column });
  const image = plane({ label: "Image", side: 336, onPick: (row, column) => pick(...windowAt(row, column)) });
  const kernel = plane({ label: "Kernel", cell: 44 });
  const result = plane({ label: "Result", side: 336, onPick: pick });
  const products = html("div");
  const legends = { image: html("div"), kernel: html("div"), result: html("div") };
  view.drawing.append(
    part("Image", html("div", {}, image.element, legends.image)),
    part("Kernel", html("div", {}, kernel.element, legends.kernel)),
    part("Result", html("div", {}, result.element, legends.result)),
    html("div", { class: "part" }, products));

  let now = { rows: 1, columns: 1 };
  const windowAt = (row, column) => {
    const { stride, padding } = state.get();
    const size = KERNELS[state.get().kernel].length;
    const start = (at, count) => Math.min(count - 1, Math.max(0, Math.round((at + padding - (size - 1) / 2) / stride)));
    return [start(row, now.rows), start(column, now.columns)];
  };

  const draw = () => {
    const asked = state.get();
    const pixels = IMAGES[asked.sample] ?? IMAGES.seven;
    const weights = KERNELS[asked.kernel] ?? KERNELS["vertical edge"];
    for (const name of ["sample", "kernel", "shown"]) controls[name].set(asked[name]);
    for (const name of ["stride", "padding"]) controls[name].set(asked[name]);
    now = correlate(pixels, weights, asked.stride, asked.padding);
    const at = Math.min(asked.at, now.rows * now.columns - 1);
    const [row, column] = [Math.floor(at / now.columns), at % now.columns];
    const size = weights.length;
    const window = { row: row * asked.stride - asked.padding, column: column * asked.stride - asked.padding, height: size, width: size };
    const flat = { image: pixels.flat(), kernel: weights.flat() };
    const ranges = { image: range(flat.image, "grey"), kernel: range(flat.kernel, "diverging"), result: range(now.values, "diverging") };
    image.update({ rows: pixels.length, columns: pixels[0].length, values: flat.image, colours: "grey", marks: [window] });
    kernel.update({ rows: size, columns: size, values: flat.kernel, colours: "diverging" });
    result.update({ rows: now.rows, columns: now.columns, values: now.values, colours: "diverging", marks: [{ row, column }] });
    result.cursor = { row, column };
    legends.image.replaceChildren(legend(...ranges.image, "grey"));
    legends.kernel.replaceChildren(legend(...ranges.kernel, "diverging"));
    legends.result.replaceChildren(legend(...ranges.result, "diverging"));
    const terms = now.terms(row, column);
    const inside = terms.filter((term) => term.inside);
    view.say(`Row ${row}, column ${column} of the result: ${inside.length} products${inside.length < terms.length ? ` (${terms.length - inside.length} of the padding are 0)` : ""} sum to ${exact(Number(now.values[at].toPrecision(12)))}.`);
    products.replaceChildren(shownAs(asked.shown, { terms, pixels, weights, now, at }));
    view.table(() => ({
      head: ["row", "column", "image", "kernel", "product"], right: [0, 1, 2, 3, 4],
      rows: terms.map((term) => [short(term.row), short(term.column), short(term.x), short(term.w), short(term.x * term.w)]),
    }));
  };
  const leave = state.subscribe(draw);
  draw();
  return () => { steps.stop(); leave(); };
}

/** The products as the window has them, or as one row of a matrix product. */
function shownAs(shown, { terms, pixels, weights, now, at }) {
  const size = weights.length;
  if (shown === "products") {
    const each = plane({ label: "Products", cell: 44 });
    const values = terms.map((term) => term.x * term.w);
    each.update({ rows: size, columns: size, values, colours: "diverging" });
    return part("Products", each.element, `Their sum is ${tiny(now.values[at])}.`);
  }
  const count = pixels.length * pixels[0].length;
  if (shown === "im2col") {
    const all = plane({ label: "im2col matrix: a row for each window", side: 360 });
    const values = new Float32Array(now.rows * now.columns * size * size);
    for (let i = 0; i < now.rows * now.columns; i++) values.set(now.terms(Math.floor(i / now.columns), i % now.columns).map((term) => term.x), i * size * size);
    all.update({ rows: now.rows * now.columns, columns: size * size, values, colours: "grey", marks: [{ row: at, column: 0, width: size * size }] });
    return part("im2col matrix", all.element, `${now.rows * now.columns} windows × ${size * size} numbers; times the kernel as a column, it is the whole result.`);
  }
  const all = plane({ label: "Toeplitz matrix: a row for each number of the result", side: 360 });
  const values = new Float32Array(now.rows * now.columns * count);
  for (let i = 0; i < now.rows * now.columns; i++) {
    for (const term of now.terms(Math.floor(i / now.columns), i % now.columns)) if (term.inside) values[i * count + term.row * pixels[0].length + term.column] = term.w;
  }
  all.update({ rows: now.rows * now.columns, columns: count, values, colours: "diverging", marks: [{ row: at, column: 0, width: count }] });
  return part("Toeplitz matrix", all.element, `${now.rows * now.columns} × ${count} numbers, of which ${size * size} a row are the kernel's and all others 0; times the image as a column, it is the whole result.`);
}

export default { render };
