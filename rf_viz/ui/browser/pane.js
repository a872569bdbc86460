/**
 * A plot of a picture or a line that can be zoomed and panned, with an SVG overlay.
 *
 * Coordinates are those of the data: pixel or cell i covers i to i + 1. The overlay's viewBox is
 * the visible window, so marks keep their coordinates whatever the zoom.
 */

const CLOSEST = 4; // cells across at the closest zoom
const APART = 45; // pixels between two ticks, at least
const DRAG = 4; // pixels a pointer moves before it drags rather than clicks

/** The plot in a figure, and what the pointer and the keys do in it. */
export class Pane {
  /** `on` has hover(x, y), leave() and pick(x, y), each optional. */
  constructor(figure, on = {}) {
    this.figure = figure;
    this.plot = figure.querySelector(".plot");
    this.canvas = figure.querySelector("canvas");
    this.svg = figure.querySelector("svg");
    this.line = figure.querySelector(".line");
    this.ticks = { x: figure.querySelector(".ticks.x"), y: figure.querySelector(".ticks.y") };
    this.on = on;
    this.pointers = new Map();
    this.window = null;
    new ResizeObserver(() => this.draw()).observe(this.plot);
    this.listen();
  }

  /**
   * Shows a raster ({source, width, height}) or a line ({values, low, high}).
   *
   * `home` is the window that a reset returns to and `reach` the furthest one can zoom out. A zoom
   * of the person's is kept while `home` stays the same.
   */
  show(content, home, reach = home) {
    const same = this.home && ["x", "y", "w", "h"].every((side) => this.home[side] === home[side]);
    this.content = content;
    this.home = home;
    this.flat = !content.source;
    const out = Math.max(reach.w / home.w, this.flat ? 1 : reach.h / home.h);
    this.furthest = around(home, out);
    if (!same) this.window = { ...home };
    this.overlay = null;
    const aspect = this.flat ? 5 : Math.min(4, Math.max(1 / 4, home.w / home.h));
    this.plot.style.setProperty("--aspect", aspect);
    this.figure.classList.toggle("flat", this.flat);
    this.draw();
  }

  /** Lays a raster ({source, x, y, w, h}) over the content, or takes it away. */
  lay(overlay) {
    if (this.overlay === overlay) return;
    this.overlay = overlay;
    this.draw();
  }

  draw() {
    if (!this.window) return;
    const { x, y, w, h } = this.window;
    const [width, height] = [this.plot.clientWidth, this.plot.clientHeight];
    if (!width || !height) return;
    this.svg.setAttribute("viewBox", `${x} ${y} ${w} ${h}`);
    this.plot.classList.toggle("zoomed", this.zoomed);
    if (this.flat) this.line.setAttribute("d", trace(this.content, x, w, width));
    else this.line.removeAttribute("d");
    this.raster(width, height);
    const { width: columns, height: rows, values, low, high } = this.content;
    const across = positions({
      start: x,
      length: w,
      pixels: width,
      extent: columns ?? values.length,
    });
    this.ticks.x.replaceChildren(...across.map(({ text, share }) => tick(text, "left", share)));
    const down = this.flat
      ? [
          { text: short(high), share: 0.05 },
          { text: short(low), share: 0.95 },
        ]
      : positions({ start: y, length: h, pixels: height, extent: rows });
    this.ticks.y.replaceChildren(...down.map(({ text, share }) => tick(text, "top", share)));
  }

  raster(width, height) {
    const { x, y, w, h } = this.window;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const pen = this.canvas.getContext("2d");
    const [sx, sy] = [this.canvas.width / w, this.canvas.height / h];
    pen.setTransform(sx, 0, 0, sy, -x * sx, -y * sy);
    if (!this.flat) {
      // Enlarged cells stay sharp; a picture larger than its plot would alias without smoothing.
      pen.imageSmoothingEnabled = Math.min(sx, sy) < 1;
      pen.imageSmoothingQuality = "high";
      pen.drawImage(this.content.source, 0, 0, this.content.width, this.content.height);
    }
    if (this.overlay) {
      const { source, x: left, y: top, w: across, h: down } = this.overlay;
      pen.imageSmoothingEnabled = false;
      pen.drawImage(source, left, top, across, down);
    }
  }

  get zoomed() {
    return this.window.w < this.home.w - 1e-9;
  }

  zoom(factor, x, y) {
    const { home, furthest } = this;
    const closest = Math.min(1, CLOSEST / Math.max(home.w, this.flat ? 0 : home.h));
    const scale = clamp((this.window.w / home.w) * factor, closest, furthest.w / home.w);
    const [w, h] = [home.w * scale, this.flat ? home.h : home.h * scale];
    const [fx, fy] = [(x - this.window.x) / this.window.w, (y - this.window.y) / this.window.h];
    this.move({ x: x - fx * w, y: this.flat ? home.y : y - fy * h, w, h });
  }

  move({ x, y, w, h }) {
    const far = w > this.home.w ? this.furthest : this.home;
    this.window = {
      x: clamp(x, far.x, far.x + far.w - w),
      y: clamp(y, far.y, far.y + far.h - h),
      w,
      h,
    };
    this.draw();
  }

  /** Pans as far as needed to bring a unit square into sight. */
  reveal(y, x) {
    const { window: now } = this;
    const near = (edge, length, at) => clamp(edge, at + 1 - length, at);
    this.move({ ...now, x: near(now.x, now.w, x), y: this.flat ? now.y : near(now.y, now.h, y) });
  }

  reset() {
    this.window = { ...this.home };
    this.draw();
  }

  /** Data coordinates under a pointer. */
  locate(event) {
    const box = this.plot.getBoundingClientRect();
    const { x, y, w, h } = this.window;
    return [
      x + ((event.clientX - box.left) / box.width) * w,
      y + ((event.clientY - box.top) / box.height) * h,
    ];
  }

  listen() {
    const { plot, pointers } = this;
    plot.addEventListener(
      "wheel",
      (event) => {
        const factor = Math.exp(event.deltaY * (event.deltaMode ? 0.03 : 0.0015));
        const before = this.window.w;
        this.zoom(factor, ...this.locate(event));
        // At the furthest zoom the wheel scrolls the page as usual.
        if (this.window.w !== before || factor < 1) event.preventDefault();
      },
      { passive: false },
    );
    plot.addEventListener("dblclick", () => this.reset());
    plot.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      plot.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, event);
      this.press = pointers.size === 1 ? { event, window: { ...this.window } } : null;
    });
    plot.addEventListener("pointermove", (event) => this.pointerMoved(event));
    plot.addEventListener("pointerup", (event) => {
      const click = this.press && !this.press.dragged;
      this.released(event);
      if (click) this.on.pick?.(...this.locate(event));
    });
    plot.addEventListener("pointercancel", (event) => this.released(event));
    plot.addEventListener("pointerleave", () => this.on.leave?.());
  }

  released(event) {
    this.pointers.delete(event.pointerId);
    this.press = null;
    this.plot.classList.remove("dragging");
  }

  pointerMoved(event) {
    const last = this.pointers.get(event.pointerId);
    if (last && this.pointers.size === 2) {
      const [other] = [...this.pointers.values()].filter((p) => p.pointerId !== event.pointerId);
      const middle = {
        clientX: (event.clientX + other.clientX) / 2,
        clientY: (event.clientY + other.clientY) / 2,
      };
      this.zoom(
        distance(last, other) / Math.max(1, distance(event, other)),
        ...this.locate(middle),
      );
      this.pointers.set(event.pointerId, event);
      return;
    }
    if (this.press && (this.zoomed || this.press.dragged)) this.drag(event);
    if (!this.press?.dragged) this.on.hover?.(...this.locate(event));
  }

  drag(event) {
    const { event: from, window: start } = this.press;
    if (!this.press.dragged && distance(from, event) < DRAG) return;
    this.press.dragged = true;
    this.plot.classList.add("dragging");
    this.on.leave?.();
    this.move({
      ...start,
      x: start.x - ((event.clientX - from.clientX) / this.plot.clientWidth) * start.w,
      y: start.y - ((event.clientY - from.clientY) / this.plot.clientHeight) * start.h,
    });
  }
}

/** Gives a mark of the overlay its place, or hides it where there is none. */
export function place(mark, attributes) {
  if (!attributes) {
    mark.setAttribute("visibility", "hidden");
    return;
  }
  for (const [name, value] of Object.entries(attributes)) mark.setAttribute(name, value);
  mark.removeAttribute("visibility");
}

/** The path of a line over its window: each value, or the extremes of every plot pixel. */
function trace({ values, low, high, steps }, x, w, width) {
  const span = high - low || 1;
  const height = (value) => (0.95 - (0.9 * (value - low)) / span).toFixed(4);
  const [from, to] = [
    Math.max(0, Math.floor(x) - 1),
    Math.min(values.length, Math.ceil(x + w) + 1),
  ];
  const each = (to - from) / (2 * width);
  const parts = [];
  if (each <= 1) {
    for (let i = from; i < to; i++) {
      if (steps) parts.push(`${i} ${height(values[i])}L${i + 1} ${height(values[i])}`);
      else parts.push(`${i + 0.5} ${height(values[i])}`);
    }
  } else {
    for (let start = from; start < to; start += 2 * each) {
      let [least, most] = [Infinity, -Infinity];
      for (let i = Math.floor(start); i < Math.min(to, start + 2 * each); i++) {
        least = Math.min(least, values[i]);
        most = Math.max(most, values[i]);
      }
      parts.push(`${start} ${height(least)}L${start} ${height(most)}`);
    }
  }
  return parts.length ? `M${parts.join("L")}` : "";
}

/** Sparse ticks, each at the middle of its pixel or cell, for those of `extent` in sight. */
function positions({ start, length, pixels, extent }) {
  const least = (length * APART) / pixels;
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  const step = Math.max(
    1,
    [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least),
  );
  const first = Math.max(0, Math.ceil((start - 0.5) / step) * step);
  const end = Math.min(extent, start + length);
  const ticks = [];
  for (let i = first; i + 0.5 <= end; i += step) {
    ticks.push({ text: i, share: (i + 0.5 - start) / length });
  }
  return ticks;
}

function tick(text, side, share) {
  const span = document.createElement("span");
  span.textContent = text;
  span.style[side] = `${100 * share}%`;
  return span;
}

/** Four significant digits, without trailing zeros. */
export function short(value) {
  if (!Number.isFinite(value)) return "not finite";
  const size = Math.abs(value);
  if (size && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

function around({ x, y, w, h }, factor) {
  return {
    x: x - (w * (factor - 1)) / 2,
    y: y - (h * (factor - 1)) / 2,
    w: w * factor,
    h: h * factor,
  };
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));
const distance = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
