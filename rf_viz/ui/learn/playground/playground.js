/**
 * The playground: an operation on real pixels, all of it worked out here.
 *
 * `settings` are all that a person chose. When they rest they are reported as the state `settings`,
 * each spelled as it stands in the page's address. Data from Python are taken over at first and when
 * their `arrival` is new: then the person came by an address.
 */

import { mount } from "../../browser/mount.js";
import { unpack } from "../../browser/packet.js";
import { layerOf, OPERATIONS, outputSide, outputsOf } from "./arithmetic.js";
import { Controls } from "./controls.js";
import { cropsOf, middleOf } from "./crops.js";
import { Display } from "./display.js";
import { KernelEditor } from "./kernel_editor.js";
import { kernelsOf } from "./kernels.js";
import { Player } from "./player.js";

const REST = 400; // milliseconds without a change until settings are reported

class Playground {
  constructor(root) {
    this.root = root.querySelector(".playground");
    this.controls = new Controls(this.root, (name, value) => this.choose(name, value));
    const edit = (w) => this.change({ kernel: "own", w });
    this.editor = new KernelEditor(root.querySelector(".kernels"), edit);
    this.display = new Display(
      this.root,
      (side) => this.on(side),
      () => this.draw(),
    );
    this.player = new Player(this.root, {
      begin: () => this.begin(),
      step: () => this.step(),
    });
  }

  remove() {
    this.player.pause();
    clearTimeout(this.resting);
  }

  /** What a pane does with the pointer and the keyboard. */
  on(side) {
    const pin = (places) => {
      this.player.pause();
      this.change(places);
    };
    const at = (cell) => (side === "output" ? { cell, pixel: null } : { pixel: cell });
    return {
      point: (cell) => {
        if (same(cell, this.pointed?.cell) && side === this.pointed?.side) return;
        this.pointed = cell && { side, cell };
        this.look();
      },
      pick: (cell) => pin(side === "input" && same(cell, this.pixel) ? at(null) : at(cell)),
      move: (step) => pin(at(this.beside(side, step))),
      clear: () => pin({ pixel: null }),
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
    this.player.pause();
    this.refresh();
  }

  /** Takes over a choice; another operation begins with settings of its own. */
  choose(name, value) {
    const begins = name === "op" ? OPERATIONS[value].begins : {};
    const own = name === "kernel" && value === "own" && { w: this.work.kernels.flat() };
    this.change({ ...begins, ...own, [name]: value });
  }

  change(settings) {
    const onlyPlaces = Object.keys(settings).every((name) => name === "cell" || name === "pixel");
    Object.assign(this.settings, settings);
    this.pointed = null;
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
      p: String(this.work.layer.p),
      w: settings.kernel === "own" ? settings.w.join("~") : "",
      cell: this.cell.join(","),
      pixel: this.pixel?.join(",") ?? "",
    };
  }

  /** The pinned output, or the nearest one if the output has become smaller since. */
  get cell() {
    return this.settings.cell.map((at) => Math.min(at, this.last));
  }

  /** The pinned pixel, if there is one. */
  get pixel() {
    return this.settings.pixel?.map((at) => Math.min(at, this.work.layer.n - 1)) ?? null;
  }

  /** The last row of the output, and its last column. */
  get last() {
    return outputSide(this.work.layer) - 1;
  }

  /** Works all out and draws it. */
  refresh() {
    const { settings } = this;
    const { channels, weighted } = OPERATIONS[settings.op];
    const crop = this.crops[settings.crop];
    const picture = settings.op === "transposed" ? middleOf(crop) : crop;
    const layer = layerOf(settings, picture.side);
    const kernels = kernelsOf(settings, channels);
    const planes = channels === 1 ? [picture.grey] : picture.colours;
    this.work = { layer, picture, planes, kernels, outputs: outputsOf(layer, planes, kernels) };
    this.controls.show(settings, layer, this.says[settings.op]);
    if (weighted) this.editor.show(kernels);
    this.draw();
  }

  draw() {
    if (!this.work || !this.display.room) return; // the one or the other is still to come
    this.display.draw(this.work);
    this.look();
  }

  /** Marks what is pointed at, or else pinned, and shows how it comes about. */
  look() {
    if (this.pointed?.side === "input") this.display.showPixel(this.pointed.cell, this.cell);
    else if (this.pointed) this.display.showOutput(this.pointed.cell);
    else if (this.pixel) this.display.showPixel(this.pixel, this.cell);
    else this.display.showOutput(this.cell);
    if (!this.pointed && !this.player.isPlaying) this.display.speak();
  }

  /** The cell of a pane to which a key leads. */
  beside(side, step) {
    const { n } = this.work.layer;
    const [now, last] =
      side === "output" ? [this.cell, this.last] : [this.pixel ?? [n >> 1, n >> 1], n - 1];
    if (step === "first") return [0, 0];
    if (step === "last") return [last, last];
    return now.map((at, axis) => Math.min(Math.max(at + step[axis], 0), last));
  }

  /** Playing begins at the pinned output, or anew where that is the last one. */
  begin() {
    const isAtEnd = this.cell.every((at) => at === this.last);
    this.change({ cell: isAtEnd ? [0, 0] : this.cell, pixel: null });
  }

  /** Goes on to the next output, row by row, and says whether another one follows. */
  step() {
    const side = this.last + 1;
    const next = (this.cell[0] * side + this.cell[1] + 1) % (side * side);
    this.change({ cell: [Math.floor(next / side), next % side], pixel: null });
    return next < side * side - 1;
  }
}

function same(one, other) {
  return one === other || Boolean(one && other && one.every((at, axis) => at === other[axis]));
}

export default mount(Playground, (playground, { data, setStateValue }) => {
  playground.report = (settings) => setStateValue("settings", settings);
  playground.show(data);
});
