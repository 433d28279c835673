// A window slides along a signal: what it covers, times the kernel, summed, is one number of the result.
import { bind } from "../state.js";
import { html, newId } from "../draw/dom.js";
import { counted, exact, short } from "../draw/format.js";
import { choice, frame, player, slider, toggle } from "../draw/frame.js";
import { range } from "../draw/colour.js";
import { strips } from "../draw/strips.js";
import { correlate } from "../correlate.js";
import { readColumn, readNumbers } from "../numbers.js";
import { SIGNALS, SIGNAL_KERNELS } from "../samples.js";
import { within } from "../limits.js";

const DEFAULTS = { signal: "20 zeros, 20 ones, 20 zeros", kernel: "five ones", at: 18, flip: false, stride: 1, padding: 0, dilation: 1 };
const LIMITS = /** @type {Record<string, [number, number]>} */ ({ stride: [1, 99], padding: [0, 99], dilation: [1, 99] });
const SHOWN = 7; // products that a sentence writes out
const OWN = "your own numbers";

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const view = frame(el, {
    title: "Convolution in 1-D", name: "convolution-1d",
    lead: "The window slides along the signal. Under it, each number is multiplied by the kernel's; the products are summed.",
  });
  const offered = (known) => Object.fromEntries([...Object.keys(known), OWN].map((name) => [name, name]));
  const signal = typed("Numbers of the signal", (text) => state.set({ signal: text, at: 0 }));
  const kernel = typed("Numbers of the kernel", (text) => state.set({ kernel: text }));
  const file = ownNumbers((numbers) => state.set({ signal: numbers.join(","), at: 0 }), (error) => view.say(error.message));
  const controls = {
    signal: choice("Signal", offered(SIGNALS), DEFAULTS.signal, (name) => (name === OWN ? signal.focus() : state.set({ signal: name, at: 0 }))),
    kernel: choice("Kernel", offered(SIGNAL_KERNELS), DEFAULTS.kernel, (name) => (name === OWN ? kernel.focus() : state.set({ kernel: name }))),
    at: slider("Window", { min: 0, max: 1, value: 0 }, (at) => state.set({ at })),
    stride: slider("Stride", { min: 1, max: 5, value: 1 }, (stride) => state.set({ stride, at: 0 })),
    padding: slider("Padding", { min: 0, max: 4, value: 0 }, (padding) => state.set({ padding, at: 0 })),
    dilation: slider("Dilation", { min: 1, max: 4, value: 1 }, (dilation) => state.set({ dilation, at: 0 })),
    flip: toggle("strict convolution (kernel flipped)", false, (flip) => state.set({ flip })),
  };
  let result = correlate([[0]], [[0]]);
  const steps = player(el, { what: "window", count: () => Math.max(1, result.columns), get: () => state.get().at, set: (at) => state.set({ at }) });
  view.controls.append(controls.signal.element, signal.element, file, controls.kernel.element, kernel.element,
    ...[controls.stride, controls.padding, controls.dilation, controls.flip, controls.at].map((each) => each.element), steps.element);
  const chart = strips({
    label: "The signal, the kernel under the window, their products, and the result",
    onPick: (position) => {
      const { start, reach, stride } = { start: result.across.start(0), reach: result.across.reach, stride: result.across.stride };
      state.set({ at: Math.max(0, Math.min(result.columns - 1, Math.round((position - start - (reach - 1) / 2) / stride))) });
    },
  });
  view.drawing.append(chart.element);
  view.more.append(html("p", { class: "note" }, "Below the bars: the position in the signal, counted from 0. Each number of the result stands at the middle of its window; grey is padding, which is 0."));

  const draw = () => {
    const { taken: asked, said } = within(state.get(), LIMITS);
    view.instead(said);
    let numbers, weights;
    try {
      numbers = SIGNALS[asked.signal] ?? readNumbers(asked.signal);
      weights = SIGNAL_KERNELS[asked.kernel] ?? readNumbers(asked.kernel);
    } catch (error) {
      return view.say(error.message);
    }
    const used = asked.flip ? [...weights].reverse() : weights;
    result = correlate([numbers], [used], [1, asked.stride], [0, asked.padding], [1, asked.dilation]);
    const at = Math.max(0, Math.min(asked.at, result.columns - 1));
    controls.signal.set(SIGNALS[asked.signal] ? asked.signal : OWN);
    controls.kernel.set(SIGNAL_KERNELS[asked.kernel] ? asked.kernel : OWN);
    signal.set(numbers);
    kernel.set(weights);
    controls.flip.set(asked.flip);
    controls.stride.set(asked.stride, { max: Math.max(5, asked.stride) });
    controls.dilation.set(asked.dilation, { max: Math.max(4, asked.dilation) });
    const { across } = result;
    controls.padding.set(asked.padding, { max: Math.max(4, asked.padding, across.reach - 1) });
    controls.at.set(at, { max: Math.max(0, result.columns - 1) });
    if (!result.columns) view.say(`The kernel reaches over ${counted(across.reach, "position")}, but only ${numbers.length + 2 * asked.padding} are there: no window fits. Choose more padding, less dilation or a shorter kernel.`);
    else view.say(sentence(result, at, asked.flip));
    chart.update(drawn({ numbers, used, result, at, padding: asked.padding, flip: asked.flip }));
    view.table(() => ({
      head: ["window", "first position", "last position", "sum"], right: [0, 1, 2, 3],
      rows: Array.from(result.values, (value, i) => [i, short(across.start(i)), short(across.start(i) + across.reach - 1), exact(tidy(value))]),
    }));
  };
  const leave = state.subscribe(draw);
  draw();
  return () => { steps.stop(); chart.leave(); leave(); };
}

/** A field for numbers. @param {string} label @param {(text: string) => void} change */
function typed(label, change) {
  const id = newId();
  const input = html("input", { id, type: "text", spellcheck: "false", autocomplete: "off", size: 22, change: () => change(input.value) });
  return {
    element: html("div", { class: "control" }, html("label", { for: id }, label), input),
    focus: () => input.select(),
    /** @param {number[]} numbers */
    set: (numbers) => (input.value = numbers.map((value) => Number(value.toPrecision(6))).join(", ")),
  };
}

/** A field for a file of numbers. @param {(numbers: number[]) => void} done @param {(error: Error) => void} fail */
function ownNumbers(done, fail) {
  const id = newId();
  const read = (file) => file.text().then((text) => done(readColumn(text))).catch((error) => fail(new Error(`${file.name} is not taken. ${error.message}`)));
  const input = html("input", { id, type: "file", accept: ".csv,.tsv,.txt,text/*", change: () => input.files[0] && read(input.files[0]) });
  return html("div", { class: "control" }, html("label", { for: id }, "A file of numbers"), input);
}

const tidy = (value) => Number(value.toPrecision(12)); // without the rounding of the last digits

function sentence(result, at, flip) {
  const { across, values, columns } = result;
  const terms = result.terms(0, at);
  const beyond = terms.filter((term) => !term.inside).length;
  const bracket = (value) => (value < 0 ? `(${short(value)})` : short(value));
  const products = terms.length <= SHOWN ? terms.map((term) => `${bracket(term.x)} × ${bracket(term.w)}`).join(" + ") : `the sum of ${counted(terms.length, "product")}`;
  return `Window ${at} of 0 to ${columns - 1} covers positions ${short(across.start(at))} to ${short(across.start(at) + across.reach - 1)}: ${products} = ${exact(tidy(values[at]))}.${beyond ? ` ${counted(beyond, "position")} of it ${beyond === 1 ? "is" : "are"} padding.` : ""}${flip ? " The kernel is flipped: its last number comes first." : ""}`;
}

/** @returns {any} what the strips show */
function drawn({ numbers, used, result, at, padding, flip }) {
  const { across, values, columns } = result;
  const first = across.start(at);
  const covered = columns ? result.terms(0, at) : [];
  const isCovered = new Set(covered.map((term) => term.column));
  const products = covered.map((term) => term.x * term.w);
  const limits = (list) => ({ lo: range(list, "sequential")[0], hi: range(list, "sequential")[1] });
  const all = { lo: 0, hi: 0 }; // of the products of every window, so that bars can be compared while it slides
  for (const w of used) for (const edge of Object.values(limits([...numbers, 0]))) {
    all.lo = Math.min(all.lo, w * edge);
    all.hi = Math.max(all.hi, w * edge);
  }
  const step = across.dilation;
  return {
    from: -padding,
    to: numbers.length - 1 + padding,
    inside: [0, numbers.length],
    window: columns ? [first, first + across.reach - 1] : undefined,
    bands: [
      { title: `Signal: ${counted(numbers.length, "number")}`, values: numbers, at: 0, ...limits(numbers), strong: (i) => isCovered.has(i) },
      { title: `Kernel${flip ? ", flipped" : ""}, under the window`, values: columns ? used : [], at: first, step, ...limits(used) },
      { title: `Products${columns ? `: their sum is ${short(tidy(values[at]))}` : ""}`, values: products, at: first, step, ...all },
      { title: `Result: ${counted(columns, "number")}`, values, at: across.start(0) + (across.reach - 1) / 2, step: across.stride, ...limits(values.length ? values : [0]), strong: (i) => i === at },
    ],
  };
}

export default { render };
