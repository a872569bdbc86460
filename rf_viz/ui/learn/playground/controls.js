/** What a person chooses: menus, sliders, and the weights of the kernel. */

import { most, OPERATIONS } from "./arithmetic.js";
import { CHANNELS } from "./calculation.js";
import { css, inkOn, signed } from "./colours.js";
import { permitted } from "./kernels.js";
import { rounded } from "./sentences.js";
import { settle, write } from "./write.js";

const STEP = 0.5; // of a weight, for an arrow key; with Shift a tenth
const KERNEL_KEYS = { ArrowUp: 1, ArrowDown: -1 };

/** Menus and sliders. */
export class Controls {
  /** `change(name, value)` is called with every new value. */
  constructor(root, change) {
    this.says = root.querySelector(".says");
    this.menus = [...root.querySelectorAll("select")];
    this.sliders = [...root.querySelectorAll("input[type=range]")];
    this.random = root.querySelector(".random");
    this.seed = root.querySelector("[name=seed]");
    for (const menu of this.menus) menu.onchange = () => change(menu.name, menu.value);
    for (const slider of this.sliders)
      slider.oninput = () => change(slider.name, slider.valueAsNumber);
    this.seed.onchange = () => {
      const seed = this.seed.valueAsNumber;
      change("seed", Math.min(Math.max(Math.round(seed) || 0, 0), Number(this.seed.max)));
    };
    root.querySelector(".draw").onclick = () =>
      change("seed", 1 + Math.floor(Math.random() * Number(this.seed.max)));
  }

  /** Fills the menus: for each, titles by value. */
  fill(options) {
    for (const menu of this.menus) {
      const entries = Object.entries(options[menu.name]);
      menu.replaceChildren(...entries.map(([value, title]) => new Option(title, value)));
    }
  }

  show(settings, layer, says) {
    const { begins, weighted } = OPERATIONS[settings.op];
    for (const menu of this.menus) settle(menu, { value: settings[menu.name] });
    for (const slider of this.sliders) {
      const { name, min } = slider;
      const max = String(most(name, settings));
      slider.parentElement.hidden = !(name in begins);
      settle(slider, { max, disabled: max === min });
      settle(slider, { value: String(layer[name]) });
      write(slider.nextElementSibling, layer[name]);
    }
    this.menus.find(({ name }) => name === "kernel").parentElement.hidden = !weighted;
    this.random.hidden = !weighted || settings.kernel !== "random";
    settle(this.seed, { value: String(settings.seed) });
    write(this.says, says);
  }
}

/** The weights, each of which can be edited; a table for each channel. */
export class KernelEditor {
  /** `change(weights)` is called with all weights after each edit. */
  constructor(root, change) {
    this.root = root;
    this.change = change;
    this.tables = [];
    this.fields = [];
    root.addEventListener("input", ({ target }) => this.edit(target, numberOf(target.value)));
    root.addEventListener("focusout", ({ target }) => this.write(target));
    root.addEventListener("keydown", (event) => {
      const sign = KERNEL_KEYS[event.key];
      const at = this.fields.indexOf(event.target);
      if (!sign || at < 0) return;
      this.edit(event.target, this.weights[at] + sign * (event.shiftKey ? STEP / 5 : STEP));
      this.write(event.target);
      event.preventDefault();
    });
  }

  show(kernels) {
    this.weights = kernels.flat();
    this.fit(kernels);
    const limit = Math.max(...this.weights.map(Math.abs)) || 1;
    for (const [at, field] of this.fields.entries()) {
      const shade = signed(this.weights[at] / limit);
      field.style.background = css(shade);
      field.style.color = inkOn(shade);
      this.write(field);
    }
  }

  edit(field, value) {
    if (!Number.isFinite(value)) return; // half typed
    const weights = this.weights.map(permitted);
    weights[this.fields.indexOf(field)] = permitted(value);
    this.editing = field;
    this.change(weights);
    this.editing = null;
  }

  /** Shows a field's weight, unless it is the one that is being typed in. */
  write(field) {
    if (field === this.editing) return;
    const weight = permitted(this.weights[this.fields.indexOf(field)]);
    const focused = field === field.getRootNode().activeElement;
    const text = focused ? String(weight).replace("-", "−") : rounded(weight);
    settle(field, { value: text });
  }

  /** As many tables as channels, and as many fields as weights; what can stay does. */
  fit(kernels) {
    const side = Math.sqrt(kernels[0].length);
    const shape = `${kernels.length} ${side}`;
    if (shape === this.shape) return;
    this.shape = shape;
    while (this.tables.length > kernels.length) this.tables.pop().root.remove();
    while (this.tables.length < kernels.length) this.tables.push(new WeightTable(this.root));
    this.fields = this.tables.flatMap((table, channel) => {
      table.fit(side, kernels.length > 1 ? CHANNELS[channel] : "");
      return table.fields;
    });
  }
}

/** The number that a text spells, with either minus; NaN for any other text. */
function numberOf(text) {
  return text.trim() ? Number(text.replace("−", "-").replace(",", ".")) : Number.NaN;
}

/** The fields of one channel's weights. */
class WeightTable {
  constructor(parent) {
    this.root = parent.appendChild(document.createElement("div"));
    this.heading = this.root.appendChild(document.createElement("p"));
    this.heading.className = "channel";
    this.grid = this.root.appendChild(document.createElement("div"));
    this.grid.className = "weights";
    this.fields = [];
  }

  fit(side, channel) {
    this.heading.textContent = channel;
    this.heading.hidden = !channel;
    this.grid.style.setProperty("--side", side);
    while (this.fields.length > side * side) this.fields.pop().remove();
    while (this.fields.length < side * side) {
      const field = this.grid.appendChild(document.createElement("input"));
      field.autocomplete = "off";
      this.fields.push(field);
    }
    for (const [tap, field] of this.fields.entries()) {
      const place = `row ${Math.floor(tap / side)}, column ${tap % side}`;
      field.ariaLabel = `Weight: ${channel && `${channel}, `}${place}`;
    }
  }
}
