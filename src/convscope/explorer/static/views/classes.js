// The answer to one example: the probability of every class, and what a temperature makes of them.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html, svg } from "../draw/dom.js";
import { short } from "../draw/format.js";
import { frame, part, slider } from "../draw/frame.js";
import { plane } from "../draw/plane.js";

const DEFAULTS = { temperature: 1, run: "", image: "" };
const BARS = 20;

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "The answer", name: "answer", lead: "The network's last numbers, and the probabilities that the softmax makes of them. A temperature above 1 flattens them, one below 1 sharpens them." });
  const power = (value) => 10 ** value;
  const temperature = slider("Temperature", { min: -1, max: 1, step: 0.02, value: 0, shown: (value) => power(value).toFixed(2) }, (value) => state.set({ temperature: Number(power(value).toFixed(2)) }));
  view.controls.append(temperature.element);
  const image = plane({ label: "The example", side: 300 });
  let answer = null;

  const show = () => {
    if (!answer) return;
    const now = state.get();
    temperature.set(Math.log10(now.temperature));
    const { values, arrays } = answer;
    const parts = [];
    if (arrays.pixels) {
      const [rows, columns] = arrays.pixels.shape;
      image.update({ rows, columns, pixels: arrays.pixels.data });
      parts.push(part(values.id, image.element, values.label === null ? "" : `labelled ${values.label}`));
    }
    if (values.letters.length) parts.push(part("Text", html("p", { class: "number" }, values.letters.join("")), ""));
    if (!values.classes.length || !arrays.logits) {
      view.say(`The answer to ${values.id}: ${said(values.answer)}.`);
      view.controls.hidden = true;
      view.drawing.replaceChildren(...parts);
      view.table(() => ({ head: ["", ""], rows: Object.entries(values.answer).map(([name, value]) => [name, JSON.stringify(value)]) }));
      return;
    }
    const logits = Array.from(arrays.logits.data);
    const chances = softmax(logits, now.temperature);
    const order = chances.map((_, at) => at).sort((a, b) => logits[b] - logits[a]);
    const first = order[0];
    const usual = softmax(logits, 1)[first];
    view.say(`${values.classes[first]}, ${percent(chances[first])}${now.temperature === 1 ? "" : ` at temperature ${now.temperature} (${percent(usual)} at 1)`}${values.label === null ? "" : values.label === values.classes[first] ? ", as labelled" : `; labelled ${values.label}`}.`);
    view.drawing.replaceChildren(...parts, part("Probabilities", bars(order.slice(0, BARS).map((at) => ({ name: values.classes[at], chance: chances[at], logit: logits[at], isTrue: values.classes[at] === values.label }))),
      order.length > BARS ? `The ${BARS} most probable of ${order.length} classes.` : "Filled: the class of the label."));
    view.table(() => ({ head: ["class", "logit", "probability", `at temperature ${now.temperature}`], right: [1, 2, 3],
      rows: order.map((at) => [values.classes[at], short(logits[at]), percent(softmax(logits, 1)[at]), percent(chances[at])]) }));
    view.more.replaceChildren(...values.notes.map((text) => html("p", { class: "note" }, text)));
  };
  const asked = latest(({ run, image: name }) => source.get(path("runs", run, "images", name)), (found) => { answer = found; show(); }, view.fail);
  view.say("Computing the answer …");
  const leave = state.subscribe(show);
  asked.run(state.get());
  return () => { asked.leave(); leave(); };
}

function softmax(logits, temperature) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - most) / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

const percent = (share) => `${(100 * share).toFixed(share > 0.0995 ? 1 : 2)} %`;
const said = (answer) => Object.entries(answer).filter(([name, value]) => value !== null && !["input", "error", "note"].includes(name)).map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ").slice(0, 200);

function bars(rows) {
  const [height, left, width] = [22, 150, 260];
  return svg("svg", { class: "chart", width: left + width + 70, height: rows.length * height + 6, viewBox: `0 0 ${left + width + 70} ${rows.length * height + 6}`, role: "img", "aria-label": "Probability of each class" },
    rows.map(({ name, chance, isTrue }, at) => [
      svg("text", { x: left - 8, y: at * height + 16, "text-anchor": "end" }, name.length > 22 ? `${name.slice(0, 21)}…` : name),
      svg("rect", { x: left, y: at * height + 4, width: Math.max(1, width * chance), height: height - 8, class: isTrue ? "bar true" : "bar" }),
      svg("text", { x: left + width * chance + 6, y: at * height + 16, class: "faint" }, percent(chance)),
    ]));
}

export default { render };
