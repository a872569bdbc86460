/** Elements of drawings. */

import { description } from "./renewed.js";

const SVG = "http://www.w3.org/2000/svg";

export function element(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  setAll(node, attributes);
  if (text !== undefined) node.textContent = text;
  return node;
}

/** An element that is described, for what is renewed in place. */
export function sketch(name, attributes, ...parts) {
  return description(name, attributes, parts, SVG);
}

/** Tenths of a screen pixel are enough for a path, and short to write and to read. */
export function tenths(position) {
  return Math.round(position * 10) / 10;
}

export function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}
