/**
 * The box of a cell, growing from layer to layer over a photograph, and the pixels in it.
 *
 * It plays by itself where it has not played before and movement is welcome. The layer that the
 * person or the film stops at is reported as the state `layer`, counted from 1.
 */

import { mount } from "../../browser/mount.js";

const STAY = 1500; // ms at each layer while it plays
const GROWTH = 500; // ms from one box to the next
const REST = 400; // ms without a move after which the layer is reported
const FINE = 30; // cells along a side from which their lines are faint
const TIMES = "\u00d7";

const still = matchMedia("(prefers-reduced-motion: reduce)");

class Opening {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.whole = find(".whole svg");
    this.crop = find(".crop svg");
    this.grid = find(".grid");
    this.says = find(".says");
    this.slider = find("input");
    this.player = find("[name=play]");
    this.buttons = { back: find("[name=back]"), next: find("[name=next]") };
    this.sent = []; // reports that the server has not answered
    this.slider.addEventListener("input", () => this.choose(Number(this.slider.value)));
    this.player.addEventListener("click", () => (this.playing ? this.stop() : this.play()));
    this.buttons.back.addEventListener("click", () => this.choose(this.at - 1));
    this.buttons.next.addEventListener("click", () => this.choose(this.at + 1));
  }

  show(data) {
    const isFirst = !this.data;
    const news = data.at !== this.data?.at;
    this.data = data;
    if (isFirst) {
      this.setUp();
      this.go(data.at || 1);
      if (!data.at && !still.matches) this.play();
    } else if (news) {
      const answered = this.sent.indexOf(data.at);
      this.sent.splice(0, answered + 1);
      if (answered >= 0 || !data.at) return;
      this.pause();
      this.go(data.at);
    }
  }

  setUp() {
    const { picture, extent, layers } = this.data;
    const [height, width] = extent;
    for (const image of [this.whole, this.crop].map((svg) => svg.querySelector("image"))) {
      for (const [name, value] of Object.entries({ href: picture, width, height })) {
        image.setAttribute(name, value);
      }
    }
    this.whole.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.slider.max = layers.length;
  }

  /** Shows a layer; its box grows out of the one before, where movement is welcome. */
  go(at) {
    const { layers } = this.data;
    const layer = layers[at - 1];
    this.at = at;
    const [rows, columns] = size(layer);
    const pixels = `${rows} ${TIMES} ${columns} pixels`;
    this.says.querySelector("b").textContent = `${layer.name}: ${pixels}.`;
    this.says.querySelector("span").textContent = layer.says;
    this.slider.value = at;
    this.slider.setAttribute("aria-valuetext", `${layer.name}, ${at} of ${layers.length}`);
    this.buttons.back.disabled = at === 1;
    this.buttons.next.disabled = at === layers.length;
    this.drawGrid(layer);
    this.grow([...layer.start, ...layer.stop]);
  }

  grow(goal) {
    cancelAnimationFrame(this.frame);
    const from = this.bounds;
    if (!from || still.matches) {
      this.drawBox(goal);
      return;
    }
    const begun = performance.now();
    const draw = (now) => {
      const part = Math.min(Math.max((now - begun) / GROWTH, 0), 1);
      const eased = part * part * (3 - 2 * part);
      this.drawBox(goal.map((end, i) => from[i] + (end - from[i]) * eased));
      if (part < 1) this.frame = requestAnimationFrame(draw);
    };
    this.frame = requestAnimationFrame(draw);
  }

  drawBox(bounds) {
    this.bounds = bounds;
    const [top, left, bottom, right] = bounds;
    const [down, across] = this.data.extent;
    const box = { x: left, y: top, width: right - left, height: bottom - top };
    for (const rect of this.whole.querySelectorAll("rect")) {
      for (const [name, value] of Object.entries(box)) rect.setAttribute(name, value);
    }
    this.whole
      .querySelector(".veil")
      .setAttribute("d", `M0 0H${across}V${down}H0ZM${left} ${top}H${right}V${bottom}H${left}Z`);
    this.crop.setAttribute("viewBox", `${left} ${top} ${box.width} ${box.height}`);
  }

  drawGrid({ name, grid, cell }) {
    const [rows, columns] = grid;
    const lines = [
      ...Array.from({ length: rows + 1 }, (_, i) => `M0 ${(100 * i) / rows}H100`),
      ...Array.from({ length: columns + 1 }, (_, i) => `M${(100 * i) / columns} 0V100`),
    ];
    const path = this.grid.querySelector("path");
    path.setAttribute("d", lines.join(""));
    path.classList.toggle("fine", rows > FINE);
    const [y, x] = [(100 * cell[0]) / rows, (100 * cell[1]) / columns];
    const place = { x, y, width: 100 / columns, height: 100 / rows };
    const marked = this.grid.querySelector("rect");
    for (const [name, value] of Object.entries(place)) marked.setAttribute(name, value);
    this.grid.querySelector("figcaption").textContent =
      `${name} has ${rows} ${TIMES} ${columns} cells. This is one of them.`;
  }

  choose(at) {
    this.pause();
    this.go(at);
    this.report();
  }

  /** Plays from here, or from the beginning where it had come to the end. */
  play() {
    const { length } = this.data.layers;
    if (this.at === length) this.go(1);
    this.hold(true);
    const step = () => {
      this.go(this.at + 1);
      if (this.at < length) this.timer = setTimeout(step, STAY);
      else this.stop();
    };
    this.timer = setTimeout(step, STAY);
  }

  stop() {
    this.pause();
    this.report();
  }

  pause() {
    clearTimeout(this.timer);
    this.hold(false);
  }

  /** Where it plays, a screen reader is not told of each layer. */
  hold(playing) {
    this.playing = playing;
    this.player.textContent = playing ? "Pause" : "Play";
    this.says.setAttribute("aria-live", playing ? "off" : "polite");
  }

  report() {
    clearTimeout(this.reporting);
    this.reporting = setTimeout(() => {
      this.sent.push(this.at);
      this.tell(this.at);
    }, REST);
  }

  remove() {
    this.pause();
    clearTimeout(this.reporting);
    cancelAnimationFrame(this.frame);
  }
}

function size({ start, stop }) {
  return stop.map((end, axis) => end - start[axis]);
}

export default mount(Opening, (opening, { data, setStateValue }) => {
  opening.tell = (at) => setStateValue("layer", at);
  opening.show(data);
});
