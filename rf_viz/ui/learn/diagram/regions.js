/** Where the field lies: its ends, its centre, and what the border does. */

import { bold, bracketed, fraction, lines, over } from "./formula.js";
import { drawn, layersOf, product, strides, sumOf } from "./network.js";
import { solution, telescope } from "./telescope.js";
import { counted, named, runs, said } from "./text.js";
import {
  centre,
  conv,
  fieldOf,
  formsOf,
  inputsOf,
  regionsOf,
  rowsOf,
  signed,
  takenBy,
  units,
  unseen,
} from "./units.js";

/** The article's example: two layers whose first output sees units −1 to 4. */
const EXAMPLE = { "1-k": 3, "1-s": 3, "1-p": 1, "2-k": 2, "2-s": 1, "2-p": 0, unit: [0, 0] };

export const region = {
  actions: [{ label: "The article’s example", to: () => EXAMPLE }],
  model(values) {
    return { ...drawn(layersOf(values, 2), values.n), step: values.step };
  },
  formulas({ layers, rows, step }, unit) {
    const solved = step ? [telescope(layers, step, proofOfFirst(layers, unit))] : [];
    return [
      bothEnds(layers, unit),
      firstUnit(layers, unit),
      lastUnit(layers, unit),
      sizeOfBoth(rows, unit),
      ...solved,
    ];
  },
  says({ layers, rows, step }, unit) {
    const says = [said(...counts(layers, rows, unit))];
    if (step) says.push(said(solution(layers, step, PROOF_OF_FIRST)));
    return says;
  },
};

const PROOF_OF_FIRST = {
  letter: "u",
  first: "u₀ − u₁ · s₁ = −p₁",
  end:
    "**Move the last u to the other side:** that is equation 5. Equation 6 follows in the same " +
    "way from equation 4.",
};

function proofOfFirst(layers, unit) {
  const firsts = [unit];
  for (const { s, p } of [...layers].reverse()) firsts.unshift(firsts[0] * s - p);
  const sum = [over("∑", "l = 1", "L"), "p_l", product()];
  return {
    letter: PROOF_OF_FIRST.letter,
    values: firsts,
    part: ({ p }, l) => ({ symbols: `(-p_${l})`, number: -p }),
    general: "(-p_l)",
    end: ["u_0", ["= u_L", product("L"), " - ", sum, "=", bold(`${firsts[0]}`)], 5],
  };
}

/** The first and the last unit of the field, layer by layer from the output down. */
function bothEnds(layers, unit) {
  let [u, v] = [unit, unit];
  const top = layers.length;
  const rows = [
    ["u_{l-1}", "= -p_l + u_l · s_l", 3],
    ["v_{l-1}", "= -p_l + v_l · s_l + k_l - 1", 4],
    [`u_${top} = v_${top}`, `= ${unit}`],
  ];
  for (let l = top; l > 0; l--) {
    const { k, s, p } = layers[l - 1];
    const fill = (end) => `= -${bracketed(p)} + ${bracketed(end)} · ${s}`;
    rows.push([`u_${l - 1}`, [fill(u), "=", String(u * s - p)]]);
    rows.push([`v_${l - 1}`, [fill(v), `+ ${k} - 1 =`, String(v * s - p + k - 1)]]);
    [u, v] = [u * s - p, v * s - p + k - 1];
  }
  return lines(...rows);
}

function firstUnit(layers, unit) {
  const products = strides(layers);
  const pairs = layers.map(({ p }, i) => [p, products[i]]);
  const [first] = endsOf(layers, unit);
  return lines(
    ["u_0", ["= u_L", product("L"), "- ", over("∑", "l = 1", "L"), "p_l", product()], 5],
    ["", [`= ${unit} · ${products.at(-1)} - `, sumOf(pairs), "=", bold(String(first))]],
  );
}

function lastUnit(layers, unit) {
  const products = strides(layers);
  const pairs = layers.map(({ k, p }, i) => [1 + p - k, products[i]]);
  const [, last] = endsOf(layers, unit);
  return lines(
    [
      "v_0",
      ["= v_L", product("L"), "- ", over("∑", "l = 1", "L"), "(1 + p_l - k_l)", product()],
      6,
    ],
    ["", [`= ${unit} · ${products.at(-1)} - `, sumOf(pairs), "=", bold(String(last))]],
  );
}

function sizeOfBoth(rows, unit) {
  const [start, stop] = fieldOf(rows.at(-1).form, unit);
  const r = stop - start;
  return lines(
    ["v_0", `= u_0 + r_0 - 1 = ${start} + ${r} - 1 = ${stop - 1}`, 7],
    ["r_0", `= v_0 - u_0 + 1 = ${stop - 1} - ${bracketed(start)} + 1 = ${r}`],
  );
}

/** The first and the last unit of a chain's field, both included, padding counted. */
function endsOf(layers, unit) {
  return layers.reduceRight(([u, v], { k, s, p }) => [u * s - p, v * s - p + k - 1], [unit, unit]);
}

/** What becomes of the units that the closed form counts for a unit of the output. */
function counts(layers, rows, unit) {
  const { size } = rows[0];
  const [start, stop] = fieldOf(rows.at(-1).form, unit);
  const seen = inputsOf(rows, unit);
  const inside = between(Math.max(start, 0), Math.min(stop, size));
  const unpadded = ifPaddingWereInput(layers, unit);
  const gaps = inside.filter((i) => !seen.includes(i) && !unpadded.has(i));
  const padded = inside.filter((i) => !seen.includes(i) && unpadded.has(i));
  const r = stop - start;
  const span = r > 1 ? `units ${signed(start)} to ${signed(stop - 1)}` : `unit ${signed(start)}`;
  return [
    `**The equations count r₀ = ${r}, the ${span}; ${inInput(inside.length, r)} in the input. ` +
      `Unit ${unit} sees ` +
      `${seen.length ? `${seen.length}: ${runs(seen)}` : "none"}.**`,
    gaps.length
      ? `The kernels leave out ${named("unit", gaps)}, between their taps or windows.`
      : "",
    padded.length
      ? `It reaches ${named("unit", padded)} only through padding between the layers, and padding ` +
        "holds no input."
      : "",
  ];
}

/** How many of r units are in the input, in words that "in the input" follows. */
function inInput(inside, r) {
  if (r === 1) return inside ? "it is" : "it is not";
  if (inside === r) return "all are";
  if (!inside) return "none of them is";
  return `${inside} of them ${inside > 1 ? "are" : "is"}`;
}

function between(start, stop) {
  return Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i);
}

/** The units of the input that a unit would take if padding were input. */
function ifPaddingWereInput(layers, unit) {
  let taken = [unit];
  for (const layer of [...layers].reverse()) taken = taken.flatMap((one) => takenBy(layer, one));
  return new Set(taken);
}

/** Effective stride and padding, and the centre. */
export const position = {
  actions: [
    {
      label: "Set p = (k − 1)/2",
      to: (values) => ({
        "1-p": Math.floor((values["1-k"] - 1) / 2),
        "2-p": Math.floor((values["2-k"] - 1) / 2),
      }),
    },
  ],
  model(values) {
    const network = drawn(layersOf(values, 2), values.n);
    const top = network.rows.length - 1;
    const { form } = network.rows[top];
    const centres = units(network.rows[top]).map((unit) => centre(form) + unit * form.S);
    const marks = (here) => [
      centres.map((at, unit) => {
        const lit = here.row === top && here.unit === unit;
        const text = lit ? `c₀ = ${signed(at)}` : "";
        return {
          span: [at + 0.25, at + 0.75],
          text,
          term: `centre ${unit}`,
          kind: lit ? "point here" : "point",
        };
      }),
    ];
    return { ...network, centres, lines: 1, marks };
  },
  formulas({ layers, rows }, unit) {
    return [effective(layers), placed(rows.at(-1).form, unit)];
  },
  says({ layers, rows, centres }, unit) {
    const { form } = rows.at(-1);
    const even = layers.flatMap(({ k }, i) => (k % 2 ? [] : [i + 1]));
    const centred = layers.every(({ k, p }) => p === (k - 1) / 2);
    const says = [
      `**The field of unit ${unit} is centred on ${signed(centres[unit])}; the centres of ` +
        `neighbours lie S₀ = ${counted(form.S, "unit")} apart.**`,
    ];
    if (centred) {
      says.push(
        "Each layer has p = (k − 1)/2, so unit 0 is centred on the first input unit, and the " +
          `centres are ${[0, 1, 2].map((i) => i * form.S).join(", ")} and so on: each output lies ` +
          "straight above an input unit.",
      );
    } else if (even.length) {
      says.push(
        `${even.length > 1 ? "Both kernels are" : `The kernel of layer ${even[0]} is`} even, and no ` +
          "whole padding is (k − 1)/2: a centre may lie between two units.",
      );
    } else {
      says.push(
        centre(form) === 0
          ? "The paddings differ from (k − 1)/2, but here they make up for each other: unit 0 is " +
              "centred on the first input unit."
          : `With p = (k − 1)/2 in each layer, unit 0 would be centred on 0. Here it is centred ` +
              `on ${signed(centre(form))}.`,
      );
    }
    return [said(...says)];
  },
};

function effective(layers) {
  let [S, P] = [1, 0];
  const top = layers.length;
  const rows = [
    ["S_{l-1}", "= s_l · S_l", 9],
    ["P_{l-1}", "= s_l · P_l + p_l", 10],
    [`S_${top}`, "= 1"],
    [`P_${top}`, "= 0"],
  ];
  for (let l = top; l > 0; l--) {
    const { s, p } = layers[l - 1];
    rows.push([`S_${l - 1}`, `= ${s} · ${S} = ${s * S}`]);
    rows.push([`P_${l - 1}`, `= ${s} · ${bracketed(P)} + ${bracketed(p)} = ${s * P + p}`]);
    [S, P] = [s * S, s * P + p];
  }
  return lines(...rows);
}

function placed({ r, S, P }, unit) {
  const half = fraction("r_0 - 1", "2");
  const numbers = [`= -${bracketed(P)} + ${unit} · ${S}`];
  return lines(
    ["u_0", ["= -P_0 + u_L · S_0"], 8],
    ["", [...numbers, "=", bold(String(unit * S - P))]],
    ["c_0", ["= -P_0 + u_L · S_0 + ", half], 11],
    [
      "",
      [...numbers, "+ ", fraction(`${r} - 1`, "2"), "=", bold(String(unit * S - P + (r - 1) / 2))],
    ],
  );
}

/** Exact regions against the closed form that is cut off at the ends of the input. */
export const border = {
  model({ n, k, s, depth, padded }) {
    const above = conv({ k: padded, p: Math.floor((padded - 1) / 2), q: Math.floor(padded / 2) });
    const layers = [conv({ k, s }), ...Array.from({ length: depth }, () => above)];
    const rows = rowsOf({ length: n, layers });
    const clipped = rows.map((_, row) =>
      formsOf(rows, row).map(([start, stop]) => [Math.max(0, start), Math.min(n, stop)]),
    );
    const exact = regionsOf(rows);
    const pairs = clipped.at(-1).map((form, unit) => [form, exact.at(-1)[unit]]);
    const wrong = pairs.flatMap(([form, region], unit) =>
      String(form) === String(region) ? [] : [unit],
    );
    const brackets = [
      { label: "closed form, clipped", spans: clipped },
      { label: "exact region", spans: exact },
    ];
    return { rows, brackets, pairs, wrong, start: wrong.at(-1) ?? pairs.length - 1 };
  },
  formulas() {
    return [];
  },
  says({ rows, pairs, wrong }, unit) {
    return [said(clipping(pairs, wrong, unit)), said(...leftOut(rows, pairs))];
  },
};

function clipping(pairs, wrong, unit) {
  if (!wrong.length) {
    return "**Here both agree for every output.** Change the input’s length or the stride.";
  }
  const [form, exact] = pairs[unit];
  const count = `They differ for ${wrong.length} of ${pairs.length} outputs`;
  if (!wrong.includes(unit)) return `**Both agree for unit ${unit}.** ${count}: ${runs(wrong)}.`;
  return (
    `**Clipping gives ${form[0]} to ${form[1] - 1}, but the region of unit ${unit} is ` +
    `${exact[0]} to ${exact[1] - 1}.** ${count}.`
  );
}

/** Which input units no output sees: in gaps between windows, or left over at the end. */
function leftOut(rows, pairs) {
  const last = Math.max(...rows[1].links[0].of.flat());
  const [gaps, rest] = [unseen(rows).filter((i) => i < last), unseen(rows).filter((i) => i > last)];
  return [
    gaps.length
      ? `No output sees ${named("input unit", gaps)}: the stride of layer 1 is larger than its ` +
        "kernel, and its windows leave gaps."
      : "",
    rest.length
      ? `No output sees ${named("input unit", rest)}: no further window of layer 1 fits at the end.`
      : "",
    rest.length && Math.max(...pairs.map(([[, stop]]) => stop)) > rest[0]
      ? "The closed form reaches into this rest, since it takes the padding above for units of " +
        "layer 1."
      : "",
  ];
}
