/** Elements of drawings. */

const SVG = "http://www.w3.org/2000/svg";

export function element(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  setAll(node, attributes);
  if (text !== undefined) node.textContent = text;
  return node;
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
