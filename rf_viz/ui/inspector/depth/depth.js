/**
 * The depth strip: a bar for every layer, as high as its cells see far, in the colour of its kind.
 *
 * Dragging and the arrow keys walk through the layers. Meanwhile the other components show what the
 * layer's cell nearest to the pinned point sees; at rest the layer is reported, as a trigger.
 */

import { mount } from "../../browser/mount.js";
import { unpack } from "../../browser/packet.js";
import { listen, tell } from "../../browser/bus.js";

const REST = 180; // milliseconds without another step before the server hears of the layer
const PLAY = 6000; // milliseconds for all layers, one after the other
const LEAST = 2; // pixels: the height of a bar whose cells see hardly anything

class DepthStrip {
  constructor(root) {
    this.strip = root.querySelector(".strip");
    this.canvas = root.querySelector("canvas");
    this.here = root.querySelector(".here");
    this.told = root.querySelector(".told");
    this.legend = root.querySelector(".legend");
    this.now = 0;
    new ResizeObserver(() => this.draw()).observe(this.strip);
    this.strip.addEventListener("pointerdown", (event) => {
      this.strip.setPointerCapture(event.pointerId);
      this.pressed = true;
      this.go(this.at(event));
    });
    this.strip.addEventListener("pointermove", (event) => {
      if (this.pressed) this.go(this.at(event));
      else this.say(this.at(event));
    });
    this.strip.addEventListener("pointerup", () => {
      this.pressed = false;
      this.settle(0);
    });
    this.strip.addEventListener("pointercancel", () => {
      this.pressed = false;
    });
    this.strip.addEventListener("pointerleave", () => this.say(this.now));
    this.strip.addEventListener("keydown", (event) => this.key(event));
    listen("cue", root, (cue) => this.heed(cue));
  }

  show({ layers, colours, extent }) {
    this.layers = layers;
    this.colours = colours;
    this.extent = extent;
    this.strip.setAttribute("aria-valuemin", 1);
    this.strip.setAttribute("aria-valuemax", layers.length);
    const kinds = [...new Set(layers.map(({ kind }) => kind))];
    const order = Object.keys(colours).filter((kind) => kinds.includes(kind));
    this.legend.replaceChildren(...order.map((kind) => key(kind, colours[kind])));
    if (this.cue) this.heed(this.cue);
    else this.draw();
  }

  /** The page shows another layer, or another point of the picture is pinned. */
  heed(cue) {
    this.cue = cue;
    if (!this.layers) return;
    const found = this.layers.findIndex(({ inside }) => inside.includes(cue.layer));
    if (found >= 0 && !this.pressed && !this.timer) this.now = found;
    tell("preview", {});
    this.draw();
    if (cue.played > (this.played ?? cue.played)) this.play();
    this.played = cue.played;
  }

  draw() {
    const [width, height] = [this.strip.clientWidth, this.strip.clientHeight];
    if (!this.layers || !width) return;
    const ratio = window.devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [width * ratio, height * ratio];
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const each = width / this.layers.length;
    this.layers.forEach(({ kind, share }, number) => {
      const tall = Math.max(LEAST, share * (height - 4));
      pen.fillStyle = this.colours[kind];
      pen.fillRect(number * each, height - tall, Math.max(each - (each > 4 ? 1 : 0), 0.5), tall);
    });
    this.here.style.left = `${this.now * each}px`;
    this.here.style.width = `${each}px`;
    this.say(this.now);
  }

  at(event) {
    const { left, width } = this.strip.getBoundingClientRect();
    const number = Math.floor(((event.clientX - left) / width) * this.layers.length);
    return Math.min(Math.max(number, 0), this.layers.length - 1);
  }

  say(number) {
    const { name, op, size, stride } = this.layers[number];
    const parts = [name, op, `sees up to ${size}`, stride && `stride ${stride}`];
    this.told.textContent = parts.filter(Boolean).join(" · ");
    if (number !== this.now) return;
    this.strip.setAttribute("aria-valuenow", number + 1);
    this.strip.setAttribute("aria-valuetext", this.told.textContent);
  }

  /** Shows a layer's region at once; the page follows at rest. */
  go(number) {
    if (number === this.now) return;
    this.now = number;
    this.draw();
    tell("preview", { region: this.region(number), name: this.layers[number].name });
    this.settle(this.pressed ? 4 * REST : REST);
  }

  /** Shows the regions of all layers one after the other, and then that of the page's again. */
  play() {
    const home = this.now;
    clearInterval(this.film);
    let number = -1;
    this.film = setInterval(
      () => {
        const done = ++number >= this.layers.length || this.pressed;
        if (done) clearInterval(this.film);
        this.now = done ? home : number;
        this.draw();
        const { name } = this.layers[this.now];
        tell("preview", done ? {} : { region: this.region(number), name });
      },
      Math.max(PLAY / this.layers.length, 30),
    );
  }

  settle(rest) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      const layer = this.layers[this.now];
      if (!layer.inside.includes(this.cue?.layer)) this.report(layer.layer);
      else tell("preview", {});
    }, rest);
  }

  remove() {
    clearInterval(this.film);
  }

  /** Of the layer's cell nearest to the pinned point: start and stop along each axis. */
  region(number) {
    const near = this.cue?.arrays.near;
    if (!near) return null;
    const [, axes] = near.shape;
    const region = Array.from({ length: axes }, (_, axis) => {
      const first = 2 * (number * axes + axis);
      return [near.data[first], near.data[first + 1]];
    });
    return region.every(([start, stop]) => stop > start) ? region : null;
  }

  key(event) {
    const last = this.layers.length - 1;
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    let next;
    if (step) next = Math.min(Math.max(this.now + step, 0), last);
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = last;
    else return;
    event.preventDefault();
    this.go(next);
  }
}

function key(kind, colour) {
  const node = document.createElement("span");
  node.textContent = kind;
  node.style.setProperty("--kind", colour);
  return node;
}

export default mount(DepthStrip, (strip, { data, setTriggerValue }) => {
  strip.report = (name) => setTriggerValue("layer", name);
  strip.show(unpack(data));
});
