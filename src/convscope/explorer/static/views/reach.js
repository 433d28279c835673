// What one unit of a stack of convolutions sees of a picture: exactly, also at the borders; and the rule with its numbers.
import { bind } from "../state.js";
import { html, svg } from "../draw/dom.js";
import { counted } from "../draw/format.js";
import { choice, frame, player, slider, table } from "../draw/frame.js";
import { live } from "../draw/live.js";
import { plane } from "../draw/plane.js";
import { fields, follow, formatStack, parseStack, seen, unread } from "../stack.js";
import { landscape } from "../landscape.js";
import { OWN, bytes, ownPicture, pictureOf } from "../picture.js";
import { missing, named, windowText } from "../words.js";

const DEFAULTS = { sample: "landscape", layers: "c1k3,c1k5s2", change: "all", row: -1, column: -1, opacity: 0.7 };
const STACKS = { "c1k3,c1k5s2": "3×3, then 5×5 with stride 2", "c1k3p1,c1k3p1,c1k3p1,c1k3p1,c1k3p1": "five of 3×3", "c1k7s2p3,mk3s2p1,c1k3p1,c1k3p1,c1k3p1,c1k3p1,c1k3s2p1,c1k3p1": "the first layers of ResNet-18", "c1k3p1,c1k3d2p2,c1k3d4p4,c1k3d8p8": "dilated 1, 2, 4, 8" };
const LIMITS = { kernel: [1, 15], stride: [1, 4], padding: [0, 8], dilation: [1, 8] };
const [MOST, SIDE] = [12, 256]; // layers; pixels of the longer side of one's own picture
const all = (value) => [value, value];

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const drawn = landscape();
  let picture = drawn;
  const view = frame(el, { title: "Receptive field", name: "reach", lead: "A unit of the last layer is computed from a part of the picture only: its receptive field. Click into the picture to choose another unit; all that it does not see is covered." });
  const layers = () => { const parsed = parseStack(state.get().layers).filter(({ kind }) => kind !== "f"); return parsed.length ? parsed : parseStack(DEFAULTS.layers); };
  const own = ownPicture(model, SIDE, () => (state.get().sample === OWN ? draw() : state.set({ sample: OWN, row: -1, column: -1 })), (error) => view.say(/** @type {Error} */ (error).message));
  const sample = choice("Picture", { landscape: "landscape", [OWN]: OWN }, DEFAULTS.sample, (name) => state.set({ sample: name, row: -1, column: -1 }));
  const chosen = (count) => Math.min(count - 1, Number(state.get().change) - 1 || 0);
  const stack = choice("Stack", { ...STACKS, own: "your own" }, DEFAULTS.layers, (text) => STACKS[text] && state.set({ layers: text, change: "all", row: -1, column: -1 }));
  const many = slider("Layers", { min: 1, max: MOST, value: 2 }, (count) => {
    const now = layers();
    state.set({ layers: formatStack(Array.from({ length: count }, (_, at) => now[Math.min(at, now.length - 1)])), row: -1, column: -1, change: state.get().change === "all" ? "all" : String(Math.min(count, Number(state.get().change))) });
  });
  const which = choice("Change", {}, "all", (change) => state.set({ change }));
  const turns = Object.keys(LIMITS).map((name) => ({ name, slider: slider(name[0].toUpperCase() + name.slice(1), { min: LIMITS[name][0], max: LIMITS[name][1], value: 1 }, (value) => {
    const now = layers();
    state.set({ layers: formatStack(now.map((layer, at) => (state.get().change === "all" || at === chosen(now.length) ? { ...layer, [name]: all(value) } : layer))), row: -1, column: -1 });
  }) }));
  const cover = slider("Cover", { min: 0, max: 1, step: 0.05, value: 0.7, shown: (value) => `${Math.round(100 * value)} %` }, (opacity) => state.set({ opacity }));
  let sides = [1, 1];
  let unit = [0, 0];
  const walk = player(el, { what: "unit", count: () => sides[0] * sides[1], get: () => unit[0] * sides[1] + unit[1], set: (at) => state.set({ row: Math.floor(at / sides[1]), column: at % sides[1] }) });
  view.controls.append(sample.element, own.element, stack.element, many.element, which.element, ...turns.map((each) => each.slider.element), cover.element, walk.element);
  let pick = (row, column) => {};
  const image = plane({ label: "Picture", side: Math.min(512, el.clientWidth || 512), onPick: (row, column) => pick(row, column) });
  const [levelled, rule] = [html("div"), html("div")];
  const figures = [image.element, levelled, rule].map(live);
  view.drawing.append(...figures.map((each) => each.element));

  const draw = () => {
    const now = state.get();
    const asked = layers();
    const strange = [...unread(now.layers), ...parseStack(now.layers).filter(({ kind }) => kind === "f").map((layer) => formatStack([layer]))];
    view.instead(strange.length ? [missing(`the layers “${named(strange)}”`, "a layer of windows is written as c1k3s2p1 or mk2, with commas between", formatStack(asked))] : []);
    try {
      picture = now.sample === OWN ? shown(pictureOf(own)) : drawn;
    } catch (error) {
      return view.say(error.message);
    }
    sample.set(now.sample === OWN ? OWN : DEFAULTS.sample);
    const steps = follow([1, picture.rows, picture.columns], asked);
    stack.set(STACKS[now.layers] ? now.layers : "own");
    many.set(asked.length);
    which.set(now.change, { all: "all layers", ...Object.fromEntries(asked.map((layer, at) => [String(at + 1), `layer ${at + 1}: ${windowText(layer)}`])) });
    const layer = asked[now.change === "all" ? 0 : chosen(asked.length)];
    for (const { name, slider: each } of turns) each.set(layer[name][0] ?? 0, { max: Math.max(LIMITS[name][1], layer[name][0] ?? 0) });
    cover.set(now.opacity);
    rule.replaceChildren(rules(asked, steps));
    figures[2].set("The rule", "R = R of the layer before + (kernel − 1)·dilation·step; the step is the product of all strides before.");
    const broken = steps.find((step) => step.fault);
    if (broken) {
      view.say(`Layer ${steps.indexOf(broken) + 1} does not fit: ${broken.fault}.`);
      figures.slice(0, 2).forEach((each) => each.set(""));
      return;
    }
    sides = steps.at(-1).shape.slice(1);
    unit = [now.row, now.column].map((at, axis) => (at < 0 ? Math.floor((sides[axis] - 1) / 2) : Math.min(sides[axis] - 1, Math.round(at))));
    const levels = [0, 1].map((axis) => seen(steps.map((step) => step.windows[axis]), unit[axis]));
    const [rows, columns] = levels.map((each) => each[0]);
    const { size, step } = fields(asked, 0).at(-1);
    const start = steps.reduce(({ start: from, jump }, { windows: [window] }) => ({ start: from - window.before * jump, jump: jump * window.stride }), { start: 0, jump: 1 }).start;
    pick = (row, column) => {
      const [y, x] = [row, column].map((place, axis) => Math.min(sides[axis] - 1, Math.max(0, Math.round((place - start - (size - 1) / 2) / step))));
      state.set({ row: y, column: x });
    };
    const shade = new Uint8Array(picture.rows * picture.columns);
    for (const row of rows) for (const column of columns) shade[row * picture.columns + column] = 1;
    const marks = rows.length && columns.length ? [{ row: rows[0], column: columns[0], height: rows.at(-1) - rows[0] + 1, width: columns.at(-1) - columns[0] + 1 }] : [];
    image.update({ ...picture, shade, opacity: now.opacity, marks });
    const [high, wide] = unit.map((at) => Math.round(start + at * step + (size - 1) / 2));
    image.cursor = { row: Math.min(picture.rows - 1, Math.max(0, high)), column: Math.min(picture.columns - 1, Math.max(0, wide)), jump: [step, step] };
    const used = whole(asked, size);
    const cut = rows.length < used || columns.length < used;
    const count = rows.length * columns.length;
    view.say(`Unit ${unit.join(", ")} of ${sides.join("×")}: its field is ${size}×${size}${used < size ? `, with holes: ${used} places each way` : ""}; it sees ${rows.length}×${columns.length} = ${counted(count, "pixel")} of ${(picture.rows * picture.columns).toLocaleString("en")} (${Number(((100 * count) / picture.rows / picture.columns).toPrecision(3))} %)${cut ? "; the rest of its field lies outside the picture" : ""}.`);
    levelled.replaceChildren(pyramid(levels[1], steps));
    figures[0].set(`Picture ${picture.rows}×${picture.columns}`, `Arrow keys move the place; the unit whose field is centred nearest is shown.${now.sample === OWN ? ` ${own.picture.said}` : ""}`);
    figures[1].set("Layer by layer, across");
    view.table(() => ({ head: ["layer", "window", "size", "R", "step"], right: [2, 3, 4], rows: steps.map((each, at) => [at + 1, windowText(asked[at]), each.shape.slice(1).join("×"), fields(asked, 0)[at].size, fields(asked, 0)[at].step]) }));
  };
  const leave = state.subscribe(draw);
  draw();
  return () => { walk.stop(); leave(); };
}

/** A picture as a plane shows it. @param {import("../picture.js").Picture} picture */
const shown = ({ channels, height, width }) => ({ rows: height, columns: width, pixels: bytes(channels.length > 1 ? channels : [channels[0], channels[0], channels[0]]) });

/** How many places of a field of this size are used: with holes between dilated weights fewer than its size. */
function whole(layers, size) {
  let places = new Set([0]);
  for (const layer of [...layers].reverse()) {
    places = new Set([...places].flatMap((at) => Array.from({ length: layer.kernel[0] }, (_, k) => at * layer.stride[0] + k * layer.dilation[0])));
    if (places.size >= size) break;
  }
  return Math.min(size, places.size);
}

function rules(layers, steps) {
  const found = fields(layers, 0);
  return table({ head: ["layer", "R", "step"], right: [2], rows: layers.map((layer, at) => {
    const { size, step, before } = found[at];
    const dilation = layer.dilation[0] > 1 ? `·${layer.dilation[0]}` : "";
    return [`${at + 1}  ${windowText(layer)}${steps[at]?.fault || !steps[at] ? " (does not fit)" : ""}`, `${before.size} + (${layer.kernel[0]} − 1)${dilation}·${before.step} = ${size}`, step];
  }) });
}

/** Each level as a line as long as the picture is wide, and on it what the unit depends on. */
function pyramid(levels, steps) {
  const [width, row, left] = [300, 34, 56];
  const sides = [steps[0].before[2], ...steps.map((step) => step.shape[2])];
  const height = levels.length * row;
  const y = (at) => (levels.length - 1 - at) * row + 20;
  const edge = (level, at, end) => left + ((end ? at.at(-1) + 1 : at[0]) / sides[level]) * width;
  return svg("svg", { class: "chart", width: left + width + 10, height, viewBox: `0 0 ${left + width + 10} ${height}`, role: "img", "aria-label": "What the unit depends on in each layer" },
    levels.map((places, level) => {
      const below = level ? levels[level - 1] : [];
      return [
        below.length && places.length ? svg("path", { class: "cone", d: `M${edge(level, places, false)} ${y(level)}L${edge(level, places, true)} ${y(level)}L${edge(level - 1, below, true)} ${y(level - 1)}L${edge(level - 1, below, false)} ${y(level - 1)}z` }) : "",
        svg("line", { x1: left, x2: left + width, y1: y(level), y2: y(level), class: "axis" }),
        places.length ? svg("rect", { x: edge(level, places, false), y: y(level) - 4, width: Math.max(2, edge(level, places, true) - edge(level, places, false)), height: 8, class: "bar true" }) : "",
        svg("text", { x: 0, y: y(level) + 4 }, level ? `layer ${level}` : "picture"),
        svg("text", { x: left, y: y(level) - 8, class: "faint" }, `${places.length} of ${sides[level]}`),
      ];
    }));
}

export default { render };
