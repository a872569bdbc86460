/** Other operations: what kernel, stride and padding each of them amounts to. */

import { drawn } from "./network.js";
import { counted, runs, said } from "./text.js";
import { conv, inputsOf, signed } from "./units.js";

const INPUT_LENGTH = 11;

const plain = (settings) => [{ ...conv(settings) }];

/** For each operation its layers, what it amounts to (null: nothing local), and why. */
const OPERATIONS = {
  relu: {
    layers: ({ k }) => [conv({ k }), { ...conv(), name: "ReLU", about: "unit by unit" }],
    equal: () => ({ k: 1, s: 1, p: 0 }),
    why:
      "**Elementwise operations** look at one unit at a time: ReLU and all other activation " +
      "functions, dropout, adding a bias. They change values, not receptive fields.",
  },
  norm: {
    layers: ({ k }) => [conv({ k }), { ...conv(), name: "batch norm", about: "fixed mean" }],
    equal: () => ({ k: 1, s: 1, p: 0 }),
    why:
      "**Batch normalisation, when the network is used,** scales each unit by numbers that were " +
      "fixed in training. It changes no receptive field.",
  },
  training: {
    layers: ({ k }) => [conv({ k }), { all: true, name: "batch norm", about: "mean of all" }],
    equal: () => null,
    why:
      "**Batch normalisation, in training,** takes mean and variance over all units, and over all " +
      "images of the batch. Then every unit depends on the whole input.",
  },
  pooling: {
    layers: ({ k }) => [{ ...conv({ k, s: 2 }), name: "pooling" }],
    equal: ({ k }) => ({ k, s: 2, p: 0 }),
    why:
      "**Pooling** takes the largest or the mean of a window. It has no weights, but it looks at " +
      "a window of k units, as a convolution does.",
  },
  separable: {
    layers: ({ k }) => [
      { ...conv({ k, p: (k - 1) >> 1, q: k >> 1 }), name: "depthwise" },
      { ...conv(), name: "pointwise", about: "k = 1" },
    ],
    equal: ({ k }) => ({ k, s: 1, p: (k - 1) >> 1 }),
    why:
      "**A separable convolution** looks at k units of each channel by itself, and then mixes the " +
      "channels unit by unit, with a kernel of 1. Both together see what one convolution of k " +
      "sees. In two dimensions a kernel may also be split into a column and a row: the same holds.",
  },
  dilated: {
    layers: ({ k }) => plain({ k, d: 2 }),
    equal: ({ k }) => ({ k: 2 * (k - 1) + 1, s: 1, p: 0 }),
    why:
      "**A dilated convolution** with dilation d spans d(k − 1) + 1 units. For the size of the " +
      "field it is a kernel of that size, here with d = 2. Between its taps are holes.",
  },
  upsampled: {
    layers: () => [{ factor: 2, name: "upsampling" }],
    equal: () => null,
    why:
      "**Upsampling** by nearest neighbours repeats each unit: an output sees 1 input unit, and " +
      "neighbouring outputs lie half an input unit apart. The article counts it as a kernel of as " +
      "many units as an output sees, but its stride would be 1/2.",
  },
  sum: {
    layers: ({ k }) => [{ paths: [[conv({ k, p: (k - 1) >> 1, q: k >> 1 })], [conv()]] }],
    equal: () => ({ k: 1, s: 1, p: 0 }),
    why:
      "**Addition and concatenation** take one unit of each path: each is a kernel of 1. The field " +
      "is that of the paths together.",
  },
  cropping: {
    layers: ({ k }) => plain({ k, p: -2, q: -2 }),
    equal: ({ k }) => ({ k, s: 1, p: -2 }),
    why:
      "**Negative padding** crops: the first kernel starts 2 units inside the input. All equations " +
      "hold with p = −2.",
  },
  dense: {
    layers: ({ k }) => [conv({ k }), { all: true, name: "dense" }],
    equal: () => null,
    why:
      "**Fully connected layers and global pooling** take all units, so each output sees whatever " +
      "the layers below see, up to the whole input.",
  },
};

export const operations = {
  model({ operation, k }) {
    const { layers, equal, why } = OPERATIONS[operation];
    return { ...drawn(layers({ k }), INPUT_LENGTH), equal: equal({ k }), why };
  },
  formulas() {
    return [];
  },
  says({ rows, equal, why }, unit) {
    const inputs = inputsOf(rows, unit);
    const top = rows.at(-1).name;
    const sees = inputs.length
      ? `Here unit ${unit} of ${top} sees ${counted(inputs.length, "input unit")}: ${runs(inputs)}.`
      : `Here unit ${unit} of ${top} sees no input unit.`;
    const amounts = equal
      ? `It amounts to k = ${equal.k}, s = ${equal.s}, p = ${signed(equal.p)}.`
      : "No kernel, stride and padding stand for it.";
    return [said(why, amounts), said(sees)];
  },
};
