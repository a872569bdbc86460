/**
 * The linked view: a picture and a feature map side by side.
 *
 * The bounds of every cell come with the data, so that hovering needs no server. A click, Enter or
 * the arrow keys pin a cell of the map or a pixel of the picture, and only that is reported back,
 * as the state `pinned`. What takes a server to know (exact pixels, path counts, the cells that see
 * a pixel) comes as a cue.
 */

import { listen } from "../../browser/bus.js";
import { chosen, heated, masked, raster } from "../../browser/overlays.js";
import { at, unpack } from "../../browser/packet.js";
import { Pane, place, short } from "../../browser/pane.js";

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const REST = 120; // milliseconds without another arrow key before the server hears of the cell

const NOT_FINITE = 0xff808080; // alpha, blue, green, red
const RAMP = Uint8Array.from({ length: 256 }, (_, i) => i);

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
    this.image = new Pane(figure("image"), {
      hover: (x, y) => this.point(this.pixelAt(x, y)),
      leave: () => this.point(null),
      pick: (x, y) => this.pick(this.pixelAt(x, y)),
    });
    this.map = new Pane(figure("map"), {
      hover: (x, y) => this.hover(this.cellAt(x, y)),
      leave: () => this.hover(null),
      pick: (x, y) => this.pin(this.cellAt(x, y)),
    });
    this.marks = { image: marksOf(this.image), map: marksOf(this.map) };
    this.frame = root.querySelector(".linked-view");
    this.spoken = root.querySelector(".spoken");
    this.modes = root.querySelector(".modes");
    this.mode = "box";
    this.map.plot.addEventListener("keydown", (event) => this.key(event, this.map));
    this.image.plot.addEventListener("keydown", (event) => this.key(event, this.image));
    this.modes.addEventListener("click", (event) => this.choose(event.target.dataset.mode));
    this.modes.addEventListener("keydown", (event) => this.keyOfModes(event));
    listen("cue", root, (cue) => this.heed(cue));
    listen("preview", root, (preview) => this.preview(preview));
  }

  show(packet) {
    this.packet = packet;
    this.hovered = this.pointed = this.previewed = null;
    // A cell that the person pinned stays pinned when only the channel or the image changes.
    if (this.chosen?.view !== packet.view) this.chosen = null;
    this.pinned = this.chosen?.cell ?? packet.pinned;
    this.modes.hidden = !packet.live;
    this.frame.dataset.view = packet.view;
    this.showImage();
    this.showMap();
    if (this.cue) this.heed(this.cue);
    else this.draw();
  }

  /** What the server says: where to go, and what it found out about the pinned cell or pixel. */
  heed(cue) {
    this.cue = cue;
    if (!this.packet || cue.view !== this.packet.view) return;
    if (cue.order !== this.order) {
      this.order = cue.order;
      this.mode = cue.mode;
      this.picked = cue.pixel;
      this.pinned = cue.cell;
      this.chosen = { view: cue.view, cell: cue.cell };
    }
    const { overlay, arrays, mode } = cue;
    const { extent } = this.packet;
    this.found = null;
    if (overlay && mode === "pixels") this.found = masked(overlay, arrays.overlay.data, extent);
    if (overlay && mode === "paths") {
      this.found = heated(overlay, arrays.overlay.data, arrays.heat.data, extent);
      const scale = this.image.figure.querySelector(".heat canvas");
      const ramp = painted(RAMP, arrays.heat.data, 256, 1);
      scale.getContext("2d").drawImage(ramp, 0, 0);
    }
    this.seen = cue.pixel && arrays.seen ? this.laidOut(arrays.seen.data) : null;
    this.draw();
  }

  showImage() {
    const { extent, field, titles, range, picture, arrays } = this.packet;
    const { figure } = this.image;
    figure.querySelector(".title").textContent = titles.image;
    this.image.plot.setAttribute("aria-label", titles.pixels);
    const region = this.packet.exact ? "exact region" : "region (assumed)";
    figure.querySelector(".key.region").textContent = region;
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
    this.draw();
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
    const source = painted(arrays.map.data, arrays.colours.data, columns, rows, arrays);
    const home = { x: 0, y: 0, w: columns, h: rows };
    this.map.show({ source, width: columns, height: rows }, home);
    const scale = figure.querySelector(".scale");
    scale.getContext("2d").drawImage(painted(RAMP, arrays.colours.data, 256, 1), 0, 0);
  }

  cellAt(x, y) {
    const { rows, columns } = this.packet;
    return this.cell(within(Math.floor(y), rows), within(Math.floor(x), columns));
  }

  /** The cell at a row and column of the map, null where there is none. */
  cell(row, column) {
    const { grid } = this.packet;
    let flat = this.flat(row, column);
    if (flat < 0) return null;
    const cell = [];
    for (const extent of [...grid].reverse()) {
      cell.unshift(flat % extent);
      flat = Math.floor(flat / extent);
    }
    return cell;
  }

  /** The number of the cell that lies there. */
  flat(row, column) {
    const { columns, arrays } = this.packet;
    const at = row * columns + column;
    return arrays.places ? arrays.places.data[at] : at;
  }

  /** Row and column of a cell in the map. */
  place(cell) {
    const { grid, columns } = this.packet;
    const flat = cell.reduce((sum, position, axis) => sum * grid[axis] + position, 0);
    const at = this.packet.arrays.places ? this.packet.arrays.places.data.indexOf(flat) : flat;
    return [Math.floor(at / columns), at % columns];
  }

  /** Values of all cells, in the order in which the map shows them. */
  laidOut(values) {
    const { places } = this.packet.arrays;
    return places ? Uint8Array.from(places.data, (flat) => values[flat] ?? 0) : values;
  }

  pixelAt(x, y) {
    const { extent } = this.packet;
    return (extent.length === 1 ? [x] : [y, x]).map((n, axis) =>
      within(Math.floor(n), extent[axis]),
    );
  }

  hover(cell) {
    if (same(cell, this.hovered)) return;
    this.hovered = cell;
    this.draw();
  }

  /** The pointer is over a pixel of the picture. */
  point(pixel) {
    if (same(pixel, this.pointed)) return;
    this.pointed = pixel;
    this.draw();
  }

  pin(cell, rest = 0) {
    if (!cell) return;
    this.pinned = cell;
    this.picked = null;
    this.chosen = { view: this.packet.view, cell };
    this.draw();
    this.speak(cell);
    this.send(rest);
  }

  /** Asks which cells see a pixel; the same one again asks no more. */
  pick(pixel, rest = 0) {
    if (!this.packet.live) return;
    this.picked = same(pixel, this.picked) && !rest ? null : pixel;
    this.seen = null;
    this.draw();
    this.send(rest);
  }

  choose(mode) {
    if (!mode || mode === this.mode) return;
    this.mode = mode;
    this.draw();
    this.send();
  }

  keyOfModes(event) {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    const buttons = [...this.modes.children];
    const now = buttons.findIndex(({ dataset }) => dataset.mode === this.mode);
    const next = buttons[(now + step + buttons.length) % buttons.length];
    next.focus();
    this.choose(next.dataset.mode);
    event.preventDefault();
  }

  /** Reports what is pinned, after a rest. Every report is another one, also of the same cell. */
  send(rest = 0) {
    clearTimeout(this.timer);
    const { view } = this.packet;
    const { pinned: cell, picked: pixel, mode } = this;
    const turn = Date.now();
    const send = () => this.report({ view, cell, pixel: pixel ?? null, mode, turn });
    if (rest) this.timer = setTimeout(send, rest);
    else send();
  }

  key(event, pane) {
    if (event.key in STEPS) {
      const [down, right] = STEPS[event.key];
      if (pane === this.map) this.stepCell(down, right);
      else this.stepPixel(down, right, event.shiftKey ? 10 : 1);
    } else if (event.key === "Enter" || event.key === " ") {
      if (pane === this.map) this.pin(this.hovered ?? this.pinned);
      else this.pick(this.pointed ?? this.picked ?? this.middle());
    } else if (event.key === "Escape" && this.picked) {
      this.pick(this.picked);
    } else if (event.key === "+" || event.key === "-") {
      const { x, y, w, h } = pane.window;
      pane.zoom(event.key === "+" ? 0.8 : 1.25, x + w / 2, y + h / 2);
    } else if (event.key === "0") {
      this.map.reset();
      this.image.reset();
    } else {
      return;
    }
    event.preventDefault();
  }

  stepCell(down, right) {
    const { rows, columns } = this.packet;
    const [row, column] = this.place(this.pinned);
    this.hovered = null;
    const next = [within(row + down, rows), within(column + right, columns)];
    this.map.reveal(...next);
    this.pin(this.cell(...next), REST);
  }

  stepPixel(down, right, far) {
    const { extent } = this.packet;
    const steps = extent.length === 1 ? [right] : [down, right];
    const from = this.picked ?? this.middle();
    const next = from.map((n, axis) => within(n + far * steps[axis], extent[axis]));
    this.pointed = null;
    this.image.reveal(...(next.length === 1 ? [0, next[0]] : next));
    this.pick(next, REST);
  }

  /** The pixel in the middle of what the pinned cell sees, or of the picture. */
  middle() {
    const region = this.region(this.pinned) ?? this.packet.extent.map((n) => [0, n]);
    return region.map(([start, stop]) => Math.floor((start + stop) / 2));
  }

  /** Another layer's region, told by name while somebody looks through the layers. */
  preview(preview) {
    this.previewed = preview.region ? preview : null;
    if (this.packet) this.draw();
  }

  /** For each cell, as the map shows them, whether a pixel lies in the box of what it sees. */
  boxesAround(pixel) {
    const { grid, arrays } = this.packet;
    const found = new Uint8Array(grid.reduce((product, n) => product * n, 1)).fill(1);
    pixel.forEach((position, axis) => {
      const { data: starts, shape } = arrays[`start${axis}`];
      const { data: stops, shape: other } = arrays[`stop${axis}`];
      const steps = [stepsOf(shape), stepsOf(other)];
      const cell = grid.map(() => 0);
      let [first, last] = [0, 0];
      for (let flat = 0; flat < found.length; flat++) {
        if (starts[first] > position || stops[last] <= position) found[flat] = 0;
        for (let i = grid.length - 1; i >= 0; i--) {
          first += steps[0][i];
          last += steps[1][i];
          if (++cell[i] < grid[i]) break;
          first -= steps[0][i] * grid[i];
          last -= steps[1][i] * grid[i];
          cell[i] = 0;
        }
      }
    });
    return this.laidOut(found);
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
    const at = row * columns + column;
    if (arrays.finite?.data[at] === 0) return "not finite";
    const value = arrays.map.data[at];
    const { low, high } = range.map;
    const quantised = arrays.map.data instanceof Uint8Array;
    return short(quantised ? low + (value / 255) * (high - low) : value);
  }

  draw() {
    const { packet, marks, hovered, pinned, picked, pointed, previewed } = this;
    const active = hovered ?? pinned;
    const [region, box] = [previewed?.region ?? this.region(active), this.box(active)];
    const inside = box?.every(([start, stop], i) => start >= 0 && stop <= packet.extent[i]);

    for (const [name, cell] of Object.entries({ pinned, hovered })) {
      const seen = cell && this.region(cell);
      outline(marks.image, name, seen && rectangle(seen));
      outline(marks.map, name, cell && rectangle(this.place(cell).map((n) => [n, n + 1])));
    }
    if (previewed) outline(marks.image, "hovered", rectangle(previewed.region));
    const pixel = pointed ?? picked;
    outline(marks.image, "pixel", pixel && rectangle(pixel.map((n) => [n, n + 1])));
    outline(marks.image, "field", box && !inside && !previewed ? rectangle(box) : null);
    const centre = box && !previewed && centreOf(box);
    place(marks.image.centre, centre);
    place(marks.image["centre-casing"], centre);
    place(marks.image.frame, packet.margin ? rectangle(packet.extent.map((n) => [0, n])) : null);

    const found = !previewed && same(active, pinned) ? this.overlay() : null;
    place(marks.image.veil, found ? null : { d: veil(packet.extent, region) });
    this.image.lay(found);
    this.map.lay(this.drawSeen(pixel));
    for (const button of this.modes.children) {
      const chosen = button.dataset.mode === this.mode;
      button.setAttribute("aria-checked", chosen);
      button.tabIndex = chosen ? 0 : -1;
    }
    this.image.figure.querySelector(".heat").hidden = this.mode !== "paths" || !packet.live;
    this.readAll(active, region, pixel);
  }

  /** What the server found out about the pinned cell, if that is what it speaks of. */
  overlay() {
    const { cue, mode, pinned, packet } = this;
    const fits = cue?.view === packet.view && cue.mode === mode && same(cue.cell, pinned);
    return fits ? this.found : null;
  }

  /** The cells that see a pixel: exactly where the server has told, else by their boxes. */
  drawSeen(pixel) {
    if (!pixel) {
      this.seers = null;
      return null;
    }
    const exact = this.seen && same(pixel, this.cue.pixel);
    const key = `${this.packet.view} ${pixel} ${exact}`;
    if (this.seers?.key !== key) {
      const cells = exact ? this.seen : this.boxesAround(pixel);
      const count = cells.reduce((sum, n) => sum + (n ? 1 : 0), 0);
      const { columns, rows } = this.packet;
      this.seers = { key, exact, count, overlay: chosen(cells, columns, rows) };
    }
    return this.seers.overlay;
  }

  readAll(active, region, pixel) {
    const { cue, previewed, packet } = this;
    let sees = region ? `${size(region, packet.unit)} · ${ranges(region)}` : "sees no pixel";
    if (previewed) sees = `${previewed.name}: ${size(region, packet.unit)}`;
    else if (this.overlay() && same(active, this.pinned)) sees = `${cue.count} of ${sees}`;
    if (pixel && !this.hovered) {
      const { exact, count } = this.seers;
      const cells = packet.grid.reduce((product, n) => product * n, 1);
      const what = pixel.length === 1 ? `sample ${pixel}` : `pixel (${pixel.join(", ")})`;
      this.read(this.image, what);
      this.read(
        this.map,
        `${count} of ${cells} cells ${exact ? "see it" : "have it in their box"}`,
      );
      return;
    }
    this.read(this.image, sees);
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

/**
 * A raster of 8-bit values in colour, one canvas pixel a cell: none where no cell has its place, grey
 * where its value is not finite.
 */
function painted(values, colours, width, height, { places, finite } = {}) {
  const table = Uint32Array.from({ length: 256 }, (_, i) => {
    const [red, green, blue] = colours.subarray(3 * i, 3 * i + 3);
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
  return raster(width, height, (words) => {
    for (let i = 0; i < words.length; i++) {
      if (places?.data[i] < 0) words[i] = 0;
      else words[i] = finite?.data[i] === 0 ? NOT_FINITE : table[values[i]];
    }
  });
}

function size(region, unit) {
  const extents = region.map(([start, stop]) => stop - start);
  return `${extents.join(" × ")} ${unit || (region.length === 1 ? "samples" : "px")}`;
}

const named = (cell) => `cell${cell.length > 1 ? ` (${cell.join(", ")})` : ` ${cell}`}`.trim();

function ranges(region) {
  const names = region.length === 1 ? ["samples"] : ["rows", "columns"];
  return region.map(([start, stop], i) => `${names[i]} ${start}–${stop - 1}`).join(", ");
}

/** How far apart neighbours along each axis lie in a broadcast array; 0 where it has one for all. */
function stepsOf(shape) {
  let step = 1;
  return shape.reduceRight((steps, n) => {
    steps.unshift(n === 1 ? 0 : step);
    step *= n;
    return steps;
  }, []);
}

const within = (position, extent) => Math.min(Math.max(position, 0), extent - 1);
const same = (a, b) => a === b || (a && b && a.every((n, i) => n === b[i]));
