/**
 * A living figure: controls, the network that they make, its formulas, and what these come to.
 * Another figure may take its place.
 *
 * All of it is worked out here, so that it follows a slider at once. The values reach Python as the
 * state `values` when the movement ends: they belong into the page's address. Each report has a
 * `turn`; Python's own values count where it has a later turn, as after a step back.
 */

import { mount } from "../../browser/mount.js";
import { Controls } from "./controls.js";
import { UnitDrawing } from "./drawing.js";
import { FIGURES } from "./figures.js";
import { renew } from "./renewed.js";
import { strip } from "./strip.js";
import { Misfit } from "./units.js";
import { followed } from "./width.js";

class LivingFigure {
  constructor(root) {
    this.root = root.querySelector(".living");
    this.part = (name) => root.querySelector(`.${name}`);
    this.drawing = new UnitDrawing(this.part("stage"));
    this.drawing.report = ({ above, unit }) => {
      this.values.unit = [above, unit];
      this.tell();
    };
    this.room = followed(this.part("controls"), () => this.illustrate());
    const scrolling = new ResizeObserver((entries) => {
      for (const { target } of entries) letScroll(target);
    });
    for (const name of ["picture", "strip", "formulas"]) scrolling.observe(this.part(name));
    this.drawing.lit = (here) => {
      this.write(here);
      if (this.emphasised) this.light();
    };
    for (const event of ["pointerover", "focusin"]) {
      this.root.addEventListener(event, ({ target }) => this.emphasise(target));
    }
    for (const event of ["pointerleave", "focusout"]) {
      this.root.addEventListener(event, () => this.emphasise(null));
    }
  }

  remove() {
    this.controls.remove();
  }

  show(data) {
    if (data.name !== this.name) this.begin(data);
    if (data.turn <= this.turn) return;
    this.turn = data.turn;
    this.values = { ...data.values };
    this.draw();
  }

  begin({ name, figure, controls, defaults, details }) {
    this.controls?.remove();
    for (const part of ["controls", "picture", "strip"]) this.part(part).replaceChildren();
    [this.name, this.details, this.turn] = [name, details, -1];
    this.figure = FIGURES[figure];
    Object.assign(this.root.dataset, { name, figure });
    this.controls = new Controls(this.part("controls"), controls, (name, value, ended) => {
      this.values[name] = value;
      this.draw();
      if (ended) this.tell();
    });
    for (const { label, to } of this.figure.actions ?? []) {
      const button = Object.assign(document.createElement("button"), {
        type: "button",
        className: "control",
        textContent: label,
      });
      button.addEventListener("click", () => {
        Object.assign(this.values, to(this.values, defaults));
        this.draw();
        this.tell();
      });
      this.part("controls").append(button);
    }
  }

  /** Reports the values, and that they are later than those before. */
  tell() {
    this.turn += 1;
    this.report({ name: this.name, turn: this.turn, values: this.values });
  }

  draw() {
    const { figure, values } = this;
    if (figure.last) this.controls.limit("step", figure.last(values));
    this.controls.set(values);
    if (figure.has) this.controls.keep((name) => figure.has(name, values));
    const misfit = this.part("misfit");
    misfit.textContent = "";
    try {
      this.model = figure.model(values, this.details);
    } catch (error) {
      if (!(error instanceof Misfit)) throw error; // a defect of ours
      misfit.textContent = `This does not fit. ${error.message}`;
    }
    misfit.hidden = !misfit.textContent;
    this.root.classList.toggle("unfit", !misfit.hidden);
    if (!misfit.hidden) return;
    const { rows } = this.model;
    this.root.classList.toggle("pictured", !rows);
    this.part("stage").hidden = !rows;
    this.illustrate();
    if (rows) {
      this.drawing.chosen = null;
      this.drawing.show({ ...this.model, start: this.pinned() });
    } else this.write(null);
  }

  /** Draws the figure's picture, as wide as there is room. */
  illustrate() {
    const { figure, model } = this;
    const place = this.part("picture");
    if (figure?.picture && model) place.replaceChildren(figure.picture(model, this.room()));
  }

  /** The pinned unit, or the nearest one if the network has become smaller since. */
  pinned() {
    const { rows, start } = this.model;
    const top = rows.length - 1;
    const [above, unit] = this.values.unit ?? [0, start ?? Math.floor(rows[top].size / 2)];
    const row = Math.max(0, top - above);
    return { row, unit: Math.min(unit, rows[row].size - 1) };
  }

  /** Writes formulas and sentences with the numbers of a unit, if it is one of the output. */
  write(here) {
    const { figure, model } = this;
    const top = (model.rows?.length ?? 0) - 1;
    const middle = model.start ?? Math.floor((model.rows?.[top].size ?? 0) / 2);
    const unit = here?.row === top ? here.unit : middle;
    if (this.written === model && this.unit === unit) return;
    [this.written, this.unit] = [model, unit];
    renew(this.part("formulas"), figure.formulas(model, unit));
    renew(this.part("says"), figure.says(model, unit));
    if (figure.strip) this.part("strip").replaceChildren(...strip(figure.strip(model), unit));
  }

  /** Lights all that bears the name of what is pointed at: terms, marks, and units above marks. */
  emphasise(target) {
    const name = target?.closest?.("[data-term]")?.dataset.term ?? null;
    if (name === this.emphasised) return;
    this.emphasised = name;
    this.light();
  }

  light() {
    const name = this.emphasised;
    for (const one of this.root.querySelectorAll(".formulas [data-term]")) {
      one.classList.toggle("lit", one.dataset.term === name);
    }
    if (this.model?.rows) this.drawing.emphasise(name);
  }
}

/** Lets the keyboard scroll what is wider than its place. */
function letScroll(element) {
  if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
  else element.removeAttribute("tabindex");
}

export default mount(LivingFigure, (figure, { data, setStateValue }) => {
  figure.report = (state) => setStateValue("values", state);
  figure.show(data);
});
