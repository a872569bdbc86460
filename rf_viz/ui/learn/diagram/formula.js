/**
 * Formulas as MathML, in the fonts of the page's other formulas.
 *
 * Parts are texts, elements, or lists of parts. A text is read symbol by symbol, with an index after
 * each underscore: "u_0 = u_L · S_0", "r_{l-1}".
 */

const MATH = "http://www.w3.org/1998/Math/MathML";
const SYMBOL = /(\d+(?:\.\d+)?|ln|\p{Letter}|\S)(?:_(?:\{([^}]*)\}|(\S)))?/gu;

function node(tag, attributes, ...parts) {
  const element = document.createElementNS(MATH, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...parts.flat(Infinity).flatMap(symbols));
  return element;
}

function leaf(tag, text) {
  const element = document.createElementNS(MATH, tag);
  element.textContent = text;
  return element;
}

/** The elements of a part; a sign stands close to its number, unless a space follows it. */
function symbols(part) {
  if (part instanceof Node) return [part];
  let before = "=";
  return [...String(part).replaceAll("-", "\u2212").matchAll(SYMBOL)].map((match) => {
    const [whole, base, wide, index] = match;
    const symbol = leaf(tagOf(base), base);
    if (base === "\u2212" || base === "+") {
      const apart = match.input[match.index + whole.length] === " ";
      symbol.setAttribute("form", apart || !"=≠+·(,".includes(before) ? "infix" : "prefix");
    } else if (base === ":") {
      symbol.setAttribute("lspace", "0.1em"); // as after a sentence: it is no ratio
      symbol.setAttribute("rspace", "0.5em");
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
  const large = leaf("mo", sign);
  large.setAttribute("largeop", "true");
  return node("munderover", {}, large, group(lower), group(upper));
}

/** The whole number below. */
export function floor(...parts) {
  const tall = (text) => {
    const bracket = leaf("mo", text);
    bracket.setAttribute("class", "tall");
    return bracket;
  };
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
  const table = node("mtable", { displaystyle: true });
  for (const [left, right, number] of rows) {
    const line = node("mtr", {}, node("mtd", {}, left), node("mtd", {}, right));
    if (number) line.append(node("mtd", { class: "number" }, leaf("mtext", `(${number})`)));
    table.append(line);
  }
  return node("math", { display: "block" }, table);
}

/** A letter with an index and, above it, the name of a path. */
export function symbolOf(letter, index, path) {
  return node("msubsup", {}, group(letter), group(index), group(path));
}
