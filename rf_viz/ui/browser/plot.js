/**
 * A Plotly figure of several panes that a component hosts.
 *
 * Plotly draws the figure that Python made. Overlays are moved as Plotly's own elements, which takes
 * a hundredth of the time of drawing the figure again; the figure's layout is kept in step, so that
 * whatever Plotly draws next, a saved image too, shows the same.
 */

const CLICK = 5; // pixels that a pointer may move between press and release
const TWICE = 350; // milliseconds between the two clicks of a double click
const FAR = -1e6; // where an overlay waits that does not show; its entry in the legend stays
const NOWHERE = "M0,0Z";
const DISK =
  "M10 0h-8a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-10zm-2 2v4h-5v-4zm0 12a3 3 0 1 1 0-6 3 3 0 0 1 0 6z";

/** Plotly.js, loaded once for all components of the page. */
export function load(url) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  window.rfVizPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(url, document.baseURI);
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error(`${script.src} cannot be loaded`));
    document.head.append(script);
  });
  return window.rfVizPlotly;
}

const drawings = new WeakMap(); // by element, what is fulfilled when Plotly has drawn it

/**
 * Lets Plotly draw into an element when it has drawn what it was given before.
 *
 * Plotly goes on after its calls have returned, and fails where its figure has gone meanwhile.
 */
export function inTurn(host, make) {
  const drawn = (drawings.get(host) ?? Promise.resolve()).then(() => make(window.Plotly));
  drawings.set(
    host,
    drawn.catch(() => {}),
  );
  return drawn;
}

/** Buttons of the mode bar that save a figure as a file, on white; `changes` are to its layout. */
export function saveButtons(filename, changes = {}) {
  const white = { paper_bgcolor: "white", plot_bgcolor: "white", ...changes };
  return ["png", "svg"].map((format) => ({
    name: `save ${format}`,
    title: `Save as ${format.toUpperCase()}`,
    icon: { width: 16, height: 16, path: DISK },
    click: ({ data, layout }) =>
      window.Plotly.downloadImage(
        { data, layout: { ...layout, ...white } },
        { format, filename, width: layout.width, height: layout.height, scale: 2 },
      ),
  }));
}

export class Plot {
  /**
   * `on` has what the pointer does in a pane, each with the pane's name and the position in data
   * coordinates: hover(pane, x, y), leave() and pick(pane, x, y); arrange(width) gives the panes
   * their places, drawn() is called whenever Plotly has drawn.
   */
  constructor(host, panes, on) {
    this.host = host;
    this.panes = panes; // by name: { axes: the number of its axes, focus: the element over it }
    this.on = on;
    this.active = null;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(host);
    this.listen();
  }

  /** Draws a figure; zoom and pan stay while the panes show the same extents. */
  async show(figure, { url, titles, name }) {
    await load(url);
    await inTurn(this.host, (Plotly) => this.removed || this.draw(Plotly, figure, titles, name));
  }

  async draw(Plotly, { data, layout }, titles, name) {
    this.data = data;
    const homes = {};
    for (const [axis, { range }] of Object.entries(layout)) if (range) homes[axis] = [...range];
    const same = this.graph && JSON.stringify(homes) === JSON.stringify(this.homes);
    if (same)
      for (const axis of Object.keys(homes)) layout[axis].range = [...this.full[axis].range];
    this.homes = homes;
    const touch = matchMedia("(pointer: coarse)").matches;
    Object.assign(layout, {
      ...{ hovermode: false, dragmode: touch ? false : "pan", autosize: true },
      ...{ paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" },
    });
    this.layout = layout;
    this.fit();
    this.config = {
      ...{ displaylogo: false, scrollZoom: true, doubleClick: false, responsive: false },
      displayModeBar: true,
      modeBarButtons: [
        ["zoom2d", "pan2d"],
        ["zoomIn2d", "zoomOut2d", "resetScale2d"],
        saveButtons(name, { annotations: titles }),
      ],
    };
    if (this.graph) {
      await Plotly.react(this.graph, data, layout, this.config);
    } else {
      this.graph = await Plotly.newPlot(this.host, data, layout, this.config);
      this.graph.on("plotly_afterplot", () => this.settled());
      this.graph.on("plotly_relayouting", () => this.drawn());
    }
    this.settled();
  }

  get full() {
    return this.graph._fullLayout;
  }

  /** Whether there is a figure whose parts can be moved. */
  get drawable() {
    return Boolean(this.numbers) && !this.removed;
  }

  /** The axes of a pane, with Plotly's ways between data and pixels. */
  scales(pane) {
    const { axes } = this.panes[pane];
    return { x: this.full[`xaxis${axes}`], y: this.full[`yaxis${axes}`] };
  }

  /** Replaces some attributes of traces, the same ones of each. */
  restyle(numbers, traces) {
    const names = Object.keys(traces[0]);
    const values = names.map((name) => [name, traces.map((trace) => trace[name])]);
    this.afterwards(window.Plotly.restyle(this.graph, Object.fromEntries(values), numbers));
  }

  /** Gives a pane that shows an image, the first of its subplot, another one. */
  picture(pane, source) {
    const { axes } = this.panes[pane];
    for (const traces of [this.graph.data, this.graph._fullData]) {
      traces.find(({ type, xaxis }) => type === "image" && xaxis === `x${axes}`).source = source;
    }
    const image = this.host.querySelector(`.cartesianlayer .x${axes}y${axes} .imagelayer image`);
    image?.setAttribute("href", source);
  }

  /** Drawn in full, and not only panned. */
  settled() {
    this.size = `${this.host.clientWidth} ${this.host.clientHeight}`;
    this.drawn();
  }

  drawn() {
    if (!this.graph || this.removed) return;
    const { shapes } = this.graph.layout;
    this.numbers = new Map(shapes.map(({ name, xref }, number) => [`${xref} ${name}`, number]));
    this.paths = new Map();
    for (const group of this.host.querySelectorAll(".shapelayer [data-index]")) {
      this.paths.set(Number(group.dataset.index), group.querySelector("path") ?? group);
    }
    for (const [pane, { focus }] of Object.entries(this.panes)) {
      const { x, y } = this.scales(pane);
      Object.assign(focus.style, {
        ...{ left: `${x._offset}px`, top: `${y._offset}px` },
        ...{ width: `${x._length}px`, height: `${y._length}px` },
      });
    }
    this.on.drawn();
  }

  /** Gives an outline and its casing a box, [[start, stop], …], or hides them. */
  outline(pane, name, box) {
    for (const part of [name, `${name} casing`]) {
      const shape = this.shape(pane, part);
      if (!shape) continue;
      const [x0, x1, y0, y1] = box ? this.corners(box, shape) : [FAR, FAR, FAR, FAR];
      this.change(shape, { x0, x1, y0, y1 }, box ? this.d([box], shape) : "");
    }
  }

  /** Lets a veil cover the first of some boxes but for the others; hides it without any. */
  veil(pane, name, boxes) {
    const shape = this.shape(pane, name);
    const path = (box) => {
      const [x0, x1, y0, y1] = this.corners(box, shape);
      return `M${x0},${y0}H${x1}V${y1}H${x0}Z`;
    };
    this.change(shape, { path: boxes?.map(path).join(" ") ?? NOWHERE }, this.d(boxes ?? [], shape));
  }

  /** Moves a dot to a point [row, column], or hides it. */
  dot(pane, name, point) {
    const shape = this.shape(pane, name);
    if (!point) {
      this.change(shape, { xanchor: FAR, yanchor: FAR }, "");
      return;
    }
    const [xanchor, , yanchor] = this.corners(
      point.map((n) => [n + 0.5, n + 0.5]),
      shape,
    );
    const { across, down } = this.ways(shape);
    const [x, y, r] = [across(xanchor), down(yanchor), shape.x1];
    const d = `M${x + r},${y}A${r},${r} 0 1,1 ${x},${y - r}A${r},${r} 0 0,1 ${x + r},${y}Z`;
    this.change(shape, { xanchor, yanchor }, d);
  }

  /** The overlay of that name in a pane. */
  shape(pane, name) {
    return this.full.shapes[this.numbers.get(`x${this.panes[pane].axes} ${name}`)];
  }

  change(shape, attributes, d) {
    const number = shape._index;
    Object.assign(this.graph.layout.shapes[number], attributes);
    Object.assign(shape, attributes);
    this.paths.get(number)?.setAttribute("d", d);
  }

  /** Left, right, top and bottom of a box in data coordinates; over a line it fills the height. */
  corners(box, { yref }) {
    const [[top, bottom], [left, right]] = yref.endsWith("domain") ? [[0.5, 1.5], box.at(-1)] : box;
    return [left - 0.5, right - 0.5, top - 0.5, bottom - 0.5];
  }

  /** From data coordinates to pixels of the graph. */
  ways({ xref, yref }) {
    const x = this.full[xref.replace("x", "xaxis")];
    const y = this.full[yref.replace(" domain", "").replace("y", "yaxis")];
    const domain = yref.endsWith("domain");
    return {
      across: (value) => x._offset + x.l2p(value),
      down: (value) => y._offset + (domain ? value * y._length : y.l2p(value)),
    };
  }

  d(boxes, shape) {
    const { across, down } = this.ways(shape);
    const parts = boxes.map((box) => {
      const [x0, x1, y0, y1] = this.corners(box, shape);
      return `M${across(x0)},${down(y0)}H${across(x1)}V${down(y1)}H${across(x0)}Z`;
    });
    return parts.join("");
  }

  /** Zooms a pane about its middle; a factor below 1 shows less. */
  zoom(pane, factor) {
    this.scroll(pane, (low, high) => {
      const [middle, half] = [(low + high) / 2, ((high - low) / 2) * factor];
      return [middle - half, middle + half];
    });
  }

  /** Pans a pane as far as needed to bring a pixel or cell [row, column] into sight. */
  reveal(pane, point) {
    this.scroll(pane, (low, high, axis) => {
      const at = axis === "x" ? point.at(-1) : point.at(-2);
      if (at === undefined) return [low, high];
      const [first, last] = [Math.min(low, high), Math.max(low, high)];
      const by = Math.min(0, at - 0.5 - first) + Math.max(0, at + 0.5 - last);
      return [low + by, high + by];
    });
  }

  scroll(pane, move) {
    if (!this.drawable) return;
    const { x, y } = this.scales(pane);
    const now = [...x.range, ...y.range];
    const line = y.fixedrange || !y.scaleanchor;
    const next = [...move(...x.range, "x"), ...(line ? y.range : move(...y.range, "y"))];
    if (next.every((n, i) => Math.abs(n - now[i]) < 1e-9)) return;
    const ranges = {
      [`${x._name}.range`]: next.slice(0, 2),
      ...(line ? {} : { [`${y._name}.range`]: next.slice(2) }),
    };
    this.afterwards(window.Plotly.relayout(this.graph, ranges));
  }

  /** Shows all of every pane again. */
  reset() {
    if (!this.drawable) return;
    const change = {};
    for (const [name, range] of Object.entries(this.homes)) change[`${name}.range`] = [...range];
    this.afterwards(window.Plotly.relayout(this.graph, change));
  }

  /** Makes the next drawing wait until Plotly has finished this change. */
  afterwards(change) {
    inTurn(this.host, () => change);
  }

  fit() {
    this.width = this.host.clientWidth;
    this.on.arrange(this.width);
  }

  resize() {
    const { clientWidth, clientHeight } = this.host;
    if (!this.graph || !clientWidth || `${clientWidth} ${clientHeight}` === this.size) return;
    this.arrangeAgain();
  }

  /** Gives the panes their places anew. */
  arrangeAgain() {
    inTurn(this.host, (Plotly) => {
      if (this.removed) return null;
      this.fit();
      return Plotly.react(this.graph, this.data, this.layout, this.config);
    });
  }

  /** The pane under a pointer and the position in it, null outside of all panes. */
  locate(event) {
    if (!this.drawable) return null;
    const box = this.host.getBoundingClientRect();
    for (const pane of Object.keys(this.panes)) {
      const { x, y } = this.scales(pane);
      const [left, top] = [
        event.clientX - box.left - x._offset,
        event.clientY - box.top - y._offset,
      ];
      if (left >= 0 && top >= 0 && left < x._length && top < y._length) {
        return { pane, x: x.p2l(left) + 0.5, y: y.p2l(top) + 0.5 };
      }
    }
    return null;
  }

  listen() {
    const { host } = this;
    this.controller = new AbortController();
    const { signal } = this.controller;
    const hear = (target, name, hear) =>
      target.addEventListener(name, hear, { capture: true, signal });
    hear(host, "pointermove", (event) => this.moved(event));
    hear(host, "pointerleave", (event) => {
      // While a button is down Plotly covers the page.
      if (event.target !== host || this.press) return;
      this.active = null;
      this.on.leave();
    });
    hear(host, "pointerdown", (event) => {
      this.press = event.button ? null : { event, at: this.locate(event) };
    });
    hear(window, "pointermove", (event) => {
      if (this.press && distance(this.press.event, event) > CLICK) this.press.dragged = true;
    });
    hear(window, "pointerup", (event) => this.released(event));
    hear(window, "pointercancel", () => {
      this.press = null;
    });
    hear(window, "pointerdown", (event) => {
      if (!event.composedPath().includes(host)) this.active = null;
    });
    // The wheel scrolls the page, unless it is meant for the pane.
    hear(host, "wheel", (event) => {
      const at = this.locate(event);
      if (!at || !(event.ctrlKey || this.active === at.pane)) event.stopPropagation();
    });
  }

  moved(event) {
    const at = this.locate(event);
    if (!at || this.press?.dragged) this.on.leave();
    else this.on.hover(at.pane, at.x, at.y, event);
  }

  released(event) {
    const { press } = this;
    this.press = null;
    this.active = press?.at?.pane ?? null;
    if (!press?.at || press.dragged) return;
    const at = this.locate(event);
    if (at?.pane !== press.at.pane) return;
    const again = this.last && event.timeStamp - this.last.timeStamp < TWICE;
    const near = again && distance(this.last, event) < CLICK;
    this.last = event;
    if (near) this.reset();
    else this.on.pick(at.pane, at.x, at.y);
  }

  remove() {
    this.controller.abort();
    this.observer.disconnect();
    this.removed = true;
    inTurn(this.host, (Plotly) => Plotly?.purge(this.host));
  }
}

/** The rows of a matrix that is stored as one array. */
export function rows({ data, shape }) {
  const width = shape.at(-1);
  return Array.from({ length: data.length / width }, (_, row) =>
    data.subarray(row * width, (row + 1) * width),
  );
}

const distance = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
