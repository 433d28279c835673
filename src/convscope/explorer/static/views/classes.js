// The answer to one example: the probability of every class, and what a temperature makes of them.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html, svg } from "../draw/dom.js";
import { short } from "../draw/format.js";
import { frame, part, slider, table as tableOf } from "../draw/frame.js";
import { plane } from "../draw/plane.js";

const DEFAULTS = { temperature: 1, run: "", image: "" };
const BARS = 20;

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "The answer", name: "answer", lead: "What the network says of the example. Of classes, the probabilities under a temperature: above 1 it flattens them, below 1 it sharpens them." });
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
    if (values.letters.length) parts.push(part("Text", html("p", { class: "letters" }, values.letters.join("")), ""));
    if (!values.classes.length || !arrays.logits) {
      const { sentence, more, rows } = other(values, arrays);
      view.say(`The answer to ${values.id}: ${sentence}.`);
      view.controls.hidden = true;
      view.drawing.replaceChildren(...(more.length && more[0].over ? [more[0].element] : parts), ...more.filter((each) => !each.over).map((each) => each.element));
      view.table(() => rows);
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
const COLOURS = [[0, 0, 0], [255, 140, 30], [40, 200, 255], [255, 80, 180], [130, 220, 60], [160, 120, 255], [255, 225, 70]];

/** What a network answers that tells no classes of the whole example apart: points, masks, labels or numbers. */
function other(values, arrays) {
  const { points, numbers, units, probabilities, shares, objects } = values.answer ?? {};
  if (arrays.mask) {
    const names = Object.keys(shares);
    const counted = objects === undefined ? "" : `; ${objects} ${objects === 1 ? "object" : "objects"}`;
    const shown = [["What the network says", arrays.mask], ...(arrays.truth ? [["As labelled", arrays.truth]] : [])].map(([title, mask], at) => ({ over: at === 0, element: part(title, masked(arrays.pixels, mask)) }));
    const both = { over: true, element: html("div", { class: "drawing" }, shown.map((each) => each.element), html("p", { class: "keys" }, names.slice(1).map((name, at) => html("span", {}, swatch(at + 1), ` ${name}`)))) };
    return { sentence: names.map((name) => `${name} ${percent(shares[name])}`).join(", ") + counted, more: [both], rows: { head: ["class", "share of the pixels"], right: [1], rows: names.map((name) => [name, percent(shares[name])]) } };
  }
  if (points && arrays.pixels) {
    const [rows, columns] = arrays.pixels.shape;
    const drawn = plane({ label: "Points on the example", side: 400 });
    const size = Math.max(rows, columns) / 60;
    const at = ([x, y], kind) => ({ row: y - size / 2, column: x - size / 2, height: size, width: size, kind });
    const truth = (values.truth ?? []).filter((pair) => Array.isArray(pair) && pair.every(Number.isFinite));
    drawn.update({ rows, columns, pixels: arrays.pixels.data, marks: [...truth.map((pair) => at(pair, "soft")), ...Object.values(points).map((pair) => at(pair, ""))] });
    return { sentence: `${Object.keys(points).length} points${truth.length ? "; dashed: as labelled" : ""}`, more: [{ over: true, element: part(values.id, drawn.element) }],
      rows: { head: ["point", "x", "y"], right: [1, 2], rows: Object.entries(points).map(([name, [x, y]]) => [name, short(x), short(y)]) } };
  }
  if (numbers) {
    const row = ([name, value], at) => [name, `${short(value)} ${units?.[name] ?? ""}`, values.truth ? short([values.truth].flat()[at]) : ""];
    const rows = { head: ["quantity", "the network says", "labelled"], right: [1, 2], rows: Object.entries(numbers).map(row) };
    return { sentence: rows.rows.map(([name, value]) => `${name} ${value}`).join(", "), more: [{ over: false, element: tableOf(rows) }], rows };
  }
  const entries = Object.entries(probabilities ?? {});
  const labels = values.answer?.labels ?? [];
  const rows = { head: ["label", "probability"], right: [1], rows: entries.map(([name, chance]) => [name, percent(chance)]) };
  return { sentence: labels.length ? labels.join(", ") : "none of the labels", rows,
    more: entries.length ? [{ over: false, element: part("Probabilities", bars(entries.map(([name, chance]) => ({ name, chance, isTrue: labels.includes(name) }))), "Filled: the labels that are given.") }] : [] };
}

function masked(pixels, mask) {
  const [rows, columns] = mask.shape;
  const painted = new Uint8ClampedArray(rows * columns * 3);
  for (let at = 0; at < rows * columns; at++) {
    const number = mask.data[at];
    const colour = COLOURS[1 + ((number - 1) % (COLOURS.length - 1))];
    for (let c = 0; c < 3; c++) painted[3 * at + c] = number ? 0.5 * pixels.data[3 * at + c] + 0.5 * colour[c] : pixels.data[3 * at + c];
  }
  const drawn = plane({ label: "The class of every pixel, over the image", side: 360 });
  drawn.update({ rows, columns, pixels: painted });
  return drawn.element;
}

const swatch = (number) => svg("svg", { width: 14, height: 10, viewBox: "0 0 14 10", "aria-hidden": "true" }, svg("rect", { width: 14, height: 10, fill: `rgb(${COLOURS[1 + ((number - 1) % (COLOURS.length - 1))].join(" ")})` }));

function bars(rows) {
  const [height, left, width] = [22, Math.min(150, 12 + 7 * Math.max(...rows.map(({ name }) => name.length))), 200];
  return svg("svg", { class: "chart", width: left + width + 70, height: rows.length * height + 6, viewBox: `0 0 ${left + width + 70} ${rows.length * height + 6}`, role: "img", "aria-label": "Probability of each class" },
    rows.map(({ name, chance, isTrue }, at) => [
      svg("text", { x: left - 8, y: at * height + 16, "text-anchor": "end" }, name.length > 22 ? `${name.slice(0, 21)}…` : name),
      svg("rect", { x: left, y: at * height + 4, width: Math.max(1, width * chance), height: height - 8, class: isTrue ? "bar true" : "bar" }),
      svg("text", { x: left + width * chance + 6, y: at * height + 16, class: "faint" }, percent(chance)),
    ]));
}

export default { render };
