/**
 * The weights of the kernel, each of which can be edited; a table for each channel.
 *
 * Their fields are texts that can be edited, up to 75. As many inputs would take a browser longer
 * than a frame whenever the kernel's size changes, and so would as many new fields: each table has
 * those of the largest kernel from the first on, and shows some of them.
 */

import { CHANNELS } from "./calculation.js";
import { css, inkOn, signed } from "./colours.js";
import { permitted } from "./kernels.js";
import { MOST } from "./number_square.js";
import { rounded } from "./sentences.js";
import { settle, write } from "./write.js";

const STEP = 0.5; // of a weight, for an arrow key; with Shift a fifth of it
const STEPS_OF_KEYS = { ArrowUp: STEP, ArrowDown: -STEP };

export class KernelEditor {
  /** `change(weights)` is called with all weights after each edit. */
  constructor(root, change) {
    this.root = root;
    this.change = change;
    this.tables = [];
    this.fields = [];
    this.shades = new Map();
    root.addEventListener("input", ({ target }) => this.edit(target, numberOf(target.textContent)));
    root.addEventListener("focusin", ({ target }) => getSelection().selectAllChildren(target));
    root.addEventListener("focusout", () => this.show());
    root.addEventListener("keydown", (event) => {
      const step = STEPS_OF_KEYS[event.key];
      if (step) {
        const weight = this.weights[this.fields.indexOf(event.target)];
        this.edit(event.target, weight + (event.shiftKey ? step / 5 : step));
        this.show();
      } else if (event.key === "Enter") event.target.blur();
      else return;
      event.preventDefault();
    });
  }

  /** Shows the weights of each channel, by default those that it has. */
  show(kernels = this.kernels) {
    this.kernels = kernels;
    this.weights = kernels.flat();
    this.fit(kernels);
    const limit = Math.max(...this.weights.map(Math.abs)) || 1;
    for (const [at, field] of this.fields.entries()) {
      this.paint(field, signed(this.weights[at] / limit));
      if (field !== this.editing) write(field, rounded(permitted(this.weights[at])));
    }
  }

  /** Gives a field a colour unless it has it already. */
  paint(field, shade) {
    if (this.shades.get(field) === shade) return;
    this.shades.set(field, shade);
    field.style.background = css(shade);
    field.style.color = inkOn(shade);
  }

  /** Takes over what is typed, which stays as it is typed until the field is left. */
  edit(field, value) {
    if (!Number.isFinite(value)) return; // half typed
    const weights = this.weights.map(permitted);
    weights[this.fields.indexOf(field)] = permitted(value);
    this.editing = field;
    this.change(weights);
    this.editing = null;
  }

  /** Shows as many tables as channels, and as many fields as weights. */
  fit(kernels) {
    const side = Math.sqrt(kernels[0].length);
    const shape = `${kernels.length} ${side}`;
    if (shape === this.shape) return;
    this.shape = shape;
    while (this.tables.length < kernels.length) {
      this.tables.push(new WeightTable(this.root, CHANNELS[this.tables.length]));
    }
    for (const [channel, table] of this.tables.entries()) {
      table.root.hidden = channel >= kernels.length;
    }
    const shown = this.tables.slice(0, kernels.length);
    this.fields = shown.flatMap((table) => table.fit(side, kernels.length > 1));
  }
}

/** The number that a text spells, with either minus; NaN for any other text. */
function numberOf(text) {
  return text.trim() ? Number(text.replace("−", "-").replace(",", ".")) : Number.NaN;
}

/** The fields of one channel's weights. */
class WeightTable {
  constructor(parent, channel) {
    this.root = parent.appendChild(document.createElement("div"));
    this.heading = this.root.appendChild(document.createElement("p"));
    this.heading.className = "channel";
    this.heading.textContent = channel;
    this.grid = this.root.appendChild(document.createElement("div"));
    this.grid.className = "weights";
    this.grid.role = "group";
    this.channel = channel;
    this.fields = Array.from({ length: MOST * MOST }, (_, at) => {
      const field = this.grid.appendChild(document.createElement("span"));
      return Object.assign(field, {
        contentEditable: "plaintext-only",
        role: "textbox",
        spellcheck: false,
        ariaLabel: `Weight: row ${Math.floor(at / MOST)}, column ${at % MOST}`,
      });
    });
  }

  /** Shows the fields of a kernel, and returns them; the channel's name stands above if wanted. */
  fit(side, named) {
    settle(this.heading, { hidden: !named });
    settle(this.grid, { ariaLabel: named ? this.channel : "Kernel" });
    this.grid.style.setProperty("--side", side);
    return this.fields.filter((field, at) => {
      const isShown = at % MOST < side && at < side * MOST;
      settle(field, { hidden: !isShown });
      return isShown;
    });
  }
}
