/**
 * The playground: an operation on real pixels, all of it worked out here.
 *
 * `settings` are all that a person chose. When they rest they are reported as the state `settings`,
 * each spelled as it stands in the page's address. Data from Python are taken over at first and when
 * their `arrival` is new: then the person came by an address.
 */

import { mount } from "../../browser/mount.js";
import { unpack } from "../../browser/packet.js";
import {
  layerOf,
  OPERATIONS,
  outputSide,
  outputsOf,
  reachedAlong,
  seenAlong,
  tapsOf,
} from "./arithmetic.js";
import { Calculation, CHANNELS } from "./calculation.js";
import { css, grey, scaleOf } from "./colours.js";
import { Controls, KernelEditor } from "./controls.js";
import { kernelsOf } from "./kernels.js";
import { Pane } from "./pane.js";
import { cellSentence, pixelSentence, rounded, sizeEquation } from "./sentences.js";

const SMALL = 8; // pixels a side of the middle that a transposed convolution enlarges
const [WIDEST, NARROWEST] = [28, 4]; // sides of a cell, in screen pixels
const PACE = 350; // milliseconds from one output to the next while it plays
const REST = 400; // milliseconds without a change until settings are reported

class Playground {
  constructor(root) {
    this.root = root.querySelector(".playground");
    const part = (name) => root.querySelector(name);
    this.controls = new Controls(this.root, (name, value) => this.choose(name, value));
    this.editor = new KernelEditor(part(".kernels"), (w) => this.change({ kernel: "own", w }));
    this.calculation = new Calculation(part(".calculation"));
    this.sentence = part(".sentence");
    this.size = part(".size");
    this.kernelPane = part("[data-side=kernel]");
    this.kernelAbout = this.kernelPane.querySelector(".about");
    this.ends = [part(".low"), part(".scale"), part(".high")];
    this.panes = Object.fromEntries(
      ["input", "output"].map((side) => [
        side,
        new Pane(part(`[data-side=${side}]`), this.on(side)),
      ]),
    );
    this.playButton = part(".play");
    this.playButton.onclick = () => (this.playing ? this.pause() : this.play());
    part(".step").onclick = () => {
      this.pause();
      this.step();
    };
    const resized = new ResizeObserver(() => {
      if (this.settings && this.root.clientWidth !== this.width) this.refresh();
    });
    resized.observe(this.root);
  }

  remove() {
    this.pause();
    clearTimeout(this.resting);
  }

  /** What a pane does with the pointer and the keyboard. */
  on(side) {
    const pin = (cell) => {
      this.pause();
      this.pointed = null;
      this.change(side === "output" ? { cell, pixel: null } : { pixel: cell });
    };
    return {
      point: (cell) => {
        if (same(cell, this.pointed?.cell) && side === this.pointed?.side) return;
        this.pointed = cell && { side, cell };
        this.look();
      },
      pick: pin,
      move: (step) => pin(this.beside(side, step)),
    };
  }

  show(packet) {
    const { settings, arrival, titles, says, arrays } = unpack(packet);
    if (!this.settings) {
      this.says = says;
      this.controls.fill(titles);
      this.crops = cropsOf(Object.keys(titles.crop), arrays);
    }
    if (arrival === this.arrival) return;
    this.arrival = arrival;
    this.settings = settings;
    this.pointed = null;
    this.pause();
    this.refresh();
  }

  /** Takes over a choice; another operation begins with settings of its own. */
  choose(name, value) {
    const begins = name === "op" ? OPERATIONS[value].begins : {};
    const own = name === "kernel" && value === "own" && { w: this.kernels.flat() };
    this.change({ ...begins, ...own, [name]: value });
  }

  change(settings) {
    const onlyPlaces = Object.keys(settings).every((name) => name === "cell" || name === "pixel");
    Object.assign(this.settings, settings);
    if (onlyPlaces) this.look();
    else this.refresh();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.report(this.spelled()), REST);
  }

  /** The settings as they stand in the address. */
  spelled() {
    const { settings } = this;
    return {
      ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
      w: settings.kernel === "own" ? settings.w.join("~") : "",
      cell: this.cell.join(","),
      pixel: this.pixel?.join(",") ?? "",
    };
  }

  /** The pinned output, or the nearest one if the output has become smaller since. */
  get cell() {
    const last = outputSide(this.layer) - 1;
    return this.settings.cell.map((at) => Math.min(at, last));
  }

  /** The pinned pixel, if there is one. */
  get pixel() {
    return this.settings.pixel?.map((at) => Math.min(at, this.layer.n - 1)) ?? null;
  }

  /** Works all out and draws it. */
  refresh() {
    const { settings } = this;
    const { channels, weighted } = OPERATIONS[settings.op];
    const crop = this.crops[settings.crop];
    const picture = settings.op === "transposed" ? middleOf(crop) : crop;
    this.layer = layerOf(settings, picture.side);
    this.kernels = kernelsOf({ ...settings, k: this.layer.k }, channels);
    this.picture = picture;
    this.planes = channels === 1 ? [picture.grey] : picture.colours;
    this.outputs = outputsOf(this.layer, this.planes, this.kernels);
    this.scale = scaleOf(this.outputs);
    this.controls.show(settings, this.layer, this.says[settings.op]);
    this.kernelPane.hidden = !weighted;
    if (weighted) this.editor.show(this.kernels);
    this.writeSize();
    this.drawPanes();
    this.look();
  }

  writeSize() {
    const { letters, numbers, side } = sizeEquation(this.layer);
    this.size.textContent =
      `Outputs along a side: ${letters} = ${numbers} = ${side}. ` +
      `The input has n = ${this.layer.n} pixels along a side.`;
    const { k } = this.layer;
    this.kernelAbout.textContent = `${k} × ${k}${this.planes.length > 1 ? " × 3" : ""}`;
  }

  drawPanes() {
    const { layer, picture, outputs, scale } = this;
    this.width = this.root.clientWidth;
    const side = outputSide(layer);
    const transposed = layer.op === "transposed";
    const rings = transposed ? [0, layer.p] : [layer.p, 0];
    const cells = Math.max(layer.n + 2 * rings[0], side + 2 * rings[1]);
    const room = this.panes.input.stage.parentElement.clientWidth;
    const size = Math.min(Math.max(Math.floor(room / cells), NARROWEST), WIDEST);
    const colour = (at) => picture.colours.map((plane) => plane[at]);
    this.panes.input.show({
      side: layer.n,
      ring: rings[0],
      size,
      colours: [this.planes.length > 1 ? colour : (at) => grey(picture.grey[at])],
      label: `Input, ${layer.n} × ${layer.n} pixels: the arrow keys move`,
    });
    this.panes.output.show({
      side,
      ring: rings[1],
      size: outputs.length > 1 ? Math.max(Math.floor(size / 2), NARROWEST) : size,
      colours: outputs.map((plane) => (at) => scale.colour(plane[at])),
      label: `Output, ${side} × ${side} cells: the arrow keys move`,
    });
    const [low, bar, high] = this.ends;
    [low.textContent, high.textContent] = [rounded(scale.low), rounded(scale.high)];
    const stops = [0, 0.25, 0.5, 0.75, 1].map((share) =>
      css(scale.colour(scale.low + share * (scale.high - scale.low))),
    );
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  }

  /** Marks what is pointed at, or else pinned, and shows how it comes about. */
  look() {
    const pinned = this.pixel ? { side: "input", cell: this.pixel } : null;
    const { side, cell } = this.pointed ?? pinned ?? { side: "output", cell: this.cell };
    if (side === "input") this.lookAtPixel(cell);
    else this.lookAtOutput(cell);
    this.root.dataset.looked = `${side} ${cell.join(",")}`;
  }

  lookAtOutput(cell) {
    const { layer, outputs, scale } = this;
    const at = cell[0] * outputSide(layer) + cell[1];
    const texts = outputs.map((plane) => rounded(plane[at]));
    this.panes.input.mark("below", this.windowOf(cell));
    const numbers = outputs.length > 1 ? [] : [[...cell, texts[0], scale.colour(outputs[0][at])]];
    this.panes.output.mark("below", { boxes: [[...cell, 1, 1]], numbers });
    this.panes.input.about.textContent = `${layer.n} × ${layer.n}`;
    const named = texts.map((text, i) => (texts.length > 1 ? `${CHANNELS[i]} ${text}` : text));
    this.panes.output.about.textContent = `(${cell.join(", ")}): ${named.join(", ")}`;
    this.sentence.textContent = cellSentence(layer, cell);
    this.calculation.showCell(layer, this.planes, this.kernels, cell);
  }

  lookAtPixel(pixel) {
    const { layer, planes } = this;
    const at = pixel[0] * layer.n + pixel[1];
    const [rows, columns] = pixel.map((position) => reachedAlong(layer, position));
    const boxes = rows.flatMap((row) => columns.map((column) => [row, column, 1, 1]));
    const values = planes.map((plane) => plane[at]);
    const own = planes.length > 1 ? [] : [[...pixel, values[0], grey(values[0])]];
    this.panes.input.mark("above", { boxes: [[...pixel, 1, 1]], numbers: own });
    this.panes.output.mark("above", { boxes });
    this.panes.input.about.textContent = `(${pixel.join(", ")}): ${values.join(", ")}`;
    this.panes.output.about.textContent = `${outputSide(layer)} × ${outputSide(layer)}`;
    this.sentence.textContent = pixelSentence(layer, pixel);
    if (layer.op === "transposed") this.calculation.showStamp(values[0], this.kernels[0]);
    else this.calculation.showCell(layer, planes, this.kernels, this.cell);
  }

  /** The marks of what an output sees: one box where it has no gaps, else each pixel by itself. */
  windowOf(cell) {
    const { layer, planes } = this;
    const pixels = cell.map((at) => seenAlong(layer, at));
    const all = pixels[0].flatMap((row) => pixels[1].map((column) => [row, column]));
    const level = ([row, column]) => planes[0][row * layer.n + column];
    const numbers =
      planes.length > 1 ? [] : all.map((at) => [...at, String(level(at)), grey(level(at))]);
    if (layer.op === "transposed" || layer.d > 1) {
      const outside = layer.op === "transposed" ? [] : outsideOf(layer, cell);
      return { boxes: all.map((at) => [...at, 1, 1]), outside, numbers };
    }
    const [row, column] = cell.map((at) => tapsOf(layer, at)[0]);
    return { boxes: [[row, column, layer.k, layer.k]], numbers };
  }

  /** The cell of a pane to which a key leads. */
  beside(side, step) {
    const [now, last] =
      side === "output"
        ? [this.cell, outputSide(this.layer) - 1]
        : [this.pixel ?? [0, 0].fill(Math.floor(this.layer.n / 2)), this.layer.n - 1];
    if (step === "first") return [0, 0];
    if (step === "last") return [last, last];
    return now.map((at, axis) => Math.min(Math.max(at + step[axis], 0), last));
  }

  play() {
    const side = outputSide(this.layer);
    if (this.cell.every((at) => at === side - 1)) this.settings.cell = [0, 0];
    this.playing = setInterval(() => this.step(), PACE);
    this.root.classList.add("playing");
    this.playButton.textContent = "Pause";
    this.sentence.ariaLive = "off";
    this.pointed = null;
    this.change({ pixel: null });
  }

  pause() {
    clearInterval(this.playing);
    this.playing = null;
    this.root.classList.remove("playing");
    this.playButton.textContent = "Play";
    this.sentence.ariaLive = "polite";
  }

  /** Goes on to the next output, row by row; the last one ends it. */
  step() {
    const side = outputSide(this.layer);
    const next = this.cell[0] * side + this.cell[1] + 1;
    if (next === side * side - 1) this.pause();
    const at = next % (side * side);
    this.pointed = null;
    this.change({ cell: [Math.floor(at / side), at % side], pixel: null });
  }
}

/** The crops by name: a side's pixels, and the numbers of the grey one and of the three colours. */
function cropsOf(names, { grey: greys, colours }) {
  const [, side] = greys.shape;
  const count = side * side;
  return Object.fromEntries(
    names.map((name, crop) => [
      name,
      {
        side,
        grey: [...greys.data.subarray(crop * count, (crop + 1) * count)],
        colours: [0, 1, 2].map((channel) => {
          const from = (3 * crop + channel) * count;
          return [...colours.data.subarray(from, from + count)];
        }),
      },
    ]),
  );
}

function middleOf({ side, grey: plane, colours }) {
  const from = (side - SMALL) / 2;
  const cut = (values) =>
    values.filter((_, at) => {
      const [row, column] = [Math.floor(at / side) - from, (at % side) - from];
      return row >= 0 && column >= 0 && row < SMALL && column < SMALL;
    });
  return { side: SMALL, grey: cut(plane), colours: colours.map(cut) };
}

/** The cells of the padding that an output looks at. */
function outsideOf(layer, cell) {
  const [rows, columns] = cell.map((at) => tapsOf(layer, at));
  const inside = (at) => at >= 0 && at < layer.n;
  return rows
    .flatMap((row) => columns.map((column) => [row, column]))
    .filter((at) => !at.every(inside));
}

function same(one, other) {
  return one === other || Boolean(one && other && one.every((at, axis) => at === other[axis]));
}

export default mount(Playground, (playground, { data, setStateValue }) => {
  playground.report = (settings) => setStateValue("settings", settings);
  playground.show(data);
});
