/**
 * What the playground shows of its work: the panes, the sizes, the sentence and the calculation.
 *
 * Work is `{ layer, picture, planes, kernels, outputs }`.
 */

import { OPERATIONS, outputSide, seenAlong } from "./arithmetic.js";
import { Calculation, CHANNELS } from "./calculation.js";
import { css, grey, scaleOf } from "./colours.js";
import { cellsOf, stampOf, windowOf } from "./marks.js";
import { Pane } from "./pane.js";
import { cellSentence, pixelSentence, rounded, sizeEquation } from "./sentences.js";
import { write } from "./write.js";

const [WIDEST, NARROWEST] = [28, 4]; // sides of a cell, in screen pixels
const MARGIN = 8; // beside the cells of a pane

export class Display {
  /**
   * `on(side)` is what the pane of that side, input or output, does with pointer and keyboard;
   * `resized` is called when there is another width to draw in.
   */
  constructor(root, on, resized) {
    const part = (name) => root.querySelector(name);
    const pane = (side) => new Pane(part(`[data-side=${side}]`), on(side));
    [this.input, this.output] = [pane("input"), pane("output")];
    this.kernel = part("[data-side=kernel]");
    this.size = part(".size");
    this.sentence = part(".sentence");
    this.spoken = part(".spoken");
    this.ends = [part(".low"), part(".scale"), part(".high")];
    this.calculation = new Calculation(part(".calculation"));
    this.room = 0;
    new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width === this.room) return;
      this.room = contentRect.width;
      resized();
    }).observe(part("[data-side=input]"));
  }

  /** Draws what does not depend on where the person looks. */
  draw(work) {
    this.work = work;
    this.scale = scaleOf(work.outputs);
    this.drawSizes();
    this.drawPanes();
    this.drawScale();
  }

  drawSizes() {
    const { layer, planes } = this.work;
    const { letters, numbers, side } = sizeEquation(layer);
    write(
      this.size,
      `The input has n = ${layer.n} pixels along a side, the output ` +
        `${letters} = ${numbers} = ${side}.${letters.includes("⌊") ? " ⌊ ⌋ rounds down." : ""}`,
    );
    this.kernel.hidden = !OPERATIONS[layer.op].weighted;
    const depth = planes.length > 1 ? ` × ${planes.length}` : "";
    write(this.kernel.querySelector(".about"), `${layer.k} × ${layer.k}${depth}`);
  }

  /** Both panes have cells of one size, so that their sizes compare, if three planes have room so. */
  drawPanes() {
    const { layer, picture, planes, outputs } = this.work;
    const side = outputSide(layer);
    const rings = layer.op === "transposed" ? [0, layer.p] : [layer.p, 0];
    const cells = Math.max(layer.n + 2 * rings[0], side + 2 * rings[1]);
    const fitting = Math.floor((this.room - MARGIN) / cells);
    const size = Math.min(Math.max(fitting, NARROWEST), WIDEST);
    const abreast = Math.max(Math.floor((this.room - MARGIN) / (2 * side)), NARROWEST);
    const colour = (at) => picture.colours.map((plane) => plane[at]);
    this.input.show({
      side: layer.n,
      ring: rings[0],
      size,
      colours: [planes.length > 1 ? colour : (at) => grey(picture.grey[at])],
      label: `Input, ${layer.n} × ${layer.n} pixels: the arrow keys move`,
    });
    this.output.show({
      side,
      ring: rings[1],
      size: outputs.length > 1 ? Math.min(size, abreast) : size,
      colours: outputs.map((plane) => (at) => this.scale.colour(plane[at])),
      label: `Output, ${side} × ${side} cells: the arrow keys move`,
    });
  }

  drawScale() {
    const { low, high, colour } = this.scale;
    const [start, bar, end] = this.ends;
    write(start, rounded(low));
    write(end, rounded(high));
    const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => css(colour(low + share * (high - low))));
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  }

  /** Shows how an output comes about. */
  showOutput(cell) {
    const { layer, planes, kernels, outputs } = this.work;
    const value = outputs[0][cell[0] * outputSide(layer) + cell[1]];
    const numbers = outputs.length > 1 ? [] : [[...cell, rounded(value), this.scale.colour(value)]];
    this.input.mark("below", { ...windowOf(layer, cell), numbers: this.numbersUnder(cell) });
    this.output.mark("below", { boxes: [[...cell, 1, 1]], numbers });
    write(this.input.about, `${layer.n} × ${layer.n}`);
    write(this.output.about, `(${cell.join(", ")}): ${this.valueAt(cell)}`);
    write(this.sentence, cellSentence(layer, cell));
    this.calculation.showCell(layer, planes, kernels, cell);
    this.value = `Value: ${this.valueAt(cell)}.`;
  }

  /** Shows which outputs a pixel reaches, beside the calculation of one of them. */
  showPixel(pixel, cell) {
    const { layer, planes, kernels } = this.work;
    const values = planes.map((plane) => plane[pixel[0] * layer.n + pixel[1]]);
    const numbers = planes.length > 1 ? [] : [[...pixel, String(values[0]), grey(values[0])]];
    this.input.mark("above", { boxes: [[...pixel, 1, 1]], numbers });
    this.output.mark("above", stampOf(layer, pixel));
    write(this.input.about, `(${pixel.join(", ")}): ${values.join(", ")}`);
    write(this.output.about, `${outputSide(layer)} × ${outputSide(layer)}`);
    write(this.sentence, pixelSentence(layer, pixel));
    if (layer.op === "transposed") this.calculation.showStamp(pixel, values[0], kernels[0]);
    else this.calculation.showCell(layer, planes, kernels, cell);
    this.value = `Value: ${values.join(", ")}.`;
  }

  /** Tells screen readers what shows. */
  speak() {
    write(this.spoken, `${this.sentence.textContent} ${this.value}`);
  }

  /** The pixels that an output looks at, to be written; of three channels none. */
  numbersUnder(cell) {
    const { layer, planes } = this.work;
    if (planes.length > 1) return [];
    const [rows, columns] = cell.map((at) => seenAlong(layer, at));
    return cellsOf(rows, columns).map(([row, column]) => {
      const level = planes[0][row * layer.n + column];
      return [row, column, String(level), grey(level)];
    });
  }

  /** An output's value; its values where each channel has one. */
  valueAt([row, column]) {
    const { layer, outputs } = this.work;
    const at = row * outputSide(layer) + column;
    const texts = outputs.map((plane) => rounded(plane[at]));
    if (texts.length === 1) return texts[0];
    return texts.map((text, channel) => `${CHANNELS[channel]} ${text}`).join(", ");
  }
}
