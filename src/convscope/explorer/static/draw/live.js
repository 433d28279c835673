// Drawings that stay where they are while they change: whoever moves through one by keyboard keeps the focus.
import { html } from "./dom.js";
import { part } from "./frame.js";

/** A part whose title and caption change; hidden where its title is empty. @param {any} element */
export function live(element) {
  const [title, caption] = [html("span"), html("span")];
  const figure = part(/** @type {any} */ (title), element, caption);
  return {
    element: figure,
    /** @param {string} heading @param {string} [below] */
    set(heading, below = "") {
      title.textContent = heading;
      caption.textContent = below;
      figure.hidden = !heading;
    },
  };
}

/** Put children in a parent, unless they are there. @param {Element} parent @param {...Element} children */
export function place(parent, ...children) {
  if (parent.children.length !== children.length || children.some((child, at) => parent.children[at] !== child)) parent.replaceChildren(...children);
}
