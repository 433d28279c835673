// The answer to one example: the probability of every class, and what a temperature makes of them.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html } from "../draw/dom.js";
import { answerOf, bars, likely } from "../draw/answer.js";
import { lines } from "../draw/line.js";
import { short } from "../draw/format.js";
import { frame, part, slider } from "../draw/frame.js";
import { plane } from "../draw/plane.js";

const DEFAULTS = { temperature: 1, slice: -1, run: "", image: "" }; // of a volume the slice, -1: in the middle
const BARS = 20;

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "The answer", name: "answer", lead: "What the network answers to this example, and what is so, where that is known." });
  const power = (value) => 10 ** value;
  const temperature = slider("Temperature", { min: -1, max: 1, step: 0.02, value: 0, shown: (value) => power(value).toFixed(2) }, (value) => state.set({ temperature: Number(power(value).toFixed(2)) }));
  const text = html("textarea", { rows: 2, "aria-label": "A text of your own" });
  const ask = html("div", { class: "control own" }, html("span", {}, "A text of your own"), text,
    html("button", { type: "button", click: () => text.value && model.keep?.(new Blob([text.value], { type: "text/plain" })).catch(view.fail) }, "Ask"));
  ask.hidden = true;
  const slice = slider("Slice", { min: 0, max: 0, value: 0 }, (at) => state.set({ slice: at }));
  const signal = lines({ label: "The signal", x: "step" });
  view.controls.append(temperature.element, slice.element, ask);
  const image = plane({ label: "The example", side: 300 });
  let answer = null;

  const show = () => {
    if (!answer) return;
    const now = state.get();
    if (!(now.temperature > 0)) now.temperature = 1; // a link may say anything
    temperature.set(Math.log10(now.temperature));
    const { values, arrays } = answer;
    const parts = [];
    if (arrays.pixels) {
      const [rows, columns] = arrays.pixels.shape;
      image.update({ rows, columns, pixels: arrays.pixels.data });
      parts.push(part(values.id, image.element, values.slices ? `slice ${values.slice} of ${values.slices}, counted from 0` : values.label === null ? "" : `labelled ${values.label}`));
    }
    let drawSignal = () => {};
    if (arrays.signal) {
      parts.push(part(values.id, signal.element, values.label === null ? "" : `labelled ${values.label}`));
      const [channels, steps] = arrays.signal.shape;
      drawSignal = () => signal.update(Array.from({ length: channels }, (_, at) => ({ name: channels > 1 ? `channel ${at}` : "signal", x: arrays.steps.data, y: arrays.signal.data.subarray(at * steps, (at + 1) * steps) })));
    }
    if (values.letters.length) parts.push(part(values.id, html("p", { class: "number own-text" }, values.letters.join(values.letters.some((letter) => letter.length > 1) ? " " : "")), values.label === null ? "" : `labelled ${values.label}`));
    ask.hidden = !values.letters.length || !model.keep;
    view.more.replaceChildren(...values.notes.map((text) => html("p", { class: "note" }, text)));
    temperature.element.hidden = !values.classes.length || !arrays.logits;
    slice.element.hidden = !values.slices;
    if (values.slices) slice.set(values.slice, { max: values.slices - 1 });
    view.controls.hidden = temperature.element.hidden && ask.hidden && slice.element.hidden;
    if (temperature.element.hidden) {
      const told = answerOf(answer);
      view.say(`${values.id}: ${told.said}.`);
      view.drawing.replaceChildren(...parts, ...told.parts);
      drawSignal();
      view.table(() => told.table);
      return;
    }
    const logits = Array.from(arrays.logits.data);
    if (!logits.every(Number.isFinite)) {
      view.say(`The network gives no answer to ${values.id}: ${logits.filter((logit) => !Number.isFinite(logit)).length} of its ${logits.length} last numbers are not finite.`);
      view.drawing.replaceChildren(...parts);
      view.table(() => ({ head: ["class", "logit"], right: [1], rows: values.classes.map((name, at) => [name, short(logits[at])]) }));
      return;
    }
    const chances = softmax(logits, now.temperature);
    const order = chances.map((_, at) => at).sort((a, b) => logits[b] - logits[a]);
    const first = order[0];
    const usual = softmax(logits, 1)[first];
    view.say(`${values.classes[first]}, ${likely(chances[first])}${now.temperature === 1 ? "" : ` at temperature ${now.temperature} (${likely(usual)} at 1)`}${values.label === null ? "" : values.label === values.classes[first] ? ", as labelled" : `; labelled ${values.label}`}.`);
    view.drawing.replaceChildren(...parts, part("Probabilities", bars(order.slice(0, BARS).map((at) => ({ name: values.classes[at], chance: chances[at], logit: logits[at], isTrue: values.classes[at] === values.label }))),
      order.length > BARS ? `The ${BARS} most probable of ${order.length} classes.` : "Filled: the class of the label. The softmax makes these of the network's last numbers; a temperature above 1 flattens them, one below 1 sharpens them."));
    view.table(() => ({ head: ["class", "logit", "probability", `at temperature ${now.temperature}`], right: [1, 2, 3],
      rows: order.map((at) => [values.classes[at], short(logits[at]), likely(softmax(logits, 1)[at]), likely(chances[at])]) }));
    drawSignal();
  };
  const asked = latest(({ run, image: name, slice: at }) => source.get(path("runs", run, "images", name), { slice: at < 0 ? "" : at }), (next) => { answer = next; show(); }, (error) => {
    view.fail(error);
    source.get(path("runs", state.get().run)).then(({ values }) => (ask.hidden = values.input?.noun !== "text" || !model.keep), () => {}); // a text that is not kept can be typed again
  });
  view.say("Computing the answer …");
  const leave = state.subscribe(() => (answer?.values.slices ? asked.run(state.get()) : show()));
  asked.run(state.get());
  return () => { asked.leave(); leave(); };
}

function softmax(logits, temperature) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - most) / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}


export default { render };
