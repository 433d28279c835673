// The examples that a run is judged by, those that it got most wrong first: the way into everything else.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html } from "../draw/dom.js";
import { colourKey } from "../draw/answer.js";
import { card } from "../draw/card.js";
import { countsOf } from "../draw/counts.js";
import { choice, frame, part, toggle } from "../draw/frame.js";
import { plane } from "../draw/plane.js";
import { counted } from "../draw/format.js";
import { missing, named } from "../words.js";

const DEFAULTS = { sort: "worst", mistakes: false, from: 0, run: "", label: "", prediction: "", masks: "truth" };
const SHOWN = 48;
const MOST_NAMED = 20; // classes whose names stand beside a matrix

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "Examples and mistakes", name: "examples", lead: "Choose one to see what the network makes of it, layer by layer, down to single products." });
  const pick = (patch) => state.set({ ...patch, from: 0 });
  const controls = {
    sort: choice("Order", { worst: "most wrong first", stored: "as stored" }, DEFAULTS.sort, (sort) => pick({ sort })),
    label: choice("Class", { "": "any" }, "", (label) => pick({ label })),
    prediction: choice("Answer", { "": "any" }, "", (prediction) => pick({ prediction })),
    masks: choice("Masks", { truth: "the truth", both: "the answer, the truth outlined", none: "none" }, DEFAULTS.masks, (masks) => state.set({ masks })),
    mistakes: toggle("mistakes only", false, (mistakes) => pick({ mistakes })),
  };
  let shown = 0; // from where on
  const before = html("button", { type: "button", click: () => state.set({ from: Math.max(0, shown - SHOWN) }) }, "Previous");
  const after = html("button", { type: "button", click: () => state.set({ from: shown + SHOWN }) }, "Next");
  const own = html("input", { type: "file", "aria-label": "A file of your own", change: () => own.files[0] && model.keep?.(own.files[0]).catch((error) => trouble.replaceChildren(html("p", { class: "alert", role: "alert" }, error.message))) });
  const trouble = html("div");
  const ownName = html("span", {}, "A file of your own, or drop it on the page");
  const all = html("button", { type: "button", click: () => pick({ label: undefined, prediction: undefined, mistakes: undefined }) }, "Show all again");
  const facts = html("div", { class: "facts" });
  view.controls.append(...Object.values(controls).map((each) => each.element), all, html("div", { class: "player" }, before, after), ...(model.keep ? [html("div", { class: "control" }, ownName, own)] : []));
  view.controls.after(trouble);
  for (const name of ["label", "prediction", "masks"]) controls[name].element.hidden = true;
  all.hidden = true;

  let offered = "";
  const offer = (values) => {
    controls.mistakes.element.hidden = values.mistakes === null;
    controls.masks.element.hidden = !values.masks;
    for (const name of ["label", "prediction"]) controls[name].element.hidden = !values.chosen_by.includes(name);
    const names = values.names.join("\n");
    if (names === offered) return;
    offered = names;
    for (const name of ["label", "prediction"]) controls[name].set(state.get()[name], [["", "any"], ...values.names.map((each) => [each, each])]);
  };
  const ask = async ({ run, sort, mistakes, from, label, prediction, masks }) => {
    const of = (first) => source.get(`${path("runs", run)}/images`, { sort, from: first, n: SHOWN, only: mistakes ? "mistakes" : "", label, prediction, masks: masks === "none" ? "" : masks });
    const answer = await of(from);
    const { count } = answer.values;
    return from < count || !count ? { ...answer, first: count ? from : 0 } : { ...(await of(lastOf(count))), first: lastOf(count) };
  };
  const asked = latest(
    ask,
    ({ values, arrays, first }) => {
      const now = { ...state.get(), from: first };
      shown = first;
      view.instead(absent(values, state.get(), first));
      const noun = { image: "image", signal: "signal", volume: "volume" }[values.kind];
      if (own.parentElement) own.parentElement.hidden = !noun;
      ownName.textContent = `A file with ${noun === "image" ? "an" : "a"} ${noun} of your own, or drop it on the page`;
      all.hidden = !now.label && !now.prediction && !now.mistakes;
      offer(values);
      before.disabled = now.from === 0;
      after.disabled = now.from + SHOWN >= values.count;
      view.say(sentence(values, now));
      const cards = values.rows.map((row, at) => card(row, at, { arrays, figure: values.figure, href: state.href({ image: row.image, view: "classes" }) }));
      const told = [values.kind === "volume" && "The slice in the middle of each.", arrays.truth && values.of_objects && "Each object has a colour.", arrays.predicted && "Filled: the answer; outlined: the truth."].filter(Boolean).join(" ");
      const key = told || arrays.truth ? html("p", { class: "caption" }, arrays.truth && !values.of_objects ? colourKey(values.names) : "", told) : "";
      view.drawing.replaceChildren(key, html("ul", { class: "gallery" }, cards), facts);
      view.more.replaceChildren(...values.warnings.map((text) => html("p", { class: "alert" }, text)));
      const columns = Object.keys(values.rows[0] ?? {}).filter((name) => !["image", "right"].includes(name) && (name !== "figure" || values.figure));
      view.table(() => ({ head: columns.map((name) => (name === "figure" ? values.figure : name)), rows: values.rows.map((row) => columns.map((name) => row[name])) }));
    },
    view.fail);

  const draw = () => {
    const now = state.get();
    trouble.replaceChildren();
    for (const [name, control] of Object.entries(controls)) control.set(now[name]);
    if (now.masks === "both") view.say("Computing the masks …");
    asked.run(now);
  };
  const counts = latest(({ run }) => source.get(`${path("runs", run)}/counts`), ({ values, arrays }) => {
    facts.replaceChildren(part("Examples of each split", html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Examples of each split" }, countsOf(values, (label) => pick({ label }))),
      values.names.length && values.splits[values.split].classes ? "Bars: the share of the class in its split; numbers: how many examples. A class shows its examples alone." : ""), ...(arrays.confusion ? [confused(values, arrays.confusion)] : []));
  }, () => facts.replaceChildren()); // what is wrong with the set is told in place of the list
  const confused = ({ names }, { data }) => {
    const size = names.length;
    const choose = (row, column) => pick({ label: names[row], prediction: names[column] });
    const matrix = plane({ label: "Which class was taken for which", side: 380, onPick: choose });
    matrix.update({ rows: size, columns: size, values: Float32Array.from(data), lo: 0 });
    const wrong = Array.from(data.keys()).filter((i) => Math.floor(i / size) !== i % size && data[i]).sort((a, b) => data[b] - data[a]).slice(0, 10);
    const said = wrong.map((i) => html("li", {}, html("button", { type: "button", click: () => choose(Math.floor(i / size), i % size) }, `${names[Math.floor(i / size)]} taken for ${names[i % size]}: ${data[i]}`)));
    return part("Which class was taken for which", html("div", { class: "confused" }, size > MOST_NAMED ? matrix.element : html("div", { class: "matrix" }, html("span"), along("answers", names), along("classes", names), matrix.element), html("ul", {}, said)), "Row: the class; column: the answer. A cell shows its examples alone.");
  };
  view.say("Reading the set …");
  const leave = state.subscribe(draw);
  draw();
  counts.run(state.get());
  return () => { asked.leave(); counts.leave(); leave(); };
}

/** The names of the rows or of the columns of a matrix. @param {string} which @param {string[]} names */
const along = (which, names) => html("ol", { class: `${which} ${names.some((name) => name.length > 3) ? "long" : ""}` }, names.map((name) => html("li", { title: name }, name.length > 12 ? `${name.slice(0, 11)}…` : name)));

const lastOf = (count) => SHOWN * Math.floor((count - 1) / SHOWN); // where the last examples of a list begin

/** What a link asks for that is not there. @returns {string[]} */
function absent({ names, chosen_by, count }, asked, first) {
  const classes = ["label", "prediction"].filter((name) => chosen_by.includes(name) && asked[name] && !names.includes(asked[name]));
  return [
    ...classes.map((name) => missing(`the ${name === "label" ? "class" : "answer"} “${asked[name]}”`, `the classes are ${named(names, 12)}`, "no example")),
    count && asked.from !== first ? missing(`examples from ${(asked.from + 1).toLocaleString("en")} on`, `there are ${count.toLocaleString("en")}`, "the end of the list") : "",
  ].filter(Boolean);
}

/** How many examples there are, how many are chosen by what, and which of them are shown. */
function sentence(values, { from, label, prediction, mistakes }) {
  const rate = values.mistakes === null ? "" : `, of which ${values.mistakes.toLocaleString("en")} were answered wrongly`;
  const [isWrong, answer] = [mistakes && values.mistakes !== null, values.chosen_by.includes("prediction") ? prediction : ""];
  const answered = isWrong ? `answered wrongly${answer && `, with ${answer}`}` : answer && `answered with ${answer}`;
  const chosen = [label && values.chosen_by.includes("label") && `of the class ${label}`, answered].filter(Boolean);
  const those = isWrong && chosen.length === 1 && !answer ? " These alone are listed." : chosen.length ? ` ${values.count.toLocaleString("en")} of them ${values.count === 1 ? "is" : "are"} ${chosen.join(" and ")}.` : "";
  const unknown = mistakes && values.mistakes === null ? " It is not known which of them are mistakes." : "";
  const end = Math.min(from + SHOWN, values.count);
  return `${counted(values.examples, "example")} of the ${values.split} split${rate}.${those}${unknown} Shown: ${end > from ? `${(from + 1).toLocaleString("en")} to ${end.toLocaleString("en")}` : "none"}.`;
}

export default { render };
