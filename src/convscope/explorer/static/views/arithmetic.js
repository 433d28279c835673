// Sizes and costs of a stack of layers: the windows on the grid, the rule with its numbers, what no window covers.
import { bind } from "../state.js";
import { html, svg } from "../draw/dom.js";
import { compact, counted } from "../draw/format.js";
import { choice, frame, player, slider, table, toggle } from "../draw/frame.js";
import { graph } from "../draw/graph.js";
import { grid } from "../draw/grid.js";
import { live } from "../draw/live.js";
import { KINDS, dropped, follow, formatStack, parseLayer, parseShape, parseStack, rest, sizeRule, unread } from "../stack.js";
import { missing, named, windowText } from "../words.js";

const DEFAULTS = { examples: 1, input: "3x256x256", layers: "c16k3s2p1,mk4", chosen: 0, step: 0, apart: false };
/** Stacks of lectures: how many examples, the input, the layers. @type {Record<string, [string, number, string, string]>} */
const STACKS = {
  pooled: ["256×256, convolved and pooled", 1, "3x256x256", "c16k3s2p1,mk4"],
  padded: ["8×8, padded", 1, "1x8x8", "c1k3p1"],
  strided: ["8×8, every second place", 1, "1x8x8", "c1k3s2p1"],
  unequal: ["8×8, height and width apart", 1, "1x8x8", "c1k3x5s3x4p0x1"],
  dropped: ["8×8, a column left over", 1, "1x8x8", "c1k3s2"],
  batch: ["12 examples of 2×64×64", 12, "2x64x64", "c4k5s4p4,c8k3p2"],
  costly: ["128 channels to 128", 1, "128x256x256", "c128k5p2"],
  dense: ["a megapixel to 1,000 numbers", 1, "1x1000x1000", "f1000k5"],
  lenet: ["a small network for digits", 1, "1x28x28", "c32k3p1,mk2s2,c32k5,mk2s2,f256,f10"],
};
const LIMITS = { kernel: [1, 15], stride: [1, 8], padding: [0, 8], dilation: [1, 6] };
const OWN = "own";
const axes = ["height", "width"];

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const view = frame(el, { title: "Sizes and costs", name: "sizes", lead: "A window steps over the padded input; each of its places gives one output. Change a layer, or stack several, and see sizes, costs and parameters." });
  let steps = [];
  const layers = () => parseStack(state.get().layers);
  const chosen = () => Math.min(Math.max(0, state.get().chosen), Math.max(0, layers().length - 1));
  const write = (next, more = {}) => state.set({ layers: formatStack(next), step: 0, ...more });
  const change = (patch) => write(layers().map((layer, at) => (at === chosen() ? { ...layer, ...patch } : layer)));

  const stacks = choice("Stack", { ...Object.fromEntries(Object.entries(STACKS).map(([key, [title]]) => [key, title])), [OWN]: "your own" }, "pooled", (key) => {
    if (STACKS[key]) state.set({ examples: STACKS[key][1], input: STACKS[key][2], layers: STACKS[key][3], chosen: 0, step: 0 });
  });
  const sides = ["channels", ...axes].map((name, at) => number(`Input ${name}`, (value) => state.set({ step: 0, input: parseShape(state.get().input).map((old, i) => (i === at ? value : old)).join("x") })));
  const kind = choice("Kind", KINDS, "c", (next) => change({ kind: next }));
  const channels = number("Channels out", (value) => change({ channels: value }));
  const groups = number("Groups", (value) => change({ groups: value }));
  const pads = choice("Padding is", { number: "a number", valid: "valid: none", same: "same: input size over stride" }, "number", (how) => change({ padding: how === "same" ? "same" : how === "valid" ? [0, 0] : [1, 1] }));
  const turns = Object.keys(LIMITS).map((name) => ({ name, parts: axes.map((along, axis) => slider(name[0].toUpperCase() + name.slice(1), { min: LIMITS[name][0], max: LIMITS[name][1], value: 1 }, (value) => {
    const old = layers()[chosen()][name];
    change({ [name]: (old === "same" ? [0, 0] : old).map((each, at) => (at === axis || !state.get().apart ? value : each)) });
  })) }));
  const apart = toggle("height and width apart", false, (on) => state.set({ apart: on }));
  const add = html("button", { type: "button", click: () => write([...layers(), parseLayer("c8k3p1")], { chosen: layers().length }) }, "Add a layer");
  const drop = html("button", { type: "button", click: () => write(layers().filter((_, at) => at !== chosen()), { chosen: Math.max(0, chosen() - 1) }) }, "Remove it");
  const walk = player(el, { what: "window", count: () => Math.max(1, outputs()), get: () => state.get().step, set: (step) => state.set({ step }) });
  const outputs = () => (steps[chosen()]?.windows.length && !steps[chosen()].fault ? steps[chosen()].shape[1] * steps[chosen()].shape[2] : 1);
  view.controls.append(stacks.element, ...sides.map((each) => each.element), kind.element, channels.element, groups.element, ...turns.flatMap(({ parts }) => parts.map((each) => each.element)), pads.element, apart.element, add, drop, walk.element);

  const stack = graph({ label: "The stack of layers", onPick: (name) => state.set({ chosen: Number(name) - 1, step: 0 }) });
  const before = grid({ label: "Input of the layer", onPick: (row, column) => pick(row, column) });
  const after = grid({ label: "Output of the layer", onPick: (row, column) => state.set({ step: row * steps[chosen()].shape[2] + column }) });
  const pick = (row, column) => {
    const [high, wide] = steps[chosen()].windows.map((window, axis) => {
      const place = Math.round(([row, column][axis] + window.before - (window.reach - 1) / 2) / window.stride);
      return Math.min(window.outputs - 1, Math.max(0, place));
    });
    state.set({ step: high * steps[chosen()].shape[2] + wide });
  };
  view.drawing.append(stack.element);
  const [rules, weighed] = [html("div"), html("div")];
  const figures = [before.element, after.element, rules, weighed].map(live);
  view.drawing.append(html("div", { class: "drawing row" }, figures.map((each) => each.element)));

  const draw = () => {
    const now = state.get();
    const all = layers();
    const at = chosen();
    const input = parseShape(now.input);
    steps = follow(input, all);
    const strange = unread(now.layers);
    view.instead([
      strange.length ? missing(`the layers “${named(strange)}”`, "a layer is written as c16k3s2p1, mk2 or f10, with commas between", formatStack(all)) : "",
      input.join("x") !== now.input ? missing(`the input “${now.input}”`, "it is written as channels, height and width, such as 3x64x64", input.join("x")) : "",
    ].filter(Boolean));
    const layer = all[at];
    stacks.set(Object.keys(STACKS).find((key) => STACKS[key][2] === now.input && STACKS[key][3] === now.layers && STACKS[key][1] === now.examples) ?? OWN);
    sides.forEach((side, i) => side.set(input[i]));
    if (layer) {
      const windowed = layer.kind !== "f";
      kind.set(layer.kind);
      channels.set(layer.channels);
      groups.set(layer.groups);
      channels.element.hidden = layer.kind === "m" || layer.kind === "a";
      groups.element.hidden = layer.kind !== "c";
      pads.set(layer.padding === "same" ? "same" : layer.padding.every((each) => each === 0) ? "valid" : "number");
      pads.element.hidden = !windowed;
      for (const { name, parts: pair } of turns) {
        const value = layer[name] === "same" ? [0, 0] : layer[name];
        pair.forEach((each, axis) => {
          each.element.hidden = (axis === 1 && !now.apart) || (!windowed && name !== "kernel") || (name === "padding" && layer.padding === "same");
          each.element.querySelector("label").firstChild.data = `${name[0].toUpperCase()}${name.slice(1)}${now.apart ? ` ${axes[axis]}` : ""} `;
          each.set(value[axis], { max: Math.max(LIMITS[name][1], value[axis]) });
        });
      }
    }
    drop.disabled = all.length < 2;
    stack.update({ columns: ["multiplications", "parameters"], rows: [
      { name: "0", title: "input", from: [], shape: whole(now.examples, input) },
      ...all.map((each, i) => shownLayer(each, steps[i], i, now.examples, i === at)),
    ] });
    const step = steps[at];
    walk.element.hidden = !step?.windows.length || Boolean(step.fault);
    view.say(sentence(steps, all, now, at));
    figures.forEach((each) => each.set(""));
    if (step && !step.fault) {
      if (step.windows.length) walked(step, within(now.step, step), { before, after, rules }, figures);
      if (layer.kind === "c" || layer.kind === "f") {
        weighed.replaceChildren(...weights(step));
        figures[3].set("Weights, without biases", "Locality and sharing: from one weight for each pair of input and output to one window for all places. Bars: powers of ten.");
      }
    }
    view.table(() => ({ head: ["layer", "kind", "window", "output", "multiplications", "additions (of max pooling: comparisons)", "parameters", "rows and columns that no window covers"], right: [4, 5, 6],
      rows: steps.map((each, i) => [i + 1, KINDS[each.layer.kind], each.layer.kind === "f" ? "none" : windowText(each.layer), each.fault || whole(now.examples, each.shape), ...(each.fault ? ["", "", "", ""] : [count(each.multiplications * now.examples), count(each.additions * now.examples), count(each.parameters), missed(dropped(each))])]) }));
  };
  const leave = state.subscribe(draw);
  draw();
  return () => { walk.stop(); leave(); stack.leave(); };
}

const within = (step, { shape }) => Math.min(shape[1] * shape[2] - 1, Math.max(0, Math.round(step)));
const count = (value) => value.toLocaleString("en");
const whole = (examples, shape) => (examples > 1 ? `${examples}×` : "") + shape.join("×");
/** @param {number[][]} left */
const missed = (left) => left.map((each, axis) => each.length && counted(each.length, axis ? "column" : "row")).filter(Boolean).join(", ") || "none";

function shownLayer(layer, step, i, examples, isChosen) {
  const fits = step && !step.fault;
  return {
    name: String(i + 1), title: `${i + 1} ${KINDS[layer.kind]}`, detail: layer.kind === "f" ? "" : windowText(layer), from: [String(i)], filled: isChosen,
    shape: fits ? whole(examples, step.shape) : step ? `does not fit: ${step.fault}` : "behind what does not fit", tone: step?.fault ? "wrong" : isChosen ? "changed" : "",
    numbers: fits ? [step.multiplications * examples, step.parameters] : undefined, label: "change this layer",
  };
}

function sentence(steps, all, { examples, step: asked }, at) {
  const broken = steps.find((each) => each.fault);
  if (broken) return `Layer ${steps.indexOf(broken) + 1} does not fit: ${broken.fault}.`;
  const sum = (name) => steps.reduce((total, each) => total + each[name], 0);
  const one = steps[at];
  const step = one ? within(asked, one) : 0;
  const place = one?.windows.length ? ` Layer ${at + 1}, window ${Math.floor(step / one.shape[2])}, ${step % one.shape[2]}: ${spans(one, step)}.` : "";
  const made = steps.at(-1);
  return `${made ? `${whole(examples, steps[0].before)} becomes ${whole(examples, made.shape)}` : "No layer"}: ${compact(examples * sum("multiplications"))} multiplications, ${compact(examples * sum("additions"))} additions${steps.some(({ layer }) => layer.kind === "m") ? " (with the comparisons of max pooling)" : ""}, ${count(sum("parameters"))} parameters.${place}`;
}

function spans({ windows, shape }, step) {
  return windows.map((window, axis) => {
    const first = window.start(axis ? step % shape[2] : Math.floor(step / shape[2]));
    return `${["rows", "columns"][axis]} ${first} to ${first + window.reach - 1}`.replaceAll("-", "−");
  }).join(", ");
}

/** The window on input and output, what it leaves out, and the rule of the size. */
function walked(step, at, { before, after, rules }, figures) {
  const { windows, shape, layer, before: [, ...sides] } = step;
  const left = dropped(step);
  const place = [Math.floor(at / shape[2]), at % shape[2]];
  const [rows, columns] = windows.map((window, axis) => window.positions(place[axis]));
  before.update({ rows: sides[0], columns: sides[1], pads: windows.map((window) => [window.before, window.after]), dropped: left, stride: layer.stride, window: { rows, columns } });
  after.update({ rows: shape[1], columns: shape[2], window: { rows: [place[0]], columns: [place[1]] } });
  const lost = missed(left);
  const named = left.map((each, axis) => each.length && `${["row", "column"][axis]}${each.length > 1 ? "s" : ""} ${each.length > 6 ? `${each[0]} … ${each.at(-1)}` : each.join(", ")}`).filter(Boolean);
  figures[0].set(`Input ${sides.join("×")}`, `${windows.some((window) => window.before + window.after) ? "Grey: padding. " : ""}${lost === "none" ? "Every input is covered by some window." : `Hatched: ${lost} that no window covers (${named.join("; ")}).`}`);
  figures[1].set(`Output ${shape[1]}×${shape[2]}`);
  rules.replaceChildren(...axes.flatMap((name, axis) => [html("p", { class: "rule caption" }, html("span", {}, `${name} `), sizeRule(windows[axis])), html("p", { class: "caption" }, rest(windows[axis]))]));
  figures[2].set("The rule", "⌊(size + 2·padding − kernel) / stride⌋ + 1: how many steps fit, and one for the first place.");
}

/** From a weight for each pair of numbers to one window for all places. */
function weights({ layer, ways }) {
  const isDense = layer.kind === "f";
  const counts = table({ head: ["connected", "counted as", "weights"], right: [2], rows: [
    [isDense ? "every output sees everything" : "fully connected to as many outputs", "inputs × outputs", count(ways.dense)],
    [isDense ? `if each saw a window of ${layer.kernel.join("×")} only` : "every output sees its window only", "outputs × window", count(ways.local)],
    [isDense ? "and all shared these weights" : "and all places share the weights", isDense ? "window" : "channels × window", count(ways.shared)],
  ] });
  return [ladder(Object.values(ways)), html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Weights, without biases" }, counts)];
}

function ladder(values) {
  const width = (value) => Math.max(2, (240 * Math.log10(Math.max(1, value))) / Math.max(1, Math.log10(values[0])));
  return svg("svg", { class: "chart", width: 330, height: 66, viewBox: "0 0 330 66", role: "img", "aria-label": "Weights as bars, in powers of ten" },
    values.map((value, at) => [svg("rect", { x: 0, y: at * 22 + 4, width: width(value), height: 14, class: "bar" }), svg("text", { x: width(value) + 6, y: at * 22 + 15 }, compact(value))]));
}

function number(label, change) {
  const input = html("input", { type: "number", min: 1, max: 4096, change: () => change(Math.min(4096, Math.max(1, Math.round(Number(input.value)) || 1))) });
  return { element: html("label", { class: "control small" }, html("span", {}, label), input), set: (next) => { if (Number(input.value) !== next) input.value = next; } };
}

export default { render };
