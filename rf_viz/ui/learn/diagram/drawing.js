/**
 * Drawing of a one-dimensional network, unit by unit, with every connection: the input at the
 * bottom. Paths that part stand side by side, each in a lane of its own, with a scale of its own.
 *
 * Pointing at a unit, or moving to it with the arrow keys, lights all that it depends on and all
 * that depends on it. A click or Enter pins it, which is reported: `{ above, unit }`, where `above`
 * is the number of rows above its own.
 *
 * Below the input stand marks: parts of it with what they count, which share a name with terms of
 * the formulas. Below these stand brackets with the bounds of what the unit sees.
 */

import { renew } from "./renewed.js";
import { element, setAll, sketch, tenths } from "./svg.js";
import { followed } from "./width.js";

const [WIDEST, NARROWEST] = [46, 11]; // screen pixels from one unit to the next
const [LARGEST, SMALLEST] = [26, 5]; // sides of a unit
const WRITTEN = 15; // sides from which units carry their number
const FILL = 0.74; // the side of a unit, as a share of the distance to the next one
const [LABELS, NARROW_LABELS] = [124, 84]; // the width of the rows' names
const CROWDED = 600; // the width below which these are narrow
const TOP = 24; // above the middle of the first row
const LINE = 36; // for each bracket
const MARK = 30; // for each line of marks
const LANES_GAP = 96; // from one row to the next where there are lanes
const BETWEEN = 20; // from one lane to the next
const EDGE = 10; // within a lane, beside its units
const LANE_TOP = 26; // above the units of a lane's row, where their name stands
const ORDER = ["", "second", "third"];
const DASH = "\u2013";
const HIDDEN = { "aria-hidden": true };

export class UnitDrawing {
  /** `root` holds an svg in a `.scroll`, a `.told` for what is lit in words, and a `.note`. */
  constructor(root) {
    this.svg = root.querySelector("svg");
    this.scroll = root.querySelector(".scroll");
    this.told = root.querySelector(".told");
    this.legend = root.querySelector(".note");
    this.pointed = null;
    this.units = new Map();
    [this.bands, this.lines, this.below] = [0, 1, 2].map(() => element("g", HIDDEN));
    this.boxes = element("g", {});
    this.ring = element("rect", { class: "ring", ...HIDDEN });
    this.svg.append(this.bands, this.lines, this.boxes, this.ring, this.below);
    this.room = followed(this.scroll, () => {
      if (this.data) this.draw();
    });
    this.svg.addEventListener("pointerover", (event) => this.point(this.unitOf(event)));
    this.svg.addEventListener("pointerleave", () => this.point(null));
    // Listeners for focus would make the svg itself a stop of the Tab key.
    this.scroll.addEventListener("focusin", (event) => this.point(this.unitOf(event)));
    this.scroll.addEventListener("focusout", () => this.point(null));
    this.svg.addEventListener("click", (event) => this.pin(this.unitOf(event)));
    this.svg.addEventListener("keydown", (event) => this.key(event));
  }

  /** With `legible`, units are never so small that their numbers are left out. */
  show(data) {
    this.data = { brackets: [], marks: () => [], lines: 0, ...data };
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
    const { rows, brackets, lines, legible } = this.data;
    this.width = this.room();
    if (!this.width) return;
    const focused = this.unitOf({ target: this.svg.getRootNode().activeElement });
    const labels = this.width < CROWDED ? NARROW_LABELS : LABELS;
    const spans = brackets.flatMap(({ spans }) => spans.flatMap((row) => row ?? []));
    const trunk = rows.filter(({ path }) => path === null);
    const ends = extent(trunk);
    const low = Math.min(ends.low, ...spans.map(([start]) => start));
    const high = Math.max(ends.high, ...spans.map(([, stop]) => stop - 1));
    const room = this.width - labels - 12;
    const finest = Math.min(...trunk.map(({ step }) => step));
    const narrowest = legible ? Math.ceil(WRITTEN / FILL) : NARROWEST;
    this.pitch = Math.min(Math.max(room / (high - low + 1), narrowest), WIDEST / finest);
    const inner = (high - low + 1) * this.pitch;
    this.lanes = lanesOf(rows, this.width, this.pitch); // their rows need no room for names
    const across = Math.max(room, inner, ...this.lanes.map(({ stop }) => stop - labels - 12));
    const shift = labels + (across - inner) / 2;
    const tightest = [
      this.pitch * finest,
      ...this.lanes.map(({ pitch, finest }) => pitch * finest),
    ];
    this.side = Math.min(Math.max(Math.min(...tightest) * FILL, SMALLEST), LARGEST);
    const top = Math.max(...rows.map(({ level }) => level));
    const gap = this.lanes.length ? LANES_GAP : top > 4 ? 58 : top > 2 ? 70 : 84;
    this.x = (position) => shift + (position - low + 0.5) * this.pitch;
    this.y = (row) => TOP + (top - rows[row].level) * gap;
    const height = this.y(0) + 30 + MARK * lines + LINE * brackets.length;
    const wide = Math.max(this.width, labels + across + 12);
    setAll(this.svg, { width: wide, height, viewBox: `0 0 ${wide} ${height}` });
    renew(
      this.bands,
      this.lanes.map((lane) => this.band(lane)),
    );
    this.next = this.boxes.firstChild;
    this.nodes = rows.map(() => new Map());
    this.links = [];
    rows.forEach((row, number) => {
      this.drawLinks(row, number);
      this.drawUnits(row, number);
    });
    while (this.next) this.leave(this.next);
    this.names = rows.flatMap((row, number) => this.nameOf(row, number));
    this.legend.textContent = shapes(rows, this.lanes);
    this.light();
    if (wide > this.width && !this.overflows) requestAnimationFrame(() => this.scrollToPinned());
    this.overflows = wide > this.width;
    if (focused) this.nodeOf(this.fitting(focused)).focus({ preventScroll: true });
  }

  /** Scrolls to what the person is to look at, where the drawing is wider than its room. */
  scrollToPinned() {
    const { row, unit } = this.pinned;
    this.scroll.scrollLeft = this.place(row, unit) - this.width / 2;
  }

  fitting({ row, unit }) {
    const number = Math.min(row, this.data.rows.length - 1);
    return { row: number, unit: Math.min(unit, this.data.rows[number].size - 1) };
  }

  laneOf(row) {
    return this.lanes.find(({ path }) => path === this.data.rows[row].path);
  }

  place(row, unit) {
    const { at, step } = this.data.rows[row];
    const position = at + unit * step;
    const lane = this.laneOf(row);
    if (!lane) return this.x(position);
    return lane.middle + (position - lane.centre) * lane.pitch;
  }

  /** The ground of a lane. */
  band({ start, stop, rows }) {
    const ys = rows.map((row) => this.y(row));
    const y = Math.min(...ys) - this.side / 2 - LANE_TOP;
    const height = Math.max(...ys) + this.side / 2 + EDGE - y;
    return sketch("rect", { class: "lane", x: start, y, width: stop - start, height, rx: 6 });
  }

  drawLinks({ links }, number) {
    for (const { source, of } of links) {
      of.forEach((taken, unit) => {
        for (const from of taken) {
          const [x1, y1] = [this.place(source, from), this.y(source) - this.side / 2];
          const [x2, y2] = [this.place(number, unit), this.y(number) + this.side / 2];
          const line = `M${tenths(x1)} ${tenths(y1)}L${tenths(x2)} ${tenths(y2)}`;
          this.links.push({ line, source: key(source, from), target: key(number, unit) });
        }
      });
    }
  }

  drawUnits({ name, size, step, padding: [before, after], path }, row) {
    const { side } = this;
    const wide = Math.max(side, (this.laneOf(row)?.pitch ?? this.pitch) * step);
    const round = path ? side / 2 : Math.min(3, side / 8);
    const shape = `${name} ${wide} ${side} ${round} ${this.data.counts ?? false}`;
    for (let unit = -before; unit < size + after; unit++) {
      const node = this.kept(row, unit, unit < 0 || unit >= size);
      const [x, y] = [tenths(this.place(row, unit)), tenths(this.y(row))];
      setAll(node, { transform: `translate(${x} ${y})` });
      if (node.dataset.shape !== shape) {
        node.dataset.shape = shape;
        const [hit, box] = node.children;
        setAll(hit, square(0, 0, wide, 42));
        setAll(box, { ...square(0, 0, side, side), rx: round });
        if (unit >= 0 && unit < size) {
          setAll(node, { "aria-label": `${name}, unit ${unit}` });
          this.number(node, row, unit);
        }
      }
      this.nodes[row].set(unit, node);
    }
  }

  /** Writes a unit's number into it or, where it is small, below some; few need a text at all. */
  number(node, row, unit) {
    const tick = this.side < WRITTEN;
    const says = tick && (row > 0 || unit % 5 > 0) ? "" : String(unit);
    const text = node.children[2] ?? (says ? node.appendChild(element("text", {})) : null);
    if (!text) return;
    setAll(text, { class: tick ? "tick" : "inside", y: tick ? this.side / 2 + 8 : 0 });
    if (text.textContent !== says) text.textContent = says;
  }

  /** The element of a unit, which stays from one drawing to the next: new texts take long. */
  kept(row, unit, outside) {
    const name = outside ? `${key(row, unit)}:padding` : key(row, unit);
    let node = this.units.get(name);
    if (!node) {
      node = element("g", { class: outside ? "unit padding" : "unit" });
      node.append(element("rect", { class: "hit" }), element("rect", { class: "box" }));
      if (!outside) setAll(node, { role: "button", tabindex: -1 });
      Object.assign(node.dataset, { row, unit, name });
      this.units.set(name, node);
    }
    node.classList.remove("lit");
    if (node === this.next) this.next = node.nextSibling;
    else this.boxes.insertBefore(node, this.next);
    return node;
  }

  /** Takes out a unit that the network has no more. */
  leave(node) {
    this.next = node.nextSibling;
    this.units.delete(node.dataset.name);
    node.remove();
  }

  /** The name of a row, and what is told about it. */
  nameOf({ name, about }, row) {
    const y = this.y(row);
    const lane = this.laneOf(row);
    if (lane) {
      const place = {
        class: "inlane",
        x: lane.start + EDGE,
        y: y - this.side / 2 - 11,
      };
      const title = sketch("tspan", { class: "name" }, name);
      return [sketch("text", place, title, sketch("tspan", { class: "about", dx: 8 }, about))];
    }
    const title = name.charAt(0).toUpperCase() + name.slice(1);
    const text = sketch("text", { class: "name", x: 0, y: about ? y - 3 : y + 4 }, title);
    const words = this.width < CROWDED ? about.split(", ") : [about];
    const lines = words.length > 2 ? [words.slice(0, 2), words.slice(2)] : [words];
    const more = lines.map((line, number) => {
      const place = { class: "about", x: 0, y: y + 12 + 13 * number };
      return sketch("text", place, line.join(", "));
    });
    return [text, ...more];
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
    const all =
      (units) =>
      ({ source, target }) =>
        units.has(source) && units.has(target);
    renew(this.lines, [
      linked("link", this.links),
      linked("link above", this.links.filter(all(above))),
      linked("link below", this.links.filter(all(below))),
    ]);
    this.svg.querySelector(".pinned")?.classList.remove("pinned");
    this.svg.querySelector("[tabindex='0']")?.setAttribute("tabindex", -1);
    this.nodeOf(this.pinned).classList.add("pinned");
    this.drawRing(this.pinned);
    this.nodeOf(here).setAttribute("tabindex", 0);
    renew(this.below, [...this.names, ...this.marksOf(here), ...this.bracketsOf(here)]);
    this.told.textContent = this.tell(here, below, above);
    this.lit?.(here);
  }

  /** Emphasises the marks of a name and the units of the input that they stand below. */
  emphasise(name) {
    const marks = this.data.marks(this.pointed ?? this.pinned).flat();
    const spans = name ? marks.filter(({ term }) => term === name).map(({ span }) => span) : [];
    for (const [unit, node] of this.nodes[0]) {
      node.classList.toggle(
        "lit",
        spans.some(([start, stop]) => unit >= start && unit < stop),
      );
    }
    for (const mark of this.below.querySelectorAll(".mark")) {
      mark.classList.toggle("lit", mark.dataset.term === name);
    }
  }

  drawRing({ row, unit }) {
    const side = this.side + 7;
    const round = this.data.rows[row].path ? side / 2 : Math.min(3, this.side / 8) + 3;
    setAll(this.ring, { ...square(this.place(row, unit), this.y(row), side, side), rx: round });
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

  marksOf(here) {
    return this.data.marks(here).flatMap((line, number) => {
      const y = this.y(0) + this.side / 2 + 8 + MARK * number;
      return line.map(({ span, text, term, kind = "" }) => {
        const [from, to] = [this.x(span[0] - 0.5) + 1, this.x(span[1] - 0.5) - 1];
        const width = Math.max(0, to - from);
        return sketch(
          "g",
          { class: `mark ${kind}`, "data-term": term },
          sketch("rect", { x: from, y, width, height: 6, rx: 2 }),
          sketch("text", { x: (from + to) / 2, y: y + 19 }, text),
        );
      });
    });
  }

  bracketsOf({ row, unit }) {
    if (row === 0) return [];
    const found = new Map(); // what is the same is drawn once
    for (const { label, spans } of this.data.brackets) {
      const span = spans[row]?.[unit] ?? null;
      const text = `${label}: ${span ? range(...span) : "none"}`;
      const same = found.get(String(span));
      if (same) same.text = `${same.label} = ${text}`;
      else found.set(String(span), { label, span, text });
    }
    return [...found.values()].flatMap(({ span, text }, number) => {
      const drawn = [];
      const top = this.y(0) + 26 + MARK * this.data.lines + LINE * number;
      const [start, stop] = span ?? [0, 0];
      let middle = this.place(row, unit);
      if (stop > start) {
        const [from, to] = [this.x(start - 0.5) + 2, this.x(stop - 0.5) - 2];
        middle = (from + to) / 2;
        const d = `M${from} ${top - 6}v6H${to}v-6`;
        // The strokes of every figure: solid is exact, dashed the closed form.
        const kind = ["exact", "closed"].find((word) => text.includes(word)) ?? ORDER[number];
        drawn.push(sketch("path", { class: `bracket ${kind}`, d }));
      }
      const half = 3.3 * text.length;
      const x = Math.max(half, Math.min(middle, Number(this.svg.getAttribute("width")) - half));
      drawn.push(sketch("text", { class: "span", x, y: top + 15 }, text));
      return drawn;
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
      const plural = seen.length > 1 ? "s" : "";
      const lowest = title(0) === "input" ? ["input ", ""] : ["", ` of ${title(0)}`];
      const thing = `${lowest[0]}unit${plural}${lowest[1]}`;
      parts.push(
        seen.length
          ? `depends on ${seen.length} ${thing}: ${listed(seen)}`
          : `depends on no ${thing}`,
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
        ArrowLeft: () => this.along(row, unit - 1),
        ArrowRight: () => this.along(row, unit + 1),
        ArrowUp: () => this.beside(row, unit, this.takerOf(row)),
        ArrowDown: () => this.beside(row, unit, rows[row].links[0]?.source ?? row),
        Home: () => ({ row, unit: 0 }),
        End: () => ({ row, unit: rows[row].size - 1 }),
      }[event.key];
      if (!next) return;
      this.nodeOf(next()).focus();
    }
    event.preventDefault();
  }

  /** The unit of a row, or beyond its ends the nearest one of a lane beside it. */
  along(row, unit) {
    const { rows } = this.data;
    const { size, path, level } = rows[row];
    if (unit >= 0 && unit < size) return { row, unit };
    const next = path === null ? null : path + Math.sign(unit);
    const other = rows.findIndex(
      (one) => next !== null && one.path === next && one.level === level,
    );
    if (other < 0) return { row, unit: Math.max(0, Math.min(unit, size - 1)) };
    return { row: other, unit: unit < 0 ? rows[other].size - 1 : 0 };
  }

  /** The lowest row that takes units of a row; of the output, itself. */
  takerOf(row) {
    const { rows } = this.data;
    const taker = rows.findIndex(({ links }) => links.some(({ source }) => source === row));
    return taker < 0 ? row : taker;
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
  const text = node.querySelector(".inside");
  const says = count < 1000 ? String(count) : "";
  if (text && text.textContent !== says) text.textContent = says;
}

/** The lowest and the highest position of rows, padding included, in units of the input. */
function extent(rows) {
  const ends = rows.flatMap(({ at, step, size, padding: [before, after] }) => [
    at - before * step,
    at + (size - 1 + after) * step,
  ]);
  return { low: Math.min(...ends), high: Math.max(...ends) };
}

/**
 * The lanes of the paths, from the left: where they start and stop, and their scale.
 *
 * Together they are as wide as the room, or wider where units would lie too close; their scale is
 * at most `widest`, screen pixels to a unit of the input.
 */
function lanesOf(rows, room, widest) {
  const paths = [...new Set(rows.map(({ path }) => path).filter((path) => path !== null))];
  const share = (room - BETWEEN * (paths.length - 1)) / paths.length;
  let start = 0;
  return paths.map((path) => {
    const numbers = rows.map((_, row) => row).filter((row) => rows[row].path === path);
    const own = numbers.map((row) => rows[row]);
    const { low, high } = extent(own);
    const finest = Math.min(...own.map(({ step }) => step));
    const span = high - low + finest;
    const fitting = Math.max((share - 2 * EDGE) / span, NARROWEST / finest);
    const pitch = Math.min(fitting, Math.max(widest, NARROWEST / finest));
    const stop = start + Math.max(share, span * pitch + 2 * EDGE);
    const lane = { path, rows: numbers, start, stop, pitch, finest, centre: (low + high) / 2 };
    lane.middle = (start + stop) / 2;
    start = stop + BETWEEN;
    return lane;
  });
}

/** In words, which path has which shape. */
function shapes(rows, lanes) {
  if (lanes.length < 2) return "";
  const letters = lanes.map((lane) => rows[lane.rows[0]].name.charAt(0));
  const others = letters.slice(1).join(" and ");
  const sum = rows.find(({ links }) => links.length > 1).name;
  return (
    `Path ${letters[0]} is on the left, with square units; path ${others} is on the right, with ` +
    `round ones. They are added in ${sum}.`
  );
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
  return `u = ${u}, v = ${v}, ${size} unit${size === 1 ? "" : "s"} long`;
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

/** Links as one element: there are thousands of them. */
function linked(kind, links) {
  return sketch("path", { class: kind, d: links.map(({ line }) => line).join("") });
}

function square(x, y, width, height) {
  return { x: x - width / 2, y: y - height / 2, width, height };
}
