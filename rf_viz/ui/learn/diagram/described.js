/**
 * A network of the lesson or of an exercise. Python describes it, for all values of the sliders that
 * it may have.
 */

import { criteria, pathFormula } from "./branches.js";
import { sizeEquation } from "./chains.js";
import { bold, joinedBy, lines, term, under } from "./formula.js";
import { drawn, sizeFormula, sizeOf, strides, termOf } from "./network.js";
import { regionsOf, span } from "./units.js";

const EQUATIONS = {
  added: ({ layers }) => [addedUp(layers)],
  size: ({ layers }) => [sizeFormula(layers)],
  output: ({ layers, rows }) => [sizeEquation(layers[0], rows[0].size, rows[1].size)],
  alignment: ({ rows }) => {
    const ends = rows.at(-1).links.map(({ source }) => rows[source]);
    const forms = ends.map(({ name, form }) => ({ name: name[0], ...form }));
    return [...forms.map(pathFormula), criteria(forms)];
  },
};

export const describedNetwork = {
  model(values, { networks, names, length, equation, counts, closedForm, start }) {
    const layers = networks[names.map((name) => values[name]).join(",")];
    const network = drawn(layers, length);
    const field = { label: "receptive field", spans: regionsOf(network.rows) };
    const brackets = closedForm ? network.brackets : [field];
    return { ...network, brackets, counts, legible: counts, equation, start: start ?? undefined };
  },
  formulas: (model) => EQUATIONS[model.equation]?.(model) ?? [],
  says: () => [],
};

/** What each layer of a chain adds, in words in place of letters, for those who know none yet. */
function addedUp(layers) {
  const products = strides(layers);
  const terms = layers.map((layer, i) => {
    const taps = span(layer) - 1;
    const steps = products[i] > 1 ? `${taps} · ${products[i]}` : `${taps}`;
    return term(termOf(i + 1), under(steps, `layer ${i + 1}`));
  });
  const sum = joinedBy("+", [under("1", "the unit"), ...terms]);
  return lines(["", [sum, "=", bold(`${sizeOf(layers)}`)]]);
}
