/** The colours of pixels and of signed values, and the ink that can be read on them. */

const NEGATIVE = [33, 102, 172];
const POSITIVE = [178, 24, 43];
const WHITE = [255, 255, 255];
const STEPS = 256;

const LINEAR = Array.from({ length: 256 }, (_, level) => {
  const part = level / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
});

const SIGNED = Array.from({ length: 2 * STEPS + 1 }, (_, i) => {
  const share = (i - STEPS) / STEPS;
  return mixed(share < 0 ? NEGATIVE : POSITIVE, Math.abs(share));
});

/**
 * The scale of some planes: what colour a value has, and the ends. Without negative values it is
 * grey, and 255 is white unless a value is larger; otherwise white is 0.
 */
export function scaleOf(planes) {
  const low = Math.min(...planes.map((plane) => Math.min(...plane)));
  const high = Math.max(...planes.map((plane) => Math.max(...plane)));
  if (low >= 0) {
    const top = Math.max(high, 255);
    return { low: 0, high: top, signed: false, colour: (value) => grey((255 * value) / top) };
  }
  const limit = Math.max(-low, high);
  return { low: -limit, high: limit, signed: true, colour: (value) => signed(value / limit) };
}

/** The colour of a share from -1 to 1: blue, white, red. */
export function signed(share) {
  return SIGNED[Math.round(share * STEPS) + STEPS];
}

export function grey(level) {
  const whole = Math.round(level);
  return [whole, whole, whole];
}

/** The colour of a level of one channel alone: red, green or blue. */
export function tinted(level, channel) {
  return [0, 1, 2].map((other) => (other === channel ? level : 0));
}

export function css([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}

/** Black or white, whichever can be read better on a colour. */
export function inkOn([red, green, blue]) {
  const luminance = 0.2126 * LINEAR[red] + 0.7152 * LINEAR[green] + 0.0722 * LINEAR[blue];
  return luminance > 0.179 ? "#000" : "#fff";
}

function mixed(colour, share) {
  return colour.map((level, i) => Math.round(WHITE[i] + (level - WHITE[i]) * share));
}
