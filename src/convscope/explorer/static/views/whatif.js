// One window of the own network changed: every shape and cost again, and the first layer that no longer fits.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html } from "../draw/dom.js";
import { compact, counted, sizes } from "../draw/format.js";
import { choice, frame, slider, toggle } from "../draw/frame.js";
import { graph } from "../draw/graph.js";
import { place } from "../draw/live.js";
import { operation, windowText } from "../words.js";

const DEFAULTS = { run: "", node: "", kernel: "", stride: "", padding: "", fit: false, all: false };
const MOST = { kernel: 15, stride: 8, padding: 8 };
const KINDS = ["multiplications", "parameters"];

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "What if …", name: "what-if", lead: "Change the window of one convolution or pooling of this network. Shapes and costs of all layers are computed again; nothing is trained, and the run stays as it is. What the network's own code does by sizes, such as cropping, is taken as it ran." });
  const turn = (name) => slider(name[0].toUpperCase() + name.slice(1), { min: name === "padding" ? 0 : 1, max: MOST[name], value: 1 }, (value) => state.set({ [name]: String(value) }));
  const controls = { kernel: turn("kernel"), stride: turn("stride"), padding: turn("padding") };
  const layer = choice("Layer", {}, "", (node) => state.set({ node, kernel: "", stride: "", padding: "" }));
  const fit = toggle("fully connected layers take what arrives", false, (on) => state.set({ fit: on }));
  const all = toggle("show layers that stay as they are", false, (on) => state.set({ all: on }));
  const reset = html("button", { type: "button", click: () => state.set({ kernel: "", stride: "", padding: "" }) }, "As it is");
  view.controls.append(layer.element, ...Object.values(controls).map((each) => each.element), reset, fit.element, all.element);
  const drawing = graph({ label: "The network after the change" });

  const offer = (windows, node) => layer.set(node, Object.fromEntries(Object.entries(windows).map(([name, window]) => [name, `${name}  ${windowText(window)}`])));

  const draw = ({ values }) => {
    const now = state.get();
    const { windows, node } = values;
    offer(windows, node);
    const asIs = { kernel: windows[node].kernel[0] ?? 0, stride: windows[node].stride[0], padding: first(windows[node].padding) };
    for (const name of Object.keys(controls)) controls[name].set(now[name] === "" ? asIs[name] : Number(now[name]) || 0, { max: Math.max(MOST[name], asIs[name]) });
    fit.set(now.fit);
    all.set(now.all);
    const edited = ["kernel", "stride", "padding"].some((name) => now[name] !== "");
    view.say(edited ? sentence(values) : `${node} is ${windowText(windows[node])}. Change it, and see what follows.`);
    const shown = values.rows.filter((row) => now.all || !edited || row.name === node || differs(row));
    const known = new Set(shown.map((row) => row.name));
    const left = values.rows.length - shown.length;
    place(view.drawing, drawing.element);
    drawing.update({ columns: KINDS, rows: shown.map((row, i) => shownRow(row, values, i ? row.from.filter((name) => known.has(name)).concat(row.from.some((name) => known.has(name)) ? [] : [shown[i - 1].name]) : [])) });
    view.more.replaceChildren(
      ...(left ? [html("p", { class: "note" }, `${counted(left, "layer")} that stay as they are${values.rows.some((row) => row.lost) ? ", or of which nothing can be said," : ""} ${left === 1 ? "is" : "are"} not shown; the lines lead past them.`)] : []),
      ...(values.rows.some((row) => row.fault && row.op === "linear") ? [html("p", { class: "note" }, "A fully connected layer has a weight for each number that arrives. Let it take what arrives, and it is built anew.")] : []),
      ...(values.refitted.length ? [html("p", { class: "note" }, `These weights change their size, so what was learned is lost: ${values.refitted.join(", ")}.`)] : []));
    view.table(() => ({
      head: ["layer", "kind", "shape", "would be", "multiplications", "would be", "parameters", "would be", "sees", "would see", ""], right: [4, 5, 6, 7],
      rows: values.rows.map(({ name, op, before, after, fault, lost }) => [name, op, sizes(before.shape), after ? sizes(after.shape) : "–",
        ...["multiplications", "parameters"].flatMap((kind) => [number(before[kind]), after ? number(after[kind]) : "–"]), before.sees?.join("×") ?? "", after?.sees?.join("×") ?? "", fault ?? (lost ? "behind it" : "")]),
    }));
  };
  const asked = latest(({ run, node, kernel, stride, padding, fit: refit }) => source.get(`${path("runs", run)}/whatif`, { node, kernel, stride, padding, fit: refit ? 1 : "" }), draw, async (error) => {
    view.fail(error);
    view.say("");
    const { values } = await source.get(`${path("runs", state.get().run)}/whatif`).catch(() => ({ values: { windows: {} } }));
    offer(values.windows, ""); // so that another layer can be chosen
  });
  const change = () => asked.run(state.get());
  view.say("Recording the network …");
  const leave = state.subscribe(change);
  change();
  return () => { asked.leave(); leave(); drawing.leave(); };
}

const first = (padding) => (typeof padding === "string" ? 0 : Array.isArray(padding[0]) ? padding[0][0] : padding[0]);
const number = (value) => (value === null ? "unknown" : value.toLocaleString("en"));
const differs = ({ before, after, fault, lost }) => !lost && Boolean(fault || String(before.shape) !== String(after.shape) || KINDS.some((kind) => before[kind] !== after[kind]));

function sentence({ node, window, rows, before, after }) {
  const broken = rows.find((row) => row.fault);
  const behind = rows.filter((row) => row.lost).length;
  if (broken) return `${broken.name} no longer fits: ${broken.fault}.${behind ? ` Of the ${counted(behind, "layer")} behind it nothing can be said.` : ""}`;
  const share = (kind) => {
    const [was, is] = [before[kind], after[kind]];
    return was === is ? `${kind} stay ${compact(is)}` : `${kind} go from ${compact(was)} to ${compact(is)}${was ? ` (× ${Number((is / was).toPrecision(3))})` : ""}`;
  };
  const changed = rows.filter((row) => String(row.before.shape) !== String(row.after.shape)).length;
  return `With ${windowText(window)} at ${node}, ${changed ? `${counted(changed, "layer")} ${changed === 1 ? "changes its" : "change their"} shape` : "no shape changes"}; ${KINDS.map(share).join("; ")}.`;
}

function shownRow({ name, op, before, after, fault, lost }, { windows, window, node }, from) {
  const was = sizes(before.shape);
  const is = after && sizes(after.shape);
  const field = (each) => each?.sees?.join("×") ?? "";
  const sees = after && field(before) !== field(after) ? ` · sees ${field(before)} → ${field(after)}` : "";
  const text = fault ? `does not fit: ${fault}` : lost ? "behind what does not fit" : (was === is ? was : `${was} → ${is}`) + sees;
  const detail = [operation(op), windowText(name === node ? (window ?? windows[node]) : windows[name])].filter(Boolean).join(" ");
  return { name, from, detail, filled: before.parameters > 0, shape: text, tone: fault ? "wrong" : (was === is && !sees) || lost ? "" : "changed", numbers: after ? KINDS.map((kind) => after[kind]) : undefined };
}

export default { render };
