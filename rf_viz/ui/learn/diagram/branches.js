/** Two paths that are added: whether they are aligned, and what becomes of the outputs if not. */

import { bold, bracketed, fraction, lines, symbolOf } from "./formula.js";
import { drawn } from "./network.js";
import { counted, joined, named, said } from "./text.js";
import {
  centre,
  conv,
  fieldOf,
  formsOf,
  inputsOf,
  lengthFor,
  samePadding,
  signed,
  sizeAfter,
  units,
} from "./units.js";

const UNLIKE = 8; // the length of the input at which paths of strides 2 and 1 are equally long

const CAPTIONS = {
  aligned:
    "The article’s aligned network. Path B pads one unit before the input, so both paths look at " +
    "the same place.",
  strides: "The article’s misaligned network: path A has a stride of 2, path B one of 1.",
  misaligned:
    "The aligned network without the padding of path B: its fields lie one unit further on.",
  same:
    "Path B pads as TensorFlow’s SAME does: how much goes before depends on the length of the " +
    "input. Change the length, and see alignment come and go.",
  own: "Path B as you like it. The padding after its input is what makes both paths equally long.",
};

export const branches = {
  has: (name, { network }) =>
    name === "n" ? network !== "strides" : name === "network" || network === "own",
  model({ network, n, k, p }) {
    const length = network === "strides" ? UNLIKE : n;
    const paths = pathsOf(network, length, k, p);
    const { rows } = drawn([{ paths }], length);
    const top = rows.length - 1;
    const ends = rows[top].links.map(({ source }) => source);
    const brackets = ends.map((source) => {
      const spans = rows.map(() => null);
      spans[top] = formsOf(rows, source);
      return { label: `path ${rows[source].name[0]}`, spans };
    });
    const forms = ends.map((source) => ({ name: rows[source].name[0], ...rows[source].form }));
    const sizes = units(rows[top]).map((unit) => inputsOf(rows, unit).length);
    return { network, rows, brackets, forms, sizes };
  },
  formulas({ forms }) {
    return [...forms.map(pathFormula), criteria(forms)];
  },
  says({ network, rows, forms, sizes }) {
    return [said(CAPTIONS[network]), said(...verdict(rows, forms, sizes))];
  },
  strip({ sizes }) {
    return {
      title: "How many input units each output sees",
      values: sizes,
      marks: sizes.map(() => true),
    };
  },
};

function pathsOf(network, length, k, p) {
  if (network === "strides") {
    return [[conv({ k: 5, s: 2, p: 2, q: 1 })], [conv({ k: 3 }), conv({ k: 3 })]];
  }
  const a = conv({ s: 4 });
  const last = conv({ s: 2 });
  if (network === "same") {
    return [[a], [conv({ k: 3, s: 2, ...samePadding(3, 2, length) }), last]];
  }
  const own = network === "own";
  const first = conv({ k: own ? k : 3, s: 2, p: own ? p : Number(network === "aligned"), q: 0 });
  const needed = lengthFor([first, last], sizeAfter(a, length));
  return [[a], [{ ...first, q: Math.max(0, needed - length - first.p) }, last]];
}

export function pathFormula({ name, r, S, P }) {
  const of = (letter) => symbolOf(letter, "0", name);
  return lines(
    [of("r"), `= ${r}`],
    [of("S"), `= ${S}`],
    [of("P"), `= ${P}`],
    [
      of("c"),
      [
        ["= -", of("P"), "+ ", fraction([of("r"), "- 1"], "2")],
        [`= -${bracketed(P)} + `, fraction(`${r} - 1`, "2"), "=", bold(String(centre({ r, P })))],
      ],
    ],
  );
}

/** The two criteria of alignment, with a tick or a cross. */
export function criteria([one, other]) {
  const of = (letter, { name }) => symbolOf(letter, "0", name);
  const side = (form) => ["-", of("P", form), "+ ", fraction([of("r", form), "- 1"], "2")];
  const compared = (a, b) => `: ${a} ${a === b ? "=" : "≠"} ${b} ${a === b ? "✓" : "✗"}`;
  return lines(
    [of("S", one), ["=", of("S", other), compared(one.S, other.S)], 12],
    [side(one), ["=", side(other), compared(centre(one), centre(other))], 13],
  );
}

function verdict(rows, forms, sizes) {
  const sum = rows.at(-1);
  const { form } = sum;
  if (form) {
    const alike = forms.every(({ r }) => r === form.r);
    return [
      `**Aligned:** both agree on S₀ and c₀. Together r₀ = ${form.r}, S₀ = ${form.S}, ` +
        `P₀ = ${signed(form.P)}, ${alike ? "as for each path alone" : "those of the wider path"}.`,
    ];
  }
  const [one, other] = forms;
  const why =
    one.S === other.S
      ? `the centres lie ${counted(Math.abs(centre(one) - centre(other)), "unit")} apart`
      : `the strides are ${one.S} and ${other.S}`;
  const inner = units(sum).filter((unit) =>
    forms.every((path) => {
      const [start, stop] = fieldOf(path, unit);
      return start >= 0 && stop <= rows[0].size;
    }),
  );
  const kinds = new Set(inner.map((unit) => sizes[unit]));
  return [
    `**Not aligned, so there is no closed form:** ${why}. Each output still has an exact region.`,
    kinds.size > 1
      ? `Away from the border, ${named("output", inner)} see ` +
        `${joined(inner.map((unit) => sizes[unit]))} units. The size of the field depends on where ` +
        "the output is: it is not shift-invariant."
      : "",
  ];
}
