// The state of the page as a link: #/RUN/SPLIT/NUMBER/VIEW/LAYER/PLACE?more=..., or #/VIEW?more=... without a run.
import { VIEWS } from "./views.js";

const KNOWN = ["run", "image", "view", "node", "at"];

/** What a link says. @param {string} hash @returns {Record<string, string>} */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#/, "").split("?");
  const words = path.split("/").filter(Boolean).map(decode);
  const state = /** @type {Record<string, string>} */ ({});
  for (const [name, value] of new URLSearchParams(query)) if (!KNOWN.includes(name)) state[name] = value;
  if (words.length && VIEWS[words[0]]?.needs === "nothing") return { ...state, view: words[0] };
  if (words.length) state.run = words.shift().replace(/^~/, "");
  if (words.length && !VIEWS[words[0]]) state.image = `${words.shift()}:${words.shift() ?? ""}`;
  if (words.length) state.view = words.shift();
  if (words.length) state.node = words.shift();
  if (words.length) state.at = words.shift();
  return state;
}

/** The link that says this. @param {Record<string, any>} state */
export function format(state) {
  const words = [];
  if (state.run && VIEWS[state.view]?.needs !== "nothing") {
    words.push((VIEWS[state.run] ? "~" : "") + state.run);
    if (state.image) words.push(...state.image.split(":"));
  }
  if (state.view) words.push(state.view);
  if (state.view && state.node && words.length > 1) {
    words.push(state.node);
    if (state.at) words.push(state.at);
  }
  const query = new URLSearchParams();
  for (const name of Object.keys(state).sort()) {
    if (!KNOWN.includes(name) && state[name] !== "" && state[name] != null) query.set(name, String(state[name]));
  }
  const more = query.toString();
  return `#/${words.map(encodeURIComponent).join("/").replaceAll("%2C", ",")}${more ? `?${more}` : ""}`;
}

/** @param {string} word */
function decode(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
