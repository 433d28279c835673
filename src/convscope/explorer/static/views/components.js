// One map of a convolution as what it is: its input's channels, each filtered by its own kernel, added up, plus a bias.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { range } from "../draw/colour.js";
import { html } from "../draw/dom.js";
import { counted, short } from "../draw/format.js";
import { choice, frame, part, player, slider } from "../draw/frame.js";
import { lines } from "../draw/line.js";
import { legend, painted, plane } from "../draw/plane.js";
import { layerNames, missing, named as namesOf } from "../words.js";

const DEFAULTS = { run: "", image: "", node: "", channel: 0, input: 0 };
const MOST_SHOWN = 256; // parts shown side by side

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "A map as a sum", name: "components", lead: "Each map of a convolution is a sum: every channel of its input is filtered by a kernel of its own, the results are added up, and a bias, where it has one, is added to every place." });
  const controls = {
    node: choice("Convolution", {}, "", (node) => state.set({ node, channel: 0, input: 0 })),
    channel: slider("Map", { min: 0, max: 0, value: 0 }, (channel) => state.set({ channel })),
    input: slider("Up to input channel", { min: 0, max: 0, value: 0 }, (input) => state.set({ input })),
  };
  let layers = [];
  let first = /** @type {any} */ (null); // the convolution that is shown first
  let kept = null;
  const channels = () => kept?.arrays.parts.shape[0] ?? 1;
  const isSignal = () => kept.arrays.parts.shape.length === 2;
  const steps = player(el, { what: "input channel", count: channels, get: () => Math.min(state.get().input, channels() - 1), set: (input) => state.set({ input }) });
  view.controls.append(...Object.values(controls).map((each) => each.element), steps.element);
  const named = { input: "The input channel", kernel: "Its kernel", filtered: "The channel, filtered", sum: "The sum so far", map: "The map of PyTorch" };
  const planes = Object.fromEntries(Object.entries(named).map(([name, label]) => [name, plane({ label, side: name === "kernel" ? 150 : 230 })]));
  const curves = Object.fromEntries(Object.entries(named).map(([name, label]) => [name, lines({ label, x: "step" })]));
  const slots = Object.fromEntries(Object.keys(named).map((name) => [name, html("div")]));
  const captions = Object.fromEntries(Object.keys(named).map((name) => [name, html("span")]));
  const strip = html("ul", { class: "maps", "aria-label": "Every input channel, filtered" });
  const current = () => {
    const now = state.get();
    const layer = layers.find(({ name }) => name === now.node) ?? first;
    const last = (layer?.shape[1] ?? 1) - 1;
    const channel = Number.isInteger(now.channel) && now.channel >= 0 ? Math.min(last, now.channel) : 0;
    const said = [
      now.node && layer?.name !== now.node ? missing(`convolution “${now.node}”`, `the network has ${namesOf(layers.map(({ name }) => name))}`, layer?.name) : "",
      channel !== now.channel ? missing(`map ${now.channel}`, `${layer?.name} has the maps 0 to ${last}`, `map ${channel}`) : "",
    ].filter(Boolean);
    return { ...now, node: layer?.name, channel, said };
  };

  const show = () => {
    if (!kept) return;
    const { values, arrays, sums, scale } = kept;
    const now = current();
    const last = channels() - 1;
    const input = Math.min(last, now.input);
    controls.input.set(input, { max: last });
    view.instead([...now.said, input === now.input ? "" : missing(`input channel ${now.input}`, `they are 0 to ${last}`, `input channel ${input}`)].filter(Boolean));
    const is = { input: at(arrays.inputs, input), kernel: at(arrays.kernels, input), filtered: at(arrays.parts, input), sum: sums[input], map: arrays.engine.data };
    const shapes = { input: arrays.inputs.shape, kernel: arrays.kernels.shape };
    for (const [name, content] of Object.entries(is)) {
      const [rows, columns] = shapeOf(shapes[name] ?? arrays.engine.shape, name in shapes);
      const colours = name === "input" && range(content, "sequential")[0] >= 0 ? "sequential" : "diverging";
      const [lo, hi] = name === "filtered" || name === "sum" || name === "map" ? [-scale, scale] : range(content, colours);
      if (isSignal() && name !== "kernel") {
        curves[name].update([{ name: named[name].replace(/^[A-Z]/, (letter) => letter.toLowerCase()), y: content }], name === "input" ? {} : { lo, hi });
        continue;
      }
      planes[name].update({ rows, columns, values: content, colours, lo, hi });
      slots[name].replaceChildren(legend(lo, hi, colours));
    }
    captions.input.textContent = `channel ${values.channels?.[input] ?? input} of ${counted(last + 1, "input channel")}`;
    captions.filtered.textContent = "on the colours of the sum, so that what counts is seen";
    captions.sum.textContent = input === last ? `all channels; ${biased(values)}` : `${input ? `channels 0 to ${input}` : "channel 0"} of ${last + 1}${values.bias === null ? "" : ", without the bias"}`;
    captions.map.textContent = `differs from the sum of all ${counted(last + 1, "channel")}${values.bias === null ? "" : " and the bias"} by at most ${short(values.difference)}`;
    strip.querySelectorAll("button").forEach((button, i) => button.setAttribute("aria-pressed", String(i === input)));
    view.say(`${values.node}, map ${values.channel}: ${counted(input + 1, "channel")} of ${last + 1} added${input === last ? `; ${biased(values)}; PyTorch computed the same but for ${short(values.difference)}` : ""}.`);
  };

  const draw = ({ values, arrays }) => {
    const [count, ...space] = arrays.parts.shape;
    const size = space.reduce((a, b) => a * b, 1);
    const sums = [];
    for (let i = 0; i < count; i++) {
      const sum = Float32Array.from(at(arrays.parts, i));
      if (i) for (let j = 0; j < size; j++) sum[j] += sums[i - 1][j];
      sums.push(sum);
    }
    const withBias = sums[count - 1].map((value) => value + (values.bias ?? 0));
    sums[count - 1] = withBias;
    kept = { values, arrays, sums, scale: range([...range(arrays.engine.data, "diverging"), ...range(arrays.parts.data, "diverging")], "diverging")[1] };
    const [rows, columns] = shapeOf(arrays.parts.shape, true);
    strip.replaceChildren(...Array.from({ length: Math.min(count, MOST_SHOWN) }, (_, i) => {
      const canvas = html("canvas", { width: columns, height: rows });
      canvas.style.width = `${Math.max(24, Math.min(72, columns))}px`;
      canvas.style.height = `${Math.max(12, Math.min(72, columns) * rows / columns)}px`;
      canvas.getContext("2d").putImageData(painted({ rows, columns, values: at(arrays.parts, i), colours: "diverging", lo: -kept.scale, hi: kept.scale }), 0, 0);
      return html("li", {}, html("button", { type: "button", "aria-pressed": "false", "aria-label": `Input channel ${i}`, click: () => state.set({ input: i }) }, canvas, String(i)));
    }));
    view.drawing.replaceChildren(
      ...Object.entries(named).map(([name, title]) => part(title, isSignal() && name !== "kernel" ? curves[name].element : html("div", {}, planes[name].element, slots[name]), captions[name])),
      part("What each input channel adds", strip));
    show();
    view.table(() => ({ head: ["input channel", "kernel: least", "kernel: largest", "adds in the mean", "adds at most"], right: [0, 1, 2, 3, 4], rows: Array.from({ length: count }, (_, i) => {
      const [least, most] = range(at(arrays.kernels, i), "sequential");
      const added = at(arrays.parts, i);
      return [i, short(least), short(most), short(added.reduce((a, b) => a + b, 0) / size), short(range(added, "sequential")[1])];
    }) }));
  };

  const asked = latest(({ run, image, node, channel }) => source.get(path("runs", run, "components", image), { node, channel }), draw, view.fail);
  let last = "";
  const change = () => {
    const now = current();
    const layer = layers.find(({ name }) => name === now.node);
    if (!layer) return;
    view.instead(now.said);
    controls.node.set(now.node);
    controls.channel.set(now.channel, { max: layer.shape[1] - 1 });
    const wanted = `${now.node}\n${now.channel}`;
    if (wanted === last) return show();
    last = wanted;
    asked.run(now);
  };
  const begin = latest(({ run }) => source.get(path("runs", run)), ({ values }) => {
    layers = values.edges.filter((node) => node.op === "correlate" && node.shape.length > 2);
    const channels = new Map(values.edges.map(({ name, shape }) => [name, shape[1]]));
    first = layers.find(({ from, arguments: { groups = 1 } }) => channels.get(from[0]) > groups) ?? layers[0]; // of one channel there is nothing to add
    if (!layers.length) return view.say("This network has no convolution.");
    controls.node.set("", layerNames(layers));
    change();
  }, view.fail);
  view.say("Computing every layer …");
  const leave = state.subscribe(change);
  begin.run(state.get());
  return () => { begin.leave(); asked.leave(); steps.stop(); leave(); };
}

const biased = ({ bias }) => (bias === null ? "this convolution has no bias" : `the bias ${short(bias)} is added`);

/** One of several maps, kernels or channels. */
function at({ shape, data }, number) {
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  return data.subarray(number * size, (number + 1) * size);
}

/** Rows and columns of a map; a signal has one row. */
function shapeOf(shape, isMany) {
  const space = isMany ? shape.slice(1) : shape;
  return space.length === 1 ? [1, space[0]] : space.length === 2 ? space : [space.slice(0, -1).reduce((a, b) => a * b, 1), space[space.length - 1]];
}

export default { render };
