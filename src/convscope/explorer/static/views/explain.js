// What an answer rests on: the maps of one method or of two over the example, and whether each can be believed.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { attribution } from "../draw/attribution.js";
import { html } from "../draw/dom.js";
import { minus, short, sizes } from "../draw/format.js";
import { choice, frame, part, slider } from "../draw/frame.js";
import { plane } from "../draw/plane.js";

const USUAL = "gradcam";
const DEFAULTS = { run: "", image: "", method: USUAL, target: "", node: "", at: "", least: 0, most: 100, opacity: 60 };
const CAM = ["gradcam", "gradcampp", "guided_gradcam"]; // whose map is of a layer
const MOST_ROWS = 100; // of the table, for each method

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "What it rests on", name: "explain", lead: "Which places of the example count for an answer, by one method, or by two side by side. Methods disagree, and some show the example more than the network: read first whether each can be believed." });
  const choose = (first, second) => state.set({ method: [first, second].filter(Boolean).join(","), node: undefined });
  const controls = {
    method: choice("Method", {}, "", (method) => choose(method, methods()[1])),
    beside: choice("Beside it", {}, "", (method) => choose(methods()[0], method)),
    target: choice("Explained", {}, "", (target) => state.set({ target })),
    node: choice("Layer", {}, "", (node) => state.set({ node })),
    least: slider("Minimum", { min: 0, max: 100, value: 0, shown: percent }, (least) => state.set({ least })),
    most: slider("Maximum", { min: 1, max: 100, value: 100, shown: percent }, (most) => state.set({ most })),
    opacity: slider("Opacity", { min: 0, max: 100, value: 60, shown: percent }, (opacity) => state.set({ opacity })),
  };
  view.controls.append(...Object.values(controls).map((each) => each.element));
  const pick = (row, column) => isRegional && state.set({ at: `${row},${column}` });
  const image = plane({ label: "The example", side: 300 });
  const maps = ["The map", "The second map"].map((which) => attribution(which, pick));
  const checked = new Map(); // what checks said that were asked for here
  const running = new Set();
  let isRegional = false;
  let isPlaced = false; // whether the place of the link is what is explained
  let answers = /** @type {any[]} */ ([]);
  /** The methods that are asked for: one, or two that differ. */
  const methods = () => [...new Set(state.get().method.split(","))].filter(Boolean).slice(0, 2);

  const draw = ({ found, instead }) => {
    answers = found;
    const now = state.get();
    const [{ values, arrays }] = answers;
    isRegional = Boolean(arrays.region);
    const [first, second = ""] = answers.map((each) => each.values.method);
    controls.method.set(first, values.methods);
    controls.beside.set(second, [["", "nothing"], ...Object.entries(values.methods).filter(([name]) => name !== first)]);
    controls.target.set(now.target, [["", `its own answer (${values.target})`], ...values.targets.map((name) => [name, name])]);
    const layered = answers.find((each) => CAM.includes(each.values.method));
    controls.node.element.hidden = !layered;
    const last = layered?.values.node && !now.node ? `the last with places (${layered.values.node})` : "the last with places";
    controls.node.set(now.node, [["", last], ...values.layers.map((name) => [name, name])]);
    view.instead(instead);
    view.say(answers.map(sentence).join(" "));
    const drawn = answers.flatMap((each, at) => (each.values.refused ? [] : [maps[at].parts(each, answers.length > 1)]));
    const given = [
      ...(arrays.pixels ? [part("The example", pixels(arrays.pixels))] : []),
      ...(isRegional && drawn.length ? [part("What is explained", region(arrays.region), values.target)] : [])];
    // of one method a row, of two a column each, so that equal things stand side by side
    view.drawing.replaceChildren(...(drawn.length > 1 && arrays.pixels ? [given, ...drawn].map((parts) => html("div", { class: "column" }, parts)) : [...given.slice(0, 1), ...drawn.flat(), ...given.slice(1)]));
    isPlaced = isRegional && !instead.length;
    paint();
    judge();
    view.table(() => rowsOf(answers.filter((each) => !each.values.refused)));
  };
  const paint = () => maps.slice(0, answers.length).forEach((each) => each.paint({ ...state.get(), at: isPlaced ? state.get().at : "" }));
  const pixels = ({ shape: [rows, columns], data }) => {
    image.update({ rows, columns, pixels: data });
    return image.element;
  };
  const region = ({ shape: [rows, columns], data }) => {
    const mask = plane({ label: "What is explained", side: 300 });
    mask.update({ rows, columns, values: data, colours: "grey", lo: 0, hi: 1 });
    return mask.element;
  };

  const keyOf = (method) => `${method}\n${state.get().node}`;
  const verdicts = html("div", { class: "more" });
  view.drawing.before(verdicts); // it is to be read before the maps
  const judge = () => verdicts.replaceChildren(html("div", { class: "methods" }, answers.filter((each) => !each.values.refused).map(({ values }) => {
    const said = checked.get(keyOf(values.method)) ?? values;
    const title = html("h2", {}, answers.length > 1 ? `Can ${values.title} be believed?` : "Can it be believed?");
    const notes = [...said.remarks ?? [], ...gapOf(values), ...values.notes].map((text) => html("p", { class: "note" }, `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`));
    if (said.error) return html("section", { class: "verdict" }, title, html("p", { class: "alert", role: "alert" }, said.error), notes);
    if (running.has(keyOf(values.method))) return html("section", { class: "verdict" }, title, html("p", { role: "status" }, "Checking on held-out examples; this takes seconds to a minute …"), notes);
    if (said.belief) return html("section", { class: `verdict${said.passed === false ? " alert" : ""}` }, title, html("p", { class: "plain" }, minus(`${said.belief}.`)), html("p", { class: "caption" }, `Measured over held-out examples, for the method on this network: it is the same for every example${isRegional ? " and place" : ""}.`), html("p", {}, minus(`${said.figures[0].toUpperCase()}${said.figures.slice(1)}.`)), notes);
    return html("section", { class: "verdict" }, title,
      html("p", {}, `${values.title} has not been checked on this run. Checking asks whether its maps change when the weights do, and whether what they point at matters; it takes seconds to a minute.`),
      html("button", { type: "button", click: () => check(values.method) }, "Check this method"), notes);
  })));
  let gone = false;
  async function check(method) {
    const key = keyOf(method);
    running.add(key);
    judge();
    try {
      checked.set(key, (await question(state.get(), method, { checks: 1 })).values);
    } catch (error) {
      checked.set(key, { error: error.message });
    }
    running.delete(key);
    if (!gone) judge();
  }

  const question = ({ run, image: name, target, node, at }, method, more = {}) => source.get(path("runs", run, "explain", name), { method, target, node: CAM.includes(method) ? node : "", at, ...more });
  /** Answers to what is asked; where the link asks for what is not there, those to the plain question, and what is wrong. */
  const ask = async (now) => {
    const asked = methods();
    const many = now.method.split(",").filter(Boolean).length;
    const instead = many > asked.length ? [`The link names ${many} methods; two that differ are shown side by side at most.`] : [];
    const all = (of, each) => Promise.all(each.map((method) => question(of, method)));
    try {
      return { found: await all(now, asked.length ? asked : [USUAL]), instead };
    } catch (error) {
      if (![now.target, now.node, now.at].some(Boolean) && now.method === USUAL) throw error;
      const plain = { ...now, target: "", node: "", at: "" };
      const found = await all(plain, asked).catch(() => all(plain, [USUAL])).catch(() => { throw error; });
      const wanted = Object.entries({ method: asked.join(), target: now.target, layer: now.node, place: now.at }).filter(([, value]) => value).map(([name, value]) => `${name} ${value}`);
      return { found, instead: [`The link asks for ${wanted.join(", ")}, which cannot be answered: ${error.message.replace(/^--/, "")}. Shown is ${found[0].values.target}, its own answer, by ${found.map((each) => each.values.title).join(" and ")}.`] };
    }
  };
  const asked = latest(ask, draw, view.fail);
  let last = "";
  const change = () => {
    const now = state.get();
    for (const name of ["least", "most", "opacity"]) controls[name].set(now[name]);
    const wanted = [now.method, now.target, now.node, now.at].join("\n");
    if (wanted === last) return paint();
    last = wanted;
    asked.run(now);
  };
  view.say("Computing the map …");
  const leave = state.subscribe(change);
  change();
  return () => { gone = true; asked.leave(); leave(); };
}

const percent = (value) => `${value} %`;

function sentence({ values }) {
  if (values.refused) return `${values.title} is refused here: ${values.refused}.`;
  return `${values.title}: what ${values.target} rests on, with a score of ${short(values.score)}; the map goes from ${short(values.minimum)} to ${short(values.maximum)}${values.node ? `, taken of layer ${values.node} (${sizes(values.of_layer)})${String(values.of_layer) === String(values.shape) ? "" : `, ${values.of_layer[0] < values.shape[0] ? "enlarged" : "brought"} to ${sizes(values.shape)}`}` : ""}.`;
}

const gapOf = ({ gap, score }) => (gap === null ? [] : [`Theory says what the map adds up to; it misses that by ${short(gap)}, ${short(Math.abs(100 * gap / (score || 1)))} % of the score.`]);

/** The places that count most, in words and numbers; of two methods one after the other. */
function rowsOf(answers) {
  const isMany = answers.length > 1;
  const rows = answers.flatMap(({ values: { title, letters }, arrays: { map: { shape, data } } }) => {
    const order = Array.from(data.keys()).sort((a, b) => Math.abs(data[b]) - Math.abs(data[a])).slice(0, MOST_ROWS);
    const where = (i) => (shape.length === 2 ? [Math.floor(i / shape[1]), i % shape[1]] : [letters.length ? `${i} ${letters[i]}` : i]);
    return order.map((i) => [...(isMany ? [title] : []), ...where(i), short(data[i])]);
  });
  const [first] = answers;
  const names = first?.arrays.map.shape.length === 2 ? ["row", "column"] : [first?.values.letters.length ? "letter" : "step"];
  const head = [...(isMany ? ["method"] : []), ...names, "counts"];
  return { head, right: head.map((_, at) => at).slice(isMany ? 1 : 0), rows };
}

export default { render };
