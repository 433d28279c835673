// What is drawn as a file: canvases, charts and captions, each where it stands on the page.
import { html, svg } from "./dom.js";

const STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-family", "font-weight", "text-anchor", "dominant-baseline", "opacity", "vector-effect"];
const SCALE = 2; // of a PNG, for print

/** Save a drawing under a name that ends in .svg or .png. @param {HTMLElement} drawing @param {string} name */
export async function save(drawing, name) {
  const { element, width, height } = composed(drawing);
  const text = new XMLSerializer().serializeToString(element);
  if (name.endsWith(".svg")) return download(new Blob([text], { type: "image/svg+xml" }), name);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = html("canvas", { width: width * SCALE, height: height * SCALE });
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => download(blob, name), "image/png");
}

/** The drawing as one SVG with all styles written out. @param {HTMLElement} drawing */
export function composed(drawing) {
  const box = drawing.getBoundingClientRect();
  const style = getComputedStyle(document.body);
  const [width, height] = [Math.ceil(box.width), Math.ceil(box.height)];
  const element = svg("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` },
    svg("rect", { width, height, fill: style.backgroundColor }));
  for (const each of drawing.querySelectorAll("canvas, svg, h2, .caption, .legend span, td, th, li, button")) {
    const at = each.getBoundingClientRect();
    if (!at.width || !at.height) continue;
    const [x, y] = [at.left - box.left, at.top - box.top];
    if (each instanceof HTMLCanvasElement) {
      element.append(svg("image", { x, y, width: at.width, height: at.height, href: each.toDataURL(), preserveAspectRatio: "none", "image-rendering": "pixelated" }));
    } else if (each instanceof SVGSVGElement) {
      const copy = styled(each);
      for (const [name, value] of Object.entries({ x, y, width: at.width, height: at.height })) copy.setAttribute(name, value);
      element.append(copy);
    } else if (!each.closest("svg") && !each.querySelector("h2, .caption, td, th, li, button")) {
      element.append(lines(each, box));
    }
  }
  return { element, width, height };
}

/** The words of an element, line by line as they are broken on the page. */
function lines(each, box) {
  const style = getComputedStyle(each);
  const group = svg("g", { fill: style.color, "font-size": style.fontSize, "font-family": style.fontFamily, "font-weight": style.fontWeight });
  const walker = document.createTreeWalker(each, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    let line = "";
    let last = /** @type {null | {left: number, bottom: number}} */ (null);
    for (let at = 0; at < node.length; at++) {
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const rect = range.getClientRects()[0];
      if (!rect) continue;
      if (last && rect.top > last.bottom - 2) {
        group.append(written(line, last, box));
        line = "";
        last = null;
      }
      last = last ? { left: last.left, bottom: Math.max(last.bottom, rect.bottom) } : { left: rect.left, bottom: rect.bottom };
      line += node.data[at];
    }
    if (line.trim()) group.append(written(line, last, box));
  }
  return group;
}

const written = (text, { left, bottom }, box) => svg("text", { x: left - box.left, y: bottom - box.top - 4 }, text.trim());

function styled(original) {
  const copy = original.cloneNode(true);
  const [from, to] = [[original, ...original.querySelectorAll("*")], [copy, ...copy.querySelectorAll("*")]];
  from.forEach((each, at) => {
    const style = getComputedStyle(each);
    for (const name of STYLES) to[at].setAttribute(name, style.getPropertyValue(name));
    to[at].removeAttribute("class");
  });
  return copy;
}

function download(blob, name) {
  const href = URL.createObjectURL(blob);
  html("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
