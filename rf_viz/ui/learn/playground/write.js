/** Puts a text into an element unless it is there already: what is put again is laid out again. */
export function write(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

/** Sets properties of an element unless they are so already. */
export function settle(node, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (node[name] !== value) node[name] = value;
  }
}
