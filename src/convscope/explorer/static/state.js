// One state for a view, wherever it stands: the link of the page, or what a notebook keeps.

/**
 * What a view is given to work with, as a widget of a notebook has it too.
 * @typedef {{get: (name: string) => any, set: (name: string, value: any) => void, save_changes: () => void,
 *   on: (event: string, listener: (...args: any[]) => void) => void,
 *   off: (event: string, listener?: (...args: any[]) => void) => void,
 *   send?: (message: any) => void,
 *   request?: (path: string) => Promise<Response>, source?: any, picture?: File, keep?: (file: Blob) => Promise<void>,
 *   go?: (state: Record<string, any>) => void, href?: (state: Record<string, any>) => string}} Model
 * `send` is a notebook's, `request` and `keep` are the page's; a saved page has no links. `picture` is a file of one's own.
 */

/**
 * The state of a view: `get()` has every name of `defaults`, in its type; `set` changes some and tells all listeners.
 * @template {Record<string, any>} T
 * @param {Model} model @param {T} defaults
 * @returns {{get: () => T & Record<string, any>, set: (patch: Record<string, any>) => void, go: (patch: Record<string, any>) => void,
 *   href: (patch: Record<string, any>) => string | undefined, subscribe: (listener: () => void) => () => void}}
 */
export function bind(model, defaults) {
  return {
    get() {
      const given = model.get("state") ?? {};
      const state = { ...defaults, ...given };
      for (const name of Object.keys(defaults)) state[name] = typed(state[name], defaults[name]);
      return state;
    },
    set(patch) {
      const next = { ...(model.get("state") ?? {}) };
      for (const [name, value] of Object.entries(patch)) {
        if (value === defaults[name] || value === undefined) delete next[name];
        else next[name] = value;
      }
      model.set("state", next);
      model.save_changes();
    },
    /** Go to another state, so that the page's "back" leads here. */
    go(patch) {
      if (model.go) model.go(patch);
      else this.set(patch);
    },
    /** The link to another state, undefined where there are no links. */
    href: (patch) => model.href?.(patch),
    subscribe(listener) {
      model.on("change:state", listener);
      return () => model.off("change:state", listener);
    },
  };
}

/** A value of a link, which is text, as the type of the usual value; the usual one where it cannot be. */
function typed(value, usual) {
  if (typeof usual === "number") return Number.isFinite(Number(value)) && value !== "" ? Number(value) : usual;
  if (typeof usual === "boolean") return value === true || value === "true";
  return typeof usual === "string" ? String(value) : value;
}
