/**
 * A one-dimensional network, unit by unit, with every connection: the input at the bottom.
 *
 * Pointing at a unit, or moving to it with the arrow keys, lights all that it depends on and all
 * that depends on it. A click or Enter pins it, which is reported as the state `pinned`:
 * `{ above, unit }`, where `above` is the number of rows above its own.
 */

const SVG = "http://www.w3.org/2000/svg";
const [WIDEST, NARROWEST] = [46, 11]; // screen pixels from one unit to the next
const [LARGEST, SMALLEST] = [26, 5]; // sides of a unit
const WRITTEN = 15; // sides from which units carry their number
const [LABELS, NARROW_LABELS] = [124, 84]; // the width of the rows' names
const CROWDED = 600; // the width below which these are narrow
const TOP = 24; // above the middle of the first row
const LINE = 36; // for each bracket
const ORDER = ["", "second", "third"];
const DASH = "\u2013";

const diagrams = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  if (!diagrams.has(parentElement)) diagrams.set(parentElement, new Diagram(parentElement));
  const diagram = diagrams.get(parentElement);
  diagram.report = (pinned) => setStateValue("pinned", pinned);
  diagram.show(data);
}

class Diagram {
  constructor(root) {
    this.svg = root.querySelector("svg");
    this.told = root.querySelector(".told");
    const scroll = root.querySelector(".scroll");
    new ResizeObserver(() => {
      if (this.data && scroll.clientWidth !== this.width) this.draw();
    }).observe(scroll);
    this.scroll = scroll;
    this.svg.addEventListener("pointerover", (event) => this.point(this.unitOf(event)));
    this.svg.addEventListener("pointerleave", () => this.point(null));
    this.svg.addEventListener("focusin", (event) => this.point(this.unitOf(event)));
    this.svg.addEventListener("focusout", () => this.point(null));
    this.svg.addEventListener("click", (event) => this.pin(this.unitOf(event)));
    this.svg.addEventListener("keydown", (event) => this.key(event));
  }

  show(data) {
    this.data = data;
    this.takers = takersOf(data.rows);
    this.pointed = null;
    this.draw();
  }

  /** The pinned unit, or the nearest one if the network has become smaller since. */
  get pinned() {
    const { rows, start } = this.data;
    if (!this.chosen) return start;
    const row = Math.max(0, rows.length - 1 - this.chosen.above);
    return { row, unit: Math.min(this.chosen.unit, rows[row].size - 1) };
  }

  draw() {
    const { rows, brackets } = this.data;
    this.width = this.scroll.clientWidth;
    if (!this.width) return;
    const focused = this.unitOf({ target: this.svg.getRootNode().activeElement });
    const labels = this.width < CROWDED ? NARROW_LABELS : LABELS;
    const spans = brackets.flatMap(({ spans }) => spans.flatMap((row) => row ?? []));
    const ends = rows.flatMap(({ at, step, size, padding: [before, after] }) => [
      at - before * step,
      at + (size - 1 + after) * step,
    ]);
    const low = Math.min(...ends, ...spans.map(([start]) => start));
    const high = Math.max(...ends, ...spans.map(([, stop]) => stop - 1));
    const room = this.width - labels - 12;
    const finest = Math.min(...rows.map(({ step }) => step));
    this.pitch = Math.min(Math.max(room / (high - low + 1), NARROWEST), WIDEST / finest);
    this.side = Math.min(Math.max(this.pitch * finest * 0.74, SMALLEST), LARGEST);
    const gap = rows.length > 5 ? 58 : rows.length > 3 ? 70 : 84;
    const inner = (high - low + 1) * this.pitch;
    const shift = labels + Math.max(0, (room - inner) / 2);
    this.x = (position) => shift + (position - low + 0.5) * this.pitch;
    this.y = (row) => TOP + (rows.length - 1 - row) * gap;
    const height = this.y(0) + 30 + LINE * brackets.length;
    const width = Math.max(this.width, labels + inner + 12);
    setAll(this.svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    this.lines = element("g", { "aria-hidden": true });
    this.boxes = element("g", {});
    this.below = element("g", { "aria-hidden": true });
    this.nodes = rows.map(() => new Map());
    this.links = [];
    rows.forEach((row, number) => {
      this.drawLinks(row, number);
      this.drawUnits(row, number);
      this.drawName(row, number);
    });
    this.svg.replaceChildren(this.lines, this.boxes, this.below);
    this.light();
    if (focused) this.nodeOf(this.fitting(focused)).focus({ preventScroll: true });
  }

  fitting({ row, unit }) {
    const number = Math.min(row, this.data.rows.length - 1);
    return { row: number, unit: Math.min(unit, this.data.rows[number].size - 1) };
  }

  place(row, unit) {
    const { at, step } = this.data.rows[row];
    return this.x(at + unit * step);
  }

  drawLinks({ links }, number) {
    for (const { source, of } of links) {
      of.forEach((taken, unit) => {
        for (const from of taken) {
          const line = element("line", {
            class: "link",
            x1: this.place(source, from),
            y1: this.y(source) - this.side / 2,
            x2: this.place(number, unit),
            y2: this.y(number) + this.side / 2,
          });
          this.lines.append(line);
          this.links.push({ line, source: key(source, from), target: key(number, unit) });
        }
      });
    }
  }

  drawUnits({ name, size, padding: [before, after], path }, row) {
    const { pitch, side } = this;
    for (let unit = -before; unit < size + after; unit++) {
      const outside = unit < 0 || unit >= size;
      const [x, y] = [this.place(row, unit), this.y(row)];
      const node = element("g", { class: outside ? "unit padding" : "unit" });
      const wide = Math.max(side, pitch * this.data.rows[row].step);
      const round = path ? side / 2 : 3;
      node.append(
        element("rect", { class: "hit", ...square(x, y, wide, 42) }),
        element("rect", { class: "box", ...square(x, y, side, side), rx: round }),
      );
      Object.assign(node.dataset, { row, unit });
      if (!outside) {
        const ring = square(x, y, side + 7, side + 7);
        node.append(element("rect", { class: "ring", fill: "none", ...ring, rx: round + 3 }));
        setAll(node, { role: "button", tabindex: -1, "aria-label": `${name}, unit ${unit}` });
        if (side >= WRITTEN) node.append(element("text", { x, y }, unit));
        else if (row === 0 && unit % 5 === 0) {
          const tick = { class: "tick", x, y: y + side / 2 + 8 };
          node.append(element("text", tick, unit));
        }
      }
      this.boxes.append(node);
      this.nodes[row].set(unit, node);
    }
  }

  drawName({ name, about }, row) {
    const y = this.y(row);
    const title = name.charAt(0).toUpperCase() + name.slice(1);
    const text = element("text", { class: "name", x: 0, y: about ? y - 3 : y + 4 }, title);
    this.below.append(text);
    const words = this.width < CROWDED ? about.split(", ") : [about];
    const lines = words.length > 2 ? [words.slice(0, 2), words.slice(2)] : [words];
    lines.forEach((line, number) => {
      const place = { class: "about", x: 0, y: y + 12 + 13 * number };
      this.below.append(element("text", place, line.join(", ")));
    });
  }

  unitOf({ target }) {
    const node = target?.closest?.(".unit:not(.padding)");
    return node ? { row: Number(node.dataset.row), unit: Number(node.dataset.unit) } : null;
  }

  nodeOf({ row, unit }) {
    return this.nodes[row].get(unit);
  }

  point(unit) {
    if (same(unit, this.pointed)) return;
    this.pointed = unit;
    this.light();
  }

  pin(unit) {
    if (!unit) return;
    this.chosen = { above: this.data.rows.length - 1 - unit.row, unit: unit.unit };
    this.light();
    this.report(this.chosen);
  }

  /** Lights what the unit that is pointed at, or else the pinned one, depends on and reaches. */
  light() {
    const here = this.pointed ?? this.pinned;
    const below = this.counted(here);
    const above = this.reached(here);
    const start = key(here.row, here.unit);
    this.nodes.forEach((nodes, row) => {
      for (const [unit, node] of nodes) {
        const name = key(row, unit);
        node.classList.toggle("below", below.has(name));
        node.classList.toggle("above", above.has(name) && name !== start);
        node.classList.toggle("here", name === start);
        if (this.data.counts) write(node, below.get(name));
      }
    });
    for (const { line, source, target } of this.links) {
      line.classList.toggle("below", below.has(source) && below.has(target));
      line.classList.toggle("above", above.has(source) && above.has(target));
      if (line.classList.length > 1) line.parentNode.append(line);
    }
    this.svg.querySelector(".pinned")?.classList.remove("pinned");
    this.svg.querySelector("[tabindex='0']")?.setAttribute("tabindex", -1);
    this.nodeOf(this.pinned).classList.add("pinned");
    this.nodeOf(here).setAttribute("tabindex", 0);
    this.drawBrackets(here);
    this.told.textContent = this.tell(here, below, above);
  }

  /** All that a unit depends on, padding included: by how many paths each reaches it. */
  counted({ row, unit }) {
    const counts = new Map([[key(row, unit), 1]]);
    for (let number = row; number > 0; number--) {
      const { size, links } = this.data.rows[number];
      for (let taker = 0; taker < size; taker++) {
        const count = counts.get(key(number, taker));
        if (count === undefined) continue;
        for (const { source, of } of links) {
          for (const taken of of[taker]) {
            const name = key(source, taken);
            counts.set(name, (counts.get(name) ?? 0) + count);
          }
        }
      }
    }
    return counts;
  }

  /** All that depends on a unit. */
  reached({ row, unit }) {
    const found = new Set([key(row, unit)]);
    for (const name of found) for (const taker of this.takers.get(name) ?? []) found.add(taker);
    return found;
  }

  drawBrackets({ row, unit }) {
    for (const node of this.below.querySelectorAll(".bracket, .span")) node.remove();
    if (row === 0) return;
    const found = new Map(); // what is the same is drawn once
    for (const { label, spans } of this.data.brackets) {
      const span = spans[row]?.[unit] ?? null;
      const text = `${label}: ${span ? range(...span) : "none"}`;
      const same = found.get(String(span));
      if (same) same.text = `${same.label} = ${text}`;
      else found.set(String(span), { label, span, text });
    }
    [...found.values()].forEach(({ span, text }, number) => {
      const top = this.y(0) + 26 + LINE * number;
      const [start, stop] = span ?? [0, 0];
      let middle = this.place(row, unit);
      if (stop > start) {
        const [from, to] = [this.x(start - 0.5) + 2, this.x(stop - 0.5) - 2];
        middle = (from + to) / 2;
        const d = `M${from} ${top - 6}v6H${to}v-6`;
        this.below.append(element("path", { class: `bracket ${ORDER[number]}`, d }));
      }
      const half = 3.3 * text.length;
      const x = Math.max(half, Math.min(middle, Number(this.svg.getAttribute("width")) - half));
      this.below.append(element("text", { class: "span", x, y: top + 15 }, text));
    });
  }

  /** In words, what is lit. */
  tell({ row, unit }, below, above) {
    const { rows } = this.data;
    const title = (number) => rows[number].name;
    const units = (names, number) =>
      [...names]
        .filter((name) => name.startsWith(`${number}:`))
        .map((name) => Number(name.split(":")[1]))
        .filter((i) => i >= 0 && i < rows[number].size)
        .sort((a, b) => a - b);
    const name = title(row).charAt(0).toUpperCase() + title(row).slice(1);
    const parts = [];
    if (row > 0) {
      const seen = units(below.keys(), 0);
      const plural = seen.length === 1 ? "" : "s";
      parts.push(
        seen.length
          ? `depends on ${seen.length} input unit${plural}: ${listed(seen)}`
          : "depends on no input unit",
      );
    }
    if (row < rows.length - 1) {
      const last = units(above, rows.length - 1);
      const where = `of ${title(rows.length - 1)}`;
      const them = `unit${last.length === 1 ? "" : "s"} ${listed(last)}`;
      parts.push(`reaches ${last.length ? them : "no unit"} ${where}`);
    }
    return `${name}, unit ${unit} ${parts.join("; it ")}.`;
  }

  key(event) {
    const now = this.unitOf(event);
    if (!now) return;
    const { rows } = this.data;
    const { row, unit } = now;
    if (event.key === "Enter" || event.key === " ") this.pin(now);
    else {
      const next = {
        ArrowLeft: () => ({ row, unit: Math.max(unit - 1, 0) }),
        ArrowRight: () => ({ row, unit: Math.min(unit + 1, rows[row].size - 1) }),
        ArrowUp: () => this.beside(row, unit, Math.min(row + 1, rows.length - 1)),
        ArrowDown: () => this.beside(row, unit, Math.max(row - 1, 0)),
        Home: () => ({ row, unit: 0 }),
        End: () => ({ row, unit: rows[row].size - 1 }),
      }[event.key];
      if (!next) return;
      this.nodeOf(next()).focus();
    }
    event.preventDefault();
  }

  /** The unit of another row that lies nearest. */
  beside(row, unit, other) {
    const { at, step, size } = this.data.rows[other];
    const here = this.data.rows[row];
    const nearest = Math.round((here.at + unit * here.step - at) / step);
    return { row: other, unit: Math.min(Math.max(nearest, 0), size - 1) };
  }
}

/** By how many paths a unit reaches the one that is pointed at, if it does. */
function write(node, count) {
  const text = node.querySelector("text:not(.tick)");
  if (text) text.textContent = count < 1000 ? count : "";
}

/** For every unit those that take it, padding left out. */
function takersOf(rows) {
  const takers = new Map();
  rows.forEach(({ links }, row) => {
    for (const { source, of } of links) {
      of.forEach((taken, unit) => {
        for (const from of taken) {
          if (from < 0 || from >= rows[source].size) continue;
          const name = key(source, from);
          if (!takers.has(name)) takers.set(name, []);
          takers.get(name).push(key(row, unit));
        }
      });
    }
  });
  return takers;
}

function key(row, unit) {
  return `${row}:${unit}`;
}

function same(one, other) {
  return one === other || (one && other && one.row === other.row && one.unit === other.unit);
}

/** Half-open bounds by their first unit u and their last unit v. */
function range(start, stop) {
  const size = stop - start;
  if (size < 1) return "no unit";
  const [u, v] = [start, stop - 1].map((number) => String(number).replace("-", "\u2212"));
  return `u = ${u}, v = ${v}, ${size} unit${size === 1 ? "" : "s"}`;
}

/** Sorted numbers, in runs. */
function listed(numbers) {
  const runs = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([a, b]) => (a === b ? a : `${a}${DASH}${b}`)).join(", ");
}

function square(x, y, width, height) {
  return { x: x - width / 2, y: y - height / 2, width, height };
}

function element(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  setAll(node, attributes);
  if (text !== undefined) node.textContent = text;
  return node;
}

function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
}
