/**
 * The bell of the effective receptive field: how many paths lead to the output from each input unit.
 *
 * After Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep
 * Convolutional Neural Networks", NeurIPS 2016 (arXiv 1701.04128).
 */

import { bold, fraction, lines, root } from "./formula.js";
import { element, tenths } from "./svg.js";
import { said } from "./text.js";
import { conv, lengthFor, rowsOf } from "./units.js";

const LEAST = 1 - 0.9545; // units belong to the bell from this share of the middle's paths on
const DRAWN = 3; // layers whose paths are drawn

/** The share of all paths that start at each unit of the field of a stack; they sum to 1. */
export function pathShares(depth, k) {
  let shares = new Float64Array([1]);
  for (let layer = 0; layer < depth; layer++) {
    const wider = new Float64Array(shares.length + k - 1);
    shares.forEach((share, i) => {
      for (let tap = 0; tap < k; tap++) wider[i + tap] += share / k;
    });
    shares = wider;
  }
  return shares;
}

/** Marks the units within the bell. */
function within(shares) {
  const least = LEAST * Math.max(...shares);
  return Array.from(shares, (share) => share >= least);
}

/** The square root of the number of pixels within the bell of a picture, with square kernels. */
export function areaWidth(shares) {
  const falling = [...shares].sort((a, b) => b - a);
  const least = LEAST * falling[0] ** 2;
  let [pixels, columns] = [0, falling.length];
  for (const row of falling) {
    while (columns && row * falling[columns - 1] < least) columns--;
    pixels += columns;
  }
  return Math.sqrt(pixels);
}

export const bell = {
  model({ depth, k }) {
    const shares = pathShares(depth, k);
    const inside = within(shares);
    const layers = Array.from({ length: Math.min(depth, DRAWN) }, () => conv({ k }));
    const rows = rowsOf({ length: lengthFor(layers, 3), layers });
    const width = inside.filter(Boolean).length;
    return { rows, counts: true, depth, k, shares, inside, width, area: areaWidth(shares) };
  },
  picture: curve,
  formulas({ depth, k }) {
    const variance = (depth * (k ** 2 - 1)) / 12;
    const width = 2 * Math.sqrt(2 * Math.log(1 / LEAST) * variance);
    const logarithm = ["2 ln", fraction("1", short(LEAST, 3))];
    return [
      lines(
        [
          "σ²",
          [
            "= L ·",
            fraction("k² - 1", "12"),
            `= ${depth} ·`,
            fraction(`${k}² - 1`, "12"),
            "=",
            bold(short(variance, 4)),
          ],
        ],
        ["w", ["≈ 2 σ ·", root(logarithm), "=", bold(short(width, 3))]],
        [
          root("A"),
          [
            "≈",
            fraction(root("π"), "2"),
            "· w =",
            bold(short((Math.sqrt(Math.PI) / 2) * width, 3)),
          ],
        ],
      ),
    ];
  },
  says({ depth, shares, inside, width, area }) {
    const size = shares.length;
    const paths = shares.reduce((sum, share, i) => sum + (inside[i] ? share : 0), 0);
    return [
      said(
        `**The field has r₀ = ${size} units, and the bell ${width} of them.** The bell is ` +
          `${percentage(width / size)} of the field, and ${percentage(paths)} of all paths start ` +
          "in it. **In two dimensions,** with square kernels, the square root of the bell’s area, " +
          `which the paper measures, is ${short(area, 3)}.`,
      ),
      said(
        "Four times as many layers make the field about four times as long, but the bell only " +
          `about twice as wide. To see why, count the paths ${drawnPart(depth)}from the output ` +
          "down. The output itself counts 1. For any other unit, look at the units above that use " +
          "it, and add their numbers.",
      ),
      said(
        "In a deep stack, these counts tend to a normal distribution. The equations give its " +
          "variance σ² after L layers, the width w of the part that is higher than 4.55% of the " +
          "middle, and the square root of the area A of that part in two dimensions.",
      ),
    ];
  },
};

/** Which layers the drawing below the curve has, where these are not all. */
function drawnPart(depth) {
  return depth > DRAWN ? `in the drawing of ${DRAWN} layers ` : "";
}

/** A number with so many significant digits. */
function short(value, digits) {
  return String(Number(value.toPrecision(digits)));
}

/** A share of one in percent; nothing but the whole is 100%. */
function percentage(share) {
  if (share === 1) return "100%";
  if (share < 1e-5) return "less than 0.001%";
  return `${share >= 0.1 ? (100 * share).toFixed(1) : short(100 * share, 2)}%`;
}

const [WIDEST_CURVE, HEIGHT, LEFT, BASE] = [736, 210, 44, 176]; // of the curve, in screen pixels

/** The shares as columns, those of the bell in colour; pointing or the arrow keys tell one. */
function curve({ shares, inside }, room) {
  const width = Math.min(room, WIDEST_CURVE);
  const svg = element("svg", { width, height: HEIGHT, class: "curve", role: "group" });
  svg.setAttribute("aria-label", "Share of all paths that start at each unit: arrow keys tell it");
  svg.tabIndex = 0;
  const most = Math.max(...shares);
  const step = (width - LEFT - 8) / shares.length;
  const column = (share, i) => {
    const [x, y] = [LEFT + i * step, BASE - ((BASE - 16) * share) / most];
    return `M${tenths(x)} ${BASE}V${tenths(y)}h${tenths(Math.max(step * 0.92, step - 2))}V${BASE}z`;
  };
  const d = (which) => Array.from(shares, (one, i) => (inside[i] === which ? column(one, i) : ""));
  svg.append(
    element("path", { class: "beyond", d: d(false).join("") }),
    element("path", { class: "within", d: d(true).join("") }),
    element("path", { class: "axis", d: `M${LEFT} ${BASE}H${width - 8}` }),
    element("text", { x: LEFT - 6, y: 20, class: "end" }, percentage(most)),
    element("text", { x: LEFT - 6, y: BASE, class: "end" }, "0"),
  );
  const middle = (shares.length - 1) / 2;
  for (const place of new Set([0, middle, 2 * middle])) {
    const x = LEFT + (place + 0.5) * step;
    svg.append(
      element("text", { x, y: BASE + 16 }, short(place - middle, 4).replace("-", "\u2212")),
    );
  }
  const title = element("text", { x: (LEFT + width) / 2, y: HEIGHT - 4, "aria-live": "polite" });
  title.textContent = UNITS;
  svg.append(title);
  let told = Math.floor(middle);
  const tell = (unit) => {
    told = unit;
    const place = short(unit - middle, 4).replace("-", "\u2212");
    title.textContent = `${place} units from the middle: ${percentage(shares[unit])} of all paths`;
  };
  const clear = () => {
    title.textContent = UNITS;
  };
  const point = ({ offsetX }) => {
    const unit = Math.floor((offsetX - LEFT) / step);
    if (unit in shares) tell(unit);
    else clear();
  };
  svg.addEventListener("pointerdown", point);
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerleave", clear);
  svg.addEventListener("focus", () => tell(told));
  svg.addEventListener("blur", clear);
  svg.addEventListener("keydown", (event) => {
    const unit = told + ({ ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0);
    if (unit === told) return;
    event.preventDefault();
    if (unit in shares) tell(unit);
  });
  return svg;
}

const UNITS = "units from the middle";
