/** Contents that are renewed in place: a browser lays out anew only what has changed. */

/** Gives a place these nodes as its children, and keeps what is the same. */
export function renew(place, nodes) {
  const old = [...place.childNodes];
  nodes.forEach((node, i) => {
    if (i < old.length) match(old[i], node);
    else place.append(node);
  });
  for (const rest of old.slice(nodes.length)) rest.remove();
}

/** Makes a node like another, or puts the other in its place where they are of different kinds. */
function match(old, node) {
  if (old.nodeName !== node.nodeName) {
    old.replaceWith(node);
  } else if (node.nodeType === Node.TEXT_NODE) {
    if (old.data !== node.data) old.data = node.data;
  } else {
    for (const { name } of [...old.attributes]) {
      if (!node.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of node.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    renew(old, [...node.childNodes]);
  }
}
