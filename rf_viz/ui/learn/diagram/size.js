/** The size of the field: how its recurrence comes about, and how that is solved. */

import { withSizeMarks } from "./chains.js";
import { bold, lines, over, term } from "./formula.js";
import { layersOf, product, sizeFormula, sizeOf, strides } from "./network.js";
import { solution, telescope } from "./telescope.js";
import { counted, joined, named, said } from "./text.js";
import { conv, inputsOf, lengthFor, rowsOf } from "./units.js";

const [QUESTION, WHOLE] = [0, 3]; // the steps of the derivation that show the whole kernel

/** How many units of the layer below r units see: first with a kernel of 1, then with all of k. */
export const derivation = {
  model({ k, s, r, step }) {
    const kernel = step === QUESTION || step === WHOLE ? k : 1;
    const length = Math.max(s * r, s * (r - 1) + k);
    const lower = { ...conv({ k: kernel, s }), name: "layer l" };
    const upper = { ...conv({ k: r }), name: "output", about: `sees r = ${r} units` };
    const rows = rowsOf({ length, layers: [lower, upper], name: "layer l − 1" });
    // Further units that would fit stand beside those that the output sees: they are left out.
    for (const [row, size] of [
      [rows[1], r],
      [rows[2], 1],
    ]) {
      row.size = size;
      for (const link of row.links) link.of = link.of.slice(0, size);
    }
    const stretch = s * r;
    const steps = [
      { span: [0, stretch], text: `s · r = ${stretch}`, term: "stretches" },
      { span: [stretch - s + 1, stretch], text: `− ${s - 1}`, term: "trimmed", kind: "less" },
      { span: [stretch - s + 1, stretch - s + k], text: `+ ${k - 1}`, term: "whole" },
    ];
    const marks = steps.slice(0, step).map((mark) => [mark]);
    const seen = inputsOf(rows, 0);
    return { k, s, r, step, rows, seen, lines: steps.length, marks: () => marks };
  },
  formulas({ k, s, r, step }) {
    const terms = [
      [term("stretches", "s_l · r_l"), `${s} · ${r}`],
      [term("trimmed", "- (s_l - 1)"), `- (${s} - 1)`],
      [term("whole", "+ (k_l - 1)"), `+ (${k} - 1)`],
    ].slice(0, step);
    if (!step) return [lines(["r_{l-1}", "= ?"], ["r_l", `= ${r}`])];
    const size = [s * r, s * r - (s - 1), s * r + k - s][step - 1];
    const result = ["", ["=", terms.map(([, numbers]) => [numbers, " "]), "=", bold(`${size}`)]];
    const rows = [["r_{l-1}", ["=", terms.map(([symbols]) => symbols)]]];
    if (step === WHOLE) rows.push(["", "= s_l · r_l + (k_l - s_l)", 1]);
    return [lines(...rows, result)];
  },
  says({ k, s, r, step, seen }) {
    const rest = s * r - (s - 1);
    const gaps = [...Array(s * r + k - s).keys()].filter((unit) => !seen.includes(unit));
    const says = [
      `**One output sees ${counted(r, "unit")} of layer l. From the first to the last, how many ` +
        "units of the layer below does it see?** Count them in the drawing, or press Next to work " +
        "it out.",
      "**First, let the kernel be 1.** Each unit stands at the beginning of a stretch of " +
        `s = ${counted(s, "unit")}. Together the stretches have s · r = ${s * r} units.`,
      s === 1
        ? "**With a stride of 1 every stretch is one unit long,** so nothing has to be taken off " +
          "the last one: s − 1 = 0."
        : `**The last stretch is too long.** The s − 1 = ${counted(s - 1, "unit")} after its first ` +
          `one ${s === 2 ? "is" : "are"} not part of the field: ${s * r} − ${s - 1} = ${rest} ` +
          `${rest === 1 ? "remains" : "remain"}.`,
      k === 1
        ? "**The kernel is 1,** so there is nothing to add: k − 1 = 0."
        : "**Now the whole kernel.** From where it starts, each kernel reaches over " +
          `k − 1 = ${counted(k - 1, "more unit")}, and so does the last one: ${rest} + ${k - 1} = ` +
          `${rest + k - 1}. (Centred kernels would have half of them at each side. The size is ` +
          "the same.)",
    ];
    const holes =
      step === WHOLE && gaps.length
        ? `The kernel is smaller than the stride, so nothing takes ${named("unit", gaps)}. The ` +
          "size counts these holes."
        : "";
    return [said(says[step], holes)];
  },
};

/** The size of a chain: the recurrence, its solution, and how that comes about. */
export const fieldSize = {
  actions: [
    { label: "All kernels 1", to: () => ({ "1-k": 1, "2-k": 1, "3-k": 1 }) },
    { label: "All strides 1", to: () => ({ "1-s": 1, "2-s": 1, "3-s": 1 }) },
    {
      label: "Start over",
      to: (_, defaults) => ({ ...defaults }),
    },
  ],
  model(values) {
    const layers = layersOf(values, 3).map((layer) => ({ ...layer, p: values.p, q: values.p }));
    const network = withSizeMarks(layers, Math.max(lengthFor(layers, 2) - 2 * values.p, 1));
    return { ...network, step: values.step };
  },
  formulas({ layers, step }) {
    const solved = step ? [telescope(layers, step, proof(layers))] : [];
    return [recurrence(layers), sizeFormula(layers), ...solved];
  },
  says({ layers, step }) {
    const size = sizeOf(layers);
    const apart = strides(layers).at(-1);
    const says = [
      said(
        `**r₀ = ${size}, and the fields of neighbours begin S₀ = ${counted(apart, "unit")} apart:** ` +
          "S₀ is the product of all strides.",
        special(layers),
      ),
    ];
    if (step) says.push(said(solution(layers, step, PROOF)));
    return says;
  },
};

const PROOF = {
  letter: "r",
  first: "r₀ − r₁ · s₁ = k₁ − s₁",
  end:
    "**One output sees one unit of itself, so the r at the top is 1.** The products of the " +
    "strides telescope in the same way, and leave 1: that is equation 2.",
};

function proof(layers) {
  const sum = [over("∑", "l = 1", "L"), "((k_l - 1)", product(), ") + 1"];
  return {
    letter: PROOF.letter,
    values: sizes(layers),
    part: ({ k, s }, l) => ({ symbols: `(k_${l} - s_${l})`, number: k - s }),
    general: "(k_l - s_l)",
    end: ["r_0", ["=", sum, "=", bold(`${sizeOf(layers)}`)], 2],
  };
}

/** What these kernels and strides have in common, or what one more tap would add. */
function special(layers) {
  const padding = layers[0].p
    ? `Padding of ${layers[0].p} shifts the fields, and r₀ is the same as without it: it does not ` +
      "occur in the equations."
    : "";
  if (layers.every(({ k }) => k === 1)) {
    return `All kernels are 1, so each output sees a single unit, whatever the strides. ${padding}`;
  }
  const products = strides(layers).slice(0, layers.length);
  if (layers.every(({ s }) => s === 1)) {
    const taps = layers.map(({ k }) => k - 1);
    return (
      "All strides are 1, so the field is the sum of all k − 1, plus 1: " +
      `${taps.join(" + ")} + 1 = ${sizeOf(layers)}. ${padding}`
    );
  }
  if (products.every((product) => product === 1)) {
    return (
      "One more tap in a kernel adds 1 input unit, whichever layer it is in: only the last layer " +
      `has a stride, and a stride widens the steps of the layers above it. ${padding}`
    );
  }
  const adds = products.map((product, i) => `${product} in layer ${i + 1}`);
  return (
    "One more tap in a kernel adds as many input units as the strides below it multiply to: " +
    `${joined(adds)}. A stride widens the steps of the layers above it, not those of its own ` +
    `layer. ${padding}`
  );
}

function recurrence(layers) {
  const top = layers.length;
  let size = 1;
  const steps = layers
    .map((layer, i) => ({ ...layer, number: i + 1 }))
    .reverse()
    .map(({ k, s, number }) => {
      const fill = `= ${s} · ${size} + (${k} - ${s}) =`;
      size = s * size + k - s;
      return [`r_${number - 1}`, [fill, number > 1 ? String(size) : bold(`${size}`)]];
    });
  return lines(["r_{l-1}", "= s_l · r_l + (k_l - s_l)", 1], [`r_${top}`, "= 1"], ...steps);
}

/** Sizes of the field in every layer, from the input to the output. */
function sizes(layers) {
  return layers.reduceRight(([size, ...rest], { k, s }) => [s * size + k - s, size, ...rest], [1]);
}
