/**
 * A Plotly figure with parts to choose from: over each lies a button.
 *
 * A click or Enter reports the part's name as the trigger `chosen`. The arrow keys move to the
 * nearest part in their direction. Where the number of columns follows from the width, another one
 * is asked for as the state `columns`.
 */

import { mount } from "../../browser/mount.js";
import { inTurn, load, saveButtons } from "../../browser/plot.js";

const ASIDE = 4; // a part so much farther away, but straight ahead, is as near as one aside

class Choices {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.scroller = find(".choices .scroller");
    [this.sheet, this.host, this.group] = [find(".sheet"), find(".graph"), find(".parts")];
    this.group.addEventListener("click", ({ target }) => {
      const part = this.parts[this.buttons.indexOf(target)];
      if (part && !part.current) this.choose({ of: this.data.of, name: part.name });
    });
    this.group.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["pointerover", "focusin"]) {
      this.group.addEventListener(kind, ({ target }) => this.highlight(target));
    }
    for (const kind of ["pointerleave", "focusout"]) {
      this.group.addEventListener(kind, () => this.highlight(null));
    }
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.scroller);
  }

  async show(data) {
    this.data = data;
    const figure = JSON.parse(data.figure);
    delete figure.layout.template; // its colours are those of the page
    await load(data.url);
    if (this.data !== data || this.removed) return; // Another one came meanwhile.
    this.parts = data.parts;
    this.figure = figure;
    this.config = {
      ...{ displaylogo: false, displayModeBar: true, staticPlot: false, responsive: false },
      modeBarButtons: [saveButtons(data.title)],
    };
    if (!this.fit()) return;
    await inTurn(this.host, (Plotly) =>
      Plotly.react(this.host, figure.data, figure.layout, this.config),
    );
    if (this.data === data) this.lay();
  }

  /** Gives the figure the width there is; false where that takes another number of columns. */
  fit() {
    const { layout } = this.figure;
    const width = this.scroller.clientWidth;
    const fitting = this.data.columns.filter(([from]) => from <= width).at(-1);
    this.width = width;
    if (fitting && fitting[1] !== this.data.across) {
      this.ask(fitting[1]);
      return false;
    }
    const { l, r, t, b } = layout.margin;
    const [[left, right], [bottom, top]] = [layout.xaxis.range, layout.yaxis.range];
    this.wide = fitting ? width : right - left + l + r;
    layout.width = this.wide;
    layout.height = ((this.wide - l - r) * (bottom - top)) / (right - left) + t + b;
    return true;
  }

  resize() {
    if (!this.figure || !this.scroller.clientWidth || this.scroller.clientWidth === this.width) {
      return;
    }
    if (this.fit()) inTurn(this.host, (Plotly) => Plotly.relayout(this.host, this.figure.layout));
  }

  /** Lays a button over each part. */
  lay() {
    const { parts, group, scroller } = this;
    const { of, title, at_end: atEnd } = this.data;
    const { layout } = this.figure;
    const held = this.buttons?.indexOf(document.activeElement) ?? -1;
    const { l, r, t, b } = layout.margin;
    this.sheet.style.width = `${this.wide}px`;
    group.style.inset = `${t}px ${r}px ${b}px ${l}px`;
    group.setAttribute("aria-label", title);
    const [[left, right], [bottom, top]] = [layout.xaxis.range, layout.yaxis.range];
    this.buttons = parts.map(({ name, box, spoken, current }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.name = name;
      button.title = spoken;
      button.setAttribute("aria-label", spoken.replaceAll("\n", ", "));
      if (current) button.setAttribute("aria-current", "true");
      Object.assign(button.style, {
        left: `${(100 * (box[0] - left)) / (right - left)}%`,
        top: `${(100 * (box[1] - top)) / (bottom - top)}%`,
        width: `${(100 * (box[2] - box[0])) / (right - left)}%`,
        height: `${(100 * (box[3] - box[1])) / (bottom - top)}%`,
      });
      return button;
    });
    group.replaceChildren(...this.buttons);
    if (atEnd && this.of !== of) scroller.scrollLeft = scroller.scrollWidth;
    this.of = of;
    const now = parts.findIndex(({ current }) => current);
    this.reach(this.buttons[held] ? held : Math.max(now, 0));
    this.buttons[held]?.focus({ preventScroll: true });
  }

  /** The one part that the tab key reaches; the arrow keys reach the others. */
  reach(number) {
    for (const [i, button] of this.buttons.entries()) button.tabIndex = i === number ? 0 : -1;
  }

  /** The shapes that belong to a part stand out. */
  highlight(button) {
    const numbers = this.parts[this.buttons.indexOf(button)]?.shapes ?? [];
    for (const shape of this.host.querySelectorAll(".shapelayer path[data-index]")) {
      shape.classList.toggle("near", numbers.includes(Number(shape.dataset.index)));
    }
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const now = this.buttons.indexOf(event.target);
    const next = this.nextTo(now, event.key);
    if (next === undefined) return;
    event.preventDefault();
    if (next < 0) return;
    this.reach(next);
    this.buttons[next].focus({ preventScroll: true });
    this.buttons[next].scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** The number of the part that a key leads to, -1 for none; undefined for other keys. */
  nextTo(now, key) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
      key
    ];
    if (key === "Home") return 0;
    if (key === "End") return this.parts.length - 1;
    if (!way || now < 0) return undefined;
    const middle = ({ box }) => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    const [x, y] = middle(this.parts[now]);
    let [best, least] = [-1, Infinity];
    for (const [number, part] of this.parts.entries()) {
      const [right, down] = [middle(part)[0] - x, middle(part)[1] - y];
      const ahead = right * way[0] + down * way[1];
      const away = ahead + ASIDE * Math.abs(right * way[1] + down * way[0]);
      if (ahead > 1 && away < least) [best, least] = [number, away];
    }
    return best;
  }

  remove() {
    this.observer.disconnect();
    this.removed = true;
    inTurn(this.host, (Plotly) => Plotly?.purge(this.host));
  }
}

export default mount(Choices, (choices, { data, setStateValue, setTriggerValue }) => {
  choices.choose = (chosen) => setTriggerValue("chosen", chosen);
  choices.ask = (columns) => setStateValue("columns", columns);
  choices.show(data);
});
