// One number of the network as what it is the sum of, and the way on to the operands, down to a pixel.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html } from "../draw/dom.js";
import { counted, exact, short } from "../draw/format.js";
import { frame, part, table } from "../draw/frame.js";
import { legend, plane } from "../draw/plane.js";
import { range } from "../draw/colour.js";

const DEFAULTS = { run: "", image: "", node: "", at: "" };

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "One number, opened", name: "trace", lead: "A number is the sum of its products. Follow an operand to see what that, in turn, is the sum of, down to a pixel." });
  const image = plane({ label: "What the number sees", side: 300 });
  const products = plane({ label: "Products", side: 240 });
  view.more.tabIndex = -1;
  const way = /** @type {{node: string, at: string}[]} */ ([]);

  const link = (node, at, text) => html("a", { href: state.href({ view: "trace", node, at: at.join(",") }) ?? "#", click: (event) => {
    if (model.href) return;
    event.preventDefault();
    state.set({ node, at: at.join(",") });
  } }, text);

  const draw = ({ example, opened: { values, arrays } }) => {
    const place = values.at.join(", ");
    walked(way, values);
    view.say(sentence(values));
    const parts = [];
    if (example.arrays.pixels) {
      const [rows, columns] = example.arrays.pixels.shape;
      const isPixel = values.node === "pixel";
      const marks = isPixel ? [{ row: values.at[1], column: values.at[2] }] : box(values.field);
      image.update({ rows, columns, pixels: example.arrays.pixels.data, shade: isPixel ? undefined : arrays.seen?.data, marks });
      parts.push(part("What it sees", image.element, seen(values, rows * columns)));
    }
    if (arrays.place) {
      parts.push(part("Window by window", windows(arrays), "Under the window × the kernel = products, summed: the channels that count most."));
    } else if (arrays.operand && values.count > 1) {
      const each = Float64Array.from(arrays.operand.data, (operand, i) => operand * arrays.factor.data[i]);
      const columns = Math.ceil(Math.sqrt(each.length));
      const rows = Math.ceil(each.length / columns);
      const filled = new Float64Array(rows * columns).fill(0);
      filled.set(each);
      const [lo, hi] = range(filled, "diverging");
      products.update({ rows, columns, values: filled, colours: "diverging", lo, hi });
      parts.push(part("All products", html("div", {}, products.element, legend(lo, hi, "diverging")), `${counted(values.count, "product")} in the order of the window, row by row${rows * columns > each.length ? "; the last cells are empty" : ""}.`));
    }
    view.drawing.replaceChildren(...parts);
    const rows = values.terms.map((term) => [
      term.source && term.source !== values.node ? link(term.source, term.at, `${term.source} (${term.at.join(", ")})`) : term.source ? `${term.source} (${term.at.join(", ")})` : "",
      exact(term.operand), term.factor_source ? link(term.factor_source, term.factor_at, `${term.factor_source} (${term.factor_at.join(", ")})`) : "a constant", exact(term.factor), exact(term.product)]);
    const shown = { head: ["operand", "its number", "times", "its number", "product"], rows, right: [1, 3, 4] };
    const largest = values.way ? link(values.way.node, values.way.at, "follow the largest product") : "";
    const isFollowed = view.more.matches(":focus-within"); // a link of it was, and is replaced
    view.more.replaceChildren(
      html("h2", {}, values.terms.length < values.count ? `The ${values.terms.length} largest of ${counted(values.count, "product")}` : counted(values.count, "product")),
      html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Products" }, values.terms.length ? table(shown) : html("p", { class: "note" }, "The way ends here.")),
      values.way ? html("p", {}, largest, ` → ${values.way.node} (${values.way.at.join(", ")})`) : "",
      way.length > 1 ? html("p", { class: "note" }, "The way here: ", way.map((step, at) => [at ? " → " : "", link(step.node, step.at.split(","), `${step.node} (${step.at})`)])) : "");
    if (isFollowed) (values.way ? largest : view.more).focus({ preventScroll: true });
    document.title = `${values.node} (${place}) · convscope`;
    view.table(() => ({ head: ["name", "value"], rows: [["total", exact(values.total)], [values.engine, exact(values.value)], ["difference", exact(values.gap)], ["bias", exact(values.bias)], ["rule", values.rule], ...Object.entries(values.facts).map(([name, value]) => [name, JSON.stringify(value)])] }));
  };
  const asked = latest(async ({ run, image: name, node, at }) => {
    const [opened, example] = await Promise.all([source.get(path("runs", run, "trace", name), { node, at }), source.get(path("runs", run, "images", name))]);
    return { opened, example };
  }, draw, view.fail);
  view.say("Opening the number …");
  const leave = state.subscribe(() => asked.run(state.get()));
  asked.run(state.get());
  return () => { asked.leave(); leave(); };
}

function sentence(values) {
  const where = `${values.node} (${values.at.join(", ")})`;
  if (!values.count) return `${where} = ${exact(values.value)}: ${values.remark || "nothing is left to open"}.`;
  const bias = values.bias ? `, and the bias ${exact(values.bias)}` : "";
  const how = values.rule === "sum" ? `the sum of ${counted(values.count, "product")}${bias}` : `${values.rule} of ${counted(values.count, "operand")}`;
  return `${where} = ${exact(values.total)}, ${how}. ${values.engine} has ${exact(values.value)}.${values.remark ? ` ${values.remark[0].toUpperCase()}${values.remark.slice(1)}.` : ""}`;
}

function seen({ field, node }, all) {
  if (node === "pixel") return "The pixel itself.";
  if (!field?.count) return field?.unknown?.length ? `What it sees is not known, since ${field.unknown.join(", ")} cannot be looked into.` : "";
  if (field.count === all && !field.at_most) return `It is computed from the whole of it, ${counted(all, "place")}.`;
  return `It is computed from ${field.at_most ? "at most " : ""}${counted(field.count, "place")} of ${all.toLocaleString("en")} (${((100 * field.count) / all).toFixed(1)} %); all others are covered in grey.`;
}

const SHOWN = 4; // channels

/** For each channel what is under the window, the kernel and the products, those of the largest sums first. */
function windows({ operand, factor, place }) {
  const channels = new Map();
  for (let term = 0; term < operand.data.length; term++) {
    const [channel, row, column] = place.data.subarray(3 * term, 3 * term + 3);
    if (!channels.has(channel)) channels.set(channel, { sum: 0, terms: [] });
    const here = channels.get(channel);
    const product = operand.data[term] * factor.data[term];
    here.sum += product;
    here.terms.push({ row, column, values: [operand.data[term], factor.data[term], product] });
  }
  const all = Array.from({ length: operand.data.length }, (_, at) => operand.data[at] * factor.data[at]);
  const spans = [range(operand.data, "sequential"), range(factor.data, "diverging"), range(all, "diverging")];
  const order = [...channels].sort(([, a], [, b]) => Math.abs(b.sum) - Math.abs(a.sum));
  const rows = order.slice(0, SHOWN).map(([channel, { sum, terms }]) => {
    const ends = (name) => [Math.min(...terms.map((term) => term[name])), Math.max(...terms.map((term) => term[name]))];
    const [[top, bottom], [left, right]] = [ends("row"), ends("column")];
    const [high, wide] = [bottom - top + 1, right - left + 1];
    const planes = ["operands", "kernel", "products"].map((name, which) => {
      const values = new Float64Array(high * wide).fill(0);
      for (const term of terms) values[(term.row - top) * wide + term.column - left] = term.values[which];
      const drawn = plane({ label: `Channel ${channel}: ${name}`, side: Math.min(148, Math.max(102, 29 * Math.max(high, wide))) });
      drawn.update({ rows: high, columns: wide, values, colours: which ? "diverging" : "sequential", lo: spans[which][0], hi: spans[which][1] });
      return drawn.element;
    });
    return html("div", { class: "products" }, html("span", { class: "note" }, `channel ${channel}`), planes[0], html("span", {}, "×", planes[1]), html("span", {}, "=", planes[2]), html("span", {}, `Σ ${short(sum)}`));
  });
  const others = order.slice(SHOWN).reduce((sum, [, each]) => sum + each.sum, 0);
  return html("div", {}, rows,
    order.length > SHOWN ? html("p", { class: "note" }, `${counted(order.length - SHOWN, "other channel")}: Σ ${short(others)}`) : "",
    html("div", { class: "legends" }, legend(...spans[0], "sequential"), legend(...spans[1], "diverging"), legend(...spans[2], "diverging")));
}

const box = (field) => (field?.box?.length ? [{ row: field.box[0], column: field.box[2], height: field.box[1] - field.box[0] + 1, width: field.box[3] - field.box[2] + 1 }] : []);

/** The way that was gone: going back to a number shortens it. */
function walked(way, { node, at }) {
  const here = { node, at: at.join(",") };
  const before = way.findIndex((step) => step.node === node && step.at === here.at);
  if (before >= 0) way.length = before + 1;
  else way.push(here);
}

export default { render };
