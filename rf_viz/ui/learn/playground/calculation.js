/** The calculation of one output: its patch, the kernel, their products, and what comes of them. */

import { combine, OPERATIONS, patchOf, productsOf, sum } from "./arithmetic.js";
import { grey, signed, tinted } from "./colours.js";
import { NumberSquare, Sheet } from "./number_square.js";
import { areExact, rounded } from "./sentences.js";
import { write } from "./write.js";

export const CHANNELS = ["red", "green", "blue"];

/** What stands in a patch where there is no pixel; elsewhere padding counts as 0. */
const BLANK = { max: "–", average: "–", transposed: "·" };

/** What the patch and the products are called. */
const PLAIN = ["Patch", "Products"];
const TURNED = ["Patch, turned by 180°", "Products"];
const STAMP = ["Pixel", "Stamp"];

export class Calculation {
  constructor(root) {
    this.root = root;
    this.rows = [];
    this.sheet = new Sheet(root);
    this.title = root.appendChild(paragraph("of"));
    this.total = root.appendChild(paragraph("total"));
  }

  /** Shows how an output comes about. */
  showCell(layer, planes, kernels, cell) {
    const { weighted } = OPERATIONS[layer.op];
    const patches = planes.map((plane) => patchOf(layer, plane, cell));
    this.fit(planes.length);
    write(this.title, `How output (${cell.join(", ")}) comes about`);
    this.root.style.setProperty("--k", layer.k);
    const values = patches.map((patch, channel) => {
      const products = weighted ? productsOf(patch, kernels[channel]) : null;
      const value = combine(layer, patch, kernels[channel]);
      const heading = planes.length > 1 ? CHANNELS[channel] : "";
      const weights = weighted ? kernels[channel] : null;
      const terms = termsOf(layer, patch, weights, value);
      const mark = layer.op === "max" ? patch.indexOf(value) : -1;
      const tint = planes.length > 1 ? channel : null;
      const blank = BLANK[layer.op] ?? "0";
      const names = layer.op === "transposed" ? TURNED : PLAIN;
      this.rows[channel].show(
        { heading, names, terms, mark, tint, blank },
        { patch, weights, products },
      );
      return value;
    });
    this.total.hidden = layer.op !== "channels";
    if (!this.total.hidden) write(this.total, totalOf(values));
  }

  /** Shows what a pixel of a transposed convolution stamps onto the output. */
  showStamp(pixel, value, kernel) {
    this.fit(1);
    write(this.title, `What input pixel (${pixel.join(", ")}) stamps`);
    const products = kernel.map((weight) => value * weight);
    const terms =
      "The pixel times each weight is stamped onto the output. " +
      "Where stamps overlap, they are added; dashed cells are cut off by the padding.";
    this.rows[0].show({ names: STAMP, terms }, { patch: [value], weights: kernel, products });
    this.total.hidden = true;
  }

  fit(count) {
    while (this.rows.length < count) {
      const row = new Row(this.sheet);
      this.rows.push(row);
      this.total.before(row.root);
    }
    for (const [i, row] of this.rows.entries()) row.root.hidden = i >= count;
  }
}

/** The tables of one channel, side by side, and all terms below. */
class Row {
  constructor(sheet) {
    this.root = document.createElement("div");
    this.root.className = "row";
    this.heading = paragraph("channel");
    this.tables = document.createElement("div");
    this.tables.className = "tables";
    [this.patch, this.kernel, this.products] = [0, 1, 2].map(() => new NumberSquare(sheet));
    this.signs = ["×", "="].map((text) => {
      const node = document.createElement("span");
      node.textContent = text;
      return node;
    });
    this.tables.append(
      this.patch.root,
      this.signs[0],
      this.kernel.root,
      this.signs[1],
      this.products.root,
    );
    this.terms = paragraph("terms");
    this.root.append(this.heading, this.tables, this.terms);
  }

  /** `tint` is the channel whose colour the patch has; without it the patch is grey. */
  show({ heading = "", names, terms, mark, tint = null, blank }, { patch, weights, products }) {
    write(this.heading, heading);
    this.heading.hidden = !heading;
    const level = (value) => (tint === null ? grey(value) : tinted(value, tint));
    this.patch.show(names[0], patch, level, { mark, blank });
    for (const part of [...this.signs, this.kernel.root, this.products.root])
      part.hidden = !weights;
    if (weights) {
      this.kernel.show("Kernel", weights, shares(weights));
      this.products.show(names[1], products, shares(products), { blank });
    }
    write(this.terms, terms);
  }
}

/** Every term, and what they come to. */
function termsOf({ op }, patch, weights, value) {
  const values = patch.filter((number) => number !== null);
  const shown = values.map(rounded);
  if (op === "max") return `The largest of ${shown.join(", ")} is ${rounded(value)}.`;
  if (op === "average") {
    const total = shown.length === 1 ? shown[0] : `(${shown.join(" + ")})`;
    return `${total} / ${values.length} ${equals([value])} ${rounded(value)}`;
  }
  const [terms, numbers] = [[], [value]];
  for (const [tap, number] of patch.entries()) {
    if (number === null) continue;
    terms.push(`${rounded(number)} × ${bracketed(rounded(weights[tap]))}`);
    numbers.push(weights[tap]);
  }
  return `${terms.join(" + ") || "0"} ${equals(numbers)} ${rounded(value)}`;
}

function totalOf(values) {
  const terms = values.map((value, i) => `${CHANNELS[i]} ${bracketed(rounded(value))}`);
  const total = sum(values);
  return `Added over the channels: ${terms.join(" + ")} ${equals([...values, total])} ${rounded(total)}`;
}

function equals(numbers) {
  return areExact(numbers) ? "=" : "≈";
}

function bracketed(text) {
  return text.startsWith("−") ? `(${text})` : text;
}

/** The colours of signed values, by their share of the largest. */
function shares(values) {
  const limit = Math.max(...values.map(Math.abs)) || 1;
  return (value) => signed(value / limit);
}

function paragraph(name) {
  const node = document.createElement("p");
  node.className = name;
  return node;
}
