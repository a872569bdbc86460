/** What the figures of small networks share: their rows, the brackets below, and the formulas. */

import { bold, group, joinedBy, lines, over, term } from "./formula.js";
import { conv, formsOf, regionsOf, rowsOf, span } from "./units.js";

/** The layers that sliders of the names "1-k", "1-s", "1-p" and so on describe. */
export function layersOf(values, count) {
  return Array.from({ length: count }, (_, i) =>
    conv({ k: values[`${i + 1}-k`], s: values[`${i + 1}-s`], p: values[`${i + 1}-p`] }),
  );
}

/** A network with all that the drawing needs: rows, and brackets of what each unit sees. */
export function drawn(layers, length) {
  const rows = rowsOf({ length, layers });
  return { layers, rows, brackets: brackets(rows) };
}

/** Brackets of the closed form of all units, and of the exact regions where any differs. */
function brackets(rows) {
  const forms = rows.map((_, row) => formsOf(rows, row));
  const exact = regionsOf(rows);
  const both = [];
  if (forms.slice(1).some(Boolean)) both.push({ label: "closed form", spans: forms });
  if (String(forms) !== String(exact)) both.push({ label: "exact region", spans: exact });
  return both;
}

/** The strides below each layer, multiplied, and last all of them. */
export function strides(layers) {
  const products = [1];
  for (const { s } of layers) products.push(products.at(-1) * s);
  return products;
}

/** The product of the strides below layer l. */
export function product(upper = "l-1") {
  return [over("∏", "i = 1", upper), "s_i"];
}

/** The name of the terms that belong to a layer, counted from 1. */
export function termOf(number) {
  return `layer ${number}`;
}

/** The closed form of the size, equation 2, with its numbers: a term for each layer. */
export function sizeFormula(layers) {
  const products = strides(layers);
  const dilated = layers.some(({ d }) => d > 1);
  const terms = layers.map(({ k, d }, i) =>
    term(termOf(i + 1), `(${k} - 1)`, dilated ? `· ${d}` : "", `· ${products[i]}`),
  );
  const inner = ["(k_l - 1)", dilated ? "d_l" : "", product()];
  return lines(
    ["r_0", ["=", over("∑", "l = 1", "L"), "(", inner, ")", "+ 1"], dilated ? null : 2],
    ["", ["=", joinedBy("+", [...terms, term("one", "1")])]],
    ["", ["=", bold(String(sizeOf(layers)))]],
  );
}

/** The size of the field of a chain. */
export function sizeOf(layers) {
  const products = strides(layers);
  return layers.reduce((sum, layer, i) => sum + (span(layer) - 1) * products[i], 1);
}

/** The terms of the size as parts of the field of a unit of the output, from its first unit on. */
export function sizeMarks(layers, start) {
  const products = strides(layers);
  let at = start + 1;
  const marks = [{ span: [start, at], text: "1", term: "one" }];
  layers.forEach((layer, i) => {
    const width = (span(layer) - 1) * products[i];
    if (width) marks.push({ span: [at, at + width], text: `+ ${width}`, term: termOf(i + 1) });
    at += width;
  });
  return marks;
}

/** A sum of products, such as "1 · 1 + 2 · 3", in brackets where it has several terms. */
export function sumOf(pairs) {
  return group(
    "(",
    joinedBy(
      "+",
      pairs.map(([a, b]) => `${a < 0 ? `(${a})` : a} · ${b}`),
    ),
    ")",
  );
}
