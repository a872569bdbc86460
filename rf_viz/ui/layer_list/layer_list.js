/**
 * All layers of a network in execution order, grouped by scope, to search and to walk through.
 *
 * Filtering happens here; only the chosen layer is reported back, as the state `layer`.
 */

const REST = 150; // milliseconds without another arrow key before the server hears of the layer

const lists = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  if (!lists.has(parentElement)) lists.set(parentElement, new LayerList(parentElement));
  const list = lists.get(parentElement);
  list.report = (name) => setStateValue("layer", name);
  list.show(data);
}

class LayerList {
  constructor(root) {
    this.search = root.querySelector("[type=search]");
    this.only = root.querySelector("[type=checkbox]");
    this.count = root.querySelector(".count");
    this.rows = root.querySelector(".rows");
    this.search.addEventListener("input", () => this.draw());
    this.only.addEventListener("change", () => this.draw());
    this.search.addEventListener("keydown", (event) => this.key(event));
    this.rows.addEventListener("keydown", (event) => this.key(event));
    this.rows.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) this.choose(row.dataset.name);
    });
  }

  show({ layers, selected }) {
    this.layers = layers;
    this.chosen ??= selected;
    this.draw();
    this.mark(true);
  }

  draw() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = this.layers.filter(({ name, op, convolution }) => {
      const text = `${name} ${op}`.toLowerCase();
      return (convolution || !this.only.checked) && words.every((word) => text.includes(word));
    });
    const nodes = [];
    let group = "";
    for (const layer of this.shown) {
      if (layer.group && layer.group !== group) nodes.push(heading(layer.group));
      group = layer.group;
      nodes.push(row(layer));
    }
    if (!nodes.length) nodes.push(element("div", "nothing", "No layer has that in its name."));
    this.rows.replaceChildren(...nodes);
    const [some, all] = [this.shown.length, this.layers.length];
    this.count.textContent = some === all ? `${all}` : `${some} of ${all}`;
    this.mark(false);
  }

  /** Marks the chosen row, and brings it into sight if asked. */
  mark(scroll) {
    for (const row of this.rows.querySelectorAll(".row")) {
      const chosen = row.dataset.name === this.chosen;
      row.setAttribute("aria-selected", chosen);
      if (!chosen) continue;
      this.rows.setAttribute("aria-activedescendant", row.id);
      if (scroll) this.reveal(row);
    }
  }

  /** Scrolls the list alone: scrollIntoView would scroll the page as well. */
  reveal(row) {
    const [list, box] = [this.rows.getBoundingClientRect(), row.getBoundingClientRect()];
    const spare = 2 * box.height;
    if (box.top < list.top + spare || box.bottom > list.bottom - spare) {
      this.rows.scrollTop += box.top - list.top - (list.height - box.height) / 2;
    }
  }

  choose(name, rest = 0) {
    this.chosen = name;
    this.mark(true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.report(name), rest);
  }

  key(event) {
    const last = this.shown.length - 1;
    const now = this.shown.findIndex(({ name }) => name === this.chosen);
    const inSearch = event.currentTarget === this.search;
    let next;
    if (event.key === "ArrowDown") next = Math.min(now + 1, last);
    else if (event.key === "ArrowUp") next = Math.max(now - 1, 0);
    else if (event.key === "Home" && !inSearch) next = 0;
    else if (event.key === "End" && !inSearch) next = last;
    else if (event.key === "Enter" && inSearch) next = Math.max(now, 0);
    if (next === undefined || last < 0) return;
    event.preventDefault();
    this.choose(this.shown[next].name, REST);
  }
}

function heading(group) {
  const node = element("div", "group", "");
  node.append(element("span", "", group));
  node.setAttribute("role", "presentation");
  return node;
}

function row({ name, group, label, sees, op, telling, shape }) {
  const node = element("div", group ? "row grouped" : "row", "");
  node.id = `layer-${name}`;
  node.dataset.name = name;
  node.title = `${name}: ${op}, ${shape}`;
  node.setAttribute("role", "option");
  const title = element("span", "name", label);
  if (telling) title.append(element("span", "op", op));
  node.append(title, element("span", "sees", sees));
  return node;
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}
