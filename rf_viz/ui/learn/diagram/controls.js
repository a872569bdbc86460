/**
 * The controls of a living figure: sliders, choices, and steps to walk through.
 *
 * `change` is called with a name, its value, and whether the movement has ended.
 */

import { signed } from "./units.js";

const PACE = 1600; // milliseconds from one step to the next, when they play

export class Controls {
  constructor(root, descriptions, change) {
    this.parts = new Map();
    const groups = new Map();
    for (const description of descriptions) {
      const part = new KINDS[description.kind](description, (value, ended) =>
        change(description.name, value, ended),
      );
      this.parts.set(description.name, part);
      groupOf(root, groups, description.group).append(part.node);
    }
  }

  set(values) {
    for (const [name, part] of this.parts) part.set(values[name]);
  }

  /** Shows only the controls that the figure has at these values. */
  keep(has) {
    for (const [name, part] of this.parts) part.node.hidden = !has(name);
  }

  /** Tells a walk the number of its last step, which may depend on the other values. */
  limit(name, last) {
    this.parts.get(name).high = last;
  }

  remove() {
    for (const part of this.parts.values()) part.stop?.();
  }
}

/** The row of a group, which bears its title; what belongs to no group stands alone. */
function groupOf(root, groups, title) {
  if (!title) return root;
  if (!groups.has(title)) {
    const row = html("fieldset", { className: "group" });
    row.append(html("legend", { textContent: title }));
    groups.set(title, row);
    root.append(row);
  }
  return groups.get(title);
}

class Slider {
  constructor({ label, low, high }, change) {
    this.node = html("label", { className: "slider" });
    this.output = html("b", { ariaHidden: true }); // an output would take the label for itself
    const title = html("span", {});
    title.append(label, this.output);
    this.input = html("input", { type: "range", min: low, max: high, step: 1 });
    this.node.append(title, this.input);
    this.input.addEventListener("input", () => {
      this.output.textContent = signed(this.input.value);
      change(Number(this.input.value), false);
    });
    this.input.addEventListener("change", () => change(Number(this.input.value), true));
  }

  set(value) {
    this.input.value = value;
    this.output.textContent = signed(value);
  }
}

class Choice {
  constructor({ label, options }, change) {
    this.node = html("div", { className: "buttons choice", role: "group", ariaLabel: label });
    this.buttons = Object.entries(options).map(([value, text]) => {
      const button = html("button", { type: "button", textContent: text });
      button.dataset.value = value;
      button.addEventListener("click", () => {
        this.set(value);
        change(value, true);
      });
      return button;
    });
    this.node.append(...this.buttons);
  }

  set(value) {
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", button.dataset.value === value);
    }
  }
}

class Steps {
  constructor({ label, high }, change) {
    this.high = high;
    this.change = change;
    this.node = html("div", { className: "steps", role: "group", ariaLabel: label });
    const button = (text, action) => {
      const node = html("button", { type: "button", className: "control", textContent: text });
      node.addEventListener("click", action);
      return node;
    };
    this.back = button("Back", () => this.go(this.value - 1));
    this.next = button("Next", () => this.go(this.value + 1));
    this.player = button("Play", () => (this.timer ? this.stop() : this.play()));
    this.output = html("output", {});
    this.node.append(this.player, this.back, this.next, this.output);
  }

  set(value) {
    this.value = Math.min(value, this.high);
    this.output.textContent = `Step ${this.value} of ${this.high}`;
    this.back.ariaDisabled = this.value === 0;
    this.next.ariaDisabled = this.value === this.high;
  }

  /** A button at its end keeps the focus, and does nothing: a disabled one would lose it. */
  go(value) {
    this.stop();
    if (value >= 0 && value <= this.high) this.move(value, true);
  }

  move(value, ended) {
    this.set(value);
    this.change(value, ended);
  }

  play() {
    this.player.textContent = "Pause";
    this.move(this.value === this.high ? 0 : this.value + 1, false);
    this.timer = setInterval(() => {
      if (this.value < this.high) this.move(this.value + 1, false);
      else this.stop();
    }, PACE);
  }

  stop() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.player.textContent = "Play";
    this.change(this.value, true);
  }
}

const KINDS = { slider: Slider, choice: Choice, steps: Steps };

function html(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
