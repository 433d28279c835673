// Every feature map of a layer, side by side; one of them large, whose numbers lead on to their products.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { bands } from "../draw/bands.js";
import { html } from "../draw/dom.js";
import { counted, exact, fitted, short } from "../draw/format.js";
import { choice, frame, part } from "../draw/frame.js";
import { legend, painted, plane } from "../draw/plane.js";
import { layerNames, missing, named } from "../words.js";

const DEFAULTS = { run: "", image: "", node: "", channel: 0, over: "layer", place: "" };
const SHOWN = 256; // maps at once
const MOST_LETTERS = 24; // that are written beside a number
const CELL = 60; // pixels of a cell in which a number has six digits
const OVER = { layer: "the whole layer", map: "each map", network: "the whole network" };

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "Feature maps", name: "maps", lead: "What each layer makes of the example. Choose a map to see it large, and a place in it to open that number." });
  const wide = el.clientWidth || 448;
  const around = wide < 460 ? 5 : 7; // cells of the part whose numbers are written
  let layers = [];
  let fields = new Map();
  let example = null;
  let shown = /** @type {any} */ (null); // the maps of the layer, as they were answered
  let sharp = /** @type {{key: string, data: Float32Array | null}} */ ({ key: "", data: null });
  const controls = {
    node: choice("Layer", {}, "", (node) => go({ node })),
    over: choice("Colours over the range of", OVER, "layer", (over) => state.set({ over })),
  };
  const go = ({ node, channel = 0 }) => state.set({ node, channel, place: "", at: undefined });
  const step = (by) => () => {
    const at = layers.findIndex((layer) => layer.name === current().node);
    go({ node: layers[Math.min(layers.length - 1, Math.max(0, at + by))]?.name });
  };
  const turn = (by) => () => state.set({ channel: Math.max(0, current().from + by * SHOWN) });
  const [earlier, later] = [html("button", { type: "button", click: turn(-1) }, "Earlier maps"), html("button", { type: "button", click: turn(1) }, "Later maps")];
  earlier.hidden = later.hidden = true;
  view.controls.append(html("button", { type: "button", click: step(-1) }, "Previous layer"), controls.node.element, html("button", { type: "button", click: step(1) }, "Next layer"), controls.over.element, earlier, later);

  /** What is shown: where the link asks for what is not there, something else, and it is said. */
  const current = () => {
    const now = state.get();
    const layer = layers.find(({ name }) => name === now.node) ?? layers[0];
    // An image of another size than the network was recorded with has maps of other sizes, too.
    const [count, ...space] = shown?.values.node === layer?.name ? shown.values.shape : layer?.shape.slice(1) ?? [1];
    const channel = Number.isInteger(now.channel) && now.channel >= 0 ? Math.min(count - 1, now.channel) : 0;
    const [rows, columns] = sides(space);
    const asked = /^\d+,\d+$/.test(now.place) ? now.place.split(",").map(Number) : [0, 0];
    const largest = now.place ? 0 : peakOf(layer?.name, channel);
    const place = !now.place ? [Math.floor(largest / columns), largest % columns] : [Math.min(rows - 1, asked[0]), Math.min(columns - 1, asked[1])];
    const said = [
      now.node && layer?.name !== now.node ? missing(`layer “${now.node}”`, `the network has ${named(layers.map(({ name }) => name))}`, `layer ${layer?.name}`) : "",
      channel !== now.channel ? missing(`map ${now.channel}`, `${layer?.name} has the maps 0 to ${count - 1}`, `map ${channel}`) : "",
      now.place && place.join() !== now.place ? missing(`place ${now.place}`, `its maps have rows 0 to ${rows - 1} and columns 0 to ${columns - 1}`, `place ${place.join(", ")}`) : "",
    ].filter(Boolean);
    return { ...now, node: layer?.name, channel, place, count, space, rows, columns, from: SHOWN * Math.floor(channel / SHOWN), said, isTurned: layer?.op === "embedding" };
  };

  /** Where a map is largest, so that there is something to see; 0 where it is not known yet. */
  const peakOf = (node, channel) => {
    if (shown?.values.node !== node) return 0;
    const at = channel - shown.values.from;
    const bytes = shown.arrays.maps.data.subarray(at * shown.size, (at + 1) * shown.size);
    return Math.max(0, bytes.indexOf(bytes.reduce((most, each) => Math.max(most, each), 0)));
  };

  const open = (row, column, channel = current().channel) => {
    const { node, space } = current();
    const at = [channel, ...(space.length === 3 ? [Math.floor(row / space[1]), row % space[1], column] : space.length === 2 ? [row, column] : space.length ? [column] : [])];
    if (model.go) state.go({ view: "trace", node, at: at.join(","), place: undefined, channel: undefined });
    else view.say(`${node} (${at.join(", ")}). cs.widgets.trace(run, x, "${node}", (${at.join(", ")})) opens it.`);
  };
  const move = (row, column) => state.set({ place: `${row},${column}` });
  const large = plane({ label: "The map", side: Math.min(448, wide), onPick: (row, column) => open(row, column), onMove: move, onHover: move });
  const corner = ({ place, rows, columns }) => [rows, columns].map((size, axis) => Math.max(0, Math.min(size - around, place[axis] - Math.floor(around / 2))));
  /** A place of the part that is zoomed into, as one of the map. @returns {[number, number]} */
  const within = (row, column) => {
    const [top, left] = corner(current());
    return [top + row, left + column];
  };
  const zoomed = plane({
    label: "The numbers around the place", cell: CELL,
    onPick: (row, column) => open(...within(row, column)),
    onMove: (row, column) => move(...within(row, column)),
  });
  /** A row and a column of the plane of a text or a signal as a map and a step; embeddings have a map for each token, which stands below it. */
  const stepped = (row, column) => (current().isTurned ? [current().from + column, row] : [current().from + row, column]);
  const along = bands({
    label: "All maps of the layer",
    onPick: (row, column) => { const [channel, step] = stepped(row, column); open(0, step, channel); },
    onMove: (row, column) => { const [channel, step] = stepped(row, column); state.set({ channel, place: `0,${step}` }); },
  });
  const reading = html("p", { class: "caption number", "aria-live": "polite" });
  const gallery = html("ul", { class: "maps", "aria-label": "All maps of the layer" });
  const key = html("div");
  const [title, caption] = [html("span"), html("span")];
  const [zoomTitle, zoomPart] = [html("span"), html("div", {}, zoomed.element)];
  const parts = { large: part(/** @type {any} */ (title), html("div", {}, large.element, key, reading), caption), zoomed: part(/** @type {any} */ (zoomTitle), zoomPart, "Choose a number to open it.") };
  let drawn = "";

  /** The values of a map, those that were rounded to 256 steps, and its range on the colours. */
  const valuesOf = (at) => {
    const { arrays, size } = shown;
    const bytes = arrays.maps.data.subarray(at * size, (at + 1) * size);
    const [low, high] = arrays.ranges.data.subarray(2 * at, 2 * at + 2);
    const odd = arrays.odd?.data.subarray(at * size, (at + 1) * size);
    return Float32Array.from(bytes, (byte, i) => (odd?.[i] ? NaN : low + (byte / 255) * (high - low)));
  };
  const limits = (at) => {
    const { over } = current();
    return over === "network" ? shown.values.network : over === "map" && shown.size > 1 ? shown.arrays.ranges.data.subarray(2 * at, 2 * at + 2) : shown.values.layer;
  };
  const mostOf = (at) => Math.max(...Array.from(shown.arrays.ranges.data.subarray(2 * at, 2 * at + 2), Math.abs));
  const isFaint = (at) => shown.size > 1 && shown.arrays.faint.data[at] === 1;

  const drawAll = (now) => {
    const known = [now.node, now.from, now.over].join("\n");
    if (known === drawn) return gallery.querySelectorAll("button").forEach((button, at) => button.setAttribute("aria-pressed", String(now.from + at === now.channel)));
    drawn = known;
    const { count, rows, columns } = shown;
    const scale = Math.max(1, Math.min(8, Math.floor(72 / Math.max(rows, columns)) || 1));
    earlier.hidden = later.hidden = now.count <= SHOWN;
    earlier.disabled = now.from === 0;
    later.disabled = now.from + count >= now.count;
    if (now.space.length !== 1) {
      gallery.replaceChildren(...Array.from({ length: count }, (_, at) => {
        const canvas = html("canvas", { width: columns, height: rows });
        canvas.style.width = `${Math.max(24, columns * scale)}px`;
        canvas.style.height = `${Math.max(24, rows * scale)}px`;
        const [lo, hi] = limits(at);
        canvas.getContext("2d").putImageData(painted({ rows, columns, values: valuesOf(at), lo, hi }), 0, 0);
        const [channel, faint] = [now.from + at, isFaint(at)];
        const number = shown.size === 1 ? html("span", { class: "value" }, fitted(valuesOf(at)[0], 48)) : faint ? " ≈ 0" : "";
        return html("li", {}, html("button", { type: "button", "aria-pressed": String(channel === now.channel), "aria-label": `Map ${channel}${faint ? ", nearly nothing" : ""}`, click: () => state.set({ channel }) }, canvas, String(channel), number));
      }));
      view.drawing.replaceChildren(parts.large, parts.zoomed, gallery);
    } else {
      view.drawing.replaceChildren(part("", html("div", {}, along.element, key, reading), caption));
      view.drawing.firstChild.classList.add("wide");
    }
    view.say(sentence(shown, now, isFaint));
    view.table(() => ({ head: ["map", "least", "largest", ""], right: [0, 1, 2], rows: Array.from({ length: count }, (_, at) => [now.from + at, short(shown.arrays.ranges.data[2 * at]), short(shown.arrays.ranges.data[2 * at + 1]), isFaint(at) ? "nearly nothing" : ""]) }));
  };

  const drawOne = (now) => {
    const at = now.channel - now.from;
    const isSharp = sharp.key === keyOf(now) && sharp.data;
    const values = isSharp || valuesOf(at);
    const [lo, hi] = limits(at);
    const [row, column] = now.place;
    const here = [now.channel, ...(now.space.length === 3 ? [Math.floor(row / now.space[1]), row % now.space[1], column] : now.space.length === 2 ? [row, column] : now.space.length ? [column] : [])];
    const value = values[row * now.columns + column];
    const symbols = now.space.length === 1 ? lettersSeen(now, column) : "";
    reading.textContent = `${now.node} (${here.join(", ")})${symbols ? `, over “${symbols}”` : ""}: ${isSharp ? (Number.isFinite(value) ? exact(value) : fitted(value, 60)) : `about ${short(value)}`}`;
    key.replaceChildren(legend(lo, hi, "sequential"));
    title.textContent = `Map ${now.channel}`;
    const range = `Colours over the range of ${now.over === "map" ? "this map" : OVER[now.over] ?? OVER.layer}.`;
    const faint = isFaint(at) ? ` Nearly nothing: at most ${short(mostOf(at))}, less than a hundredth of the layer's largest, ${short(shown.most)}.` : "";
    caption.textContent = `${now.space.length !== 1 ? "" : now.isTurned ? "A column is a token, which stands above it, a row one of its numbers. " : "A row is a map, a column a step; the input stands above on the same axis. "}${range}${faint} Choose a place to open its number; the arrow keys move, Enter opens.${sharp.key === keyOf(now) && !sharp.data ? " This saved page holds the numbers in 256 steps of their range." : ""}`;
    if (now.space.length === 1) {
      const input = { letters: example?.values.letters ?? [], signal: example?.arrays.signal };
      shown.all ??= allOf(shown, valuesOf, now.isTurned);
      if (now.isTurned) along.update({ ...input, rows: now.columns, columns: shown.count, values: shown.all, limits: () => shown.values.layer, first: 0, axis: { start: now.from + (fields.get(now.node)?.start ?? 0), stride: 1, size: 1 }, at: [column, at] });
      else along.update({ ...input, rows: shown.count, columns: now.columns, values: shown.all, limits, first: now.from, axis: axisOf(now), at: [at, column] });
      return;
    }
    const mark = now.rows * now.columns > 1 ? [{ row, column }] : [];
    const isWritten = Math.max(now.rows, now.columns) <= around;
    large.update({ rows: now.rows, columns: now.columns, values, lo, hi, text: fitted, marks: isWritten ? mark : [box(corner(now), around, now)] });
    large.cursor = { row, column };
    parts.zoomed.hidden = isWritten;
    if (isWritten) return;
    const [top, left] = corner(now);
    const [high, across] = [Math.min(around, now.rows), Math.min(around, now.columns)];
    const cut = Float32Array.from({ length: high * across }, (_, i) => values[(top + Math.floor(i / across)) * now.columns + left + (i % across)]);
    zoomTitle.textContent = `Rows ${top} to ${top + high - 1}, columns ${left} to ${left + across - 1}`;
    zoomed.update({ rows: high, columns: across, values: cut, lo, hi, text: fitted, marks: [{ row: row - top, column: column - left }] });
    zoomed.cursor = { row: row - top, column: column - left };
  };

  const axisOf = ({ node, columns }) => {
    const length = example?.values.letters?.length || example?.arrays.signal?.shape[1] || columns;
    const axis = fields.get(node);
    return axis?.stride && axis.size ? axis : { start: 0, stride: length / columns, size: length / columns };
  };
  /** The letters that a step is computed from, where they are few. */
  const lettersSeen = (now, column) => {
    const { start, stride, size } = now.isTurned ? { start: (fields.get(now.node)?.start ?? 0) + now.channel, stride: 0, size: 1 } : axisOf(now);
    const first = Math.round(start + column * stride);
    return size <= MOST_LETTERS ? (example?.values.letters ?? []).slice(Math.max(0, first), Math.max(0, first + Math.round(size))).join("") : "";
  };
  const keyOf = ({ node, channel }) => `${node}\n${channel}`;
  const draw = (answer, now) => {
    const { values, arrays } = answer;
    if (shown?.answer !== answer) {
      drawn = "";
      const [rows, columns] = sides(values.shape.slice(1));
      shown = { answer, values, arrays, size: rows * columns, count: arrays.maps.shape[0], rows, columns, most: Math.max(...values.layer.map(Math.abs)) };
    }
    now = current(); // where the map is largest is known only now
    view.instead(now.said);
    drawAll(now);
    drawOne(now);
    if (sharp.key !== keyOf(now)) exactly.run(now);
  };
  const asked = latest(({ run, image, node, from }) => source.get(path("runs", run, "maps", image), { node, from, n: SHOWN }), draw, view.fail);
  // The numbers themselves are asked for one map alone; a saved page may not hold them.
  const exactly = latest((now) => source.get(path("runs", now.run, "maps", now.image), { node: now.node, from: now.channel, n: 1, exact: 1 }).catch(() => null), (answer, asked) => {
    sharp = { key: keyOf(asked), data: answer && answer.arrays.maps.data };
    if (keyOf(current()) === sharp.key) drawOne(current());
  }, view.fail);
  const change = () => {
    if (!layers.length) return;
    const now = current();
    controls.node.set(now.node);
    controls.over.set(now.over);
    asked.run(now);
  };
  const begin = latest(async ({ run, image }) => {
    const [told, seen] = await Promise.all([source.get(path("runs", run)), source.get(path("runs", run, "images", image)).catch(() => null)]);
    return { told, seen };
  }, ({ told: { values }, seen }) => {
    layers = values.edges.filter((node) => node.op !== "input" && node.maps);
    fields = new Map(values.inspection.layers.map(({ name, fields: of }) => [name, Object.values(of ?? {})[0]?.at(-1)]));
    example = seen;
    controls.node.set("", layerNames(layers));
    change();
  }, view.fail);
  view.say("Computing every layer …");
  const leave = state.subscribe(change);
  begin.run(state.get());
  return () => { begin.leave(); asked.leave(); exactly.leave(); along.leave(); leave(); };
}

/** Rows and columns of a map: of a volume its slices one below the other, of a signal one row. */
const sides = (space) => (space.length === 3 ? [space[0] * space[1], space[2]] : space.length === 2 ? space : [1, space[0] ?? 1]);

/** The values of all maps one after the other; turned, those of each step. */
const allOf = ({ count, size }, valuesOf, isTurned) => {
  const all = new Float32Array(count * size);
  for (let at = 0; at < count; at++) {
    const values = valuesOf(at);
    for (let step = 0; step < size; step++) all[isTurned ? step * count + at : at * size + step] = values[step];
  }
  return all;
};

const box = (corner, around, { rows, columns }) => ({ row: corner[0], column: corner[1], height: Math.min(around, rows), width: Math.min(around, columns) });

function sentence({ values, arrays, size, count, most }, { count: channels, space, isTurned }, isFaint) {
  const noun = isTurned ? "token" : "map";
  const [lo, hi] = values.layer;
  const odd = arrays.odd ? arrays.odd.data.reduce((sum, byte) => sum + (byte ? 1 : 0), 0) : 0;
  const all = Array.from({ length: count }, (_, at) => at);
  const silent = size === 1 ? 0 : all.filter((at) => arrays.ranges.data[2 * at] === arrays.ranges.data[2 * at + 1]).length;
  const faint = all.filter((at) => isFaint(at) && arrays.ranges.data[2 * at] !== arrays.ranges.data[2 * at + 1]).length;
  const [few, still] = [(n) => (n === 1 ? "is" : "are"), count < channels ? ` of the ${count} shown` : ""];
  return `${values.node} (${values.op}): ${counted(channels, noun)} of ${isTurned ? counted(space[0], "number") : space.join(" × ") || "one number"}, ${odd === size * count ? "no number of them finite" : `from ${short(lo)} to ${short(hi)}`}${silent ? `; ${counted(silent, noun)}${still} ${few(silent)} the same everywhere` : ""}${faint ? `; ${counted(faint, noun)}${still} ${few(faint)} nearly nothing, at most a hundredth of ${short(most)}` : ""}${odd ? `; ${counted(odd, "number")} that ${few(odd)} not finite (NaN or infinity), in pink` : ""}.`;
}

export default { render };
