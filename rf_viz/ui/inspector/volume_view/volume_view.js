/**
 * The linked view of volumes: slices through the input, and slices through a feature map.
 *
 * The bounds of every cell come with the data, so that hovering needs no server. A click, Enter or
 * the keys pin a cell, and only that is reported back, as the state `pinned`.
 */

import { listen } from "../../browser/bus.js";
import { at, unpack } from "../../browser/packet.js";
import { short } from "../../browser/pane.js";
import { ACROSS, AXES, painted, Slices, unstacked } from "./slices.js";

const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [1, -1], ArrowRight: [1, 1] };
const PAGES = { PageUp: -1, PageDown: 1 };
const REST = 120; // milliseconds without another key before the server hears of the cell

const NAMES = ["depth", "rows", "columns"];
const RAMP = Uint8Array.from({ length: 256 }, (_, i) => i);

const views = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  if (!views.has(parentElement)) views.set(parentElement, new VolumeView(parentElement));
  const view = views.get(parentElement);
  view.report = (pinned) => setStateValue("pinned", pinned);
  view.show(unpack(data));
}

class VolumeView {
  constructor(root) {
    const side = (name) => root.querySelector(`[data-side=${name}]`);
    const template = root.querySelector("template");
    this.input = new Slices(side("input"), template, { moved: () => this.draw() });
    this.map = new Slices(side("map"), template, {
      moved: () => this.draw(),
      hover: (point) => this.hover(point),
      leave: () => this.hover(null),
      pick: (point) => this.pin(point),
    });
    this.frame = root.querySelector(".volume-view");
    this.spoken = root.querySelector(".spoken");
    for (const [axis, { plot }] of this.map.panes.entries()) {
      plot.tabIndex = 0;
      plot.setAttribute("role", "application");
      plot.addEventListener("keydown", (event) => this.key(event, axis));
    }
    for (const { figure } of this.input.panes) figure.classList.add("still");
    listen("cue", root, (cue) => this.heed(cue));
  }

  async show(packet) {
    const { arrays, volume, shown } = packet;
    this.latest = packet;
    const [input, map] = await Promise.all([
      this.volume?.key === volume ? this.volume : unstacked(arrays.input.data, shown.input),
      unstacked(arrays.map.data, shown.map),
    ]);
    if (this.latest !== packet) return; // Another one came while this was decoded.
    this.packet = packet;
    this.frame.dataset.view = packet.view;
    this.volume = { ...input, key: volume };
    this.values = map.data;
    this.hovered = null;
    // A cell that the person pinned stays pinned when only the channel or the input changes.
    if (this.chosen?.view !== packet.view) this.chosen = null;
    const pinned = this.chosen?.cell ?? packet.pinned;
    this.input.show(this.volume, packet.extent, arrays.greys.data);
    this.map.show(map, packet.shape, arrays.colours.data);
    this.showLegend();
    this.settle(this.found(pinned));
    if (this.cue) this.heed(this.cue);
  }

  showLegend() {
    const { range, arrays, titles } = this.packet;
    const { legend, panes } = this.map;
    legend.querySelector(".low").textContent = short(range.low);
    legend.querySelector(".high").textContent = short(range.high);
    const scale = legend.querySelector(".scale").getContext("2d");
    scale.drawImage(painted(RAMP, arrays.colours.data, 256, 1), 0, 0);
    legend.classList.toggle("unknown", range.low === range.high);
    for (const [axis, { plot, figure }] of panes.entries()) {
      const what = `${titles.map}, slice across ${NAMES[axis]}`;
      plot.setAttribute("aria-label", `${what}: the arrow and page keys move the pinned cell`);
      figure.querySelector("input").setAttribute("aria-label", `${titles.map}: ${AXES[axis]}`);
    }
    for (const [axis, { figure }] of this.input.panes.entries()) {
      figure.querySelector("input").setAttribute("aria-label", `${titles.input}: ${AXES[axis]}`);
    }
  }

  /** The page went somewhere by itself. */
  heed(cue) {
    this.cue = cue;
    if (!this.packet || cue.view !== this.packet.view || cue.order === this.order) return;
    this.order = cue.order;
    this.chosen = { view: cue.view, cell: cue.cell };
    this.settle(this.found(cue.cell));
  }

  /** What lies at a place of the box of cells: the cell, one index for each axis of the grid. */
  at(place) {
    const { grid, shape, arrays } = this.packet;
    const number = (place[0] * shape[1] + place[1]) * shape[2] + place[2];
    let flat = arrays.cells ? arrays.cells.data[number] : number;
    const cell = [];
    for (const extent of [...grid].reverse()) {
      cell.unshift(flat % extent);
      flat = Math.floor(flat / extent);
    }
    return { cell, place };
  }

  /** A cell with its place; a class token has none. */
  found(cell) {
    const { grid, shape, arrays } = this.packet;
    const flat = cell.reduce((sum, position, axis) => sum * grid[axis] + position, 0);
    const number = arrays.cells ? arrays.cells.data.indexOf(flat) : flat;
    if (number < 0) return { cell, place: null };
    const row = Math.floor(number / shape[2]);
    return { cell, place: [Math.floor(row / shape[1]), row % shape[1], number % shape[2]] };
  }

  /** Shows a cell as the pinned one. */
  settle(spot) {
    this.pinned = spot;
    if (spot.place) this.map.through(spot.place);
    this.look(spot);
  }

  hover(place) {
    if (same(place, this.hovered?.place)) return;
    this.hovered = place && this.at(place);
    this.look(this.hovered ?? this.pinned);
  }

  pin(place, rest = 0) {
    const { view } = this.packet;
    const spot = this.at(place);
    this.chosen = { view, cell: spot.cell };
    this.settle(spot);
    this.spoken.textContent = this.told(spot, "sees ").filter(Boolean).join(", ");
    clearTimeout(this.timer);
    const said = { view, cell: spot.cell, turn: Date.now() };
    if (rest) this.timer = setTimeout(() => this.report(said), rest);
    else this.report(said);
  }

  key(event, axis) {
    const place = [...(this.pinned.place ?? [0, 0, 0])];
    if (event.key in STEPS) {
      const [line, step] = STEPS[event.key];
      place[ACROSS[axis][line]] += step;
    } else if (event.key in PAGES) {
      place[axis] += PAGES[event.key];
    } else if (event.key !== "Enter" && event.key !== " ") {
      return;
    } else if (this.hovered) {
      place.splice(0, 3, ...this.hovered.place);
    }
    event.preventDefault();
    this.hovered = null;
    this.pin(
      place.map((n, i) => Math.min(Math.max(n, 0), this.packet.shape[i] - 1)),
      REST,
    );
  }

  /** Start and stop of what a cell sees, for each axis of the input; null where it sees nothing. */
  region({ cell }) {
    const { arrays } = this.packet;
    const region = AXES.map((_, i) => [
      at(arrays[`start${i}`], cell),
      at(arrays[`stop${i}`], cell),
    ]);
    return region.some(([start, stop]) => stop <= start) ? null : region;
  }

  /** Moves the slices through the input to the middle of what a cell sees. */
  look(spot) {
    const region = this.region(spot);
    if (region) this.input.through(region.map(([start, stop]) => (start + stop - 1) >> 1));
    this.draw();
  }

  draw() {
    const { hovered, pinned, input, map, packet } = this;
    for (const [name, spot] of Object.entries({ pinned, hovered })) {
      input.outline(name, spot && this.region(spot));
      map.outline(
        name,
        spot?.place?.map((n) => [n, n + 1]),
      );
    }
    const active = hovered ?? pinned;
    input.veil(this.region(active));
    const [cell, value, seen] = this.told(active);
    input.read(packet.titles.input, seen);
    map.read(packet.titles.map, [cell, value].filter(Boolean).join(" · "));
  }

  /** A cell, its value where that is known, and what it sees, in words. */
  told(spot, verb = "") {
    const { cell } = spot;
    const named = cell.length > 1 ? `cell (${cell.join(", ")})` : `cell ${cell}`.trim();
    const region = this.region(spot);
    if (!region) return [named, this.value(spot), "sees no voxel"];
    const sizes = region.map(([start, stop]) => stop - start).join(" × ");
    const ranges = region.map(([start, stop], i) => `${NAMES[i]} ${start}–${stop - 1}`);
    return [named, this.value(spot), `${verb}${sizes} voxels · ${ranges.join(", ")}`];
  }

  value({ place }) {
    const { known, range, shape } = this.packet;
    if (!known || !place) return "";
    const level = this.values[(place[0] * shape[1] + place[1]) * shape[2] + place[2]];
    return short(range.low + (level / 255) * (range.high - range.low));
  }
}

const same = (a, b) => a === b || (a && b && a.every((n, i) => n === b[i]));
