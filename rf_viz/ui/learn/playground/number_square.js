/**
 * A square of numbers, each on its colour: a patch, a kernel, products.
 *
 * It is a canvas, since up to 225 numbers change with every move; screen readers get them as text.
 * They are drawn off the page: text on a canvas of the page would lay out the page each time. A canvas
 * is as large as the largest square, and its frame shows part of it: to make it anew takes longer
 * than to draw on it.
 */

import { css, inkOn } from "./colours.js";
import { rounded } from "./sentences.js";
import { settle, write } from "./write.js";

const [WIDE, HIGH] = [40, 28]; // a cell, in screen pixels
const GAP = 1; // around each cell
/** The most cells along a side. */
export const MOST = 5;

const OUTSIDE = [224, 224, 224];
const EDGE = "#808080"; // stands out from either theme
const DASHES = [3, 2];

export class NumberSquare {
  /** `sheet` is a `Sheet` to draw on, which squares may share. */
  constructor(sheet) {
    this.sheet = sheet;
    this.root = document.createElement("div");
    this.heading = this.root.appendChild(document.createElement("p"));
    this.heading.className = "name";
    this.frame = this.root.appendChild(document.createElement("div"));
    this.frame.className = "square";
    this.canvas = this.frame.appendChild(document.createElement("canvas"));
    this.canvas.role = "img";
  }

  /**
   * Shows values, null where there is none, in which case `blank` stands there. `colour` is a
   * function of a value, `mark` the number of a cell to frame.
   */
  show(name, values, colour, { mark = -1, blank = "" } = {}) {
    const texts = values.map((value) => (value === null ? blank : rounded(value)));
    const shades = values.map((value) => (value === null ? OUTSIDE : colour(value)));
    write(this.heading, name);
    settle(this.canvas, { ariaLabel: `${name}: ${texts.join(", ")}` });
    const picture = [devicePixelRatio, mark, ...texts, ...shades].join();
    if (picture === this.picture) return;
    this.picture = picture;
    this.sheet.draw(texts, shades, mark);
    this.sheet.copy(this.canvas);
    const side = Math.sqrt(values.length);
    if (side === this.side) return;
    this.side = side;
    this.frame.style.width = `${extent(side, WIDE)}px`;
    this.frame.style.height = `${extent(side, HIGH)}px`;
  }
}

/** Where squares are drawn before they are copied onto the page, in the screen's own pixels. */
export class Sheet {
  /** `root` is an element with the page's font and colours. */
  constructor(root) {
    this.root = root;
    this.canvas = new OffscreenCanvas(1, 1);
    this.ink = this.canvas.getContext("2d");
  }

  draw(texts, shades, mark) {
    this.fit();
    this.ink.fillStyle = EDGE; // of the gaps; the cells are drawn over it
    this.ink.fillRect(0, 0, extent(MOST, WIDE), extent(MOST, HIGH));
    const side = Math.sqrt(shades.length);
    for (const [i, shade] of shades.entries()) {
      const [top, left] = [extent(Math.floor(i / side), HIGH), extent(i % side, WIDE)];
      this.drawCell(top, left, texts[i], shade);
      if (shade === OUTSIDE) this.frame(top, left, EDGE, 1, DASHES);
      if (i === mark) this.frame(top, left, this.pinned, 3, []);
    }
  }

  /** Copies the square onto a canvas of the page. */
  copy(canvas) {
    const { width, height } = this.canvas;
    settle(canvas, { width, height });
    canvas.style.width = `${extent(MOST, WIDE)}px`;
    canvas.getContext("2d", { alpha: false }).drawImage(this.canvas, 0, 0);
  }

  /** Makes room for the largest square, when first used and on a screen of other pixels. */
  fit() {
    if (this.dots === devicePixelRatio) return;
    this.dots = devicePixelRatio;
    this.canvas.width = Math.ceil(extent(MOST, WIDE) * this.dots);
    this.canvas.height = Math.ceil(extent(MOST, HIGH) * this.dots);
    const style = getComputedStyle(this.root);
    this.pinned = style.getPropertyValue("--pinned");
    const font = `13px ${style.fontFamily}`;
    this.ink.scale(this.dots, this.dots);
    Object.assign(this.ink, { font, textAlign: "center", textBaseline: "middle" });
  }

  drawCell(top, left, text, shade) {
    this.ink.fillStyle = css(shade);
    this.ink.fillRect(left, top, WIDE, HIGH);
    this.ink.fillStyle = inkOn(shade);
    this.ink.fillText(text, left + WIDE / 2, top + HIGH / 2 + 1);
  }

  frame(top, left, colour, width, dashes) {
    this.ink.strokeStyle = colour;
    this.ink.lineWidth = width;
    this.ink.setLineDash(dashes);
    this.ink.strokeRect(left + width / 2, top + width / 2, WIDE - width, HIGH - width);
  }
}

/** Where the cell after so many begins: their extents, and the gaps around them. */
function extent(cells, each) {
  return GAP + cells * (each + GAP);
}
