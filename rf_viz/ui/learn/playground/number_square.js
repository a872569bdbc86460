/**
 * A square of numbers, each on its colour: a patch, a kernel, products.
 *
 * It is a canvas, since up to 225 numbers change with every move; screen readers get them as text.
 * They are drawn off the page: text on a canvas of the page would lay out the page each time.
 */

import { css, inkOn } from "./colours.js";
import { rounded } from "./sentences.js";
import { settle, write } from "./write.js";

const [WIDE, HIGH] = [40, 28]; // a cell, in screen pixels
const GAP = 1; // around each cell
const OUTSIDE = [224, 224, 224];
const EDGE = "#808080"; // stands out from either theme
const DASHES = [3, 2];

export class NumberSquare {
  constructor() {
    this.root = document.createElement("div");
    this.heading = this.root.appendChild(document.createElement("p"));
    this.heading.className = "name";
    this.canvas = this.root.appendChild(document.createElement("canvas"));
    this.canvas.role = "img";
    this.sheet = new OffscreenCanvas(1, 1);
    this.ink = this.sheet.getContext("2d");
  }

  /**
   * Shows values, null where there is none, in which case `blank` stands there. `colour` is a
   * function of a value, `mark` the number of a cell to frame.
   */
  show(name, values, colour, { mark = -1, blank = "" } = {}) {
    const side = Math.sqrt(values.length);
    const texts = values.map((value) => (value === null ? blank : rounded(value)));
    const shades = values.map((value) => (value === null ? OUTSIDE : colour(value)));
    write(this.heading, name);
    settle(this.canvas, { ariaLabel: `${name}: ${texts.join(", ")}` });
    const picture = [devicePixelRatio, mark, ...texts, ...shades].join();
    if (picture === this.picture) return;
    this.picture = picture;
    this.fit(side);
    for (const [i, shade] of shades.entries()) {
      const [y, x] = [Math.floor(i / side), i % side];
      const [top, left] = [GAP + y * (HIGH + GAP), GAP + x * (WIDE + GAP)];
      this.drawCell(top, left, texts[i], shade);
      if (shade === OUTSIDE) this.frame(top, left, EDGE, 1, DASHES);
      if (i === mark) this.frame(top, left, this.pinned, 3, []);
    }
    this.canvas.getContext("2d").drawImage(this.sheet, 0, 0);
  }

  /** Makes the canvas as large as its cells, in the screen's own pixels. */
  fit(side) {
    const dots = devicePixelRatio;
    const [width, height] = [WIDE, HIGH].map((extent) => side * (extent + GAP) + GAP);
    if (!this.font) {
      const style = getComputedStyle(this.root);
      this.font = `13px ${style.fontFamily}`;
      this.pinned = style.getPropertyValue("--pinned");
    }
    if (this.side === side && this.dots === dots) return;
    Object.assign(this, { side, dots });
    for (const canvas of [this.canvas, this.sheet]) {
      [canvas.width, canvas.height] = [width * dots, height * dots];
    }
    this.canvas.style.cssText = `width: ${width}px; height: ${height}px`;
    this.ink.scale(dots, dots);
    Object.assign(this.ink, { font: this.font, textAlign: "center", textBaseline: "middle" });
    this.ink.fillStyle = EDGE; // of the gaps; the cells are drawn over it
    this.ink.fillRect(0, 0, width, height);
  }

  drawCell(y, x, text, shade) {
    this.ink.fillStyle = css(shade);
    this.ink.fillRect(x, y, WIDE, HIGH);
    this.ink.fillStyle = inkOn(shade);
    this.ink.fillText(text, x + WIDE / 2, y + HIGH / 2 + 1);
  }

  frame(y, x, colour, width, dashes) {
    this.ink.strokeStyle = colour;
    this.ink.lineWidth = width;
    this.ink.setLineDash(dashes);
    this.ink.strokeRect(x + width / 2, y + width / 2, WIDE - width, HIGH - width);
  }
}
