/**
 * A pane: the planes of the input or of the output, cell by cell, and what is marked on them.
 *
 * The values are on a canvas, drawn when they change. The marks are an SVG above it, a few elements
 * that move.
 */

import { css, inkOn } from "./colours.js";

const SPACE = "http://www.w3.org/2000/svg";
const WRITTEN = 22; // screen pixels of a cell from which numbers are written into it
const CHARACTERS = 4; // that such a cell has room for
const APART = 12; // screen pixels from which cells have a gap between them
const BETWEEN = 8; // between planes
const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class Pane {
  /** `on` has `point(cell or null)` and `pick(cell)`; for the keyboard `move(step or end)`, `clear()`. */
  constructor(root, on) {
    this.about = root.querySelector(".about");
    this.stage = root.querySelector(".stage");
    this.canvas = root.querySelector("canvas");
    this.svg = root.querySelector("svg");
    this.ring = this.svg.appendChild(drawn("path", { class: "ring" }));
    this.marks = [];
    this.stage.addEventListener("pointermove", (event) => on.point(this.cellAt(event)));
    this.stage.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "touch") on.point(null);
    });
    this.stage.addEventListener("click", (event) => {
      const cell = this.cellAt(event);
      if (cell) on.pick(cell);
    });
    this.stage.addEventListener("keydown", (event) => {
      if (event.key === "Escape") on.clear();
      const step = KEYS[event.key] ?? { Home: "first", End: "last" }[event.key];
      if (!step) return;
      on.move(step);
      event.preventDefault();
    });
  }

  /**
   * Draws planes: `colours` has, for each, a function from the cell's number to its colour. `ring`
   * is the width of the padding around each, `size` a cell's side in screen pixels.
   */
  show({ side, ring, size, colours, label }) {
    Object.assign(this, { side, size });
    this.across = side + 2 * ring;
    this.start = ring * size;
    const reach = this.across * size;
    const abreast = Math.min(colours.length, 2);
    this.origins = colours.map((_, plane) => [
      Math.floor(plane / abreast) * (reach + BETWEEN),
      (plane % abreast) * (reach + BETWEEN),
    ]);
    const [top, left] = [this.origins.at(-1)[0], this.origins[abreast - 1][1]];
    const [height, width] = [top + reach, left + reach];
    this.stage.setAttribute("aria-label", label);
    Object.assign(this.stage.style, { width: `${width}px`, height: `${height}px` });
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.drawValues(width, height, colours);
    this.ring.setAttribute("d", this.origins.map((origin) => this.ringAt(origin, ring)).join(""));
    this.fit();
  }

  drawValues(width, height, colours) {
    const dots = devicePixelRatio;
    this.canvas.width = width * dots;
    this.canvas.height = height * dots;
    const ink = this.canvas.getContext("2d");
    ink.scale(dots, dots);
    const visible = this.size - Number(this.size >= APART);
    for (const [plane, [top, left]] of this.origins.entries()) {
      for (let cell = 0; cell < this.side ** 2; cell++) {
        const [row, column] = [Math.floor(cell / this.side), cell % this.side];
        ink.fillStyle = css(colours[plane](cell));
        const x = left + this.start + column * this.size;
        ink.fillRect(x, top + this.start + row * this.size, visible, visible);
      }
    }
  }

  /** The cells of the padding around a plane. */
  ringAt([top, left], ring) {
    let path = "";
    for (let row = -ring; row < this.side + ring; row++) {
      for (let column = -ring; column < this.side + ring; column++) {
        if (isWithin(row, this.side) && isWithin(column, this.side)) continue;
        const [y, x] = [top + this.start + row * this.size, left + this.start + column * this.size];
        path += box(y + 1, x + 1, this.size - 3, this.size - 3);
      }
    }
    return path;
  }

  /** One group of marks for each plane. */
  fit() {
    while (this.marks.length > this.origins.length) this.marks.pop().group.remove();
    while (this.marks.length < this.origins.length) {
      const group = this.svg.appendChild(drawn("g", { class: "mark" }));
      const parts = ["casing", "line", "dashes"].map((name) =>
        group.appendChild(drawn("path", { class: name })),
      );
      this.marks.push({ group, parts, texts: group.appendChild(drawn("g", {})) });
    }
  }

  /**
   * Marks cells of every plane: `boxes` are `[row, column, height, width]`, `outside` are cells of
   * the padding, `numbers` are `[row, column, text, colour]`. Nothing else is marked from then on.
   */
  mark(kind, { boxes, outside = [], numbers = [] }) {
    const [row, column] = boxes[0] ?? outside[0] ?? [0, 0];
    const [rows, columns] = [row * this.size, column * this.size];
    const solid = boxes.map((at) => this.boxAt(at, rows, columns)).join("");
    const dashed = outside.map((at) => this.boxAt([...at, 1, 1], rows, columns)).join("");
    const shown = numbers.filter(([, , text]) => this.size >= WRITTEN && text.length <= CHARACTERS);
    for (const [plane, { group, parts, texts }] of this.marks.entries()) {
      const [top, left] = this.origins[plane];
      group.setAttribute("class", `mark ${kind}`);
      group.style.transform = `translate(${left + this.start + columns}px, ${top + this.start + rows}px)`;
      parts[0].setAttribute("d", solid);
      parts[1].setAttribute("d", solid);
      parts[2].setAttribute("d", dashed);
      while (texts.childElementCount > shown.length) texts.lastChild.remove();
      while (texts.childElementCount < shown.length) texts.append(drawn("text", {}));
      for (const [i, [y, x, text, colour]] of shown.entries()) {
        const node = texts.children[i];
        node.setAttribute("x", (x - column + 0.5) * this.size - 0.5);
        node.setAttribute("y", (y - row + 0.5) * this.size);
        node.setAttribute("fill", inkOn(colour));
        node.textContent = text;
      }
    }
  }

  boxAt([row, column, height, width], rows, columns) {
    const [y, x] = [row * this.size - rows, column * this.size - columns];
    return box(y - 0.5, x - 0.5, height * this.size, width * this.size);
  }

  /** The cell that a pointer is on; null between cells and in the padding. */
  cellAt({ offsetX, offsetY }) {
    const reach = this.across * this.size + BETWEEN;
    const [row, column] = [offsetY, offsetX].map((at) =>
      Math.floor(((at % reach) - this.start) / this.size),
    );
    return isWithin(row, this.side) && isWithin(column, this.side) ? [row, column] : null;
  }
}

function isWithin(position, side) {
  return position >= 0 && position < side;
}

function box(y, x, height, width) {
  return `M${x} ${y}h${width}v${height}h${-width}z`;
}

function drawn(name, attributes) {
  const node = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
