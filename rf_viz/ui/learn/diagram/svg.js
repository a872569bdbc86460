/** Elements of drawings. */

const SVG = "http://www.w3.org/2000/svg";

export function element(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  setAll(node, attributes);
  if (text !== undefined) node.textContent = text;
  return node;
}

export function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}
