/** Upsampling: a transposed convolution, or a resize and a convolution, and their evenness. */

import { bold, lines } from "./formula.js";
import { drawn } from "./network.js";
import { joined, said } from "./text.js";
import { conv, inputsOf, regionsOf } from "./units.js";

const LENGTH = 7;

export const upsampling = {
  has: (name, { how }) =>
    !["k", "p", "after"].includes(name) || (name === "after") === (how !== "transposed"),
  model({ how, s, k, p, after }) {
    const layers =
      how === "transposed"
        ? [{ transposed: true, k, s, p, q: p }]
        : [
            { factor: s, linear: how === "linear" },
            conv({ k: after, p: Math.floor((after - 1) / 2), q: Math.floor(after / 2) }),
          ];
    const network = drawn(layers, LENGTH);
    const top = network.rows.length - 1;
    const [{ source, of }] = network.rows[top].links;
    const { size } = network.rows[source];
    const sums = of.map((inputs) => inputs.filter((i) => i >= 0 && i < size).length);
    const inner = awayFromBorder(regionsOf(network.rows)[top], LENGTH);
    return { ...network, how, s, sums, inner };
  },
  formulas({ how, layers: [{ k, s, p }], rows }) {
    if (how !== "transposed") return [];
    const numbers = `= ${s} · (${LENGTH} - 1) + ${k} - ${p} - ${p} =`;
    return [
      lines(["n_1", "= s · (n_0 - 1) + k - p - q"], ["", [numbers, bold(String(rows[1].size))]]),
    ];
  },
  says({ how, s, rows, sums, inner }) {
    const units = sums.flatMap((_, unit) => (inner[unit] ? [unit] : []));
    const counts = [...new Set(units.map((unit) => inputsOf(rows, unit).length))].sort(ascending);
    const says = [
      "**Let all weights and all inputs be one.** Then each output is its summed weight.",
      counts.length
        ? `Away from the border ${counts.length > 1 ? "outputs take" : "every output takes"} ` +
          `${joined(counts, "or")} input unit${counts.length === 1 && counts[0] === 1 ? "" : "s"}.`
        : "No output is away from the border.",
      counts.length
        ? evenness(
            how,
            units.map((unit) => sums[unit]),
          )
        : "",
    ];
    const form =
      `There is no closed form: neighbours would lie 1/${s} of an input unit apart. Each output ` +
      "has an exact region: point at it.";
    return [said(...says), said(form)];
  },
  strip({ sums, inner }) {
    return { title: "Summed weight of each output", values: sums, marks: inner, squared: true };
  },
};

/** Marks the outputs that see neither the first nor the last input unit. */
function awayFromBorder(regions, length) {
  const inner = regions.flatMap(([start, stop], i) => (start > 0 && stop < length ? [i] : []));
  return regions.map((_, i) => inner.length > 0 && i >= inner[0] && i <= inner.at(-1));
}

/** Whether the sums away from the border differ, and what follows. */
function evenness(how, sums) {
  const kinds = [...new Set(sums)].sort(ascending);
  if (kinds.length === 1) {
    const even = `**Even:** all their summed weights are ${kinds[0]}, so there is no checkerboard.`;
    if (how === "transposed") {
      return (
        `${even} The stride divides the kernel. Learned weights may still differ from tap to tap, ` +
        "and then the outputs may, too."
      );
    }
    return (
      `${even} At the border it is less where the convolution meets padding. A resize spreads its ` +
      "input evenly: Odena and others put a resize, best a nearest-neighbour one, and a " +
      "convolution in place of a transposed convolution."
    );
  }
  const products = kinds.flatMap((one) => kinds.map((other) => one * other));
  return (
    `**Uneven:** their summed weights alternate between ${joined(kinds)}, since the stride does ` +
    "not divide the kernel. In two dimensions they multiply to " +
    `${joined([...new Set(products)].sort(ascending))}: a constant image comes out as a ` +
    "checkerboard."
  );
}

function ascending(a, b) {
  return a - b;
}
