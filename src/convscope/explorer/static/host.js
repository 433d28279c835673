// A view on a page of its own, without a server: its state is in memory, its answers lie in the page.

/**
 * What shows a view in an element of such a page. @param {{render: (given: any) => any}} view
 * @returns {(el: HTMLElement, given: Record<string, any>) => any} given: state, embedded, and what else the view is given
 */
export const hosted = (view) => (el, given) => {
  const listeners = new Set();
  const held = { state: {}, ...given };
  const model = {
    get: (name) => held[name],
    set: (name, value) => (held[name] = value),
    save_changes: () => [...listeners].forEach((listener) => listener()),
    on: (event, listener) => listeners.add(listener),
    off: (event, listener) => listeners.delete(listener),
  };
  return view.render({ model, el });
};
