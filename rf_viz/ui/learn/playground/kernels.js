/** The kernels of the playground: presets of every size, random ones, and those of a person. */

const DECIMALS = 1e4; // a person's weights have four, so that an address holds them exactly
const MOST_WEIGHT = 999;

const PRESETS = {
  identity: (k) => shaped(k, (i, j) => Number(isMiddle(k, i) && isMiddle(k, j))),
  blur: (k) => shaped(k, () => 1 / (k * k)),
  soft: (k) => outer(binomial(k), binomial(k)).map((weight) => weight / 4 ** (k - 1)),
  across: (k) => outer(binomial(k), difference(k)),
  down: (k) => outer(difference(k), binomial(k)),
  outline: (k) => shaped(k, (i, j) => (isMiddle(k, i) && isMiddle(k, j) ? k * k - 1 : -1)),
  sharpen: (k) => shaped(k, (i, j) => cross(k, isMiddle(k, i), isMiddle(k, j))),
  emboss: (k) => shaped(k, (i, j) => i + j - (k - 1) + Number(isMiddle(k, i) && isMiddle(k, j))),
  ones: (k) => shaped(k, () => 1),
};

/** The weights of each channel, by the settings `kernel`, `k`, `seed` and `w`. */
export function kernelsOf({ kernel, k, seed, w }, channels) {
  if (kernel === "own") return fitted(w, k, channels);
  const random = generator(seed);
  const draw = () => Math.round(20 * random() - 10) / 10;
  return Array.from({ length: channels }, () =>
    kernel === "random" ? shaped(k, draw) : PRESETS[kernel](k),
  );
}

/** A weight as a person may set it. */
export function permitted(weight) {
  const within = Math.min(Math.max(weight, -MOST_WEIGHT), MOST_WEIGHT);
  return Math.round(within * DECIMALS) / DECIMALS;
}

/**
 * Weights of one or three channels, of any size, for another size and number of channels. What lies
 * around the middle stays; new places have 0, and new channels are like the first.
 */
export function fitted(weights, k, channels) {
  const three = !Number.isInteger(Math.sqrt(weights.length));
  const side = Math.sqrt(three ? weights.length / 3 : weights.length);
  const shift = middle(side) - middle(k);
  return Array.from({ length: channels }, (_, channel) => {
    const from = three ? channel * side * side : 0;
    return shaped(k, (i, j) => {
      const [y, x] = [i + shift, j + shift];
      const inside = y >= 0 && x >= 0 && y < side && x < side;
      return inside ? weights[from + y * side + x] : 0;
    });
  });
}

function shaped(k, weight) {
  return Array.from({ length: k * k }, (_, tap) => weight(Math.floor(tap / k), tap % k));
}

function outer(column, row) {
  return column.flatMap((a) => row.map((b) => a * b));
}

/** Of an even kernel, the middle is the first of the two. */
function middle(k) {
  return Math.floor((k - 1) / 2);
}

function isMiddle(k, tap) {
  return tap === middle(k);
}

/** A large weight in the middle, and -1 along its row and its column. */
function cross(k, inRow, inColumn) {
  if (inRow && inColumn) return 2 * k - 1;
  return inRow || inColumn ? -1 : 0;
}

/** A row of Pascal's triangle: 1, 2, 1 for k = 3. */
function binomial(k) {
  let row = [1];
  while (row.length < k) row = [...row, 0].map((weight, i) => weight + (row[i - 1] ?? 0));
  return row;
}

/** What a smoothed row changes by: -1, 0, 1 for k = 3. One weight alone sees no change. */
function difference(k) {
  if (k === 1) return [0];
  const row = binomial(k - 1);
  return [...row, 0].map((weight, i) => (row[i - 1] ?? 0) - weight);
}

/** Random numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
