// What every view has: a title, a sentence of what is seen, controls, drawings, a table of the same, ways to take it.
import { counted } from "./format.js";
import { html, newId, svg } from "./dom.js";
import { save } from "./save.js";

const MOST_ROWS = 1000; // of a table, which says how many there are
const SPEEDS = { slow: 900, steady: 300, fast: 60 }; // milliseconds a step

/** @typedef {{head: string[], rows: (string | number | Node)[][], right?: number[]}} Table */

/**
 * The frame of a view. `say` changes the sentence; `drawing` and `controls` are where its parts go; `twin` is asked for
 * the same as a table once somebody opens that.
 * @param {HTMLElement} el @param {{title: string, lead?: string, name: string}} about
 */
export function frame(el, { title, lead = "", name }) {
  const said = html("p", { class: "said", "aria-live": "polite" });
  const controls = html("div", { class: "controls" });
  const drawing = html("div", { class: "drawing" });
  const more = html("div", { class: "more" });
  const body = html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The same as a table" });
  const details = html("details", { class: "twin", toggle: () => details.open && fill() }, html("summary", {}, "As a table"), body);
  details.hidden = true;
  let twin = /** @type {null | (() => Table)} */ (null);
  const fill = () => twin && body.replaceChildren(table(twin()));
  const actions = html("div", { class: "actions" },
    html("button", { type: "button", click: () => save(drawing, `${name}.svg`) }, "Save as SVG"),
    html("button", { type: "button", click: () => save(drawing, `${name}.png`) }, "Save as PNG"));
  const alert = html("p", { class: "alert", role: "alert" });
  const notice = html("p", { class: "instead", role: "note", hidden: true });
  const shown = html("div", {}, notice, drawing, more, details, actions);
  el.replaceChildren(html("h1", {}, title), lead ? html("p", { class: "lead" }, lead) : "", controls, said, shown);
  return {
    controls,
    drawing,
    more,
    /** @param {string} sentence */
    say(sentence) {
      if (said.textContent !== sentence) said.textContent = sentence;
      alert.remove();
      shown.hidden = false;
    },
    /** @param {() => Table} rows */
    table(rows) {
      twin = rows;
      details.hidden = false;
      if (details.open) fill();
    },
    /** Say of what was asked and is not there what is shown instead. @param {string[]} sentences none: nothing is to be said */
    instead(sentences) {
      notice.hidden = !sentences.length;
      if (notice.textContent !== sentences.join(" ")) notice.textContent = sentences.join(" ");
    },
    /** Say what went wrong, in place of all that was shown, until something is said again. @param {unknown} error */
    fail(error) {
      said.textContent = "";
      shown.hidden = true;
      alert.textContent = error instanceof Error ? error.message : String(error);
      shown.before(alert);
    },
  };
}

/** @param {Table} table */
export function table({ head, rows, right = [] }) {
  const of = (at) => ({ class: right.includes(at) ? "right" : undefined });
  const shown = rows.slice(0, MOST_ROWS);
  return html("div", {},
    html("table", {},
      html("thead", {}, html("tr", {}, head.map((text, at) => html("th", { scope: "col", ...of(at) }, text)))),
      html("tbody", {}, shown.map((row) => html("tr", {}, row.map((cell, at) => html("td", of(at), cell)))))),
    rows.length > MOST_ROWS ? html("p", { class: "note" }, `and ${counted(rows.length - MOST_ROWS, "more row")}`) : "");
}

/** A part of a drawing with a caption below it. @param {string} title @param {any} element @param {string | Node} [caption] */
export function part(title, element, caption = "") {
  return html("figure", { class: "part" }, title ? html("h2", {}, title) : "", element, caption ? html("p", { class: "caption" }, caption) : "");
}

/**
 * A slider that shows its number. @param {string} label
 * @param {{min: number, max: number, step?: number, value: number, shown?: (value: number) => string}} range
 * @param {(value: number) => void} change
 */
export function slider(label, { min, max, step = 1, value, shown = String }, change) {
  const id = newId();
  const output = html("output", { for: id }, shown(value));
  const input = html("input", {
    id, type: "range", min, max, step, value,
    input: () => {
      output.textContent = shown(Number(input.value));
      change(Number(input.value));
    },
  });
  const element = html("div", { class: "control" }, html("label", { for: id }, `${label} `, output), input);
  return {
    element,
    /** @param {number} next @param {{min?: number, max?: number}} [limits] */
    set(next, limits = {}) {
      if (limits.min !== undefined) input.min = limits.min;
      if (limits.max !== undefined) input.max = limits.max;
      input.disabled = Number(input.min) === Number(input.max);
      if (Number(input.value) !== next) input.value = next;
      output.textContent = shown(next);
    },
  };
}

/** A choice among several. @param {string} label @param {Record<string, string> | [string, string][]} choices what each is called @param {string} value @param {(value: string) => void} change */
export function choice(label, choices, value, change) {
  const id = newId();
  const select = html("select", { id, change: () => change(select.value) });
  // Pairs keep their order, where an object puts names that are whole numbers first.
  const offer = (names) => select.replaceChildren(...(Array.isArray(names) ? names : Object.entries(names)).map(([key, text]) => html("option", { value: key }, text)));
  offer(choices);
  select.value = value;
  return {
    element: html("div", { class: "control" }, html("label", { for: id }, label), select),
    /** @param {string} next @param {Record<string, string> | [string, string][]} [names] */
    set(next, names) {
      if (names) offer(names);
      select.value = next;
    },
  };
}

/** A switch. @param {string} label @param {boolean} value @param {(value: boolean) => void} change */
export function toggle(label, value, change) {
  const input = html("input", { type: "checkbox", change: () => change(input.checked) });
  input.checked = value;
  return { element: html("label", { class: "control" }, html("span", {}, input, ` ${label}`)), set: (next) => (input.checked = next) };
}

/**
 * Steps back and forth, and plays them. Arrow keys and space do the same while something in the view has the focus.
 * @param {HTMLElement} el the view
 * @param {{count: () => number, get: () => number, set: (at: number) => void, what?: string}} steps
 */
export function player(el, { count, get, set, what = "step" }) {
  let timer = 0;
  let speed = "steady";
  const go = (by) => set((get() + by + count()) % count());
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.setAttribute("aria-label", "Play");
    play.replaceChildren(icon("M5 3l10 6-10 6z"));
  };
  const start = () => {
    timer = setInterval(() => go(1), SPEEDS[speed]);
    play.setAttribute("aria-label", "Stop");
    play.replaceChildren(icon("M4 3h4v12H4zM10 3h4v12h-4z"));
  };
  const play = html("button", { type: "button", "aria-label": "Play", click: () => (timer ? stop() : start()) }, icon("M5 3l10 6-10 6z"));
  const rate = html("select", { "aria-label": "Speed", change: () => { speed = rate.value; if (timer) { stop(); start(); } } },
    Object.keys(SPEEDS).map((name) => html("option", { value: name }, name)));
  rate.value = speed;
  const element = html("div", { class: "player", role: "group", "aria-label": `Go through every ${what}` },
    html("button", { type: "button", "aria-label": `Previous ${what}`, click: () => go(-1) }, icon("M13 3L6 9l7 6z")),
    play,
    html("button", { type: "button", "aria-label": `Next ${what}`, click: () => go(1) }, icon("M5 3l7 6-7 6z")),
    rate);
  const onKey = (event) => {
    if (event.defaultPrevented || event.target.closest("input, select, button, [role=application], summary")) return;
    if (event.key === "ArrowRight") go(1);
    else if (event.key === "ArrowLeft") go(-1);
    else if (event.key === " ") timer ? stop() : start();
    else return;
    event.preventDefault();
  };
  el.addEventListener("keydown", onKey);
  return { element, stop: () => { stop(); el.removeEventListener("keydown", onKey); } };
}

const icon = (path) => svg("svg", { viewBox: "0 0 18 18", width: 14, height: 14, "aria-hidden": "true" }, svg("path", { d: path, fill: "currentColor" }));
