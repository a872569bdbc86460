/**
 * The linked view: a picture and a feature map side by side, as one Plotly figure.
 *
 * The bounds of every cell come with the data, so that hovering needs no server. A click, Enter or
 * the arrow keys pin a cell of the map or a pixel of the picture, and only that is reported back,
 * as the state `pinned`. What takes a server to know (exact pixels, path counts, the cells that see
 * a pixel) comes as a cue.
 */

import { listen } from "../../browser/bus.js";
import { mount } from "../../browser/mount.js";
import { at, unpack } from "../../browser/packet.js";
import { Plot, rows } from "../../browser/plot.js";
import { position, ranges, short, size } from "../../browser/words.js";
import { arrange } from "./arrange.js";
import { boxesAround, runs, same, within } from "./cells.js";
import { steer } from "./steer.js";

const REST = 120; // milliseconds without another arrow key before the server hears of the cell
const MARKS = 2; // the number of the trace that marks the pixels that count

class LinkedView {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.frame = this.find(".linked-view");
    this.spoken = this.find(".spoken");
    this.modes = this.find(".modes");
    this.label = this.find(".pointer-label");
    this.mode = "box";
    const focus = (pane) => this.find(`[data-pane=${pane}] .plot`);
    const panes = {
      image: { axes: "", focus: focus("image") },
      map: { axes: "2", focus: focus("map") },
    };
    this.plot = new Plot(this.find(".graph"), panes, {
      hover: (pane, x, y, event) => this.hover(pane, x, y, event),
      leave: () => this.leave(),
      pick: (pane, x, y) =>
        pane === "map" ? this.pin(this.cellAt(x, y)) : this.pick(this.pixelAt(x, y)),
      arrange: (width) => arrange(this.packet, width),
      drawn: () => this.drawn(),
    });
    steer(this, panes);
    listen("cue", root, (cue) => this.heed(cue));
    listen("preview", root, (preview) => this.preview(preview));
  }

  async show(packet) {
    const { arrays, figure, range, titles } = packet;
    this.packet = packet;
    this.hovered = this.pointed = this.previewed = null;
    // A cell that the person pinned stays pinned when only the channel or the image changes.
    if (this.chosen?.view !== packet.view) this.chosen = null;
    this.pinned = this.chosen?.cell ?? packet.pinned;
    this.modes.hidden = !packet.live;
    for (const pane of ["image", "map"]) {
      this.find(`[data-pane=${pane}] .title`).textContent = titles[pane];
      this.find(`[data-pane=${pane}] .plot`).setAttribute("aria-label", titles[`${pane} keys`]);
    }
    const [picture, map] = figure.data;
    if (arrays.image.data instanceof Float32Array) picture.y ??= arrays.image.data;
    else picture.source = new TextDecoder().decode(arrays.image.data);
    this.values = dequantised(arrays.map, range);
    if (map.type === "heatmap") map.z = rows(this.values);
    else map.y ??= this.values.data;
    await this.plot.show(figure, packet.host);
    if (this.packet !== packet) return;
    this.frame.dataset.view = packet.view;
    if (this.cue) this.heed(this.cue);
    else this.draw();
  }

  /** What the server says: where to go, and what it worked out for the pinned cell or pixel. */
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
    const { trace, arrays } = cue;
    if (!trace && this.marks) this.plot.restyle(MARKS, { visible: false });
    this.marks = trace ? cue.mode : null;
    if (trace) this.plot.restyle(MARKS, { ...trace, z: rows(arrays.marks), visible: true });
    this.seen = cue.pixel && arrays.seen ? this.laidOut(arrays.seen.data) : null;
    this.draw();
  }

  cellAt(x, y) {
    const [rows, columns] = this.packet.map;
    return this.cell(within(Math.floor(y), rows), within(Math.floor(x), columns));
  }

  /** The cell at a row and column of the map, null where there is none. */
  cell(row, column) {
    const { grid, map, arrays } = this.packet;
    const at = row * map[1] + column;
    let flat = arrays.places ? arrays.places.data[at] : at;
    if (flat < 0) return null;
    const cell = [];
    for (const extent of [...grid].reverse()) {
      cell.unshift(flat % extent);
      flat = Math.floor(flat / extent);
    }
    return cell;
  }

  /** The number of a cell in the map, row by row. */
  number(cell) {
    const { grid, arrays } = this.packet;
    const flat = cell.reduce((sum, position, axis) => sum * grid[axis] + position, 0);
    return arrays.places ? arrays.places.data.indexOf(flat) : flat;
  }

  /** Row and column of a cell in the map. */
  place(cell) {
    const [, columns] = this.packet.map;
    const number = this.number(cell);
    return [Math.floor(number / columns), number % columns];
  }

  /** Values of all cells, in the order in which the map shows them. */
  laidOut(values) {
    const { places } = this.packet.arrays;
    return places ? Uint8Array.from(places.data, (flat) => values[flat] ?? 0) : values;
  }

  pixelAt(x, y) {
    const { extent } = this.packet;
    const position = extent.length === 1 ? [x] : [y, x];
    return position.map((n, axis) => within(Math.floor(n), extent[axis]));
  }

  hover(pane, x, y, event) {
    const cell = pane === "map" ? this.cellAt(x, y) : null;
    const pixel = pane === "image" ? this.pixelAt(x, y) : null;
    if (!same(cell, this.hovered) || !same(pixel, this.pointed)) {
      this.hovered = cell;
      this.pointed = pixel;
      this.draw();
      this.label.textContent = cell ? this.tell(cell).join("\n") : `${this.pixelName(pixel)}`;
    }
    const box = this.frame.getBoundingClientRect();
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    this.label.style.translate = left > box.width / 2 ? "calc(-100% - 12px) 12px" : "12px 12px";
    Object.assign(this.label.style, { left: `${left}px`, top: `${top}px` });
    this.label.hidden = event.pointerType === "touch" || (!cell && !pixel);
  }

  leave() {
    this.label.hidden = true;
    if (!this.hovered && !this.pointed) return;
    this.hovered = this.pointed = null;
    this.draw();
  }

  pin(cell, rest = 0) {
    if (!cell) return;
    this.pinned = cell;
    this.picked = null;
    this.chosen = { view: this.packet.view, cell };
    this.draw();
    this.spoken.textContent = this.tell(cell).join(", ");
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

  stepCell(down, right) {
    const [rows, columns] = this.packet.map;
    const [row, column] = this.place(this.pinned);
    this.hovered = null;
    const next = [within(row + down, rows), within(column + right, columns)];
    this.plot.reveal("map", next);
    this.pin(this.cell(...next), REST);
  }

  stepPixel(down, right) {
    const { extent } = this.packet;
    const steps = extent.length === 1 ? [right] : [down, right];
    const from = this.picked ?? this.middle();
    const next = from.map((n, axis) => within(n + steps[axis], extent[axis]));
    this.pointed = null;
    this.plot.reveal("image", next);
    this.pick(next, REST);
  }

  /** The pixel in the middle of what the pinned cell sees, or of the picture. */
  middle() {
    const region = this.region(this.pinned) ?? this.packet.extent.map((n) => [0, n]);
    return region.map(([start, stop]) => Math.floor((start + stop) / 2));
  }

  /** Another layer's region, sent by name while somebody looks through the layers. */
  preview(preview) {
    this.previewed = preview.region ? preview : null;
    if (this.packet) this.draw();
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

  drawn() {
    for (const pane of ["image", "map"]) {
      const { left, top, width } = this.find(`[data-pane=${pane}] .plot`).style;
      const caption = this.find(`[data-pane=${pane}] figcaption`);
      const bottom = `calc(100% - ${top} + 4px)`;
      Object.assign(caption.style, { left, width, bottom });
    }
    this.draw();
  }

  draw() {
    const { packet, plot, hovered, pinned, previewed } = this;
    if (!plot.numbers || !packet) return;
    const active = hovered ?? pinned;
    const [region, box] = [previewed?.region ?? this.region(active), this.box(active)];
    const pixel = this.pointed ?? this.picked;
    const square = (point) => point?.map((n) => [n, n + 1]);

    plot.outline(packet.region, this.region(pinned));
    plot.outline("hovered region", previewed?.region ?? (hovered && this.region(hovered)));
    plot.outline("pinned cell", square(this.place(pinned)));
    plot.outline("hovered cell", square(hovered && this.place(hovered)));
    plot.outline("pinned pixel", square(pixel));
    const shown = box && !previewed && !sameBox(box, region);
    plot.outline("closed form", shown ? box : null);
    plot.dot("centre", box && !previewed ? box.map(([a, b]) => (a + b - 1) / 2) : null);
    const whole = packet.extent.map((n) => [0, n]);
    plot.veil("outside the region", region ? [whole, region] : [whole]);
    this.drawSeen(pixel);
    const marked = !previewed && same(active, pinned) && this.fits();
    const layer = plot.host.querySelector(".cartesianlayer .xy .heatmaplayer");
    if (layer) layer.style.display = marked ? "" : "none";
    for (const button of this.modes.children) {
      const chosen = button.dataset.mode === this.mode;
      button.setAttribute("aria-checked", chosen);
      button.tabIndex = chosen ? 0 : -1;
    }
    this.readAll(active, region, pixel, marked);
  }

  /** Whether the marks that the server sent are those of the pinned cell. */
  fits() {
    const { cue, mode, packet, marks } = this;
    return marks === mode && cue.view === packet.view && same(cue.cell, this.pinned);
  }

  /** The cells that see a pixel: exactly where the server has answered, else by their boxes. */
  drawSeen(pixel) {
    const { packet } = this;
    const exact = pixel && this.seen && same(pixel, this.cue.pixel);
    const key = pixel && `${packet.view} ${pixel} ${Boolean(exact)}`;
    if (this.seers?.key === key) return;
    this.seers = { key };
    if (!pixel) {
      this.plot.veil("cells that do not see the pixel", null);
      return;
    }
    const cells = exact ? this.seen : this.laidOut(boxesAround(pixel, packet));
    const count = cells.reduce((sum, n) => sum + (n ? 1 : 0), 0);
    this.seers = { key, exact, count };
    const [rows, columns] = packet.map;
    this.plot.veil("cells that do not see the pixel", [
      [
        [0, rows],
        [0, columns],
      ],
      ...runs(cells, columns),
    ]);
  }

  readAll(active, region, pixel, marked) {
    const { cue, previewed, packet } = this;
    let sees = region ? `${size(region, packet.unit)} · ${ranges(region)}` : "sees no pixel";
    if (previewed) sees = `${previewed.name}: ${size(region, packet.unit)}`;
    else if (marked) sees = `${cue.count} of ${sees}`;
    let map = this.tell(active).slice(0, -1).join(" · ");
    if (pixel && !this.hovered) {
      const { exact, count } = this.seers;
      const cells = packet.grid.reduce((product, n) => product * n, 1);
      sees = this.pixelName(pixel);
      map = `${count} of ${cells} cells ${exact ? "see it" : "have it in their box"}`;
    }
    this.find("[data-pane=image] .readout").textContent = sees;
    this.find("[data-pane=map] .readout").textContent = map;
  }

  /** A cell's name, its value where the model could be run, and what it sees. */
  tell(cell) {
    const name = `cell ${position(cell)}`.trim();
    const region = this.region(cell);
    const sees = region
      ? `sees ${size(region, this.packet.unit)}, ${ranges(region)}`
      : "sees no pixel";
    const value = this.packet.valued ? [short(this.values.data[this.number(cell)])] : [];
    return [name, ...value, sees];
  }

  pixelName(pixel) {
    return `${pixel.length === 1 ? "sample" : "pixel"} ${position(pixel)}`;
  }

  remove() {
    clearTimeout(this.timer);
    this.plot.remove();
  }
}

/** The values of a map as 32-bit floats. */
function dequantised({ data, shape }, { low, high }) {
  if (data instanceof Float32Array) return { data, shape };
  return { data: Float32Array.from(data, (n) => low + (n / 255) * (high - low)), shape };
}

const sameBox = (a, b) => a && b && a.every((side, i) => same(side, b[i]));

export default mount(LinkedView, (view, { data, setStateValue }) => {
  view.report = (pinned) => setStateValue("pinned", pinned);
  view.show(unpack(data));
});
