/**
 * The graph of a network, which the server writes as HTML: layers and folded scopes as boxes,
 * unfolded scopes as frames around theirs.
 *
 * A click on a scope is the trigger `fold`, its key, as are "all" and "none" of the buttons; a
 * click on a layer is the trigger `layer`.
 */

import { mount } from "../../browser/mount.js";

const STEP = 1.15; // by which a click on a button zooms
const ZOOMS = [0.4, 2];
const FITS = [1, 0.92]; // the last leaves text of 11 pixels

class Graph {
  constructor(root) {
    this.root = root;
    this.window = root.querySelector(".window");
    this.content = root.querySelector(".content");
    root.querySelector(".buttons").addEventListener("click", ({ target }) => this.act(target));
    this.window.addEventListener("click", ({ target }) => this.open(target.closest("button")));
    this.window.addEventListener("keydown", (event) => this.key(event));
    this.window.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    for (const reached of ["pointerover", "focusin"]) {
      this.window.addEventListener(reached, ({ target }) => this.say(target.closest("button")));
    }
  }

  /** Shows a graph; the box that was folded or unfolded stays at its height on the screen. */
  show({ graph, legend }) {
    if (graph === this.shown) return;
    this.shown = graph;
    const key = this.anchor?.dataset.key;
    const top = this.anchor?.getBoundingClientRect().top;
    this.content.innerHTML = graph;
    this.root.querySelector(".legend").innerHTML = legend;
    this.boxes = [...this.content.querySelectorAll("button")];
    this.fit();
    const now = this.boxes.find((box) => box.dataset.key === key);
    this.anchor = null;
    (now ?? this.boxes[0])?.setAttribute("tabindex", 0);
    if (!now) return;
    now.focus({ preventScroll: true });
    this.window.scrollTop += now.getBoundingClientRect().top - top;
  }

  act({ dataset }) {
    const task = dataset.do;
    if (task === "all" || task === "none") this.report("fold", task);
    else if (task === "larger") this.zoom(this.scale * STEP);
    else if (task === "smaller") this.zoom(this.scale / STEP);
    else if (task === "fit") this.fit();
  }

  /** The largest scale at which all can be seen, or the smallest that can be read. */
  fit() {
    for (const scale of FITS) {
      this.zoom(scale);
      if (this.window.scrollHeight <= this.window.clientHeight) return;
    }
  }

  zoom(scale) {
    this.scale = Math.min(Math.max(scale, ZOOMS[0]), ZOOMS[1]);
    this.content.style.zoom = this.scale;
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(this.scale * Math.exp(-event.deltaY / 300));
  }

  open(box) {
    if (box?.dataset.layer) this.report("layer", box.dataset.layer);
    else if (box) {
      this.anchor = box;
      this.report("fold", box.dataset.key);
    }
  }

  key(event) {
    const now = this.boxes.indexOf(event.target);
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const goal = { Home: 0, End: this.boxes.length - 1 }[event.key] ?? (step && now + step);
    if (goal === undefined) return;
    event.preventDefault();
    this.boxes[goal]?.focus();
  }

  /** Tells what a box is; one that is focused is where Tab comes back to. */
  say(box) {
    if (!box) return;
    this.root.querySelector(".said").textContent = box.ariaLabel;
    if (box !== this.root.activeElement && !box.matches(":focus")) return;
    this.content.querySelector("[tabindex='0']")?.setAttribute("tabindex", -1);
    box.setAttribute("tabindex", 0);
  }
}

export default mount(Graph, (graph, { data, setTriggerValue }) => {
  graph.report = setTriggerValue;
  graph.show(data);
});
