// The network of a run: what flows from operation to operation, of which shape, at what cost, and how far each sees.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html } from "../draw/dom.js";
import { compact, counted, sizes } from "../draw/format.js";
import { choice, frame, toggle } from "../draw/frame.js";
import { place } from "../draw/live.js";
import { graph } from "../draw/graph.js";
import { fold, repeats } from "../repeats.js";
import { operation, windowText } from "../words.js";

const DEFAULTS = { run: "", image: "", fold: true, columns: "parameters" };
const COLUMNS = { parameters: "parameters", bytes: "memory of the numbers, bytes" };

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const view = frame(el, { title: "The network", name: "network", lead: "Every operation in the order in which they run; the lines carry arrays of the shapes that stand beside them." });
  const controls = {
    fold: toggle("repeated blocks once", true, (on) => state.set({ fold: on })),
    columns: choice("Bars", COLUMNS, DEFAULTS.columns, (columns) => state.set({ columns })),
  };
  const drawing = graph({ label: "The network as a graph" });
  view.controls.append(controls.fold.element, controls.columns.element);
  const caption = html("p", { class: "caption" });
  let kept = null;

  const show = () => {
    if (!kept) return;
    const { edges, inspection } = kept;
    const now = state.get();
    if (!COLUMNS[now.columns]) now.columns = DEFAULTS.columns;
    controls.fold.set(now.fold);
    controls.columns.set(now.columns);
    const layers = new Map(inspection.layers.map((layer) => [layer.name, layer]));
    const found = now.fold ? repeats(edges) : [];
    const { rows, groups } = fold(edges, found);
    const { totals } = inspection;
    const least = totals.at_least ? "at least " : "";
    const blocks = found.reduce((sum, { count, times }) => sum + count * (times - 1), 0);
    view.say(`${counted(inspection.layers.length, "operation")} with ${counted(totals.parameters, "parameter")}; one example takes ${least}${compact(totals.multiplications)} multiplications and ${compact(totals.additions)} additions.${blocks ? ` ${counted(blocks, "operation")} of repeated blocks ${blocks === 1 ? "is" : "are"} left out.` : ""}`);
    place(view.drawing, drawing.element, caption);
    drawing.update({ groups, columns: ["multiplications", COLUMNS[now.columns].split(",")[0].replace(" of the numbers", "")], rows: rows.map((node) => row(node, layers.get(node.name), now, state)) });
    const leads = state.href({ view: now.image ? "maps" : "field" });
    caption.textContent = `Filled: layers with parameters.${!leads ? "" : now.image ? " Choose a layer to see what it makes of the example." : " Choose a layer to see which part of an image one of its units sees."}`;

    view.table(() => table(inspection));
    view.more.replaceChildren(...inspection.warnings.map((warning) => html("p", { class: "alert" }, `${warning.place}: ${warning.reason}; ${warning.remedy}.`)), ...inspection.notes.map((text) => html("p", { class: "note" }, text)));
  };
  const asked = latest(({ run }) => source.get(path("runs", run)), ({ values }) => { kept = values; show(); }, view.fail);
  const source = sourceOf(model);
  view.say("Recording the network …");
  const leave = state.subscribe(show);
  asked.run(state.get());
  return () => { asked.leave(); leave(); drawing.leave(); };
}

function row(node, layer, { image, columns }, state) {
  const field = fieldOf(layer);
  const space = node.shape.length - (node.batch === null ? 0 : 1);
  const to = node.op === "input" ? "" : !image ? (space > 1 ? "field" : "") : space > 1 ? "maps" : "trace";
  const href = to && state.href({ view: to, node: node.name, at: undefined });
  const change = node.window && state.href({ view: "whatif", node: node.name, at: undefined });
  const shape = sizes(node.batch === null ? node.shape : node.shape.filter((_, axis) => axis !== node.batch));
  return {
    name: node.name, from: node.from, filled: layer?.parameters > 0, shape: field ? `${shape} · sees ${field.sees}` : shape,
    detail: [operation(layer?.op ?? node.op), windowText(node.window)].filter(Boolean).join(" "),
    numbers: layer ? [layer.multiplications, layer[columns]] : undefined,
    href,
    beside: change && { href: change, text: "what if …", label: `Change the window of ${node.name}` },
    label: href && (to === "field" ? "what it sees" : "what it makes of the example"),
  };
}

/** Size and step of the receptive field in the first input, its channels left out. */
function fieldOf(layer) {
  const axes = Object.values(layer?.fields ?? {})[0];
  if (!axes?.length) return null;
  const space = axes.length > 1 ? axes.slice(1) : axes;
  return { sees: space.map(({ size }) => size ?? "?").join("×"), step: space.map(({ stride }) => stride || "").filter(Boolean).join("×") };
}

function table({ layers, totals }) {
  const number = (value) => (value === null ? "unknown" : value.toLocaleString("en"));
  const rows = layers.map((layer) => [layer.name, layer.op, sizes(layer.shape), number(layer.parameters), number(layer.multiplications), number(layer.additions),
    fieldOf(layer)?.sees ?? "unknown", fieldOf(layer)?.step ?? "", layer.share === null ? "unknown" : `${layer.share_at_most ? "≤ " : ""}${Number((100 * layer.share).toPrecision(3))} %`]);
  return { head: ["layer", "kind", "output", "parameters", "multiplications", "additions", "sees", "step", "of the input"], right: [3, 4, 5, 8],
    rows: [...rows, ["total", "", "", number(totals.parameters), number(totals.multiplications), number(totals.additions), "", "", ""]] };
}

export default { render };
