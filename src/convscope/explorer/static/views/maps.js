// Every feature map of a layer, side by side; one of them large, whose numbers lead on to their products.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html } from "../draw/dom.js";
import { counted, short } from "../draw/format.js";
import { choice, frame, part } from "../draw/frame.js";
import { legend, painted, plane } from "../draw/plane.js";
import { layerNames } from "../words.js";

const DEFAULTS = { run: "", image: "", node: "", channel: 0, over: "map", from: 0 };
const SHOWN = 256;

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "Feature maps", name: "maps", lead: "What each layer makes of the example. Choose a map to see it large, and a place in it to open that number." });
  let layers = [];
  let kept = null;
  let valueAt = (row, column) => NaN;
  const controls = {
    node: choice("Layer", {}, "", (node) => state.set({ node, channel: 0, from: 0, at: undefined })),
    over: choice("Colours over the range of", { map: "each map", layer: "the whole layer" }, "map", (over) => state.set({ over })),
  };
  const step = (by) => () => {
    const at = layers.findIndex((layer) => layer.name === current().node);
    const next = layers[Math.min(layers.length - 1, Math.max(0, at + by))];
    if (next) state.set({ node: next.name, channel: 0, from: 0, at: undefined });
  };
  const turn = (by) => () => state.set({ from: Math.max(0, state.get().from + by * SHOWN), channel: Math.max(0, state.get().from + by * SHOWN) });
  const [earlier, later] = [html("button", { type: "button", click: turn(-1) }, "Earlier maps"), html("button", { type: "button", click: turn(1) }, "Later maps")];
  view.controls.append(html("button", { type: "button", click: step(-1) }, "Previous layer"), controls.node.element, html("button", { type: "button", click: step(1) }, "Next layer"), controls.over.element, earlier, later);
  const current = () => ({ ...state.get(), node: state.get().node || layers[0]?.name });

  const large = plane({ label: "The map", side: 448, onPick: (row, column) => {
    const { channel, node } = current();
    const at = [channel, row, column].slice(0, kept.values.shape.length === 3 ? 3 : 2);
    if (model.go) state.go({ view: "trace", node, at: at.join(",") });
    else view.say(`${node} (${at.join(", ")}): about ${short(valueAt(row, column))}. cs.widgets.trace(run, x, "${node}", (${at.join(", ")})) opens it.`);
  } });

  const draw = ({ values, arrays }) => {
    kept = { values, arrays };
    const now = current();
    const [channels, ...space] = values.shape;
    const [rows, columns] = space.length === 2 ? space : [1, space[0] ?? 1];
    const size = rows * columns;
    const [lo, hi] = extent(arrays.ranges.data);
    const scale = Math.max(1, Math.min(8, Math.floor(72 / Math.max(rows, columns)) || 1));
    const shown = arrays.maps.shape[0];
    valueAt = (row, column) => of(Math.min(shown - 1, Math.max(0, now.channel - now.from)))[row * columns + column];
    const of = (at) => {
      const bytes = arrays.maps.data.subarray(at * size, (at + 1) * size);
      const [low, high] = arrays.ranges.data.subarray(2 * at, 2 * at + 2);
      const odd = arrays.odd?.data.subarray(at * size, (at + 1) * size);
      return Float32Array.from(bytes, (byte, i) => (odd?.[i] ? NaN : low + (byte / 255) * (high - low)));
    };
    const over = (at) => (now.over === "layer" || size === 1 ? [lo, hi] : arrays.ranges.data.subarray(2 * at, 2 * at + 2));
    const buttons = Array.from({ length: shown }, (_, at) => {
      const canvas = html("canvas", { width: columns, height: rows });
      canvas.style.width = `${Math.max(24, columns * scale)}px`;
      canvas.style.height = `${Math.max(space.length === 2 ? 24 : 12, rows * scale)}px`;
      const [low, high] = over(at);
      canvas.getContext("2d").putImageData(painted({ rows, columns, values: of(at), lo: low, hi: high }), 0, 0);
      const channel = now.from + at;
      return html("li", {}, html("button", { type: "button", "aria-pressed": String(channel === now.channel), "aria-label": `Map ${channel}`, click: () => state.set({ channel }) }, canvas, String(channel)));
    });
    const at = Math.min(shown - 1, Math.max(0, now.channel - now.from));
    const [low, high] = over(at);
    large.update({ rows, columns, values: of(at), lo: low, hi: high });
    earlier.hidden = later.hidden = channels <= SHOWN;
    earlier.disabled = now.from === 0;
    later.disabled = now.from + shown >= channels;
    const odd = arrays.odd ? arrays.odd.data.reduce((sum, byte) => sum + (byte ? 1 : 0), 0) : 0;
    const silent = size === 1 ? 0 : Array.from({ length: shown }, (_, i) => arrays.ranges.data[2 * i] === arrays.ranges.data[2 * i + 1]).filter(Boolean).length;
    view.say(`${values.node} (${values.op}): ${counted(channels, "map")} of ${space.join(" × ") || "one number"}, from ${short(lo)} to ${short(hi)}${silent ? `; ${counted(silent, "map")} ${silent === 1 ? "is" : "are"} the same everywhere` : ""}${odd ? `; ${counted(odd, "number")} that ${odd === 1 ? "is" : "are"} not finite, in pink` : ""}.`);
    view.drawing.replaceChildren(
      part(`Map ${now.channel}`, html("div", {}, large.element, legend(low, high, "sequential")), "Choose a place to open its number. In cells: the map in 256 steps of its range."),
      html("ul", { class: "maps", "aria-label": "All maps of the layer" }, buttons));
    view.table(() => ({ head: ["map", "least", "largest"], right: [0, 1, 2], rows: Array.from({ length: shown }, (_, i) => [now.from + i, short(arrays.ranges.data[2 * i]), short(arrays.ranges.data[2 * i + 1])]) }));
  };
  const asked = latest(({ run, image, node, from }) => source.get(path("runs", run, "maps", image), { node, from, n: SHOWN }), draw, view.fail);
  const change = () => {
    const now = current();
    controls.node.set(now.node);
    controls.over.set(now.over);
    if (now.node) asked.run(now);
  };
  const begin = latest(({ run }) => source.get(path("runs", run)), ({ values }) => {
    layers = values.edges.filter((node) => node.op !== "input" && node.shape.length > 1);
    controls.node.set("", layerNames(layers));
    change();
  }, view.fail);
  view.say("Computing every layer …");
  const leave = state.subscribe(change);
  begin.run(state.get());
  return () => { begin.leave(); asked.leave(); leave(); };
}

function extent(ranges) {
  let [lo, hi] = [Infinity, -Infinity];
  for (let i = 0; i < ranges.length; i += 2) {
    lo = Math.min(lo, ranges[i]);
    hi = Math.max(hi, ranges[i + 1]);
  }
  return [lo, hi];
}

export default { render };
