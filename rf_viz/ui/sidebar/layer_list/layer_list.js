/**
 * All layers of a network in execution order, grouped by scope, to search and to walk through.
 * A framework's layer unfolds to the operations that it consists of.
 *
 * Filtering happens here; only the chosen layer is reported back, as the state `layer`.
 */

import { listen } from "../../browser/bus.js";
import { mount } from "../../browser/mount.js";
import { unpack } from "../../browser/packet.js";

const LONGEST = 27; // characters of a name that fit into a row
const REST = 150; // milliseconds without another arrow key before the server hears of the layer

class LayerList {
  constructor(root) {
    this.search = root.querySelector("[type=search]");
    this.only = root.querySelector("[type=checkbox]");
    this.count = root.querySelector(".count");
    this.rows = root.querySelector(".rows");
    this.unfolded = new Set();
    this.turn = Date.now(); // so that every report is another one, also of the same layer
    this.search.addEventListener("input", () => this.draw());
    this.only.addEventListener("change", () => this.draw());
    this.search.addEventListener("keydown", (event) => this.key(event));
    this.rows.addEventListener("keydown", (event) => this.key(event));
    this.rows.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (!row) return;
      const number = Number(row.dataset.number);
      if (event.target.closest("[aria-expanded] .fold")) {
        this.fold(number, this.unfolded.has(number));
      } else this.choose(number);
    });
    listen("cue", root, ({ layer }) => this.follow(layer));
  }

  /** The page shows another layer: marks it, and unfolds what it is part of. */
  follow(name) {
    if (!this.layers || this.timer || this.layers[this.chosen]?.layer === name) return;
    const found = this.layers.findIndex(({ layer }) => layer === name);
    if (found < 0) return;
    this.chosen = found;
    for (const whole of this.around(found)) this.unfolded.add(whole);
    this.draw();
    this.mark(true);
  }

  /** Everywhere below, a row is known by its number. */
  show({ layers, selected }) {
    this.layers = layers;
    this.wholes = new Set(layers.map(({ parent }) => parent).filter((parent) => parent !== null));
    this.rows.setAttribute("role", this.wholes.size ? "tree" : "listbox");
    if (this.chosen === undefined) {
      this.chosen = layers.findIndex(({ layer }) => layer === selected);
      for (const whole of this.around(this.chosen)) this.unfolded.add(whole);
    }
    this.draw();
    this.mark(true);
  }

  /** What a row is part of, the innermost first. */
  around(number) {
    const parent = this.layers[number]?.parent ?? null;
    return parent === null ? [] : [parent, ...this.around(parent)];
  }

  /** The rows that fit the search; a part does by its own name, not that of what it is part of. */
  found() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    return this.layers.flatMap((entry, number) => {
      const { op, settings } = entry;
      const says = (title, word) => [title, op, settings].join(" ").toLowerCase().includes(word);
      const name = this.wholes.has(number) ? entry.name : `${entry.name} ${entry.layer}`;
      const fits = words.every((word) => says(name, word));
      const around = this.layers[entry.parent]?.name.toLowerCase();
      const itself =
        around === undefined ||
        words.some((word) => says(entry.label, word) || !around.includes(word));
      return fits && itself && (entry.convolution || !this.only.checked) ? [number] : [];
    });
  }

  draw() {
    const found = this.found();
    const shown = new Set(found);
    this.layers.forEach(({ parent }, number) => {
      if (shown.has(parent) && this.unfolded.has(parent)) shown.add(number);
    });
    for (const number of found) for (const whole of this.around(number)) shown.add(whole);
    this.shown = [...shown].sort((a, b) => a - b);
    this.first = found[0]; // where a search begins
    const unfolded = new Set(this.shown.map((number) => this.layers[number].parent));
    const nodes = [];
    let scope = "";
    for (const number of this.shown) {
      const { parent, group } = this.layers[number];
      if (parent === null) {
        if (group && group !== scope) nodes.push(heading(group));
        scope = group;
      }
      const depth = this.around(number).length;
      const node = row(this.layers[number], number, depth + (scope ? 0.5 : 0));
      if (this.wholes.size) {
        node.setAttribute("role", "treeitem");
        node.setAttribute("aria-level", depth + 1);
        node.prepend(element("span", "fold", ""));
      }
      if (this.wholes.has(number)) node.setAttribute("aria-expanded", unfolded.has(number));
      nodes.push(node);
    }
    if (!nodes.length) nodes.push(element("div", "nothing", "No layer has that in its name."));
    this.rows.replaceChildren(...nodes);
    const all = this.layers.filter(({ parent }) => parent === null).length;
    this.count.textContent = found.length === all ? `${all}` : `${found.length} found`;
    this.mark(false);
  }

  /** Marks the chosen row, and brings it into sight if asked. */
  mark(scroll) {
    for (const row of this.rows.querySelectorAll(".row")) {
      const chosen = Number(row.dataset.number) === this.chosen;
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

  /** Folds a row's parts away, or unfolds them. */
  fold(number, away) {
    if (away) this.unfolded.delete(number);
    else this.unfolded.add(number);
    this.draw();
  }

  choose(number, rest = 0) {
    this.chosen = number;
    this.mark(true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.report(this.layers[number].layer);
    }, rest);
  }

  key(event) {
    const inSearch = event.currentTarget === this.search;
    const last = this.shown.length - 1;
    if (last < 0 || (inSearch && !["ArrowDown", "ArrowUp", "Enter"].includes(event.key))) return;
    const near = [this.chosen, ...this.around(this.chosen)]; // what is chosen may be folded away
    const now = near.map((number) => this.shown.indexOf(number)).find((at) => at >= 0) ?? -1;
    const number = this.shown[now];
    const folded = this.wholes.has(number) && !this.unfolded.has(number);
    let next;
    if (event.key === "ArrowDown") next = Math.min(now + 1, last);
    else if (event.key === "ArrowUp") next = Math.max(now - 1, 0);
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = last;
    else if (event.key === "Enter" && inSearch) next = this.shown.indexOf(this.first);
    else if (event.key === "ArrowRight" && folded) this.fold(number, false);
    else if (event.key === "ArrowRight" && this.wholes.has(number)) next = now + 1;
    else if (event.key === "ArrowLeft" && this.unfolded.has(number)) this.fold(number, true);
    else if (event.key === "ArrowLeft") next = this.shown.indexOf(this.around(number)[0] ?? number);
    else return;
    event.preventDefault();
    if (next !== undefined && next !== now) this.choose(this.shown[next], REST);
  }
}

function heading(group) {
  const node = element("div", "group", "");
  node.append(element("span", "", group));
  node.setAttribute("role", "presentation");
  return node;
}

function row({ name, layer, label, op, settings, telling, shape, sees }, number, indent) {
  const node = element("div", "row", "");
  node.id = `layer-${number}`;
  node.dataset.number = number;
  node.dataset.name = name;
  node.dataset.layer = layer;
  node.title = `${name}: ${[op, settings, shape].filter(Boolean).join(", ")}`;
  node.style.setProperty("--indent", indent);
  node.setAttribute("role", "option");
  const title = element("span", "name", shortened(label));
  if (telling) title.append(element("span", "op", op));
  if (settings) title.append(element("span", "settings", settings));
  node.append(title, element("span", "sees", sees));
  return node;
}

/** Long names differ at their ends more than in the middle. */
function shortened(name) {
  return name.length > LONGEST
    ? `${name.slice(0, LONGEST / 3)}…${name.slice(-LONGEST / 1.5)}`
    : name;
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

export default mount(LayerList, (list, { data, setStateValue }) => {
  list.report = (name) => setStateValue("layer", { name, turn: ++list.turn });
  list.show(unpack(data));
});
