// The state of the page as a link: #/RUN/SPLIT/NUMBER/VIEW/LAYER/PLACE?more=..., or #/VIEW?more=... without a run.
import { VIEWS } from "./views.js";

/** What a link says. @param {string} hash @returns {Record<string, string>} */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#/, "").split("?");
  const words = path.split("/").filter(Boolean).map(decode);
  const state = Object.fromEntries(new URLSearchParams(query));
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
  const rest = { ...state };
  const place = (name, ...parts) => {
    words.push(...parts);
    delete rest[name];
  };
  if (state.run && VIEWS[state.view]?.needs !== "nothing") {
    place("run", (VIEWS[state.run] ? "~" : "") + state.run);
    if (state.image) place("image", ...state.image.split(":"));
  } else {
    delete rest.run;
    delete rest.image;
  }
  const inRun = words.length > 0;
  if (state.view) place("view", state.view);
  if (state.view && state.node && inRun) {
    place("node", state.node);
    if (state.at) place("at", state.at);
  }
  const query = new URLSearchParams();
  for (const name of Object.keys(rest).sort()) {
    if (rest[name] !== "" && rest[name] != null) query.set(name, String(rest[name]));
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
