/**
 * What the views of a cell share: panes of the input and of a feature map in one Plotly figure.
 *
 * The bounds of every cell come with the data, so that hovering needs no server. A click, Enter or
 * the keys pin a cell of the map or a pixel of the input, and only that is reported back, as the
 * state `pinned`. What takes a server to know (exact pixels, path counts, the cells that see a
 * pixel) comes as a cue.
 *
 * A view's own class reads the packet, fills the traces and arranges the panes; where its panes do
 * not show all of the input, it says by `section` and `cut` what they show.
 */

import { listen } from "./bus.js";
import { boxesAround, isInside, runs, same, within } from "./cells.js";
import { at } from "./packet.js";
import { Plot, rows } from "./plot.js";
import { steer } from "./steer.js";
import { position, ranges, short, size, whole } from "./words.js";

const REST = 120; // milliseconds without another key before the server hears of the cell
const PIXELS = ["sample", "pixel", "voxel"]; // of an input of one, two or three axes

export class CellView {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.frame = this.find(".cell-view");
    this.spoken = this.find(".spoken");
    this.modes = this.find(".modes");
    this.label = this.find(".pointer-label");
    this.mode = "box";
    this.measures = false; // then the page has one more row below the view
    const panes = {};
    for (const figure of root.querySelectorAll("[data-pane]")) {
      const { pane, axes } = figure.dataset;
      panes[pane] = { axes, focus: figure.querySelector(".plot") };
    }
    this.maps = Object.keys(panes).filter(onMap);
    this.images = Object.keys(panes).filter((pane) => !onMap(pane));
    this.plot = new Plot(this.find(".graph"), panes, {
      hover: (pane, x, y, event) => this.hover(pane, x, y, event),
      leave: () => this.leave(),
      pick: (pane, x, y) =>
        onMap(pane) ? this.pin(this.cellAt(pane, x, y)) : this.pick(this.pointAt(pane, x, y)),
      arrange: (width) => this.arrange(width),
      drawn: () => this.drawn(),
    });
    steer(this, panes);
    listen("cue", root, (cue) => this.heed(cue));
    listen("preview", root, (preview) => this.preview(preview));
  }

  async show(packet) {
    const { figure, titles } = packet;
    this.latest = packet;
    const values = await this.read(packet);
    if (this.latest !== packet) return; // another one came while this was decoded
    this.packet = packet;
    this.values = values;
    this.hovered = this.pointed = this.previewed = this.marked = null;
    // A cell that the person pinned stays pinned when only the channel or the input changes.
    if (this.chosen?.view !== packet.view) this.chosen = null;
    this.pinned = this.chosen?.cell ?? packet.pinned;
    if (this.picked?.some((n, axis) => n >= packet.extent[axis])) this.picked = null;
    this.modes.hidden = !packet.live;
    for (const side of ["image", "map"]) {
      this.find(`[data-side=${side}] .title`).textContent = titles[side];
    }
    for (const [pane, { focus }] of Object.entries(this.plot.panes)) {
      focus.setAttribute("aria-label", titles[`${pane} keys`]);
    }
    this.fill(figure.data);
    try {
      await this.plot.show(figure, packet.host);
    } catch (error) {
      this.find("[data-side=image] .title").textContent = `Nothing can be drawn: ${error.message}`;
      throw error;
    }
    if (this.packet !== packet || this.plot.removed) return;
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
    const { seen } = cue.arrays;
    this.seen = cue.pixel && seen ? this.laidOut(seen.data) : null;
    this.draw();
  }

  // Pixels and cells have one number for each axis of the input and of the map.

  /** The part of a box that a pane shows, null where it shows none of it. */
  section(_pane, box) {
    return box;
  }

  /** The values that a pane shows of an array over all pixels or cells. */
  cut(_pane, array) {
    return array;
  }

  /** What `section` and `cut` depend on besides the pane, as a text. */
  get cuts() {
    return "";
  }

  /** How far an arrow key goes along each axis. */
  steps(pane, down, right) {
    return this.extents(pane).length === 1 ? [right] : [down, right];
  }

  /** The extents of what a pane shows: the map or the input. */
  extents(pane) {
    return onMap(pane) ? this.packet.map : this.packet.extent;
  }

  /** The pixel of the input, or the place in the map, under a position of a pane; null beside it. */
  pointAt(pane, x, y) {
    const extents = this.extents(pane);
    const along = extents.length === 1 ? [x] : [y, x];
    // Along an axis of one position a line shows its values.
    const point = along.map((n, axis) => (extents[axis] === 1 ? 0 : Math.floor(n)));
    return isInside(point, extents) ? point : null;
  }

  cellAt(pane, x, y) {
    const place = this.pointAt(pane, x, y);
    return place && this.cell(place);
  }

  /** The cell at a place of the map, null where there is none. */
  cell(place) {
    const { grid, map, arrays } = this.packet;
    const number = ravelled(place, map);
    const flat = arrays.places ? arrays.places.data[number] : number;
    return flat < 0 ? null : unravelled(flat, grid);
  }

  /** The number of a cell in the map, row by row; -1 where it has no place. */
  number(cell) {
    const { grid, arrays } = this.packet;
    const flat = ravelled(cell, grid);
    return arrays.places ? arrays.places.data.indexOf(flat) : flat;
  }

  /** The place of a cell in the map. */
  place(cell) {
    const number = this.number(cell);
    return number < 0 ? null : unravelled(number, this.packet.map);
  }

  /** Values of all cells, in the order in which the map shows them. */
  laidOut(values) {
    const { places } = this.packet.arrays;
    return places ? Uint8Array.from(places.data, (flat) => values[flat] ?? 0) : values;
  }

  hover(pane, x, y, event) {
    const cell = onMap(pane) ? this.cellAt(pane, x, y) : null;
    const pixel = onMap(pane) ? null : this.pointAt(pane, x, y);
    if (!same(cell, this.hovered) || !same(pixel, this.pointed)) {
      this.hovered = cell;
      this.pointed = pixel;
      this.draw();
      if (cell) this.label.textContent = this.tell(cell).join("\n");
      else if (pixel) this.label.textContent = this.pixelName(pixel);
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
    if (!pixel || !this.packet.live) return;
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

  /** Moves the pinned cell, or the pixel, by a number of steps along each axis. */
  step(pane, steps) {
    const extents = this.extents(pane);
    const from = onMap(pane) ? this.place(this.pinned) : (this.picked ?? this.middle());
    const next = extents.map((n, axis) => within((from?.[axis] ?? 0) + steps[axis], n));
    this.hovered = this.pointed = null;
    if (onMap(pane)) this.pin(this.cell(next), REST);
    else this.pick(next, REST);
    const shown = this.section(pane, square(next));
    if (shown)
      this.plot.reveal(
        pane,
        shown.map(([n]) => n),
      );
  }

  /** The pixel in the middle of what the pinned cell sees, or of the input. */
  middle() {
    const region = this.region(this.pinned) ?? this.packet.extent.map((n) => [0, n]);
    return region.map(([start, stop]) => Math.floor((start + stop) / 2));
  }

  /** Another layer's region, sent by name while somebody looks through the layers. */
  preview(preview) {
    this.previewed = preview.region ? preview : null;
    if (this.packet) this.draw();
  }

  /** Start and stop of what a cell sees, for each axis of the input; null where it sees nothing. */
  region(cell) {
    const { extent, arrays } = this.packet;
    const region = extent.map((_, i) => [
      at(arrays[`start${i}`], cell),
      at(arrays[`stop${i}`], cell),
    ]);
    return region.some(([start, stop]) => stop <= start) ? null : region;
  }

  /** The closed form's box of a cell: it counts padding and may leave the input. */
  box(cell) {
    const { field } = this.packet;
    return field?.size.map((size, i) => {
      const start = cell[i] * field.stride[i] - field.padding[i];
      return [start, start + size];
    });
  }

  drawn() {
    this.draw();
  }

  draw() {
    const { packet, plot, hovered, pinned, previewed } = this;
    if (!plot.drawable || !packet) return;
    if (this.measures !== (this.mode === "influence")) {
      this.measures = !this.measures;
      plot.arrangeAgain();
    }
    const active = hovered ?? pinned;
    const [region, box] = [previewed?.region ?? this.region(active), this.box(active)];
    const pixel = this.pointed ?? this.picked;
    const closed = previewed ? null : box;
    const whole = packet.extent.map((n) => [0, n]);
    for (const pane of this.images) {
      const part = (box) => box && this.section(pane, box);
      const outline = (name, box) => plot.outline(pane, name, part(box));
      outline(packet.region, this.region(pinned));
      outline("hovered region", previewed?.region ?? (hovered && this.region(hovered)));
      outline("pinned pixel", square(pixel));
      outline("closed form", sameBox(closed, region) ? null : closed);
      const centre = part(closed?.map(([a, b]) => [(a + b) / 2 - 1, (a + b) / 2]));
      plot.dot(
        pane,
        "centre",
        centre?.map(([n]) => n + 0.5),
      );
      plot.veil(pane, "outside the region", [part(whole), part(region)].filter(Boolean));
    }
    for (const pane of this.maps) {
      const outline = (name, cell) => {
        const place = cell && square(this.place(cell));
        plot.outline(pane, name, place && this.section(pane, place));
      };
      outline("pinned cell", pinned);
      outline("hovered cell", hovered);
    }
    this.drawSeen(pixel);
    const marked = !previewed && same(active, pinned) && this.fits();
    this.drawMarks(marked);
    for (const button of this.modes.children) {
      const chosen = button.dataset.mode === this.mode;
      button.setAttribute("aria-checked", chosen);
      button.tabIndex = chosen ? 0 : -1;
    }
    this.readAll(active, region, pixel, marked);
  }

  /** Whether the marks that the server sent are those of the pinned cell. */
  fits() {
    const { cue, mode, packet } = this;
    const sent = cue?.trace && cue.mode === mode && cue.view === packet.view;
    return sent && same(cue.cell, this.pinned);
  }

  /** Marks the pixels that count, by the traces after those of the panes. */
  drawMarks(marked) {
    const { cue, images, maps, cuts, plot } = this;
    const numbers = images.map((_, number) => images.length + maps.length + number);
    if (this.marked && !cue.trace) {
      this.marked = null;
      plot.restyle(
        numbers,
        numbers.map(() => ({ visible: false })),
      );
    } else if (marked && !(this.marked?.cue === cue && this.marked.cuts === cuts)) {
      this.marked = { cue, cuts };
      const { trace } = cue;
      const traces = images.map((pane, number) => ({
        ...trace,
        showscale: trace.showscale && !number,
        ...this.marksIn(pane, cue.arrays.marks),
      }));
      plot.restyle(numbers, traces);
    }
    for (const pane of images) {
      const { axes } = plot.panes[pane];
      const layer = plot.host.querySelector(`.cartesianlayer .x${axes}y${axes} .heatmaplayer`);
      if (layer) layer.style.display = marked ? "" : "none";
    }
  }

  marksIn(_pane, marks) {
    return { z: rows(marks), visible: true };
  }

  /** The cells that see a pixel: exactly where the server has answered, else by their boxes. */
  drawSeen(pixel) {
    const { packet } = this;
    const exact = pixel && this.seen && same(pixel, this.cue.pixel);
    const key = pixel && `${packet.view} ${pixel} ${Boolean(exact)} ${this.cuts}`;
    if (this.seers && this.seers.key === key) return;
    const cells = pixel && (exact ? this.seen : this.laidOut(boxesAround(pixel, packet)));
    const count = cells?.reduce((sum, n) => sum + (n ? 1 : 0), 0);
    this.seers = { key, exact, count };
    for (const pane of this.maps) {
      const part = cells && this.cut(pane, { data: cells, shape: packet.map });
      const boxes = part && [part.shape.map((n) => [0, n]), ...runs(part.data, part.shape[1])];
      this.plot.veil(pane, "cells that do not see the pixel", boxes);
    }
  }

  readAll(active, region, pixel, marked) {
    const { cue, previewed, packet } = this;
    let sees = region ? `${size(region, packet.unit)} · ${ranges(region)}` : this.nothing;
    if (previewed) sees = `${previewed.name}: ${size(region, packet.unit)}`;
    else if (marked) sees = `${whole(cue.count)} of ${sees}`;
    let map = this.tell(active).slice(0, -1).join(" · ");
    if (pixel && !this.hovered) {
      const { exact, count } = this.seers;
      const cells = packet.grid.reduce((product, n) => product * n, 1);
      sees = this.pixelName(pixel);
      map = `${whole(count)} of ${whole(cells)} cells ${exact ? "see it" : "have it in their box"}`;
    }
    this.find("[data-side=image] .readout").textContent = sees;
    this.find("[data-side=map] .readout").textContent = map;
  }

  /** A cell's name, its value where the model could be run, and what it sees. */
  tell(cell) {
    const name = `cell ${position(cell)}`.trim();
    const region = this.region(cell);
    const sees = region
      ? `sees ${size(region, this.packet.unit)}, ${ranges(region)}`
      : this.nothing;
    const value = this.packet.valued ? this.values.data[this.number(cell)] : undefined;
    return [name, ...(value === undefined ? [] : [short(value)]), sees];
  }

  get nothing() {
    return `sees no ${PIXELS[this.packet.extent.length - 1]}`;
  }

  pixelName(pixel) {
    return `${PIXELS[pixel.length - 1]} ${position(pixel)}`;
  }

  remove() {
    clearTimeout(this.timer);
    this.plot.remove();
  }
}

export const onMap = (pane) => pane.startsWith("map");

/** The values of a map as 32-bit floats. */
export function dequantised({ data, shape }, { low, high }) {
  if (data instanceof Float32Array) return { data, shape };
  return { data: Float32Array.from(data, (n) => low + (n / 255) * (high - low)), shape };
}

const ravelled = (place, extents) =>
  place.reduce((sum, position, axis) => sum * extents[axis] + position, 0);

function unravelled(number, extents) {
  const place = [];
  for (const extent of [...extents].reverse()) {
    place.unshift(number % extent);
    number = Math.floor(number / extent);
  }
  return place;
}

const square = (point) => point?.map((n) => [n, n + 1]);
const sameBox = (a, b) => Boolean(a && b && a.every((side, i) => same(side, b[i])));
