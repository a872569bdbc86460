/** What the playground says in words and equations. */

import { outputSide, reachedAlong, seenAlong } from "./arithmetic.js";

const NTH = ["", "", "second", "third"];

/** A number in few digits: three after the point below 1, none from 100 on. */
export function rounded(value) {
  const size = Math.abs(value);
  const scale = size >= 100 ? 1 : size >= 10 ? 10 : size >= 1 ? 100 : 1000;
  const shown = Math.round(value * scale) / scale;
  return String(shown === 0 ? 0 : shown).replace("-", "−");
}

/** Whether all of these numbers are shown without being rounded, up to the computer's own error. */
export function areExact(values) {
  return values.every((value) => Math.abs(Number(rounded(value).replace("−", "-")) - value) < 1e-9);
}

/** Which pixels an output looks at. */
export function cellSentence(layer, [row, column]) {
  const [rows, columns] = [seenAlong(layer, row), seenAlong(layer, column)];
  const output = `(${row}, ${column})`;
  const count = rows.length * columns.length;
  if (layer.op === "transposed") {
    if (!count) return `No input pixel reaches output ${output}.`;
    const where = `${places("row", rows)} and ${places("column", columns)} of the input`;
    return `Output ${output} is reached by ${where}: ${pixels(count)}.`;
  }
  if (!count) return `Output ${output} looks at padding only: no pixel.`;
  const where = `${places("row", rows)} and ${places("column", columns)} of the input`;
  const each = layer.op === "depthwise" ? " of each channel" : "";
  const numbers = layer.op === "channels" ? ", each with 3 numbers" : "";
  const taps = layer.k ** 2;
  const outside =
    count < taps
      ? ` The other ${taps - count} of its ${taps} positions lie in the padding, which holds no pixels.`
      : "";
  return `Output ${output}${each} looks at ${where}: ${pixels(count)}${gaps(layer, rows, columns)}${numbers}.${outside}`;
}

/** Which outputs a pixel reaches. */
export function pixelSentence(layer, [row, column]) {
  const [rows, columns] = [reachedAlong(layer, row), reachedAlong(layer, column)];
  const pixel = `Input pixel (${row}, ${column})`;
  const count = rows.length * columns.length;
  if (!count) return `${pixel} reaches no output.`;
  const where = `${listedPlaces("row", rows)} and ${listedPlaces("column", columns)} of the output`;
  return `${pixel} reaches ${where}: ${count} ${count === 1 ? "cell" : "cells"}.`;
}

/** The size of the output: its equation in letters, with the numbers filled in, and its value. */
export function sizeEquation(layer) {
  const { op, n, k, s, d, p } = layer;
  const side = outputSide(layer);
  if (op === "transposed") {
    return { letters: "s(n − 1) + k − 2p", numbers: `${s} · (${n} − 1) + ${k} − 2 · ${p}`, side };
  }
  const span =
    op === "dilated" ? [" − d(k − 1) − 1", ` − ${d} · (${k} − 1) − 1`] : [" − k", ` − ${k}`];
  return {
    letters: `⌊(n + 2p${span[0]}) / s⌋ + 1`,
    numbers: `⌊(${n} + 2 · ${p}${span[1]}) / ${s}⌋ + 1`,
    side,
  };
}

/** Of a dilated kernel, how far apart its pixels are, and how far they reach. */
function gaps({ d }, rows, columns) {
  const [high, wide] = [rows, columns].map((at) => at.at(-1) - at[0] + 1);
  return d > 1 && Math.max(high, wide) > 1 ? `, every ${NTH[d]} one, over ${high} × ${wide}` : "";
}

/** Sorted positions from the first to the last: row 3, or rows 2–4. */
function places(name, at) {
  return at.length === 1 ? `${name} ${at[0]}` : `${name}s ${at[0]}–${at.at(-1)}`;
}

/** Sorted positions, each by itself where some between them are left out: rows 1, 3 and 5. */
function listedPlaces(name, at) {
  if (at.length < 2 || at.at(-1) - at[0] + 1 === at.length) return places(name, at);
  return `${name}s ${at.slice(0, -1).join(", ")} and ${at.at(-1)}`;
}

function pixels(count) {
  return count === 1 ? "1 pixel" : `${count} pixels`;
}
