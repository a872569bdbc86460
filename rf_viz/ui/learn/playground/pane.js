/** A pane: the planes of the input or of the output, for the pointer and the keyboard. */

import { Plane } from "./plane.js";

const BETWEEN = 8; // between planes, in screen pixels
const ABREAST = 2; // planes beside each other
const KEYS = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: "first",
  End: "last",
};

export class Pane {
  /** `on` has `point(cell or null)`, `pick(cell)`; for the keyboard `move(step or end)`, `clear()`. */
  constructor(root, on) {
    this.about = root.querySelector(".about");
    this.stage = root.querySelector(".stage");
    this.planes = [];
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
      if (!(event.key in KEYS)) return;
      on.move(KEYS[event.key]);
      event.preventDefault();
    });
  }

  /**
   * Draws planes: `colours` has, for each, a function from the cell's number to its colour. `ring`
   * is the width of the padding around them, `size` a cell's side in screen pixels.
   */
  show({ side, ring, size, colours, label }) {
    Object.assign(this, { side, size });
    this.start = ring * size;
    this.reach = (side + 2 * ring) * size;
    while (this.planes.length > colours.length) this.planes.pop().root.remove();
    while (this.planes.length < colours.length) this.planes.push(new Plane(this.stage));
    for (const [number, plane] of this.planes.entries()) {
      const [top, left] = [Math.floor(number / ABREAST), number % ABREAST].map(
        (at) => at * (this.reach + BETWEEN) + this.start,
      );
      plane.draw({ top, left, side, size, colour: colours[number] });
    }
    const [rows, columns] = [
      Math.ceil(colours.length / ABREAST),
      Math.min(colours.length, ABREAST),
    ];
    const [height, width] = [rows, columns].map((n) => n * (this.reach + BETWEEN) - BETWEEN);
    this.stage.classList.toggle("padded", ring > 0);
    this.stage.style.cssText = `width: ${width}px; height: ${height}px; --cell: ${size}px`;
    this.stage.ariaLabel = label;
  }

  /** Marks cells of every plane, as `Plane.mark` does. */
  mark(kind, marks) {
    for (const plane of this.planes) plane.mark(kind, marks);
  }

  /** The cell that a pointer is on; null between planes and in the padding. */
  cellAt({ offsetX, offsetY }) {
    const cell = [offsetY, offsetX].map((at) =>
      Math.floor(((at % (this.reach + BETWEEN)) - this.start) / this.size),
    );
    return cell.every((at) => at >= 0 && at < this.side) ? cell : null;
  }
}
