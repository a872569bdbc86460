/**
 * Three slices through a volume, one across each axis, all through one point.
 *
 * They lie as in an engineer's drawing: the slice across depth with the one across columns to its
 * right and the one across rows below, so that neighbours share an axis.
 */

import { Pane, place } from "../../browser/pane.js";

/** The axes in words. */
export const AXES = ["depth", "row", "column"];

/** For the slice across each axis the axes that run down and to the right in it. */
export const ACROSS = [
  [1, 2],
  [0, 2],
  [1, 0],
];

const AREAS = ["across-depth", "across-rows", "across-columns"];
const FLATTEST = 2.5; // an axis is drawn no shorter than the longest one divided by this

export class Slices {
  /** `on` has moved(), and, each optional, hover(point), leave() and pick(point). */
  constructor(side, template, on) {
    this.side = side;
    this.on = on;
    const parts = template.content.cloneNode(true);
    const figure = parts.querySelector("figure");
    this.legend = parts.querySelector(".legend");
    this.root = side.querySelector(".slices");
    this.panes = AXES.map((name, axis) => this.slice(figure.cloneNode(true), name, axis));
    this.root.replaceChildren(...this.panes.map(({ figure }) => figure), this.legend);
    this.point = [0, 0, 0];
  }

  slice(figure, name, axis) {
    figure.classList.add(AREAS[axis]);
    figure.querySelector(".axis").textContent = name;
    const slider = figure.querySelector("input");
    slider.addEventListener("input", () => this.shift(axis, Number(slider.value)));
    // Before the pane hears of it: here the wheel leafs through the slices; with Ctrl it zooms.
    figure.addEventListener("wheel", (event) => this.wheel(event, axis), {
      capture: true,
      passive: false,
    });
    const { hover, leave, pick } = this.on;
    return new Pane(figure, {
      hover: hover && ((x, y) => hover(this.pointAt(axis, x, y))),
      leave: leave && (() => leave()),
      pick: pick && ((x, y) => pick(this.pointAt(axis, x, y))),
    });
  }

  /** `volume` has the bytes and shape of what is drawn, `extent` how many positions that are. */
  show(volume, extent, colours) {
    this.volume = volume;
    this.extent = extent;
    this.colours = colours;
    this.drawn = [null, null, null];
    const longest = Math.max(...extent);
    const lengths = extent.map((n) => Math.max(n, longest / FLATTEST));
    const [depth, row, column] = lengths;
    this.root.style.setProperty("--columns", `${column}fr`);
    this.root.style.setProperty("--depth", `${depth}fr`);
    this.aspects = ACROSS.map(([down, right]) => lengths[right] / lengths[down]);
    this.root.style.setProperty("--tall", (row + depth) / (column + depth));
    this.panes.forEach(({ figure }, axis) => {
      const slider = figure.querySelector("input");
      slider.max = extent[axis] - 1;
      slider.disabled = extent[axis] === 1;
    });
    this.through(this.point);
  }

  /** Draws the slices through a point. */
  through(point) {
    this.point = point.map((n, axis) => within(Math.round(n), this.extent[axis]));
    for (const [axis, pane] of this.panes.entries()) {
      const at = this.point[axis];
      if (this.drawn[axis] !== at) {
        const [rows, columns] = ACROSS[axis].map((n) => this.extent[n]);
        const source = this.raster(axis, at);
        const home = { x: 0, y: 0, w: columns, h: rows };
        pane.show({ source, width: columns, height: rows }, home);
        pane.plot.style.setProperty("--aspect", this.aspects[axis]);
        this.drawn[axis] = at;
      }
      const slider = pane.figure.querySelector("input");
      slider.value = at;
      pane.figure.querySelector("output").textContent = at;
      place(mark(pane, "cross"), { d: this.cross(axis) });
    }
  }

  /** Where the other two slices cut this one, in the middle of their voxels. */
  cross(axis) {
    const [down, right] = ACROSS[axis];
    const [y, x] = [this.point[down] + 0.5, this.point[right] + 0.5];
    return `M0 ${y}H${this.extent[right]}M${x} 0V${this.extent[down]}`;
  }

  raster(axis, at) {
    const { data, shape } = this.volume;
    const strides = [shape[1] * shape[2], shape[2], 1];
    const [down, right] = ACROSS[axis];
    const [rows, columns] = [shape[down], shape[right]];
    const first = Math.floor(((at + 0.5) * shape[axis]) / this.extent[axis]) * strides[axis];
    const values = new Uint8Array(rows * columns);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        values[y * columns + x] = data[first + y * strides[down] + x * strides[right]];
      }
    }
    return painted(values, this.colours, columns, rows);
  }

  /** The point under a position of the slice across an axis. */
  pointAt(axis, x, y) {
    const [down, right] = ACROSS[axis];
    const point = [...this.point];
    point[down] = within(Math.floor(y), this.extent[down]);
    point[right] = within(Math.floor(x), this.extent[right]);
    return point;
  }

  shift(axis, to) {
    const point = [...this.point];
    point[axis] = to;
    this.through(point);
    this.on.moved();
  }

  wheel(event, axis) {
    if (event.ctrlKey || !event.deltaY) return;
    event.stopPropagation();
    const to = within(this.point[axis] + Math.sign(event.deltaY), this.extent[axis]);
    // At the last slice the wheel scrolls the page as usual.
    if (to === this.point[axis]) return;
    event.preventDefault();
    this.shift(axis, to);
  }

  /** Outlines a box ([start, stop] for each axis) in the slices that pass through it. */
  outline(name, box) {
    for (const [axis, pane] of this.panes.entries()) {
      const attributes = box && this.passes(axis, box) ? this.rectangle(axis, box) : null;
      place(mark(pane, name), attributes);
      place(mark(pane, `${name}-casing`), attributes);
    }
  }

  /** Darkens all but a box; all of a slice that passes by it. */
  veil(box) {
    for (const [axis, pane] of this.panes.entries()) {
      const whole = this.rectangle(
        axis,
        this.extent.map((n) => [0, n]),
      );
      const hole = box && this.passes(axis, box) ? path(this.rectangle(axis, box)) : "";
      place(mark(pane, "veil"), { d: path(whole) + hole });
    }
  }

  passes(axis, box) {
    const [start, stop] = box[axis];
    return this.point[axis] >= start && this.point[axis] < stop;
  }

  rectangle(axis, box) {
    const [[y, bottom], [x, right]] = ACROSS[axis].map((n) => box[n]);
    return { x, y, width: right - x, height: bottom - y };
  }

  read(title, readout) {
    this.side.querySelector(".title").textContent = title;
    this.side.querySelector(".readout").textContent = readout;
  }
}

function mark(pane, name) {
  return pane.svg.querySelector(`[data-mark=${name}]`);
}

function path({ x, y, width, height }) {
  return `M${x} ${y}h${width}v${height}h${-width}z`;
}

/** A raster of 8-bit values in colour, one canvas pixel a voxel. */
export function painted(values, colours, width, height) {
  const pixels = new ImageData(width, height);
  for (let i = 0; i < values.length; i++) {
    pixels.data.set(colours.subarray(3 * values[i], 3 * values[i] + 3), 4 * i);
    pixels.data[4 * i + 3] = 255;
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

/** The volume in a picture of its slices, one below the other. */
export async function unstacked(bytes, shape) {
  const picture = await createImageBitmap(new Blob([bytes]), { colorSpaceConversion: "none" });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0);
  const { data } = pen.getImageData(0, 0, picture.width, picture.height);
  return { data: Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]), shape };
}

const within = (position, extent) => Math.min(Math.max(position, 0), extent - 1);
