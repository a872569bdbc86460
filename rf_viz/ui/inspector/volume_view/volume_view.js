/**
 * The view of volumes: three slices through the input, and three through a feature map, as one
 * Plotly figure.
 *
 * The style sheet lays the slices out. Those of the input pass through the middle of what the active
 * cell sees, those of the map through the pinned cell, until somebody leafs through them.
 */

import { hear } from "../../browser/bus.js";
import { CellView, dequantised, onMap } from "../../browser/cell_view.js";
import { isInside, within } from "../../browser/cells.js";
import { mount } from "../../browser/mount.js";
import { unpack } from "../../browser/packet.js";
import { rows } from "../../browser/plot.js";

const AXES = ["depth", "row", "column"];
/** For the slice across each axis the axes that run down and to the right in it. */
const ACROSS = [
  [1, 2],
  [0, 2],
  [1, 0],
];
const KEYS = 100; // pixels that the legend takes above the colour bar of path counts

class VolumeView extends CellView {
  constructor(root) {
    super(root);
    this.slices = { image: [0, 0, 0], map: [0, 0, 0] };
    for (const pane of Object.keys(this.plot.panes)) {
      const slide = ({ target }) => this.leaf(pane, Number(target.value));
      this.slider(pane).addEventListener("input", slide);
    }
    root.addEventListener("wheel", (event) => this.wheel(event), { capture: true, passive: false });
  }

  slider(pane) {
    return this.find(`[data-pane="${pane}"] input`);
  }

  async read({ arrays, volume, shown, range }) {
    const decode = ({ data }, shape) =>
      data instanceof Float32Array ? { data, shape } : unstacked(data, shape);
    const decodeInput = async () => {
      const picture = await hear("picture", volume);
      return decode(picture.arrays.values, shown.input);
    };
    const [input, map] = await Promise.all([
      this.values?.volume.key === volume ? this.values.volume : decodeInput(),
      decode(arrays.map, shown.map),
    ]);
    return { ...dequantised(map, range), volume: { ...input, key: volume } };
  }

  fill(data) {
    this.followed = this.home = null;
    this.slices.image = this.slices.image.map((n, axis) => within(n, this.packet.extent[axis]));
    this.follow();
    this.drawnAt = {};
    for (const [side, lengths] of Object.entries(this.packet.lengths)) {
      const [depth, row, column] = lengths;
      const { style } = this.find(`[data-side=${side}] .slices`);
      style.setProperty("--columns", `${column}fr`);
      style.setProperty("--depth", `${depth}fr`);
      style.setProperty("--tall", (row + depth) / (column + depth));
      for (const [axis, [down, right]] of ACROSS.entries()) {
        const pane = `${side} ${axis}`;
        const room = this.find(`[data-pane="${pane}"] .room`);
        room.style.setProperty("--aspect", lengths[right] / lengths[down]);
        const slider = this.slider(pane);
        slider.max = this.extents(pane)[axis] - 1;
        slider.disabled = slider.max === "0";
        if (onMap(pane)) data[3 + axis].z = rows(this.cut(pane, this.values));
        else data[axis].source = this.painted(pane);
        this.drawnAt[pane] = this.at(pane);
      }
    }
  }

  /** Lets Plotly draw into the rooms that the style sheet has laid out. */
  arrange() {
    const { data, layout } = this.packet.figure;
    const frame = this.frame.getBoundingClientRect();
    const share = (selector) => {
      const { left, right, top, bottom } = this.find(selector).getBoundingClientRect();
      return {
        x: [left, right].map((n) => (n - frame.left) / frame.width),
        y: [bottom, top].map((n) => 1 - (n - frame.top) / frame.height),
      };
    };
    const margin = { l: 0, r: 0, t: 0, b: 0, autoexpand: false };
    Object.assign(layout, { width: frame.width, height: frame.height, margin });
    for (const [pane, { axes }] of Object.entries(this.plot.panes)) {
      const { x, y } = share(`[data-pane="${pane}"] .room`);
      layout[`xaxis${axes}`].domain = x;
      layout[`yaxis${axes}`].domain = y;
    }
    const corners = ["image", "map"].map((side) => share(`[data-side=${side}] .corner`));
    const bars = corners.map(({ x, y }) => ({ x: x[0], len: x[1] - x[0], y: y[1] }));
    Object.assign(layout.legend, { x: bars[0].x, y: bars[0].y });
    bars[0].y -= KEYS / frame.height;
    for (const { type, colorbar, xaxis } of data) {
      if (type === "heatmap") Object.assign(colorbar, bars[xaxis.slice(1) > 3 ? 1 : 0]);
    }
  }

  slicesOf(pane) {
    return this.slices[onMap(pane) ? "map" : "image"];
  }

  /** The position of a pane's slice along the axis that it lies across. */
  at(pane) {
    return this.slicesOf(pane)[axisOf(pane)];
  }

  get cuts() {
    return `${this.slices.image} ${this.slices.map}`;
  }

  section(pane, box) {
    const [start, stop] = box[axisOf(pane)];
    const at = this.at(pane);
    return at < start || at >= stop ? null : ACROSS[axisOf(pane)].map((axis) => box[axis]);
  }

  /** A slice of an array; one of a large volume, which comes thinned, has fewer positions. */
  cut(pane, { data, shape }, position) {
    const axis = axisOf(pane);
    const share = (this.at(pane) + 0.5) / this.extents(pane)[axis];
    const at = position ?? Math.floor(share * shape[axis]);
    const [down, right] = ACROSS[axis];
    const strides = [shape[1] * shape[2], shape[2], 1];
    const part = new data.constructor(shape[down] * shape[right]);
    for (let y = 0, i = 0; y < shape[down]; y++) {
      for (let x = 0; x < shape[right]; x++) {
        part[i++] = data[at * strides[axis] + y * strides[down] + x * strides[right]];
      }
    }
    return { data: part, shape: [shape[down], shape[right]] };
  }

  marksIn(pane, marks) {
    const { start } = this.cue;
    const box = start.map((n, axis) => [n, n + marks.shape[axis]]);
    const section = this.section(pane, box);
    if (!section) return { x0: 0, y0: 0, z: [[0]], visible: false };
    const [[y0], [x0]] = section;
    return {
      x0,
      y0,
      z: rows(this.cut(pane, marks, this.at(pane) - start[axisOf(pane)])),
      visible: true,
    };
  }

  painted(pane) {
    const { data, shape } = this.cut(pane, this.values.volume);
    const [height, width] = shape;
    const pixels = new ImageData(width, height);
    data.forEach((n, i) => {
      pixels.data.set([n, n, n, 255], 4 * i);
    });
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    return canvas.toDataURL();
  }

  steps(pane, down, right, across) {
    const steps = [across, across, across];
    for (const [i, axis] of ACROSS[axisOf(pane)].entries()) steps[axis] = [down, right][i];
    return steps;
  }

  pointAt(pane, x, y) {
    const point = [...this.slicesOf(pane)];
    for (const [i, axis] of ACROSS[axisOf(pane)].entries()) {
      point[axis] = Math.floor([y, x][i]);
    }
    return isInside(point, this.extents(pane)) ? point : null;
  }

  /** Turns the slices to what is pinned, picked or pointed at now. */
  follow() {
    const { packet, hovered, picked, pinned } = this;
    const home = `${packet.view} ${pinned}`;
    if (home !== this.home) this.slices.map = this.place(pinned) ?? [0, 0, 0];
    this.home = home;
    const now = `${home} ${hovered} ${picked}`;
    if (now === this.followed) return;
    this.followed = now;
    const region = this.region(hovered ?? pinned);
    if (picked && !hovered) this.slices.image = picked;
    else if (region) this.slices.image = region.map(([start, stop]) => (start + stop - 1) >> 1);
  }

  leaf(pane, to) {
    const point = [...this.slicesOf(pane)];
    point[axisOf(pane)] = to;
    this.slices[onMap(pane) ? "map" : "image"] = point;
    this.draw();
  }

  /** The wheel leafs through the slices; with Ctrl it zooms, at the last slice it scrolls. */
  wheel(event) {
    const pane = this.plot.locate(event)?.pane;
    if (!pane || event.ctrlKey || !event.deltaY) return;
    event.stopPropagation();
    const to = within(this.at(pane) + Math.sign(event.deltaY), this.extents(pane)[axisOf(pane)]);
    if (to === this.at(pane)) return;
    event.preventDefault();
    this.leaf(pane, to);
  }

  draw() {
    const { packet, plot } = this;
    if (!plot.drawable || !packet) return;
    this.follow();
    this.turn();
    super.draw();
    const titles = packet.host.titles.filter(({ name }) => name.endsWith("slice"));
    for (const [number, pane] of [...this.images, ...this.maps].entries()) {
      const axis = axisOf(pane);
      const [point, extents] = [this.slicesOf(pane), this.extents(pane)].map((all) =>
        ACROSS[axis].map((n) => all[n]),
      );
      const line = (n) =>
        extents.map((end, i) => (i === n ? Array(2).fill(point[n] + 0.5) : [0, end]));
      plot.veil(pane, "other slices", [line(0), line(1)]);
      titles[number].text = `${AXES[axis]} ${this.at(pane)}`;
      this.slider(pane).value = this.at(pane);
      this.find(`[data-pane="${pane}"] output`).textContent = this.at(pane);
    }
  }

  /** Draws the slices that are others than before. */
  turn() {
    const turned = (pane) => this.drawnAt[pane] !== this.at(pane);
    const [images, maps] = [this.images.filter(turned), this.maps.filter(turned)];
    for (const pane of [...images, ...maps]) this.drawnAt[pane] = this.at(pane);
    for (const pane of images) this.plot.picture(pane, this.painted(pane));
    const numbers = maps.map((pane) => 3 + axisOf(pane));
    const parts = maps.map((pane) => ({ z: rows(this.cut(pane, this.values)) }));
    if (maps.length) this.plot.restyle(numbers, parts);
  }
}

const axisOf = (pane) => Number(pane.at(-1));

/** The volume in a picture of its slices, one below the other. */
async function unstacked(bytes, shape) {
  const picture = await createImageBitmap(new Blob([bytes]), { colorSpaceConversion: "none" });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0);
  const { data } = pen.getImageData(0, 0, picture.width, picture.height);
  return { data: Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]), shape };
}

export default mount(VolumeView, (view, { data, setStateValue }) => {
  view.report = (pinned) => setStateValue("pinned", pinned);
  view.show(unpack(data));
});
