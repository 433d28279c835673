// Points that stand near each other where the network treats them alike: examples by their features, or tokens.
import { bind } from "../state.js";
import { path, sourceOf } from "../source.js";
import { latest } from "../latest.js";
import { html, svg } from "../draw/dom.js";
import { short } from "../draw/format.js";
import { choice, frame, part, slider } from "../draw/frame.js";
import { range } from "../draw/colour.js";
import { scale } from "../draw/axes.js";
import { point, pointLegend } from "../draw/points.js";

const DEFAULTS = { run: "", of: "", point: 0, group: "" };
const [WIDTH, HEIGHT, EDGE] = [560, 440, 24];

/** @param {{model: import("../state.js").Model, el: HTMLElement}} given */
function render({ model, el }) {
  const state = bind(model, DEFAULTS);
  const source = sourceOf(model);
  const view = frame(el, { title: "What is alike", name: "embedding", lead: "Each point is a list of numbers, seen along the two directions in which the points differ most. What is near in the picture need not be near in all numbers: the list of neighbours is by the angle between whole lists." });
  const controls = {
    of: choice("Points", { examples: "held-out examples" }, "examples", (of) => state.set({ of, point: 0, group: undefined })),
    point: slider("Point", { min: 0, max: 0, value: 0 }, (point) => state.set({ point })),
  };
  view.controls.append(...Object.values(controls).map((each) => each.element));
  const dots = svg("g");
  const chosen = svg("circle", { class: "mark", r: 8 });
  const links = svg("g", { class: "links" });
  const chart = svg("svg", { class: "chart cloud", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": "The points along two directions" }, links, dots, chosen);
  const list = html("div", { class: "neighbours" });
  const caption = html("span");
  const legend = html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Which mark is which class" });
  const parts = [part("All points", html("div", {}, chart, legend), caption), part("Nearest to it", list, "By the cosine of the angle: 1 is the same direction.")];
  let kept = null;

  chart.addEventListener("click", (event) => {
    if (!kept) return;
    const box = chart.getBoundingClientRect();
    const [x, y] = [((event.clientX - box.left) / box.width) * WIDTH, ((event.clientY - box.top) / box.height) * HEIGHT];
    const far = kept.places.map(([a, b]) => (a - x) ** 2 + (b - y) ** 2);
    state.set({ point: far.indexOf(Math.min(...far)) });
  });

  const name = (at) => {
    const { names, groups, group } = kept.values;
    return `${names[at]}${groups.length ? ` (${groups[group[at]]})` : ""}`;
  };
  const show = () => {
    if (!kept) return;
    const { values, arrays, places } = kept;
    const now = state.get();
    const at = Math.min(places.length - 1, Math.max(0, now.point));
    controls.point.set(at, { max: places.length - 1 });
    const near = arrays.nearest.shape[1];
    const others = Array.from(arrays.nearest.data.subarray(at * near, (at + 1) * near));
    const isOne = values.groups.includes(now.group);
    dots.classList.toggle("some", isOne);
    [...dots.children].forEach((dot, i) => dot.classList.toggle("on", isOne && values.groups[values.group[i]] === now.group));
    legend.hidden = !values.groups.length;
    legend.replaceChildren(pointLegend({ names: values.groups, counts: values.groups.map((_, group) => values.group.filter((each) => each === group).length), chosen: now.group, onPick: (group) => state.set({ group }) }));
    chosen.setAttribute("cx", places[at][0]);
    chosen.setAttribute("cy", places[at][1]);
    links.replaceChildren(...others.map((other) => svg("line", { class: "axis", x1: places[at][0], y1: places[at][1], x2: places[other][0], y2: places[other][1] })));
    const open = (i) => (values.images[i] && state.href({ image: values.images[i], view: "classes" })) || undefined;
    const label = (i) => (open(i) ? html("a", { href: open(i) }, name(i)) : name(i));
    list.replaceChildren(html("p", {}, label(at)), html("ol", {}, others.map((other, i) => html("li", {}, html("button", { type: "button", click: () => state.set({ point: other }) }, `cosine ${short(arrays.cosine.data[at * near + i])}`), " ", label(other)))));
    const same = values.groups.length ? others.filter((other) => values.group[other] === values.group[at]).length : -1;
    view.say(`${places.length} ${values.of} by ${values.size} numbers ${values.of === "tokens" ? `of the table ${values.layer}` : `that layer ${values.layer} takes`}. Chosen: ${name(at)}; ${same < 0 ? `nearest is ${name(others[0])}` : `${same} of its ${others.length} nearest are of the same ${values.of === "tokens" ? "kind" : "class"}`}.`);
    view.table(() => ({ head: ["point", "class", "first direction", "second direction", "nearest"], right: [2, 3], rows: places.map((_, i) => [values.names[i], values.groups[values.group[i]] ?? "", short(arrays.points.data[2 * i]), short(arrays.points.data[2 * i + 1]), values.names[arrays.nearest.data[i * near]]]) }));
  };

  const draw = ({ values, arrays }) => {
    const [across, up] = [0, 1].map((axis) => arrays.points.data.filter((_, i) => i % 2 === axis));
    const [x, y] = [scale(...range(across, "sequential"), EDGE, WIDTH - EDGE), scale(...range(up, "sequential"), HEIGHT - EDGE, EDGE)];
    const places = Array.from(across, (value, i) => [x.of(value), y.of(up[i])]);
    kept = { values, arrays, places };
    view.drawing.replaceChildren(...parts);
    const written = values.of === "tokens" ? values.names : values.groups.length && values.groups.every((each) => each.length < 3) ? values.group.map((each) => values.groups[each]) : null;
    dots.replaceChildren(...places.map(([x, y], i) => point({ x, y, group: values.group[i] ?? -1, groups: values.groups.length, text: written?.[i], title: name(i) })));
    controls.of.element.hidden = values.kinds.length < 2;
    controls.of.set(values.of, Object.fromEntries(values.kinds.map((kind) => [kind, kind === "tokens" ? "tokens of the table" : "held-out examples"])));
    controls.of.element.hidden = values.kinds.length < 2;
    const [first, second] = values.share.map((share) => `${(100 * share).toFixed(1)} %`);
    caption.textContent = `Across: the first direction, with ${first} of what differs; up: the second, with ${second}. Choose a point${values.groups.length ? ", or a class in the legend" : ""}.`;
    show();
  };
  const asked = latest(({ run, of }) => source.get(`${path("runs", run)}/embedding`, { of }), draw, view.fail);
  let last = null;
  const change = () => {
    const now = state.get();
    if (now.of === last) return show();
    last = now.of;
    asked.run(now);
  };
  view.say("Computing the features …");
  const leave = state.subscribe(change);
  change();
  return () => { asked.leave(); leave(); };
}

export default { render };
