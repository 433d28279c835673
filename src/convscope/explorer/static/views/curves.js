// How a training went, or goes: loss, figures, learning rate and momentum, of several runs over one another.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { chart, COLOURS } from "../draw/chart.js";
import { html } from "../draw/dom.js";
import { counted, short } from "../draw/format.js";
import { frame, part, toggle } from "../draw/frame.js";

const DEFAULTS = { run: "", others: "", log: true };
const EVERY = 2000; // milliseconds between two looks at a training that goes on
const APART = new Set(["step", "epoch"]);

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "The training", name: "curves", lead: "Dashed: the training, in the mean over the last steps. Solid: the validation split, once an epoch." });
  const log = toggle("logarithmic loss", true, (on) => state.set({ log: on }));
  const others = html("div", { class: "control", role: "group", "aria-label": "Other runs" });
  view.controls.append(log.element, others);
  const histories = /** @type {Map<string, any>} */ (new Map());
  const charts = /** @type {Map<string, any>} */ (new Map());
  let gone = false;
  let timer = 0;

  const names = () => [state.get().run, ...state.get().others.split(",").filter((name) => name && name !== state.get().run)];
  const look = async () => {
    try {
      await Promise.all(names().map(async (name) => histories.set(name, await more(source, name, histories.get(name)))));
      if (gone) return;
      draw();
      if (names().some((name) => !histories.get(name).ended)) timer = setTimeout(look, EVERY);
    } catch (error) {
      if (!gone) view.fail(error);
    }
  };

  const draw = () => {
    const now = state.get();
    log.set(now.log);
    const shown = names().map((name, at) => ({ name, colour: COLOURS[at % COLOURS.length], ...histories.get(name) }));
    const quantities = [...new Set(shown.flatMap(({ steps }) => Object.keys(steps).filter((column) => !APART.has(column) && !column.endsWith("_average"))))];
    for (const quantity of quantities) {
      if (!charts.has(quantity)) {
        const made = chart({ label: words(quantity), x: "step" });
        charts.set(quantity, made);
        view.drawing.append(part(words(quantity), made.element));
      }
      charts.get(quantity).update(shown.flatMap((run) => lines(run, quantity, shown.length > 1)), now.log && quantity === "loss");
    }
    const [first] = shown;
    const { epochs, steps } = first;
    const last = (column) => column?.[column.length - 1];
    const count = epochs.epoch?.length ?? 0;
    const told = ["train_loss", "valid_loss", ...Object.keys(epochs).filter((name) => name.startsWith("valid_") && name !== "valid_loss").slice(0, 1)].filter((name) => epochs[name]).map((name) => `${words(name)} ${short(last(epochs[name]))}`);
    view.say(`${first.name}: ${counted(count, "epoch")}, step ${(last(steps.step) ?? 0).toLocaleString("en")}${told.length ? `; ${told.join(", ")}` : ""}.${first.ended ? "" : " The training goes on, or was interrupted: new steps are looked for every two seconds."}`);
    const columns = Object.keys(epochs);
    view.table(() => ({ head: columns.map(words), right: columns.map((_, at) => at), rows: Array.from({ length: count }, (_, row) => columns.map((name) => short(epochs[name][row]))) }));
  };

  source.get("runs").then(({ values }) => {
    const chosen = () => state.get().others.split(",").filter(Boolean);
    const known = values.runs.filter(({ name }) => name !== state.get().run);
    if (!known.length || gone) return;
    others.append(html("span", {}, "Beside it"), ...known.map(({ name }) => toggle(name, chosen().includes(name), (on) => state.set({ others: (on ? [...chosen(), name] : chosen().filter((each) => each !== name)).join(",") })).element));
  }, view.fail);
  const change = () => {
    clearTimeout(timer);
    if (names().every((name) => histories.has(name))) draw();
    else look();
  };
  view.say("Reading the tables of the run …");
  const leave = state.subscribe(change);
  look();
  return () => { gone = true; clearTimeout(timer); leave(); };
}

/** What is new of a run, joined to what was known. */
async function more(source, name, before) {
  const { values, arrays } = await source.get(`${path("runs", name)}/history`, { offset: before?.offset ?? 0 });
  const tables = { epochs: {}, steps: {} };
  for (const [address, { data }] of Object.entries(arrays)) {
    const [table, column] = address.split("/");
    tables[table][column] = data;
  }
  if (before && values.offset < before.offset) return more(source, name, null); // it was begun anew
  for (const [column, old] of Object.entries(before?.steps ?? {})) {
    const fresh = tables.steps[column] ?? new Float32Array(0);
    const joined = new Float32Array(old.length + fresh.length);
    joined.set(old);
    joined.set(fresh, old.length);
    tables.steps[column] = joined;
  }
  return { ...tables, offset: values.offset, ended: values.ended };
}

/** The lines of one quantity of a run. */
function lines({ name, steps, epochs, colour }, quantity, several) {
  const of = (text) => (several ? `${name}, ${text}` : text);
  const ends = (epochs.epoch ?? []).map((epoch) => steps.step?.[lastOf(steps.epoch, epoch)] ?? epoch);
  const found = [];
  const smooth = steps[`${quantity}_average`];
  if (steps[quantity]) found.push({ name: of(smooth ? "training" : words(quantity)), x: steps.step, y: smooth ?? steps[quantity], colour, kind: smooth ? "dashed" : "line" });
  if (epochs[`valid_${quantity}`]) found.push({ name: of("validation"), x: ends, y: epochs[`valid_${quantity}`], colour, kind: "line" });
  return found;
}

function lastOf(column, value) {
  for (let at = column.length - 1; at >= 0; at--) if (column[at] === value) return at;
  return -1;
}

const WORDS = { lr: "learning rate" };
const words = (column) => WORDS[column] ?? column.replace(/^valid_/, "validation ").replace(/^train_/, "training ").replaceAll("_", " ");

export default { render };
