/**
 * The linked view: a picture and a feature map side by side.
 *
 * The bounds of every cell come with the data, so that hovering needs no server. A click, Enter or
 * the arrow keys pin a cell, and only that is reported back, as the state `pinned`.
 */

import { at, unpack } from "./packet.js";
import { Pane, place, short } from "./pane.js";

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const REST = 120; // milliseconds without another arrow key before the server hears of the cell

const views = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  if (!views.has(parentElement)) views.set(parentElement, new LinkedView(parentElement));
  const view = views.get(parentElement);
  view.report = (pinned) => setStateValue("pinned", pinned);
  view.show(unpack(data));
}

class LinkedView {
  constructor(root) {
    const figure = (name) => root.querySelector(`[data-pane=${name}]`);
    this.image = new Pane(figure("image"));
    this.map = new Pane(figure("map"), {
      hover: (x, y) => this.hover(this.cellAt(x, y)),
      leave: () => this.hover(null),
      pick: (x, y) => this.pin(this.cellAt(x, y)),
    });
    this.marks = { image: marksOf(this.image), map: marksOf(this.map) };
    this.spoken = root.querySelector(".spoken");
    this.map.plot.addEventListener("keydown", (event) => this.key(event));
  }

  show(packet) {
    this.packet = packet;
    this.hovered = null;
    // A cell that the person pinned stays pinned when only the channel or the image changes.
    if (this.chosen?.view !== packet.view) this.chosen = null;
    this.pinned = this.chosen?.cell ?? packet.pinned;
    this.showImage();
    this.showMap();
    this.draw();
  }

  showImage() {
    const { extent, field, titles, range, picture, arrays } = this.packet;
    const { figure } = this.image;
    figure.querySelector(".title").textContent = titles.image;
    figure.querySelector(".closed").hidden = !field;
    figure.querySelector(".middle").hidden = !field;
    if (extent.length === 1) {
      this.display({ values: arrays.image.data, ...range.image });
    } else if (this.picture?.key === picture) {
      this.display(this.picture);
    } else {
      const [height, width] = extent;
      createImageBitmap(new Blob([arrays.image.data])).then((source) => {
        if (this.packet.picture !== picture) return; // Another one came while this was decoded.
        this.picture = { key: picture, source, width, height };
        this.display(this.picture);
      });
    }
  }

  display(content) {
    const { extent, margin, reach } = this.packet;
    this.image.show(content, grown(extent, margin), grown(extent, reach));
  }

  showMap() {
    const { rows, columns, range, arrays, titles } = this.packet;
    const { figure, plot } = this.map;
    figure.querySelector(".title").textContent = titles.map;
    plot.setAttribute("aria-label", titles.keys);
    const { low, high } = range.map;
    figure.querySelector(".low").textContent = short(low);
    figure.querySelector(".high").textContent = short(high);
    figure.querySelector(".legend").hidden = low === high;
    if (arrays.map.data instanceof Float32Array) {
      const line = { values: arrays.map.data, steps: true, ...range.map };
      this.map.show(line, { x: 0, y: 0, w: columns, h: 1 });
      return;
    }
    const source = painted(arrays.map.data, arrays.colours.data, columns, rows);
    const home = { x: 0, y: 0, w: columns, h: rows };
    this.map.show({ source, width: columns, height: rows }, home);
    const scale = figure.querySelector(".scale");
    const ramp = painted(
      Uint8Array.from({ length: 256 }, (_, i) => i),
      arrays.colours.data,
      256,
      1,
    );
    scale.getContext("2d").drawImage(ramp, 0, 0);
  }

  cellAt(x, y) {
    const { rows, columns } = this.packet;
    return this.cell(within(Math.floor(y), rows), within(Math.floor(x), columns));
  }

  /** The cell at a row and column of the map; a grid of more axes is laid out row by row. */
  cell(row, column) {
    const { grid, columns } = this.packet;
    let flat = row * columns + column;
    const cell = [];
    for (const extent of [...grid].reverse()) {
      cell.unshift(flat % extent);
      flat = Math.floor(flat / extent);
    }
    return cell;
  }

  /** Row and column of a cell in the map. */
  place(cell) {
    const { grid, columns } = this.packet;
    const flat = cell.reduce((sum, position, axis) => sum * grid[axis] + position, 0);
    return [Math.floor(flat / columns), flat % columns];
  }

  hover(cell) {
    if (same(cell, this.hovered)) return;
    this.hovered = cell;
    this.draw();
  }

  pin(cell, rest = 0) {
    this.pinned = cell;
    this.chosen = { view: this.packet.view, cell };
    this.draw();
    this.speak(cell);
    clearTimeout(this.timer);
    const send = () => this.report(this.chosen);
    if (rest) this.timer = setTimeout(send, rest);
    else send();
  }

  key(event) {
    if (event.key in STEPS) {
      const { rows, columns } = this.packet;
      const [row, column] = this.place(this.pinned);
      const [down, right] = STEPS[event.key];
      this.hovered = null;
      const next = [within(row + down, rows), within(column + right, columns)];
      this.map.reveal(...next);
      this.pin(this.cell(...next), REST);
    } else if (event.key === "Enter" || event.key === " ") {
      this.pin(this.hovered ?? this.pinned);
    } else if (event.key === "+" || event.key === "-") {
      const { x, y, w, h } = this.map.window;
      this.map.zoom(event.key === "+" ? 0.8 : 1.25, x + w / 2, y + h / 2);
    } else if (event.key === "0") {
      this.map.reset();
      this.image.reset();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** Start and stop of what a cell sees, for each axis of the image; null where it sees nothing. */
  region(cell) {
    const { extent, arrays } = this.packet;
    const region = extent.map((_, i) => [
      at(arrays[`start${i}`], cell),
      at(arrays[`stop${i}`], cell),
    ]);
    return region.some(([start, stop]) => stop <= start) ? null : region;
  }

  /** The closed form's box of a cell: it counts padding and may leave the image. */
  box(cell) {
    const { field } = this.packet;
    return field?.size.map((size, i) => {
      const start = cell[i] * field.stride[i] - field.padding[i];
      return [start, start + size];
    });
  }

  /** The value of a cell in words; nothing where the model could not be run. */
  told(cell) {
    const { columns, arrays, range, known } = this.packet;
    if (!known) return "";
    const [row, column] = this.place(cell);
    const value = arrays.map.data[row * columns + column];
    const { low, high } = range.map;
    const quantised = arrays.map.data instanceof Uint8Array;
    return short(quantised ? low + (value / 255) * (high - low) : value);
  }

  draw() {
    const { packet, marks, hovered, pinned } = this;
    const active = hovered ?? pinned;
    const [region, box] = [this.region(active), this.box(active)];
    const inside = box?.every(([start, stop], i) => start >= 0 && stop <= packet.extent[i]);

    for (const [name, cell] of Object.entries({ pinned, hovered })) {
      const seen = cell && this.region(cell);
      outline(marks.image, name, seen && rectangle(seen));
      outline(marks.map, name, cell && rectangle(this.place(cell).map((n) => [n, n + 1])));
    }
    outline(marks.image, "field", box && !inside ? rectangle(box) : null);
    const centre = box && centreOf(box);
    place(marks.image.centre, centre);
    place(marks.image["centre-casing"], centre);
    place(marks.image.frame, packet.margin ? rectangle(packet.extent.map((n) => [0, n])) : null);
    place(marks.image.veil, { d: veil(packet.extent, region) });

    this.read(this.image, region ? `${size(region)} · ${ranges(region)}` : "sees no pixel");
    this.read(this.map, [named(active), this.told(active)].filter(Boolean).join(" · "));
  }

  read(pane, text) {
    pane.figure.querySelector(".readout").textContent = text;
  }

  speak(cell) {
    const region = this.region(cell);
    const sees = region ? `sees ${ranges(region)}` : "sees no pixel";
    this.spoken.textContent = [named(cell), this.told(cell), sees].filter(Boolean).join(", ");
  }
}

function marksOf(pane) {
  const marks = [...pane.svg.querySelectorAll("[data-mark]")];
  return Object.fromEntries(marks.map((mark) => [mark.dataset.mark, mark]));
}

function outline(marks, name, attributes) {
  place(marks[name], attributes);
  place(marks[`${name}-casing`], attributes);
}

/** A box along y and x, or along x alone, as the attributes of a rectangle. */
function rectangle(box) {
  const [[y, bottom], [x, right]] = box.length === 1 ? [[0, 1], box[0]] : box;
  return { x, y, width: right - x, height: bottom - y };
}

function centreOf(box) {
  const { x, y, width, height } = rectangle(box);
  return { d: `M${x + width / 2} ${y + height / 2}h0` };
}

/** Everything of the picture but the region, as a path to darken. */
function veil(extent, region) {
  const path = (box) => {
    const { x, y, width, height } = rectangle(box);
    return `M${x} ${y}h${width}v${height}h${-width}z`;
  };
  return path(extent.map((n) => [0, n])) + (region ? path(region) : "");
}

/** The window of a picture with so much of its size added on every side. */
function grown(extent, share) {
  const { width, height } = rectangle(extent.map((n) => [0, n]));
  const flat = extent.length === 1;
  return {
    x: -share * width,
    y: flat ? 0 : -share * height,
    w: width * (1 + 2 * share),
    h: flat ? 1 : height * (1 + 2 * share),
  };
}

/** A raster of 8-bit values in colour, one canvas pixel a cell. */
function painted(values, colours, width, height) {
  const pixels = new ImageData(width, height);
  const words = new Uint32Array(pixels.data.buffer);
  const table = Uint32Array.from({ length: 256 }, (_, i) => {
    const [red, green, blue] = colours.subarray(3 * i, 3 * i + 3);
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
  for (let i = 0; i < words.length; i++) words[i] = table[values[i]];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

function size(region) {
  const extents = region.map(([start, stop]) => stop - start);
  return `${extents.join(" × ")} ${region.length === 1 ? "samples" : "px"}`;
}

const named = (cell) => `cell${cell.length > 1 ? ` (${cell.join(", ")})` : ` ${cell}`}`.trim();

function ranges(region) {
  const names = region.length === 1 ? ["samples"] : ["rows", "columns"];
  return region.map(([start, stop], i) => `${names[i]} ${start}–${stop - 1}`).join(", ");
}

const within = (position, extent) => Math.min(Math.max(position, 0), extent - 1);
const same = (a, b) => a === b || (a && b && a.every((n, i) => n === b[i]));
