/**
 * One plane of a pane: the values, cell by cell, and what is marked on them.
 *
 * The values are an image with a pixel for each cell, which the browser enlarges. The marks are an
 * SVG above it: a few elements that move.
 */

import { inkOn } from "./colours.js";

const SPACE = "http://www.w3.org/2000/svg";
const APART = 12; // screen pixels of a cell from which there are gaps between cells
const CHARACTER = 6; // screen pixels: a number is written into a cell that has room for it

export class Plane {
  constructor(stage) {
    this.root = stage.appendChild(document.createElement("div"));
    this.root.className = "plane";
    this.canvas = this.root.appendChild(document.createElement("canvas"));
    const svg = this.root.appendChild(drawn("svg"));
    svg.setAttribute("aria-hidden", "true");
    this.group = svg.appendChild(drawn("g"));
    [this.casing, this.line, this.dashes] = ["casing", "line", "dashes"].map((name) => {
      const path = this.group.appendChild(drawn("path"));
      path.setAttribute("class", name);
      return path;
    });
    this.texts = this.group.appendChild(drawn("g"));
  }

  /** Draws the values at a place of the pane. `colour` is a function of a cell's number. */
  draw({ top, left, side, size, colour }) {
    this.size = size;
    const reach = `${side * size}px`;
    this.root.style.cssText = `top: ${top}px; left: ${left}px; width: ${reach}; height: ${reach}`;
    this.root.classList.toggle("apart", size >= APART);
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    const image = new ImageData(side, side);
    const { data } = image;
    for (let cell = 0; cell < side * side; cell++) {
      const at = 4 * cell;
      [data[at], data[at + 1], data[at + 2]] = colour(cell);
      data[at + 3] = 255;
    }
    this.canvas.getContext("2d").putImageData(image, 0, 0);
  }

  /**
   * Marks cells: `boxes` are `[row, column, height, width]`, `outside` are cells of the padding,
   * `numbers` are `[row, column, text, colour]`. Nothing else is marked from then on.
   */
  mark(kind, { boxes, outside = [], numbers = [] }) {
    const origin = boxes[0] ?? outside[0] ?? [0, 0];
    const [top, left] = [origin[0] * this.size, origin[1] * this.size];
    const solid = boxes.map((box) => this.boxAt(box, top, left)).join("");
    set(this.group, "class", `mark ${kind}`);
    this.group.style.transform = `translate(${left}px, ${top}px)`;
    set(this.casing, "d", solid);
    set(this.line, "d", solid);
    set(this.dashes, "d", outside.map((cell) => this.boxAt([...cell, 1, 1], top, left)).join(""));
    this.write(
      numbers.filter(([, , text]) => text.length * CHARACTER <= this.size),
      top,
      left,
    );
  }

  write(numbers, top, left) {
    while (this.texts.childElementCount > numbers.length) this.texts.lastChild.remove();
    while (this.texts.childElementCount < numbers.length) this.texts.append(drawn("text"));
    for (const [i, [row, column, text, colour]] of numbers.entries()) {
      const node = this.texts.children[i];
      set(node, "x", String((column + 0.5) * this.size - left - 0.5));
      set(node, "y", String((row + 0.5) * this.size - top));
      set(node, "fill", inkOn(colour));
      if (node.textContent !== text) node.textContent = text;
    }
  }

  boxAt([row, column, height, width], top, left) {
    const [y, x] = [row * this.size - top - 0.5, column * this.size - left - 0.5];
    const [down, right] = [height * this.size, width * this.size];
    return `M${x} ${y}h${right}v${down}h${-right}z`;
  }
}

/** Sets an attribute unless it is so already: a browser takes time for what is set again. */
function set(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

function drawn(name) {
  return document.createElementNS(SPACE, name);
}
