/** Figures of chains of layers: the article's network, one layer, stacks, dilation. */

import { bold, bracketed, floor, fraction, lines } from "./formula.js";
import { drawn, sizeFormula, sizeMarks, sizeOf } from "./network.js";
import { counted, joined, named, runs, said } from "./text.js";
import { conv, fieldOf, inputsOf, lengthFor, signed, span, unseen } from "./units.js";

/** The equation of how many units layer 1 makes of the input. */
export function sizeEquation(layer, below, size) {
  return lines(["n_1", unitsMade("1", "0")], ["", unitsCounted(layer, below, size)]);
}

/** How many units a layer makes, in symbols with its index and that of the layer below. */
function unitsMade(index, below) {
  const above = `n_{${below}} + p_${index} + q_${index} - k_${index}`;
  return ["=", floor(fraction(above, `s_${index}`)), "+ 1"];
}

/** How many units a layer makes, in numbers. */
function unitsCounted({ k, s, p, q, d }, below, size) {
  const fill = [below, p, q].map(bracketed).join(" + ");
  const whole = floor(fraction(`${fill} - ${span({ k, d })}`, String(s)));
  return ["=", whole, "+ 1 =", bold(`${size}`)];
}

/** Which input units an output sees, in words. */
function sees(rows, unit) {
  const inputs = inputsOf(rows, unit);
  return inputs.length
    ? `**Unit ${unit} of the output sees ${counted(inputs.length, "input unit")}: ${runs(inputs)}.**`
    : `**Unit ${unit} of the output sees no input unit, only padding.**`;
}

/** The article's network of four layers. */
export const articleNetwork = {
  model(values) {
    const [first, , second, pool] = [1, 2, 3, 4].map((i) =>
      conv({ k: values[`${i}-k`] ?? 1, s: values[`${i}-s`] ?? 1, p: values[`${i}-p`] ?? 0 }),
    );
    return drawn(
      [
        { ...first, name: "convolution f₁" },
        { ...conv(), name: "ReLU f₂" },
        { ...second, name: "convolution f₃" },
        { ...pool, name: "max-pooling f₄" },
      ],
      values.n,
    );
  },
  formulas({ layers, rows }) {
    return [
      lines(
        ["n_l", unitsMade("l", "l-1")],
        ...layers.map((layer, i) => [
          `n_${i + 1}`,
          unitsCounted(layer, rows[i].size, rows[i + 1].size),
        ]),
      ),
    ];
  },
  says({ layers, rows }, unit) {
    const pool = layers[3];
    return [
      said(
        sees(rows, unit),
        "The bracket below the input reaches from the first unit u of the field to the last one v. " +
          "The closed form is what the equations of figures 5 to 7 give, with padding counted as " +
          "input; the exact region holds what the unit really sees.",
      ),
      said(
        "The feature maps, from the input f₀ to the output f₄, have n₀ to n₄ = " +
          `${joined(rows.map(({ size }) => size))} units.`,
      ),
      said(
        "The ReLU takes one unit at a time, so its kernel size and its stride are 1: it changes " +
          "the value of a unit, never what the unit sees.",
        `The pooling takes ${counted(pool.k, "unit")} at a time. It has no weights, but for ` +
          `receptive fields it is a kernel of size ${pool.k} like any other.`,
      ),
    ];
  },
};

export const oneLayer = {
  model({ n, k, s, p, q }) {
    return drawn([conv({ k, s, p, q })], n);
  },
  formulas({ layers: [layer], rows }, unit) {
    const { k, s, p } = layer;
    const first = s * unit - p;
    return [
      sizeEquation(layer, rows[0].size, rows[1].size),
      lines(
        ["u_0", "= -p_1 + u_1 · s_1", 3],
        ["", [`= -${bracketed(p)} + ${unit} · ${s} =`, bold(`${first}`)]],
        ["v_0", "= -p_1 + v_1 · s_1 + k_1 - 1", 4],
        ["", [`= -${bracketed(p)} + ${unit} · ${s} + ${k} - 1 =`, bold(`${first + k - 1}`)]],
      ),
    ];
  },
  says({ layers: [{ k, s, p, q }], rows }, unit) {
    const [below, above] = rows.map(({ size }) => size);
    const first = s * unit - p;
    const rest = unseen(rows);
    return [
      said(
        `**n₀ = ${below} units become n₁ = ${above}.** Unit u₁ = ${unit} takes the units from ` +
          `u₀ = ${signed(first)} to v₀ = ${signed(first + k - 1)}.`,
        rest.length ? `No unit takes ${named("input unit", rest)}.` : "",
        p < 0 ? `Negative padding crops: the first kernel starts at input unit ${-p}.` : "",
        q < 0 ? `At the end, ${counted(-q, "unit")} ${q === -1 ? "is" : "are"} cut off.` : "",
      ),
    ];
  },
};

export const stacked = {
  model({ layers: depth, k, s }) {
    const layers = Array.from({ length: depth }, () => conv({ k, s }));
    return withSizeMarks(layers, lengthFor(layers, s === 1 ? 5 : 3));
  },
  formulas({ layers }) {
    return [sizeFormula(layers)];
  },
  says({ layers, rows }) {
    const sizes = rows.map(({ form }) => form.r);
    const { k, s } = layers[0];
    if (k === 1) return [said("**A kernel of 1 sees one unit,** however many layers there are.")];
    if (layers.length === 1) {
      return [said(`**One layer sees as many units as its kernel takes: ${k}.** Add another one.`)];
    }
    const how =
      s === 1
        ? `every layer adds the same, k − 1 = ${k - 1}`
        : "every layer adds twice what the one below it adds, since each stride of 2 doubles the " +
          "steps of all layers above it";
    return [said(`**The field grows ${sizes.join(" → ")}:** ${how}.`)];
  },
};

/** A chain whose terms of the size stand below the input. */
export function withSizeMarks(layers, length) {
  const network = drawn(layers, length);
  return {
    ...network,
    lines: 1,
    marks: ({ row, unit }) =>
      row ? [sizeMarks(layers.slice(0, row), fieldOf(network.rows[row].form, unit)[0])] : [],
  };
}

export const dilated = {
  model({ layers: depth, k, d, how }) {
    const layers = Array.from({ length: depth }, (_, i) =>
      conv({ k, d: how === "doubled" ? d * 2 ** i : d }),
    );
    return drawn(layers, lengthFor(layers, 3));
  },
  formulas({ layers }) {
    return [sizeFormula(layers)];
  },
  says({ layers, rows }, unit) {
    const inputs = inputsOf(rows, unit);
    const size = sizeOf(layers);
    const full = inputs.length === size;
    const see = full ? `all ${size} units` : `only ${inputs.length} of the ${size} units`;
    const { d } = layers[0];
    const why =
      layers.at(-1).d === 1
        ? "Without dilation there are no holes."
        : full
          ? "The layers below fill the holes of those above."
          : `All distances between taps are multiples of ${d}. However many layers there are, ` +
            "one output never sees what lies in between.";
    return [said(`**Unit ${unit} sees ${see} of its region.** ${why}`)];
  },
};
