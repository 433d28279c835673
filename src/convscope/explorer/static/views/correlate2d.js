// A window walks over an image: what it covers, times the kernel, summed, is one number of the result.
import { bind } from "../state.js";
import { html } from "../draw/dom.js";
import { counted, exact, short } from "../draw/format.js";
import { choice, frame, part, player, slider, toggle } from "../draw/frame.js";
import { plane, scale } from "../draw/plane.js";
import { range } from "../draw/colour.js";
import { cells } from "../draw/cells.js";
import { correlateChannels, flipped, im2col, toeplitz, unfolded } from "../correlate.js";
import { isNumbers, readKernels, writeKernels } from "../numbers.js";
import { OWN, bytes, ownPicture, pictureOf } from "../picture.js";
import { COLOURS, EXAMPLES, IMAGES, KERNELS } from "../samples.js";
import { within } from "../limits.js";

const DEFAULTS = { sample: "seven", kernel: "vertical edge", at: 0, stride: 1, padding: 0, dilation: 1, flip: false, bias: 0, shown: "products" };
const SETTINGS = Object.keys(DEFAULTS).filter((name) => name !== "at" && name !== "shown");
const MOVING = ["sample", "stride", "padding", "dilation"]; // after these the windows are others
const LIMITS = /** @type {Record<string, [number, number]>} */ ({ stride: [1, 16], padding: [0, 16], dilation: [1, 16] });
const [MOST, MOST_CELLS, LARGEST] = [64, 1e6, 7]; // pixels of a side of one's own picture, numbers of a matrix, rows of a kernel
const OFFERED = { stride: 4, padding: 3, dilation: 4 }; // up to where the sliders go
const NAMES = ["red", "green", "blue"];

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const view = frame(el, {
    title: "Convolution in 2-D", name: "convolution",
    lead: "The window walks over the image. Under it, each number is multiplied by the kernel's; the products are summed.",
  });
  const own = ownPicture(model, MOST, () => {
    key = "";
    state.get().sample === OWN ? draw() : change({ sample: OWN });
  }, (error) => view.say(/** @type {Error} */ (error).message));
  let now = computed(DEFAULTS, own);
  let key = ""; // of the settings that `now` is of
  let channels = 0; // that the parts are laid out for
  const count = () => now.result.rows * now.result.columns;
  const change = (patch) => state.set(MOVING.some((name) => name in patch) ? { at: 0, ...patch } : patch);
  const edit = (kernels) => change({ kernel: writeKernels(kernels) });
  const resized = (rows, columns) => edit(now.typed.map((each) => Array.from({ length: rows }, (_, y) => Array.from({ length: columns }, (_, x) => each[y]?.[x] ?? 0))));
  const controls = controlsOf(change, (name) => (name === OWN ? edit(now.typed) : change({ kernel: name })), resized, () => now.typed[0]);
  const steps = player(el, { what: "window", count: () => Math.max(1, count()), get: () => state.get().at, set: (at) => state.set({ at }) });
  const { example, sample, kernel, ...others } = controls;
  view.controls.append(...[example, sample, own].map((each) => each.element), ...[kernel, ...Object.values(others)].map((each) => each.element), steps.element);

  const pick = (row, column) => state.set({ at: row * now.result.columns + column });
  const under = (row, column) => pick(nearest(now.result.down, row - now.padding), nearest(now.result.across, column - now.padding));
  const along = (row, column) => { // a column of the one matrix is a window, a row of the other
    const kind = state.get().shown;
    if (now.matrix.kind === kind) state.set({ at: kind === "im2col" ? column : row });
  };
  const parts = partsOf(el.clientWidth, pick, under, along, (c, y, x, value) => edit(now.typed.map((each, i) => (i === c ? each.map((row, r) => (r === y ? Object.assign([...row], { [x]: value }) : row)) : each))));
  const note = html("p", { class: "note" });
  view.more.append(note);

  const draw = () => {
    const { taken: asked, said } = within(state.get(), LIMITS);
    view.instead(said);
    const next = JSON.stringify(SETTINGS.map((name) => asked[name]));
    if (next !== key) {
      try {
        now = computed(asked, own);
      } catch (error) {
        return view.say(error.message);
      }
      key = next;
      set(controls, asked, now);
      parts.settle(now);
      if (channels !== now.channels.length) view.drawing.replaceChildren(...parts.of(now)); // fields keep the focus otherwise
      channels = now.channels.length;
      const about = Object.values(EXAMPLES).find((each) => each.sample === asked.sample && each.kernel === asked.kernel);
      note.textContent = [asked.sample === OWN ? own.picture?.said : "", about?.note].filter(Boolean).join(" ");
    }
    controls.shown.set(asked.shown);
    if (!count()) return view.say(`The kernel reaches over ${now.result.down.reach} × ${now.result.across.reach} numbers, but the image has only ${now.result.down.size} × ${now.result.across.size}: no window fits. Choose more padding, less dilation or a smaller kernel.`);
    const at = Math.max(0, Math.min(asked.at, count() - 1));
    const [row, column] = [Math.floor(at / now.result.columns), at % now.result.columns];
    const terms = now.result.terms(row, column);
    parts.step(now, asked.shown, { at, row, column, terms });
    view.say(sentence(now, { at, row, column, terms }, asked));
    const isColour = now.channels.length > 1;
    view.table(() => ({
      head: [...(isColour ? ["channel"] : []), "row", "column", "image", "kernel", "product"], right: [0, 1, 2, 3, 4, 5].slice(Number(isColour)),
      rows: terms.map((term) => [...(isColour ? [NAMES[term.channel]] : []), short(term.row), short(term.column), short(term.x), short(term.w), short(term.x * term.w)]),
    }));
  };
  const leave = state.subscribe(draw);
  draw();
  return () => { steps.stop(); leave(); };
}

function controlsOf(change, kernel, resized, typed) {
  const names = (...known) => Object.fromEntries(known.flatMap((each) => Object.keys(each)).concat(OWN).map((name) => [name, name]));
  const examples = { "": "choose …", ...Object.fromEntries(Object.keys(EXAMPLES).map((name) => [name, name])) };
  return {
    example: choice("From the lectures", examples, "", (name) => {
      const { note: _, ...patch } = EXAMPLES[name] ?? {};
      if (name) change({ ...DEFAULTS, ...patch });
    }),
    sample: choice("Image", names(IMAGES, COLOURS), DEFAULTS.sample, (sample) => change({ sample })),
    kernel: choice("Kernel", names(KERNELS), DEFAULTS.kernel, kernel),
    height: slider("Rows of the kernel", { min: 1, max: LARGEST, value: 3 }, (rows) => resized(rows, typed()[0].length)),
    width: slider("Columns of the kernel", { min: 1, max: LARGEST, value: 3 }, (columns) => resized(typed().length, columns)),
    stride: slider("Stride", { min: 1, max: OFFERED.stride, value: 1 }, (stride) => change({ stride })),
    padding: slider("Padding", { min: 0, max: OFFERED.padding, value: 0 }, (padding) => change({ padding })),
    dilation: slider("Dilation", { min: 1, max: OFFERED.dilation, value: 1 }, (dilation) => change({ dilation })),
    bias: slider("Bias", { min: -2, max: 2, step: 0.1, value: 0, shown: short }, (bias) => change({ bias })),
    flip: toggle("strict convolution (kernel flipped)", false, (flip) => change({ flip })),
    shown: choice("Shown as", { products: "products", im2col: "column of the im2col matrix", toeplitz: "row of the Toeplitz matrix" }, "products", (shown) => change({ shown })),
  };
}

function set(controls, asked, { typed }) {
  const example = Object.entries(EXAMPLES).find(([, each]) => each.sample === asked.sample && each.kernel === asked.kernel);
  controls.example.set(example?.[0] ?? "");
  controls.kernel.set(KERNELS[asked.kernel] ? asked.kernel : OWN);
  controls.height.set(typed[0].length);
  controls.width.set(typed[0][0].length);
  for (const name of ["sample", "bias", "flip"]) controls[name].set(asked[name]);
  for (const [name, usual] of Object.entries(OFFERED)) controls[name].set(asked[name], { max: Math.max(usual, asked[name]) });
}

/** The nearest window to a place of the image, of those along an axis. */
const nearest = (window, at) => Math.max(0, Math.min(window.outputs - 1, Math.round((at + window.before - (window.reach - 1) / 2) / window.stride)));

/** What settings give: the kernels as typed and as used, the result, and the image with its padding as a plane shows it. */
function computed({ sample, kernel, stride, padding, dilation, flip, bias }, own) {
  const channels = sample === OWN ? pictureOf(own).channels : COLOURS[sample] ?? (IMAGES[sample] ? [IMAGES[sample]] : null);
  if (!channels) throw new Error(`There is no image “${sample}”: choose one.`);
  if (!KERNELS[kernel] && !isNumbers(kernel)) throw new Error(`There is no kernel “${kernel}”: choose one, or type its numbers.`);
  const typed = KERNELS[kernel] ? channels.map(() => KERNELS[kernel]) : readKernels(kernel, channels.length);
  const used = flip ? typed.map(flipped) : typed;
  const result = correlateChannels(channels, used, stride, padding, dilation, bias);
  const framed = channels.map((image) => bordered(image, padding));
  const [rows, columns] = [framed[0].length, framed[0][0].length];
  const grey = framed.map((each) => ({ rows, columns, values: each.flat(), colours: "grey", lo: 0, hi: 1 }));
  const image = channels.length > 1 ? { rows, columns, pixels: bytes(framed) } : { ...grey[0], ...limits(grey[0].values, "grey") };
  const of = limits(result.components.flatMap((each) => Array.from(each)), "diverging");
  return { channels, typed, used, result, padding, bias, image, grey, of, matrix: { kind: "", rows: 0, columns: 0 } };
}

const limits = (values, colours) => ({ lo: range(values, colours)[0], hi: range(values, colours)[1] });

function bordered(image, by) {
  const side = () => new Array(by).fill(0);
  const lines = () => Array.from({ length: by }, () => new Array(image[0].length + 2 * by).fill(0));
  return by ? [...lines(), ...image.map((row) => [...side(), ...row, ...side()]), ...lines()] : image;
}

/** The planes: `settle` after settings have changed, `step` for each window, `of` in which order they stand. */
function partsOf(wide, pick, under, along, edit) {
  const room = (side) => Math.min(side, wide || side);
  const image = plane({ label: "Image", side: room(336), onPick: under });
  const result = plane({ label: "Result", side: room(336), onPick: pick });
  const matrix = plane({ label: "Matrix", side: room(360), onPick: along });
  const each = NAMES.map((name, c) => ({
    channel: plane({ label: `Channel ${name}`, side: 160 }),
    kernel: cells(`Kernel of ${name}`, (y, x, value) => edit(c, y, x, value)),
    products: plane({ label: `Products of ${name}`, side: 156 }),
    component: plane({ label: `Component of ${name}`, side: 160 }),
  }));
  const grey = cells("Kernel", (y, x, value) => edit(0, y, x, value));
  const legends = { image: scale(), kernel: scale(), result: scale(), products: scale(), channels: scale(), components: scale(), matrix: scale() };
  const productList = html("div", { class: "sum" });
  const [caption, turned] = [html("span"), html("span")];
  const open = html("div");
  const products = html("div", {}, productList, legends.products.element);
  const table = html("div", {}, matrix.element, legends.matrix.element);

  const settle = ({ channels, typed, used, of, result: { values }, image: planes }) => {
    const most = limits(typed.flat(2), "diverging").hi;
    const isColour = channels.length > 1;
    if (!isColour) grey.update(typed[0], most);
    const it = isColour ? "them" : "it";
    turned.textContent = `Type numbers to change ${it}.${used[0] === typed[0] ? "" : ` The window uses ${it} flipped.`}`;
    if (!isColour) legends.image.update(planes.lo, planes.hi, "grey");
    legends.kernel.update(-most, most, "diverging");
    legends.result.update(...range(values, "diverging"), "diverging");
    productList.replaceChildren(...channels.map((_, c) => html("div", {}, each[c].products.element, isColour && html("p", { class: "caption" }, NAMES[c]))));
    if (!isColour) return;
    channels.forEach((_, c) => each[c].kernel.update(typed[c], most));
    legends.channels.update(0, 1, "grey");
    legends.components.update(of.lo, of.hi, "diverging");
  };
  const step = (now, shown, { at, row, column, terms }) => {
    const { stride, dilation, reach } = now.result.down;
    const window = { row: row * stride, column: column * stride, height: reach, width: now.result.across.reach };
    const holes = dilation > 1 ? terms.filter((term) => !term.channel).map((term) => ({ row: term.row + now.padding, column: term.column + now.padding, kind: "shade" })) : [];
    const [height, width] = [now.result.down.size, now.result.across.size];
    const marks = [...(now.padding ? [{ row: now.padding, column: now.padding, height, width, kind: "soft" }] : []), ...holes, window];
    image.update({ ...now.image, marks });
    result.update({ rows: now.result.rows, columns: now.result.columns, values: now.result.values, colours: "diverging", marks: [{ row, column }] });
    result.cursor = { row, column };
    image.cursor = { row: row * stride + Math.floor((reach - 1) / 2), column: column * stride + Math.floor((window.width - 1) / 2) };
    if (now.channels.length > 1) {
      now.grey.forEach((content, c) => {
        each[c].channel.update({ ...content, marks });
        each[c].component.update({ rows: now.result.rows, columns: now.result.columns, values: now.result.components[c], colours: "diverging", ...now.of, marks: [{ row, column }] });
      });
    }
    if (shown === "products") {
      const values = terms.map((term) => term.x * term.w);
      const shared = limits(values, "diverging");
      const [rows, columns] = [now.used[0].length, now.used[0][0].length];
      now.channels.forEach((_, c) => each[c].products.update({ rows, columns, values: values.slice(c * rows * columns, (c + 1) * rows * columns), colours: "diverging", ...shared }));
      legends.products.update(shared.lo, shared.hi, "diverging");
      caption.textContent = `${closed(now, at)}.`;
    } else caption.textContent = drawMatrix(matrix, legends.matrix, now, shown, at, terms);
    const body = shown === "products" ? products : table;
    figure.querySelector("h2").textContent = shown === "products" ? "Products" : "Matrix";
    if (open.firstChild !== body) open.replaceChildren(body);
  };
  const figure = part("Products", open, caption);
  const of = ({ channels }) => {
    const first = part("Image", html("div", {}, image.element, channels.length === 1 && legends.image.element));
    const last = part("Result", html("div", {}, result.element, legends.result.element));
    if (channels.length === 1) return [first, html("div", { class: "column" }, part("Kernel", html("div", {}, grey.element, legends.kernel.element), turned), figure), last];
    const sign = (text) => html("span", { class: "caption sign", "aria-hidden": "true" }, text);
    return [first, last, figure, ...channels.map((_, c) => part(`${NAMES[c][0].toUpperCase()}${NAMES[c].slice(1)}`,
      html("div", { class: "sum" }, each[c].channel.element, sign("∗"), each[c].kernel.element, sign("="), each[c].component.element))),
    part("Channels", legends.channels.element), part("Kernels", legends.kernel.element, turned), part("Components", legends.components.element, "They and the bias sum to the result.")];
  };
  return { settle, step, of };
}

/** A matrix with its range, which the legend shows. */
function scaled(kind, matrix, colours, bar) {
  const { lo, hi } = limits(matrix.values, colours);
  bar.update(lo, hi, colours);
  return { kind, ...matrix, colours, lo, hi };
}

/** The im2col or the Toeplitz matrix with the part of one window marked; what it is, in words. */
function drawMatrix(drawn, bar, now, shown, at, terms) {
  const { result, channels } = now;
  const [windows, inputs] = [result.rows * result.columns, channels.length * result.down.size * result.across.size];
  if (shown === "im2col") {
    if (now.matrix.kind !== shown) now.matrix = scaled(shown, im2col(result, channels), "grey", bar);
    drawn.update({ ...now.matrix, marks: [{ row: 0, column: at, height: now.matrix.rows }] });
    return `im2col: ${now.matrix.rows} × ${now.matrix.columns} numbers, a column for each window; the kernel as a row, times it, is the whole result.`;
  }
  const of = `${windows.toLocaleString("en")} × ${inputs.toLocaleString("en")} numbers, a row for each number of the result: ${terms.length} are the kernel's, all others 0; times the image as a column, it is the whole result.`;
  if (windows * inputs > MOST_CELLS) {
    const row = { rows: inputs / result.across.size, columns: result.across.size, values: unfolded(terms, channels) };
    drawn.update(scaled("", row, "diverging", bar));
    return `Toeplitz matrix: ${of} That is too large to draw: this is its row ${at}, folded as the image is.`;
  }
  if (now.matrix.kind !== shown) now.matrix = scaled(shown, toeplitz(result, channels), "diverging", bar);
  drawn.update({ ...now.matrix, marks: [{ row: at, column: 0, width: inputs }] });
  return `Toeplitz matrix: ${of}`;
}

const tidy = (value) => exact(Number(value.toPrecision(12))); // without the rounding of the last digits

/** The components and the bias, and what they sum to. */
function closed({ channels, bias, result: { values, components } }, at) {
  const parts = components.map((each, c) => (channels.length > 1 ? `${NAMES[c]} ${tidy(each[at])}` : tidy(each[at])));
  if (channels.length === 1 && !bias) return `The products sum to ${tidy(values[at])}`;
  return `${parts.join(" + ").replaceAll("+ −", "− ")}${bias ? ` ${bias < 0 ? "−" : "+"} bias ${short(Math.abs(bias))}` : ""} = ${tidy(values[at])}`;
}

function sentence(now, { at, row, column, terms }, { flip }) {
  const beyond = terms.filter((term) => !term.inside).length;
  const { rows, columns } = now.result;
  const sum = now.channels.length === 1 && !now.bias ? `sum to ${tidy(now.result.values[at])}` : `give ${closed(now, at)}`;
  return `Row ${row}, column ${column} of the ${rows} × ${columns} result: ${counted(terms.length, "product")}${beyond ? ` (${beyond} of the padding ${beyond === 1 ? "is" : "are"} 0)` : ""} ${sum}.${flip ? " The kernel is flipped first: turned by 180°." : ""}`;
}

export default { render };
