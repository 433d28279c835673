// What one unit of the own network sees of its input: exactly, over the chosen example or a blank.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html } from "../draw/dom.js";
import { counted, sizes } from "../draw/format.js";
import { choice, frame, player, slider } from "../draw/frame.js";
import { grid } from "../draw/grid.js";
import { live, place } from "../draw/live.js";
import { plane } from "../draw/plane.js";
import { layerNames, operation, windowText } from "../words.js";

const DEFAULTS = { run: "", image: "", node: "", at: "", opacity: 0.75 };
const BAND = 24; // pixels that a signal, which has one row, is drawn high

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "Receptive field of a unit", name: "field", lead: "Each number of a layer is computed from a part of the input. Choose a layer, and a unit of it: all that it does not see is covered." });
  let nodes = [];
  let layers = new Map();
  const current = () => nodes.find((node) => node.name === state.get().node) ?? nodes[Math.floor(nodes.length / 3)];
  const choose = (node) => state.set({ node: node.name, at: "" });
  const depth = slider("Depth", { min: 0, max: 1, value: 0, shown: (at) => `${at + 1} of ${nodes.length}` }, (at) => choose(nodes[at]));
  const layer = choice("Layer", {}, "", (name) => state.set({ node: name, at: "" }));
  const cover = slider("Cover", { min: 0, max: 1, step: 0.05, value: 0.75, shown: (value) => `${Math.round(100 * value)} %` }, (opacity) => state.set({ opacity }));
  const walk = player(el, { what: "layer", count: () => Math.max(1, nodes.length), get: () => nodes.indexOf(current()), set: (at) => choose(nodes[at]) });
  view.controls.append(depth.element, layer.element, walk.element);
  let places = { rows: 1, columns: 1 };
  let told = null;
  const slices = slider("Slice of the layer", { min: 0, max: 1, value: 0 }, (slice) => move(...held, slice));
  let held = [0, 0, 0]; // row, column and, of volumes, slice of the unit
  const move = (row, column, slice = held[2]) => {
    const [channels, ...space] = current().shape.slice(1);
    const at = [slice, row, column].slice(3 - space.length).map((place, axis) => Math.min(space[axis] - 1, Math.max(0, place)));
    state.set({ at: [Math.floor(channels / 2), ...at].join(",") });
  };
  /** The unit whose field is centred nearest to a place of the input. */
  const under = (row, column) => {
    const axes = told?.axes.slice(-2) ?? [];
    const [y, x] = [row, column].map((place, axis) => {
      const field = axes.length > 1 ? axes[axis] : axis ? axes[0] : null;
      return field?.stride && field.size ? Math.round((place - field.start - (field.size - 1) / 2) / field.stride) : 0;
    });
    move(y, x);
  };
  view.controls.append(slices.element, cover.element);
  const image = plane({ label: "Input", side: Math.min(448, el.clientWidth || 448), onPick: under });
  const units = grid({ label: "Units of the layer", side: Math.min(320, el.clientWidth || 320), onPick: move });
  const figures = [image.element, units.element].map(live);

  const draw = ({ answer, example }) => {
    const { values, arrays } = answer;
    const node = current();
    const now = state.get();
    depth.set(nodes.indexOf(node), { max: nodes.length - 1 });
    layer.set(node.name);
    cover.set(now.opacity);
    const space = node.shape.slice(2);
    places = { rows: space.length > 1 ? space.at(-2) : 1, columns: space.at(-1) ?? 1 };
    held = [space.length > 1 ? values.at.at(-2) : 0, values.at.at(-1), space.length > 2 ? values.at[1] : 0];
    slices.element.hidden = space.length < 3;
    slices.set(held[2], { max: space.length > 2 ? space[0] - 1 : 0 });
    const fields = Object.values(layers.get(node.name)?.fields ?? {})[0] ?? [];
    told = { axes: spatial(fields) };
    const where = `Unit ${values.at.join(", ")} of ${node.name} (${sizes(node.shape.slice(1))})`;
    place(view.drawing, ...figures.map((each) => each.element));
    figures[0].set("");
    figures[1].set("");
    if (!arrays.seen) {
      view.say(values.unknown.length ? `What ${node.name} sees is not known, since ${values.unknown.join(", ")} cannot be looked into.` : `${where} sees ${Number((100 * values.share).toPrecision(3))} % of the input.`);
    } else {
      const [rows, columns] = arrays.seen.shape;
      const repeat = rows === 1 ? BAND : 1;
      const pixels = example?.arrays.pixels;
      const over = pixels?.shape[0] === rows && pixels.shape[1] === columns ? pixels.data : null;
      const shade = repeat > 1 ? tiled(arrays.seen.data, repeat) : arrays.seen.data;
      const [top, bottom, left, right] = values.box.slice(-4);
      const marks = values.box.length ? [{ row: top, column: left, height: (bottom - top + 1) * repeat, width: right - left + 1 }] : [];
      image.update({ rows: rows * repeat, columns, pixels: over ?? new Uint8Array(rows * repeat * columns * 3).fill(235), shade, opacity: now.opacity, marks });
      const centre = told.axes.map(({ size, stride, start }, axis) => Math.round((start ?? 0) + (Number(values.at[axis + 1]) || 0) * (stride ?? 0) + ((size ?? 1) - 1) / 2));
      image.cursor = { row: Math.min(rows - 1, Math.max(0, centre.length > 1 ? centre.at(-2) : 0)), column: Math.min(columns - 1, Math.max(0, centre.at(-1) ?? 0)), jump: [told.axes.at(-2)?.stride || 1, told.axes.at(-1)?.stride || 1] };
      const spans = values.size.map((_, axis) => values.box[2 * axis + 1] - values.box[2 * axis] + 1);
      const box = rows > 1 && values.box.length ? `, ${spans.join("×")}` : "";
      const everything = values.size.reduce((product, each) => product * each, 1);
      const far = told.axes.map(({ size }) => size ?? "?").join("×");
      const all = values.count === everything;
      view.say(`${where} sees ${values.at_most ? "at most " : ""}${all ? "the whole input" : `${counted(values.count, "place")} of ${everything.toLocaleString("en")} (${Number(((100 * values.count) / everything).toPrecision(3))} %)${box}`}; far from borders its field is ${far}.`);
      figures[0].set(over ? example.values.id : values.slice === undefined ? "Input" : `Slice ${values.slice} of ${values.size[0]}`, over ? "" : example?.values.letters?.length && values.box.length ? `It sees ${example.values.letters.slice(left, right + 1).join("")}.` : example ? "The example has another size than the network's input: a blank stands for it." : "A blank: choose an example to see it here.");
    }
    if (space.length) {
      units.update({ ...places, window: { rows: [held[0]], columns: [held[1]] } });
      figures[1].set(`Units of ${node.name}`, `${[operation(node.op), windowText(node.window)].filter(Boolean).join(" ")}: ${sizes(space)} units in each of ${counted(node.shape[1], "channel")}, which see the same places.`);
    }
    const open = now.image && state.href({ view: "trace", node: node.name, at: values.at.join(",") });
    view.more.replaceChildren(open ? html("p", {}, html("a", { href: open }, "Open this unit's number")) : "");
    view.table(() => ({ head: ["layer", "kind", "output", "field", "step", "of the input"], right: [5], rows: nodes.map((each) => {
      const one = layers.get(each.name);
      const axes = spatial(Object.values(one?.fields ?? {})[0] ?? []);
      return [each.name, each.op, sizes(each.shape.slice(1)), axes.map(({ size }) => size ?? "?").join("×"), axes.map(({ stride }) => stride ?? "?").join("×"), one?.share == null ? "unknown" : `${Number((100 * one.share).toPrecision(3))} %`];
    }) }));
  };
  const asked = latest(async ({ run, image: name, node, at }) => {
    const [answer, example] = await Promise.all([source.get(`${path("runs", run)}/field`, { node, at }), name ? source.get(path("runs", run, "images", name)) : null]);
    return { answer, example };
  }, draw, view.fail);
  const change = () => nodes.length && asked.run({ ...state.get(), node: current().name });
  const begin = latest(({ run }) => source.get(path("runs", run)), ({ values }) => {
    layers = new Map(values.inspection.layers.map((each) => [each.name, each]));
    nodes = values.edges.filter((node) => node.op !== "input" && node.batch === 0 && layers.has(node.name));
    layer.set("", layerNames(nodes));
    change();
  }, view.fail);
  view.say("Recording the network …");
  const leave = state.subscribe(change);
  begin.run(state.get());
  return () => { walk.stop(); begin.leave(); asked.leave(); leave(); };
}

/** The axes behind the channels; letters of a text have none. */
const spatial = (axes) => (axes.length > 1 ? axes.slice(1) : axes);

function tiled(line, times) {
  const all = new Uint8Array(line.length * times);
  for (let at = 0; at < times; at++) all.set(line, at * line.length);
  return all;
}

export default { render };
