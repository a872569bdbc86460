/** How a recurrence of the article is solved: line by line, and all lines added up. */

import { bracketed, cancelled, joinedBy, lines, over, term } from "./formula.js";
import { product, strides, termOf } from "./network.js";

/**
 * The recurrence of `letter` times the strides below each layer, a line for each step.
 *
 * `values` are those of the letter from the input up. `part(layer, l)` is what the recurrence adds in
 * layer l, `{ symbols, number }`, and `general` the same with the index l. After the lines comes
 * their sum, in which all terms but two cancel, and then `end`, a line of its own.
 */
export function telescope(layers, step, { letter, values, part, general, end }) {
  const count = layers.length;
  const products = strides(layers);
  const factor = (upto) => layers.slice(0, upto).map((_, i) => ` · s_${i + 1}`);
  const scaled = (l) => {
    const one = term(`scaled ${l}`, `${letter}_${l}`, factor(l));
    return step > count && l > 0 && l < count ? cancelled(one) : one;
  };
  const totals = layers.map((layer, i) => part(layer, i + 1).number * products[i]);
  const rows = layers.slice(0, step).map((layer, i) => {
    const l = i + 1;
    const right = term(termOf(l), part(layer, l).symbols, factor(i));
    const left = [values[i] * products[i], bracketed(values[l] * products[l])];
    return [
      [scaled(i), " - ", scaled(l)],
      ["=", right, " : ", `${left[0]} - ${left[1]} = ${totals[i]}`],
    ];
  });
  if (step > count) {
    const sum = [over("∑", "l = 1", "L"), general, product()];
    const left = [values[0], bracketed(values[count] * products[count])];
    rows.push([
      [`${letter}_0 - ${letter}_L`, product("L")],
      ["=", sum, " : ", `${left[0]} - ${left[1]} =`, ...joinedBy("+", totals.map(bracketed))],
    ]);
  }
  if (step > count + 1) rows.push(end);
  return lines(...rows);
}

/** What a step of the solution does; `end` says what the last one does. */
export function solution(layers, step, { letter, first, end }) {
  const count = layers.length;
  if (step === 1) {
    return `**To solve the recurrence, write it for layer 1 with ${letter} on the left:** ${first}.`;
  }
  if (step <= count) {
    return (
      `**Write the same for layer ${step}, times the strides of the layers below it.** Its first ` +
      "term is then the second term of the line above."
    );
  }
  if (step === count + 1) {
    return (
      "**Add all lines.** Every term in between occurs once with a plus and once with a minus, " +
      "and cancels: this is a telescoping sum. The first term and the last one remain."
    );
  }
  return end;
}
