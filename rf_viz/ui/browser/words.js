/** Numbers, cells and regions as they read in every view. */

/** Four significant digits, as Python's `number` writes them. */
export function short(value) {
  if (!Number.isFinite(value)) return "not finite";
  const size = Math.abs(value);
  if (!size || (size >= 1e-3 && size < 1e6)) {
    return minus(value.toLocaleString("en", { maximumSignificantDigits: 4 }));
  }
  const [mantissa, power] = value.toExponential(2).split("e");
  const raised = [...String(Number(power))].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit] ?? "⁻");
  return `${minus(mantissa)} × 10${raised.join("")}`;
}

/** A whole number with separators. */
export function whole(value) {
  return value.toLocaleString("en");
}

function minus(text) {
  return text.replace("-", "−");
}

/** A region's extents, such as 63 × 63 px. */
export function size(region, unit) {
  const extents = region.map(([start, stop]) => stop - start);
  return `${extents.join(" × ")} ${unit || (region.length === 1 ? "samples" : "px")}`;
}

/** The positions that a region covers along each axis, such as rows 3–8. */
export function ranges(region) {
  const names = ["slices", "rows", "columns"].slice(-region.length);
  if (region.length === 1) names[0] = "samples";
  return region.map(([start, stop], i) => `${names[i]} ${start}–${stop - 1}`).join(", ");
}

/** Coordinates in brackets; a single one stands alone. */
export function position(numbers) {
  return numbers.length > 1 ? `(${numbers.join(", ")})` : numbers.join("");
}
