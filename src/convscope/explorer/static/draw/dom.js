// Elements of HTML and SVG in one line each.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. @param {string} tag @param {Record<string, any>} [given] @param {...any} children @returns {any} */
export function html(tag, given = {}, ...children) {
  return fill(document.createElement(tag), given, children);
}

/** An SVG element. @param {string} tag @param {Record<string, any>} [given] @param {...any} children @returns {any} */
export function svg(tag, given = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), given, children);
}

/** Functions become listeners, `true` an attribute without a value; absent and false ones are left out. */
function fill(element, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

let count = 0;

/** A new id, for a label and what it labels. */
export const newId = () => `convscope-${++count}`;
