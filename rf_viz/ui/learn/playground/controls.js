/** What a person chooses: menus, sliders, and the seed of random weights. */

import { most, OPERATIONS } from "./arithmetic.js";
import { settle, write } from "./write.js";

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
