/**
 * The arithmetic of the playground: square inputs, square kernels, one layer. No drawing.
 *
 * A layer is `{ op, n, k, s, d, p }`: `n` pixels along a side of the input, kernel size k, stride s,
 * dilation d, padding p. A plane is the n · n numbers of one channel, row by row, and so are the
 * k · k weights of a kernel. Along an axis, a tap is one position of the kernel.
 */

/** The layers' operations: the settings that each has, with those it begins with. */
export const OPERATIONS = {
  conv: { begins: { k: 3, s: 1, p: 1 }, channels: 1, weighted: true },
  strided: { begins: { k: 3, s: 2, p: 1 }, channels: 1, weighted: true },
  dilated: { begins: { k: 3, s: 1, d: 2, p: 2 }, channels: 1, weighted: true },
  channels: { begins: { k: 3, s: 1, p: 1 }, channels: 3, weighted: true },
  depthwise: { begins: { k: 3, s: 1, p: 1 }, channels: 3, weighted: true },
  max: { begins: { k: 2, s: 2, p: 0 }, channels: 1, weighted: false },
  average: { begins: { k: 2, s: 2, p: 0 }, channels: 1, weighted: false },
  transposed: { begins: { k: 3, s: 2, p: 0 }, channels: 1, weighted: true },
};

/** The most that a setting can be. A pooling's padding stays below k: each window has a pixel. */
export function most(name, { op, k }) {
  if (name === "p") return OPERATIONS[op].weighted ? 2 : Math.min(2, k - 1);
  return name === "k" ? 5 : 3;
}

/** The layer of some settings; what the operation does not have does nothing. */
export function layerOf(settings, n) {
  const { op } = settings;
  const own = OPERATIONS[op].begins;
  const value = (name) => Math.min(settings[name], most(name, settings));
  const layer = { op, n, k: value("k"), s: value("s"), p: value("p"), d: 1 };
  if ("d" in own) layer.d = value("d");
  return layer;
}

/** How many outputs lie along a side. */
export function outputSide({ op, n, k, s, d, p }) {
  if (op === "transposed") return s * (n - 1) + k - 2 * p;
  return Math.floor((n + 2 * p - d * (k - 1) - 1) / s) + 1;
}

/**
 * Along one axis, the input position that each tap of an output meets. In the padding it lies
 * outside of 0 to n - 1; a tap of a transposed convolution that meets no pixel has null.
 */
export function tapsOf({ op, n, k, s, d, p }, output) {
  return Array.from({ length: k }, (_, tap) => {
    if (op !== "transposed") return output * s - p + tap * d;
    const position = (output + p - tap) / s;
    return Number.isInteger(position) && position >= 0 && position < n ? position : null;
  });
}

/** Along one axis, the pixels that an output looks at. */
export function seenAlong(layer, output) {
  const pixels = tapsOf(layer, output).filter((at) => isPixel(layer, at));
  return pixels.sort((a, b) => a - b);
}

/** Along one axis, the outputs that a pixel reaches. */
export function reachedAlong(layer, pixel) {
  const outputs = Array.from({ length: outputSide(layer) }, (_, output) => output);
  return outputs.filter((output) => tapsOf(layer, output).includes(pixel));
}

/** The numbers under the kernel for an output, tap by tap; null where a tap meets no pixel. */
export function patchOf(layer, plane, [row, column]) {
  return gathered(layer, plane, tapsOf(layer, row), tapsOf(layer, column));
}

/** Each number of a patch times its weight; null where there is no number. */
export function productsOf(patch, weights) {
  return patch.map((value, tap) => (value === null ? null : value * weights[tap]));
}

/** One number of a patch: its largest, its mean, or the sum of its products with the weights. */
export function combine({ op }, patch, weights) {
  const { weighted } = OPERATIONS[op];
  let [count, total, largest] = [0, 0, -Infinity];
  for (const [tap, value] of patch.entries()) {
    if (value === null) continue;
    count += 1;
    total += weighted ? value * weights[tap] : value;
    largest = Math.max(largest, value);
  }
  if (op === "max") return largest;
  return op === "average" ? total / count : total;
}

/** The planes of the output: one of them, of a depthwise convolution one for each channel. */
export function outputsOf(layer, planes, kernels) {
  const side = outputSide(layer);
  const taps = Array.from({ length: side }, (_, output) => tapsOf(layer, output));
  const outputs = planes.map((plane, channel) => {
    const output = new Float64Array(side * side);
    for (let at = 0; at < output.length; at++) {
      const patch = gathered(layer, plane, taps[Math.floor(at / side)], taps[at % side]);
      output[at] = combine(layer, patch, kernels[channel]);
    }
    return output;
  });
  if (layer.op !== "channels") return outputs;
  return [outputs[0].map((_, at) => sum(outputs.map((output) => output[at])))];
}

function gathered(layer, plane, rows, columns) {
  const patch = [];
  for (const y of rows) {
    for (const x of columns) {
      patch.push(isPixel(layer, y) && isPixel(layer, x) ? plane[y * layer.n + x] : null);
    }
  }
  return patch;
}

function isPixel({ n }, position) {
  return position !== null && position >= 0 && position < n;
}

export function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
