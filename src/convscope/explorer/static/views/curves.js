// How a training went, or goes: its loss and main figure, step by step and epoch by epoch; several runs laid over each other.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { html } from "../draw/dom.js";
import { counted, short } from "../draw/format.js";
import { KINDS, lines } from "../draw/line.js";
import { frame, part, toggle } from "../draw/frame.js";
import { missing, named } from "../words.js";

const DEFAULTS = { run: "", beside: "", log: false };
const TABLES = ["epochs", "steps"];
const PAUSE = 2000; // milliseconds between two looks at a run that is being trained

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "Training curves", name: "curves", lead: "The training loss of each step is of one batch, and noisy; its moving average is beside it. After each epoch the loss is measured on the validation split. While a run is being trained, this page follows it." });
  const log = toggle("logarithmic loss", false, (on) => state.set({ log: on }));
  const others = html("fieldset", { class: "beside" });
  view.controls.append(log.element, others);
  const charts = new Map();
  const known = new Map(); // run: what has been read of it
  let names = /** @type {string[] | null} */ (null); // of all runs that are open, once they are known
  let gone = false;
  let timer = 0;

  const chosen = () => [state.get().run, ...besides()];
  const asked = () => state.get().beside.split(",").filter(Boolean).map(decodeURIComponent).filter((name) => name !== state.get().run);
  const isOpen = (name) => !names || names.includes(name);
  const besides = () => asked().filter(isOpen);

  const read = async (run) => {
    const had = known.get(run);
    const { values, arrays } = await source.get(`${path("runs", run)}/history`, had?.read);
    const next = { ended: values.ended, begun: values.begun, read: {} };
    for (const table of TABLES) {
      const columns = Object.fromEntries(values[table].columns.map((name) => [name, arrays[`${table}/${name}`].data])); // the main figure comes first
      const before = values[table].anew ? {} : (had?.[table] ?? {});
      next[table] = { ...columns, ...Object.fromEntries(Object.entries(before).map(([name, column]) => [name, concat(column, columns[name])])) };
      next.read[table] = values[table].read;
    }
    known.set(run, next);
    return !had || TABLES.some((table) => values[table].rows || values[table].anew);
  };

  const chart = (title, about) => {
    if (!charts.has(title)) {
      const made = lines({ label: title, ...about });
      charts.set(title, { ...made, part: part(title, made.element, about.caption ?? "") });
    }
    return charts.get(title);
  };

  const draw = () => {
    const now = state.get();
    log.set(now.log);
    const runs = chosen().filter((run) => known.has(run));
    const strange = asked().filter((name) => !isOpen(name));
    view.instead(strange.length ? [missing(`the run “${strange.join(", ")}”`, `open are ${named(names)}`, runs.join(" and "))] : []);
    const several = runs.length > 1;
    const drawings = [];
    const add = (title, x, given, how = {}) => {
      const all = runs.flatMap((run, at) => given(known.get(run)).filter(({ y }) => y?.length).map((line, i) => ({ ...line, name: several ? `${run}: ${line.name}` : line.name, kind: KINDS[(several ? at : i) % KINDS.length] })));
      if (all.length) drawings.push([chart(title, { x }), all, how]);
    };
    const figureOf = (run) => mainFigure(known.get(run)?.epochs ?? {}, known.get(run)?.steps ?? {});
    const figures = [...new Set(runs.map(figureOf).filter(Boolean))]; // runs of several tasks have several
    const perEpoch = (name) => ({ epochs }) => [{ name: "validation", x: epochs.epoch, y: epochs[`valid_${name}`] }, ...(several ? [] : [{ name: "training", x: epochs.epoch, y: epochs[`train_${name}`] }])];
    const perStep = (name) => ({ steps }) => [{ name: "moving average", x: steps.step, y: steps[`${name}_average`] }, ...(several ? [] : [{ name: "each batch", x: steps.step, y: steps[name] }])];
    add("Loss of each epoch", "epoch", perEpoch("loss"), { log: now.log });
    for (const figure of figures) add(`${capital(figure)} of each epoch`, "epoch", perEpoch(figure));
    add("Loss of each step", "step", perStep("loss"), { log: now.log });
    for (const figure of figures) add(`${capital(figure)} of each step`, "step", perStep(figure));
    add("Learning rate", "step", ({ steps }) => [{ name: "learning rate", x: steps.step, y: steps.lr }]);
    add("Momentum", "step", ({ steps }) => [{ name: "momentum", x: steps.step, y: steps.momentum }]);
    const wanted = drawings.map(([{ part: each }]) => each);
    if (wanted.length !== view.drawing.children.length || wanted.some((each, at) => view.drawing.children[at] !== each)) view.drawing.replaceChildren(...wanted);
    for (const [made, all, how] of drawings) made.update(all, how);
    view.say(runs.map((run) => sentence(run, known.get(run), figureOf(run))).join(" "));
    view.table(() => tableOf(runs, known));
  };

  const look = async () => {
    clearTimeout(timer);
    try {
      const changed = await Promise.all(chosen().map((run) => (known.get(run)?.ended ? false : read(run))));
      if (gone) return;
      if (changed.some(Boolean)) draw();
      if (chosen().some((run) => !known.get(run)?.ended)) timer = setTimeout(look, PAUSE);
    } catch (error) {
      if (!gone) view.fail(error);
    }
  };
  const change = () => {
    offer();
    if (chosen().every((run) => known.has(run))) draw();
    else look();
  };
  const offer = () => {
    const on = besides();
    const rest = (names ?? []).filter((name) => name !== state.get().run);
    others.hidden = !rest.length;
    others.replaceChildren(html("legend", {}, "Laid over it"), ...rest.map((name) => {
      const box = html("input", { type: "checkbox", change: () => state.set({ beside: (box.checked ? [...on, name] : on.filter((each) => each !== name)).map(encodeURIComponent).join(",") }) });
      box.checked = on.includes(name);
      return html("label", {}, box, ` ${name}`);
    }));
  };
  view.say("Reading the training …");
  const leave = state.subscribe(change);
  source.get("runs").then(({ values }) => {
    if (gone) return;
    names = values.runs.map(({ name }) => name);
    change();
  }, look);
  offer();
  return () => { gone = true; clearTimeout(timer); leave(); };
}

function concat(a, b = new Float32Array()) {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The first figure of the table that is not the loss. */
const mainFigure = (epochs, steps) => Object.keys(epochs).find((name) => name.startsWith("valid_") && name !== "valid_loss")?.slice(6) ?? Object.keys(steps).find((name) => name.endsWith("_average") && name !== "loss_average")?.slice(0, -8);
const capital = (name) => name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");
const last = (column) => column?.[column.length - 1];

function sentence(run, { epochs, steps, ended, begun }, figure) {
  const [done, step, at] = [epochs.epoch, steps.step, steps.epoch].map((column) => last(column) ?? 0);
  const state = ended ? "" : begun ? `; ${at > done ? `epoch ${at} is under way, at a loss of ${short(last(steps.loss_average ?? steps.loss))}` : "it has not ended"}` : "; it has not finished an epoch, so that there are no weights to look at yet";
  const told = done ? `: validation loss ${short(Number(last(epochs.valid_loss).toPrecision(4)))}${figure && epochs[`valid_${figure}`] ? `, ${figure.replaceAll("_", " ")} ${short(last(epochs[`valid_${figure}`]))}` : ""} after the last` : steps.loss_average ? `; the loss is ${short(last(steps.loss_average))}` : "";
  return `${run}: ${counted(done, "epoch")}${step ? `, ${counted(step, "step")}` : ""}${told}${state}.`;
}

function tableOf(runs, known) {
  const columns = Object.keys(known.get(runs[0])?.epochs ?? {});
  const rows = runs.flatMap((run) => Array.from(known.get(run).epochs.epoch ?? [], (_, at) => [run, ...columns.map((name) => short(known.get(run).epochs[name]?.[at] ?? NaN))]));
  return { head: ["run", ...columns.map((name) => name.replaceAll("_", " "))], right: columns.map((_, at) => at + 1), rows };
}

export default { render };
