/**
 * Contents that are described by plain objects, and renewed in place.
 *
 * A description has a tag, a namespace, attributes and parts, each a text or a description. Only what
 * differs from the contents before is changed: descriptions are compared faster than elements, and a
 * browser lays out anew only what has changed.
 */

const HTML = "http://www.w3.org/1999/xhtml";

/** The descriptions of the contents of each place. */
const contents = new WeakMap();

export function description(tag, attributes, parts, space = HTML) {
  return { tag, space, attributes, parts };
}

/** Gives a place these contents. Nobody else may change its children. */
export function renew(place, parts) {
  update(place, contents.get(place) ?? [], parts);
  contents.set(place, parts);
}

function update(place, before, parts) {
  let node = place.firstChild;
  for (const [i, part] of parts.entries()) {
    const next = node?.nextSibling;
    if (i < before.length) match(node, before[i], part);
    else place.append(built(part));
    node = next;
  }
  for (let i = parts.length; i < before.length; i++) place.lastChild.remove();
}

/** Makes a node what the second description says; it is as the first one says. */
function match(node, before, part) {
  if (typeof part !== "object" && typeof before !== "object") {
    if (String(part) !== String(before)) node.data = part;
  } else if (part.tag !== before.tag) {
    node.replaceWith(built(part));
  } else {
    for (const name in before.attributes) {
      if (!(name in part.attributes)) node.removeAttribute(name);
    }
    for (const name in part.attributes) {
      const value = part.attributes[name];
      if (value !== before.attributes[name]) node.setAttribute(name, value);
    }
    update(node, before.parts, part.parts);
  }
}

function built(part) {
  if (typeof part !== "object") return document.createTextNode(part);
  const node = document.createElementNS(part.space, part.tag);
  for (const name in part.attributes) node.setAttribute(name, part.attributes[name]);
  node.append(...part.parts.map(built));
  return node;
}
