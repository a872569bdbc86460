/**
 * Small one-dimensional networks, unit by unit: which units each unit takes, and what follows.
 *
 * A network is `{ length, layers }`. A layer is a convolution or pooling `{ k, s, p, q, d }`, a
 * transposed convolution `{ transposed: true, k, s, p, q }`, a resize `{ factor, linear }`, one
 * that takes all units `{ all: true }`, or a fork `{ paths }` of lists of layers, whose ends are
 * added. Padding below 0 crops.
 *
 * Intervals are half-open here; u and v, as the article writes them, are both included.
 */

/** Layers that do not fit; the message is a sentence. */
export class Misfit extends Error {}

/** A convolution; settings that are left out are 1, and padding 0. */
export function conv({ k = 1, s = 1, p = 0, q = p, d = 1, ...rest } = {}) {
  return { k, s, p, q, d, ...rest };
}

/** What a kernel spans, gaps included. */
export function span({ k, d = 1 }) {
  return (k - 1) * d + 1;
}

/** Number of units that a layer makes of so many. */
export function sizeAfter(layer, below) {
  if (layer.all) return below;
  if (layer.factor) return below * layer.factor;
  if (layer.transposed) return (below - 1) * layer.s + layer.k - layer.p - layer.q;
  return Math.floor((below + layer.p + layer.q - span(layer)) / layer.s) + 1;
}

/** Length of an input that gives so many units without padding or remainder. */
export function lengthFor(layers, units) {
  return layers.reduceRight((count, layer) => (count - 1) * layer.s + span(layer), units);
}

/** Padding before and after as TensorFlow's SAME has it, for an input of that length. */
export function samePadding(k, s, length) {
  const outputs = Math.ceil(length / s);
  const total = Math.max(0, (outputs - 1) * s + k - length);
  return { p: Math.floor(total / 2), q: Math.ceil(total / 2) };
}

/**
 * The rows of a network, as the diagram draws them: the input first, the output last.
 *
 * A row's `form` is the closed form `{ r, S, P }` of its units in the input, null without one.
 * Throws a Misfit where the layers do not fit.
 */
export function rowsOf({ length, layers, name = "input" }) {
  const rows = [rowOf({ name, size: length, form: { r: 1, S: 1, P: 0 } })];
  let below = 0;
  let count = 0;
  let letter = "A";
  for (const layer of layers) {
    if (!layer.paths) {
      count += 1;
      below = addLayer(rows, layer, below, { name: layer.name ?? `layer ${count}`, path: null });
      continue;
    }
    const letters = layer.paths.map((_, path) => String.fromCharCode(letter.charCodeAt(0) + path));
    const ends = layer.paths.map((singles, path) =>
      singles.reduce(
        (from, one, at) => addLayer(rows, one, from, { name: letters[path] + (at + 1), path }),
        below,
      ),
    );
    below = addSum(rows, ends, letters.join(" + "));
    letter = String.fromCharCode(letter.charCodeAt(0) + letters.length);
  }
  for (const row of rows) row.padding = paddingOf(rows, row);
  return rows;
}

function rowOf(row) {
  return { about: "", path: null, level: 0, step: 1, at: 0, links: [], layer: null, ...row };
}

function addLayer(rows, layer, source, { name, path }) {
  const below = rows[source];
  if (layer.k && !layer.transposed) checkFit(layer, below.size, name);
  const size = sizeAfter(layer, below.size);
  if (size < 1) throw new Misfit(`Nothing is left of ${name}.`);
  const of = Array.from({ length: size }, (_, unit) => takenBy(layer, unit, below.size));
  const links = [{ source, of }];
  const step = below.step * stepOf(layer);
  const form = formAfter(layer, below.form);
  rows.push(rowOf({ name, path, size, step, form, layer, links, about: settings(layer) }));
  place(rows);
  return rows.length - 1;
}

function checkFit(layer, below, name) {
  const padded = below + layer.p + layer.q;
  if (span(layer) <= padded) return;
  const left = padded < 1 ? "nothing" : `${padded} unit${padded === 1 ? "" : "s"}`;
  throw new Misfit(
    `The kernel of ${name} spans ${span(layer)} units, and its input has ${left}` +
      `${layer.p || layer.q ? ", padding counted" : ""}.`,
  );
}

function stepOf({ all, factor, transposed, s }) {
  if (all) return 1;
  if (factor) return 1 / factor;
  return transposed ? 1 / s : s;
}

/** The closed form of a layer's units, from that of the layer below. */
function formAfter(layer, below) {
  if (!below || !layer.k || layer.transposed) return null;
  return {
    r: below.r + (span(layer) - 1) * below.S,
    S: below.S * layer.s,
    P: below.P + layer.p * below.S,
  };
}

function addSum(rows, ends, name) {
  const sizes = ends.map((end) => rows[end].size);
  if (new Set(sizes).size > 1) {
    throw new Misfit(`The paths end with ${sizes.join(" and ")} units, and cannot be added.`);
  }
  const of = Array.from({ length: sizes[0] }, (_, unit) => [unit]);
  const links = ends.map((source) => ({ source, of }));
  const form = formOfSum(ends.map((end) => rows[end].form));
  rows.push(rowOf({ name, size: sizes[0], step: rows[ends[0]].step, form, about: "added", links }));
  place(rows);
  return rows.length - 1;
}

/** The closed form of a sum: that of the widest path, if all agree on stride and centre. */
export function formOfSum(forms) {
  if (forms.some((form) => !form)) return null;
  const [first] = forms;
  if (!forms.every((form) => form.S === first.S && centre(form) === centre(first))) return null;
  return forms.reduce((widest, form) => (form.r > widest.r ? form : widest));
}

/** The centre of what unit 0 sees. */
export function centre({ r, P }) {
  return (r - 1) / 2 - P;
}

/** Units of the row below that a unit takes; those below 0 or beyond the last are padding. */
export function takenBy(layer, unit, below) {
  if (layer.all) return [...Array(below).keys()];
  if (layer.factor && !layer.linear) return [Math.floor(unit / layer.factor)];
  if (layer.factor) {
    const position = (unit + 0.5) / layer.factor - 0.5;
    const ends = [Math.floor(position), Math.ceil(position)];
    return [...new Set(ends.map((end) => Math.min(Math.max(end, 0), below - 1)))];
  }
  if (layer.transposed) {
    return [...Array(below).keys()].filter((i) => {
      const tap = unit + layer.p - layer.s * i;
      return tap >= 0 && tap < layer.k;
    });
  }
  return Array.from({ length: layer.k }, (_, tap) => unit * layer.s - layer.p + tap * layer.d);
}

/** The height of the last row in the drawing, and where its unit 0 stands: over what it sees. */
function place(rows) {
  const row = rows.at(-1);
  row.level = 1 + Math.max(...row.links.map(({ source }) => rows[source].level));
  const offsets = row.links.flatMap(({ source, of }) =>
    of.flatMap((taken, unit) =>
      taken.map((i) => rows[source].at + rows[source].step * i - row.step * unit),
    ),
  );
  row.at = offsets.length ? offsets.reduce((sum, x) => sum + x, 0) / offsets.length : 0;
}

/** Padding before and after a row, as far as the rows above it take any. */
function paddingOf(rows, row) {
  const taken = rows.flatMap(({ links }) =>
    links.filter(({ source }) => rows[source] === row).flatMap(({ of }) => of.flat()),
  );
  return [Math.max(0, -Math.min(0, ...taken)), Math.max(0, Math.max(0, ...taken) - row.size + 1)];
}

/** Units of every row that one unit depends on, padding left out: a set for each row. */
export function seenBy(rows, { row, unit }) {
  return dependencies(
    rows,
    rows.map((_, number) => new Set(number === row ? [unit] : [])),
  );
}

/** Adds to a set of units for each row all that these depend on, padding left out. */
function dependencies(rows, seen) {
  for (let number = rows.length - 1; number > 0; number--) {
    for (const { source, of } of rows[number].links) {
      for (const taker of seen[number]) {
        for (const i of of[taker]) if (i >= 0 && i < rows[source].size) seen[source].add(i);
      }
    }
  }
  return seen;
}

/** The input units that a unit of the output sees, in order. */
export function inputsOf(rows, unit, row = rows.length - 1) {
  return [...seenBy(rows, { row, unit })[0]].sort((a, b) => a - b);
}

/** The input units that no unit of the output sees, in order. */
export function unseen(rows) {
  const top = rows.length - 1;
  const seen = dependencies(
    rows,
    rows.map((_, row) => new Set(row === top ? units(rows[top]) : [])),
  );
  return units(rows[0]).filter((unit) => !seen[0].has(unit));
}

/** For each row the exact regions of its units in the input, half-open; [0, 0] for nothing seen. */
export function regionsOf(rows) {
  const regions = [units(rows[0]).map((unit) => [unit, unit + 1])];
  for (const { size, links } of rows.slice(1)) {
    const row = Array.from({ length: size }, () => [Infinity, 0]);
    for (const { source, of } of links) {
      row.forEach((region, unit) => {
        for (const i of of[unit]) {
          const [start, stop] = regions[source][i] ?? [0, 0];
          if (stop > start) {
            region[0] = Math.min(region[0], start);
            region[1] = Math.max(region[1], stop);
          }
        }
      });
    }
    regions.push(row.map(([start, stop]) => (stop ? [start, stop] : [0, 0])));
  }
  return regions;
}

/** The closed form's region of every unit of a row, half-open, padding counted; null without one. */
export function formsOf(rows, row) {
  const { form } = rows[row];
  return form && units(rows[row]).map((unit) => fieldOf(form, unit));
}

/** The closed form's region of a unit, half-open, padding counted. */
export function fieldOf({ r, S, P }, unit) {
  return [unit * S - P, unit * S - P + r];
}

/** The numbers of a row's units. */
export function units({ size }) {
  return [...Array(size).keys()];
}

/** The settings of a layer in short: "k = 3, s = 2, p = 1". */
export function settings(layer) {
  if (layer.about !== undefined) return layer.about;
  if (layer.all) return "takes all units";
  if (layer.factor) return `${layer.linear ? "linear" : "nearest"}, ×${layer.factor}`;
  const parts = [`k = ${layer.k}`];
  if (layer.transposed || layer.s !== 1) parts.push(`s = ${layer.s}`);
  if (layer.d > 1) parts.push(`d = ${layer.d}`);
  if (layer.p !== layer.q) parts.push(`p = ${signed(layer.p)}`, `q = ${signed(layer.q)}`);
  else if (layer.p) parts.push(`p = ${signed(layer.p)}`);
  return (layer.transposed ? "transposed, " : "") + parts.join(", ");
}

/** A number with the sign that mathematics uses. */
export function signed(number) {
  return String(number).replace("-", "\u2212");
}
