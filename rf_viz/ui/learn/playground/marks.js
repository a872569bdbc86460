/** What to mark in the panes: boxes `[row, column, height, width]`, and cells of the padding. */

import { outputSide, reachedAlong, seenAlong, tapsOf } from "./arithmetic.js";

/** What an output looks at: one box, padding included, unless the kernel leaves out pixels. */
export function windowOf(layer, cell) {
  const pixels = cell.map((at) => seenAlong(layer, at));
  if (layer.op === "transposed") return { boxes: boxesOf(...pixels) };
  const taps = cell.map((at) => tapsOf(layer, at));
  if (layer.d === 1) return { boxes: boxesOf(...taps) };
  return { boxes: boxesOf(...pixels), outside: outsideOf(...taps, layer.n) };
}

/** The outputs that a pixel reaches; of a transposed convolution, what is cut off of them, too. */
export function stampOf(layer, pixel) {
  const boxes = boxesOf(...pixel.map((at) => reachedAlong(layer, at)));
  if (layer.op !== "transposed") return { boxes };
  const whole = pixel.map((at) =>
    Array.from({ length: layer.k }, (_, tap) => at * layer.s - layer.p + tap),
  );
  return { boxes, outside: outsideOf(...whole, outputSide(layer)) };
}

/** All cells of some rows and columns. */
export function cellsOf(rows, columns) {
  return rows.flatMap((row) => columns.map((column) => [row, column]));
}

/** Boxes around the cells of some rows and columns: one, or one for each where there are gaps. */
function boxesOf(rows, columns) {
  if (!rows.length || !columns.length) return [];
  const [high, wide] = [rows, columns].map((at) => at.at(-1) - at[0] + 1);
  if (high === rows.length && wide === columns.length) return [[rows[0], columns[0], high, wide]];
  return cellsOf(rows, columns).map((cell) => [...cell, 1, 1]);
}

/** The cells of some rows and columns that lie outside of a side. */
function outsideOf(rows, columns, side) {
  const isInside = (at) => at >= 0 && at < side;
  return cellsOf(rows, columns).filter((cell) => !cell.every(isInside));
}
