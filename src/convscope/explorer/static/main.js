// The page: what the link says is shown, and every change of a view is written into the link.
import { format, parse } from "./address.js";
import { html } from "./draw/dom.js";
import { VIEWS } from "./views.js";
import { sourceOf } from "./source.js";
import { missing } from "./words.js";

const GROUPS = { nothing: "Play", run: "The run", image: "The example" };
const AGAIN = 2000; // milliseconds until a server that is gone is asked again
const PACE = 200; // milliseconds from one writing of the link to the next: browsers refuse more than some in a second
const FIRST = "correlate2d";
const PANELS = ["controls", "said", "drawing", "more", "table", "save"]; // that a link with only=... can choose from
const GONE = "The server of this page was stopped, or does not answer any more. Start convscope explore again: this page looks for it, and goes on by itself.";
const REFUSED = "This link has no token, or one of an earlier start: open the one that convscope explore printed.";

const elements = /** @type {Record<string, HTMLElement>} */ ({});
for (const name of ["view", "views", "where", "state", "instead"]) elements[name] = document.getElementById(name);

const listeners = new Set();
let state = /** @type {Record<string, any>} */ ({});
let token = "";
let runs = /** @type {{name: string, ended: boolean, begun: boolean}[]} */ ([]);
let shown = { key: "", leave: () => {} };
let moved = false; // whether this is not the first view
let trouble = ""; // why it is not known which runs are open
let list = /** @type {Record<string, any>} */ ({}); // the state in which the list of examples was left

/** What every view works with: the link as its state, and this page's server. @type {import("./state.js").Model} */
const model = {
  get: (name) => (name === "state" ? state : undefined),
  set(name, value) {
    if (name === "state") state = { ...value, view: state.view };
  },
  save_changes() {
    write();
    for (const listener of [...listeners]) listener();
  },
  on: (event, listener) => listeners.add(listener),
  off: (event, listener) => listeners.delete(listener),
  async request(address) {
    const response = await fetch(`/api/${address}`, { headers: { "X-Convscope-Token": token } }).catch(lost);
    if (response.status === 401) throw new Error(REFUSED);
    return response;
  },
};
const source = (model.source = sourceOf(model));
model.go = (next) => go({ ...state, ...next });
model.href = (next) => format({ ...state, ...next });
model.keep = drop;

/** Send a file or a text to be kept, and open it as an example of the run. @param {Blob} file */
async function drop(file) {
  if (file.type.startsWith("image/")) model.picture = /** @type {File} */ (file); // the views that need no run show it too
  const options = new URLSearchParams({ run: state.run ?? runs[0].name, name: file instanceof File ? file.name : "" });
  const response = await fetch(`/api/images?${options}`, { method: "PUT", body: file, headers: { "X-Convscope-Token": token } }).catch(lost);
  const text = await response.text();
  if (!response.ok) throw new Error(text.startsWith("{") ? JSON.parse(text).error : text);
  const { image } = JSON.parse(text);
  tell(isOwn() && isMissing() && image !== state.image ? "This is another file than the one that the link was made with." : "");
  const next = { ...state, run: options.get("run"), image, node: undefined, at: undefined, view: VIEWS[state.view]?.needs === "image" ? state.view : "classes" };
  if (image !== state.image) return go(next);
  shown.key = ""; // the link says it already: show it, now that it is here
  await show();
}

const isOwn = () => Boolean(state.image?.startsWith("own:"));
const isMissing = () => Boolean(elements.view.querySelector(".alert"));

/** What is said of an example of one's own, since a link leads there on this machine alone. */
function ownExample() {
  const input = html("input", { type: "file", "aria-label": "The same file, or another", change: () => input.files[0] && drop(input.files[0]).catch((error) => tell(error.message)) });
  return html("div", { class: "own-example" }, html("p", {}, "An example of your own. It stays on this machine, and is kept until convscope explore is stopped: whoever opens this link elsewhere or later is asked to drop the same file again."), input);
}

let wrote = 0;
let writing = 0;

/** Write the state into the link and the menu; of many changes in a row, as of a slider, the last and some of the others. */
function write() {
  clearTimeout(writing);
  const wait = wrote + PACE - performance.now();
  if (wait > 0) return void (writing = setTimeout(write, wait));
  wrote = performance.now();
  const link = format(state);
  if (link !== location.hash) history.replaceState(null, "", link);
  describe();
}

/** Go to another state, so that "back" leads here. @param {Record<string, any>} next */
function go(next) {
  location.hash = format(next);
}

async function follow() {
  clearTimeout(writing);
  const next = parse(location.hash);
  if (next.token) {
    token = next.token;
    sessionStorage.setItem("token", token);
    delete next.token;
    history.replaceState(null, "", format(next));
  }
  state = next;
  if (!runs.length) await look();
  if (!state.view) state.view = state.image ? "classes" : state.run || runs.length ? "data" : FIRST;
  if (!state.run && runs.length && VIEWS[state.view]?.needs !== "nothing") state.run = runs[0].name;
  describe();
  await show();
}

/** Ask which runs are open, and wait for a server that still loads. */
async function look() {
  try {
    const { values } = await source.get("runs");
    runs = values.runs;
    trouble = "";
    tell(values.ready || !runs.length ? "" : "Loading the first network …");
    if (!values.ready && runs.length) setTimeout(look, 500);
  } catch (error) {
    tell((trouble = error.message));
  }
  describe();
}

function describe() {
  if (state.view === "data") list = state;
  panels();
  const of = VIEWS[state.view]?.needs;
  const run = of === "nothing" ? "" : (state.run ?? "");
  elements.where.textContent = [run, of === "image" ? (isOwn() ? "an example of your own" : state.image) : ""].filter(Boolean).join(" · ");
  document.title = [VIEWS[state.view]?.title, run, "convscope"].filter(Boolean).join(" · ");
  menu();
}

/** A teacher's link shows some panels alone; of those that there are not it is said. */
function panels() {
  const asked = (state.only ?? "").split(",").filter(Boolean);
  const [only, others] = [true, false].map((there) => asked.filter((name) => PANELS.includes(name) === there));
  if (only.length) document.body.dataset.only = only.join(" ");
  else delete document.body.dataset.only;
  elements.instead.hidden = !others.length;
  elements.instead.textContent = others.length ? missing(`the ${others.length > 1 ? "panels" : "panel"} “${others.join(", ")}”`, `there are ${PANELS.join(", ")}`, only.length ? only.join(", ") : "the whole view") : "";
}

function menu() {
  const lists = Object.entries(GROUPS).map(([needs, title]) => {
    const absent = needs === "run" && !runs.length ? trouble || "convscope explore RUN opens your own" : needs === "image" && !state.image ? "choose an example first" : "";
    if (needs === "image" && !runs.length) return [];
    const views = Object.entries(VIEWS).filter(([, view]) => view.needs === needs);
    const links = views.map(([name, view]) => html("li", {}, html("a", { href: linkTo(name, needs), "aria-current": name === state.view ? "page" : undefined }, view.title)));
    return [html("h2", {}, title), absent ? html("span", { class: "absent" }, absent) : html("ul", {}, links)];
  });
  const others = runs.length > 1 ? [html("h2", {}, "Runs"), html("ul", {}, runs.map((run) => html("li", {}, html("a", { href: format({ run: run.name, view: "data" }), "aria-current": run.name === state.run ? "true" : undefined }, run.name))))] : [];
  elements.views.replaceChildren(...[others, lists[1], lists[2], lists[0]].flat(2));
}

function linkTo(view, needs) {
  if (needs === "nothing") return format({ view });
  const run = state.run ?? runs[0]?.name;
  return format({ ...(view === "data" && list.run === run ? list : {}), run, image: state.image, view, ...(["maps", "trace", "field"].includes(view) && state.node ? { node: state.node } : {}) });
}

async function show() {
  const view = VIEWS[state.view];
  const key = [state.view, state.run, state.image].join("\n");
  if (view && key === shown.key) {
    for (const listener of [...listeners]) listener();
    return;
  }
  shown.leave();
  listeners.clear();
  shown = { key, leave: () => {} };
  if (!view) return say(`There is no view “${state.view}”; choose one at the left.`);
  if (view.needs === "image" && !state.image) return say("Choose an example first: under “Examples and mistakes”, or drop an image onto the page.");
  if (view.needs !== "nothing" && !runs.length) return say(trouble || "No run is open. Start the page with: convscope explore RUN");
  const el = html("div", { class: `of-${state.view}` });
  elements.view.replaceChildren(...(view.needs === "image" && isOwn() ? [ownExample()] : []), el);
  if (moved && document.activeElement === document.body) elements.view.focus({ preventScroll: true }); // for who tabs on
  moved = true;
  try {
    const { default: made } = await view.load().catch(unread);
    if (shown.key !== key) return;
    shown.leave = made.render({ model, el }) ?? (() => {});
  } catch (error) {
    say(error.message);
  }
}

function say(text) {
  const alert = html("p", { class: "alert", role: "alert" }, text);
  elements.view.replaceChildren(alert);
  alert.scrollIntoView({ block: "nearest" }); // the view before may have been read far down
}

const tell = (text) => (elements.state.textContent = text);

/** A module of a view did not come: for want of a server, as a rule. @param {Error} error @returns {Promise<never>} */
async function unread(error) {
  await fetch("/", { method: "HEAD", cache: "no-store" }).catch(() => {
    isUnread = true;
    lost();
  });
  throw error;
}

let asking = 0;
let isUnread = false; // some browsers never ask again for a module that did not come
/** @returns {never} */
function lost() {
  tell("The server has gone: start convscope explore again. Looking for it …");
  asking ||= setInterval(async () => {
    try {
      await fetch("/", { method: "HEAD", cache: "no-store" });
      clearInterval(asking);
      asking = 0;
      if (isUnread) return location.reload();
      tell("");
      await look();
      shown.key = "";
      await show();
    } catch {
      /* still gone */
    }
  }, AGAIN);
  throw new Error(GONE);
}

function receive() {
  const over = (on) => document.body.classList.toggle("over", on);
  addEventListener("dragover", (event) => { event.preventDefault(); over(true); });
  addEventListener("dragleave", () => over(false));
  addEventListener("drop", async (event) => {
    event.preventDefault();
    over(false);
    const { files } = event.dataTransfer;
    const field = /** @type {HTMLInputElement | null} */ (elements.view.querySelector("input[type=file]"));
    const plays = VIEWS[state.view]?.needs === "nothing";
    if (!files.length) return;
    if (field && plays) { // as if it had been chosen there
      field.files = files;
      field.dispatchEvent(new Event("change"));
    } else if (plays && !files[0].type.startsWith("image/")) {
      tell(`${files[0].name} is no picture, and this view takes no other file. Convolution in 1-D takes numbers; a run takes what it was trained on.`);
    } else if (plays) {
      model.picture = files[0];
      go({ view: FIRST });
    } else if (runs.length) await drop(files[0]).catch((error) => tell(error.message));
  });
}

token = sessionStorage.getItem("token") ?? "";
document.querySelector(".skip").addEventListener("click", (event) => { // what stands behind # is the state of the page
  event.preventDefault();
  elements.view.focus();
});
addEventListener("hashchange", follow);
receive();
follow();
