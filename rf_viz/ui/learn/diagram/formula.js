/**
 * Formulas as MathML, in the fonts of the page's other formulas; all are descriptions of elements.
 *
 * Parts are texts, descriptions, or lists of parts. A text is read symbol by symbol, with an index after
 * each underscore: "u_0 = u_L · S_0", "r_{l-1}".
 */

import { description } from "./renewed.js";

const MATH = "http://www.w3.org/1998/Math/MathML";
const SYMBOL = /(\d+(?:\.\d+)?|ln|\p{Letter}|\S)(?:_(?:\{([^}]*)\}|(\S)))?/gu;

function node(tag, attributes, ...parts) {
  return description(tag, attributes, parts.flat(Infinity).flatMap(symbols), MATH);
}

function leaf(tag, text, attributes = {}) {
  return description(tag, attributes, [text], MATH);
}

/** The symbols of a part; a sign stands close to its number, unless a space follows it. */
function symbols(part) {
  if (typeof part === "object") return [part];
  let before = "=";
  return [...String(part).replaceAll("-", "\u2212").matchAll(SYMBOL)].map((match) => {
    const [whole, base, wide, index] = match;
    const symbol = leaf(tagOf(base), base);
    if (base === "\u2212" || base === "+") {
      const apart = match.input[match.index + whole.length] === " ";
      symbol.attributes.form = apart || !"=≠+·(,".includes(before) ? "infix" : "prefix";
    } else if (base === ":") {
      // As after a sentence: it is no ratio.
      Object.assign(symbol.attributes, { lspace: "0.1em", rspace: "0.5em" });
    }
    before = base;
    const below = wide ?? index;
    return below === undefined ? symbol : node("msub", {}, symbol, group(below));
  });
}

function tagOf(symbol) {
  if (/^\d/.test(symbol)) return "mn";
  return /^\p{Letter}$/u.test(symbol) ? "mi" : "mo";
}

/** Parts side by side, as one part. */
export function group(...parts) {
  return node("mrow", {}, ...parts);
}

/** Parts that light up together with all else of the figure that bears the same name. */
export function term(name, ...parts) {
  return node("mrow", { "data-term": name, tabindex: 0 }, ...parts);
}

export function fraction(above, below) {
  return node("mfrac", {}, group(above), group(below));
}

export function root(...parts) {
  return node("msqrt", {}, ...parts);
}

/** A result, in bold. */
export function bold(part) {
  return node("mrow", { class: "result" }, part);
}

/** A part that another one takes away. */
export function cancelled(part) {
  return node("mrow", { class: "cancelled" }, part);
}

/** A sum or a product, by its sign, from one bound to another. */
export function over(sign, lower, upper) {
  const large = leaf("mo", sign, { largeop: true });
  return node("munderover", {}, large, group(lower), group(upper));
}

/** The whole number below. */
export function floor(...parts) {
  const tall = (text) => leaf("mo", text, { class: "tall" });
  return group(tall("⌊"), ...parts, tall("⌋"));
}

/** A part with words below it. */
export function under(part, words) {
  return node("munder", {}, group(part), leaf("mtext", words));
}

/** A number as it stands in a formula: in brackets where it is negative. */
export function bracketed(number) {
  return number < 0 ? `(${number})` : String(number);
}

/** Parts with a sign between each two. */
export function joinedBy(sign, parts) {
  return parts.flatMap((part, i) => (i ? [` ${sign} `, part] : [part]));
}

/**
 * Lines below each other, aligned after their first part; a third part is the number that the
 * equation has in the article.
 */
export function lines(...rows) {
  const table = rows.map(([left, right, number]) => {
    const cells = [node("mtd", {}, left), node("mtd", {}, right)];
    if (number) cells.push(node("mtd", { class: "number" }, leaf("mtext", `(${number})`)));
    return node("mtr", {}, cells);
  });
  return node("math", { display: "block" }, node("mtable", { displaystyle: true }, table));
}

/** A letter with an index and, above it, the name of a path. */
export function symbolOf(letter, index, path) {
  return node("msubsup", {}, group(letter), group(index), group(path));
}
