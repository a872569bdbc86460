/**
 * The graph of a network: layers and folded scopes as boxes, unfolded scopes as frames around them.
 *
 * What is folded is laid out by the server, which is told as the trigger `fold` the key of a scope,
 * "all" or "none". A click on a layer is the trigger `layer`.
 */

const NS = "http://www.w3.org/2000/svg";
const STEP = 1.25; // by which a click on a button zooms
const ZOOMS = [0.05, 2.5];
const DRAGGED = 4; // pixels: less is a click
const LETTERS = 22; // so many fit into a box

const graphs = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!graphs.has(parentElement)) graphs.set(parentElement, new Graph(parentElement));
  const graph = graphs.get(parentElement);
  graph.report = setTriggerValue;
  graph.show(data);
}

class Graph {
  constructor(root) {
    this.window = root.querySelector(".window");
    this.said = root.querySelector(".said");
    this.legend = root.querySelector(".legend");
    this.zoom = 1;
    root.querySelector(".buttons").addEventListener("click", ({ target }) => this.act(target));
    this.window.addEventListener("click", (event) => this.click(event));
    this.window.addEventListener("keydown", (event) => this.key(event));
    this.window.addEventListener("pointerover", ({ target }) => this.say(this.boxOf(target)));
    this.window.addEventListener("pointerdown", (event) => this.press(event));
    this.window.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      this.window.addEventListener(end, () => this.release());
    }
    this.window.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  show({ size, boxes, lines, colours }) {
    const text = JSON.stringify([size, boxes.map(({ key, place }) => [key, place])]);
    if (text === this.shown) return;
    this.shown = text;
    const anchor = this.anchor && this.on(this.anchor);
    this.size = size;
    this.boxes = boxes;
    const kinds = new Set(boxes.flatMap(({ kinds }) => (kinds ?? []).map(([name]) => name)));
    const named = Object.keys(colours).filter((name) => kinds.has(name));
    this.legend.replaceChildren(...named.map((name) => legendEntry(name, colours[name])));
    this.svg = element("svg", { viewBox: `0 0 ${size.join(" ")}` });
    this.svg.append(...boxes.map((box, number) => this.draw(box, number, colours)));
    const firstBox = this.svg.querySelector(".box:not(.frame)");
    for (const line of lines) {
      this.svg.insertBefore(element("path", { class: "line", d: path(line) }), firstBox);
    }
    const before = this.marked;
    this.window.replaceChildren(this.svg);
    this.scale(this.zoom);
    this.current = Math.max(
      0,
      boxes.findIndex(({ key }) => key === before),
    );
    this.mark(false);
    const now = anchor && this.on(this.anchor);
    if (now) {
      this.window.scrollLeft += now.left - anchor.left;
      this.window.scrollTop += now.top - anchor.top;
    } else this.reveal(this.svg.querySelector(`[data-number="${this.current}"]`));
    this.anchor = null;
  }

  draw(box, number, colours) {
    const { key, place, label, size, kinds, known, layer, op, count, frame } = box;
    const [x, y, width, height] = place;
    const node = element("g", { class: "box", transform: `translate(${x} ${y})` });
    node.dataset.number = number;
    if (layer) node.dataset.layer = layer;
    if (count) node.dataset.scope = label;
    node.classList.toggle("input", !key);
    node.classList.toggle("folded", Boolean(count) && !frame);
    node.classList.toggle("frame", Boolean(frame));
    node.classList.toggle("assumed", known === false);
    node.append(element("rect", { class: "ground", width, height, rx: 5 }));
    if (frame) {
      node.append(element("rect", { class: "header", width, height: 24 }));
      node.append(element("path", { class: "fold", d: "M9 10l4 4l4 -4" }));
      node.append(words(short(label, width / 7), 22, 16, ""));
      return node;
    }
    let top = 1;
    for (const [kind, share] of kinds ?? []) {
      const tall = share * (height - 2);
      const fill = colours[kind];
      node.append(element("rect", { x: 1, y: top, width: 5, height: tall, fill }));
      top += tall;
    }
    const what = op || (count && `${count} layers`);
    const under = [what, size].filter(Boolean).join(" · ");
    if (count) node.append(element("path", { class: "fold", d: "M13 9l4 4l-4 4" }));
    node.append(words(short(label, LETTERS - (count ? 2 : 0)), count ? 23 : 12, 17, ""));
    node.append(words(short(under, LETTERS + 4), 12, 33, "small"));
    return node;
  }

  act({ dataset }) {
    const task = dataset.do;
    if (task === "all" || task === "none") this.report("fold", task);
    else if (task === "larger") this.scale(this.zoom * STEP);
    else if (task === "smaller") this.scale(this.zoom / STEP);
    else if (task === "fit") this.fit();
  }

  fit() {
    const { clientWidth, clientHeight } = this.window;
    const [width, height] = this.size;
    this.scale(Math.min(1, (clientWidth - 24) / width, Math.max(clientHeight - 24, 200) / height));
  }

  /** Zooms, and keeps what is at a point of the window (else its middle) where it is. */
  scale(zoom, at) {
    const view = this.window;
    const [x, y] = at ?? [view.clientWidth / 2, view.clientHeight / 2];
    const next = Math.min(Math.max(zoom, ZOOMS[0]), ZOOMS[1]);
    const times = next / this.zoom;
    const goal = [(view.scrollLeft + x) * times - x, (view.scrollTop + y) * times - y];
    this.zoom = next;
    this.svg.setAttribute("width", this.size[0] * next);
    this.svg.setAttribute("height", this.size[1] * next);
    if (times !== 1) [view.scrollLeft, view.scrollTop] = goal;
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { left, top } = this.window.getBoundingClientRect();
    const at = [event.clientX - left, event.clientY - top];
    this.scale(this.zoom * Math.exp(-event.deltaY / 300), at);
  }

  press(event) {
    if (event.button) return;
    const { scrollLeft, scrollTop } = this.window;
    this.pressed = { x: event.clientX, y: event.clientY, scrollLeft, scrollTop };
    this.moved = false;
  }

  drag(event) {
    if (!this.pressed) return;
    const across = event.clientX - this.pressed.x;
    const down = event.clientY - this.pressed.y;
    if (Math.hypot(across, down) > DRAGGED) this.moved = true;
    if (!this.moved) return;
    this.window.classList.add("dragged");
    this.window.scrollLeft = this.pressed.scrollLeft - across;
    this.window.scrollTop = this.pressed.scrollTop - down;
  }

  release() {
    this.pressed = null;
    this.window.classList.remove("dragged");
  }

  boxOf(target) {
    const node = target.closest?.(".box");
    if (!node) return -1;
    const inFrame = node.classList.contains("frame") && !target.classList.contains("header");
    return inFrame ? -1 : Number(node.dataset.number);
  }

  click({ target }) {
    if (this.moved) return;
    const number = this.boxOf(target);
    if (number < 0) return;
    this.current = number;
    this.mark(false);
    this.open(number);
  }

  /** Opens a layer; folds a scope or unfolds it, and keeps it where it is on the screen. */
  open(number) {
    const { key, layer, count } = this.boxes[number];
    if (layer) this.report("layer", layer);
    else if (count) {
      this.anchor = key;
      this.report("fold", key);
    }
  }

  /** Where the box of a scope begins on the screen. */
  on(key) {
    const number = this.boxes.findIndex((box) => box.key === key);
    return this.svg.querySelector(`[data-number="${number}"]`)?.getBoundingClientRect();
  }

  key(event) {
    const last = this.boxes.length - 1;
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (step) this.current = Math.min(Math.max(this.current + step, 0), last);
    else if (event.key === "Home") this.current = 0;
    else if (event.key === "End") this.current = last;
    else if (event.key === "Enter" || event.key === " ") this.open(this.current);
    else return;
    event.preventDefault();
    this.mark(true);
  }

  /** Marks the current box, brings it into sight if asked, and says what it is. */
  mark(reveal) {
    this.svg.querySelector(".current")?.classList.remove("current");
    const node = this.svg.querySelector(`[data-number="${this.current}"]`);
    this.marked = this.boxes[this.current]?.key;
    if (!reveal || !node) return;
    node.classList.add("current");
    this.reveal(node);
    this.say(this.current);
  }

  /** Scrolls the graph alone: scrollIntoView would scroll the page as well. */
  reveal(node) {
    const [view, box] = [this.window.getBoundingClientRect(), node.getBoundingClientRect()];
    if (box.left < view.left || box.right > view.right) {
      this.window.scrollLeft += box.left - view.left - view.width / 3;
    }
    if (box.top < view.top || box.bottom > view.bottom) {
      this.window.scrollTop += box.top - view.top - view.height / 3;
    }
  }

  say(number) {
    if (number < 0) return;
    const { title, label, size } = this.boxes[number];
    this.said.textContent = (title ?? `${label} ${size}`).replaceAll("\n", " · ");
  }
}

/** A curve through points, which leaves and arrives level. */
function path(line) {
  let text = `M${line[0]} ${line[1]}`;
  for (let at = 2; at < line.length; at += 2) {
    const [x0, y0, x1, y1] = line.slice(at - 2, at + 2);
    const middle = (x0 + x1) / 2;
    text += y0 === y1 ? `L${x1} ${y1}` : `C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`;
  }
  return text;
}

/** At most so many letters, the middle left out, since names differ at their ends. */
function short(text, letters) {
  if (text.length <= letters) return text;
  const half = Math.floor((letters - 1) / 2);
  return `${text.slice(0, half)}\u2026${text.slice(text.length - half)}`;
}

function element(tag, attributes) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function words(text, x, y, className) {
  const node = element("text", { x, y, class: className });
  node.textContent = text;
  return node;
}

function legendEntry(name, colour) {
  const node = document.createElement("span");
  node.textContent = name;
  node.style.setProperty("--kind", colour);
  return node;
}
