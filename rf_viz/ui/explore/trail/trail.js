/**
 * The trail: the layers on the way from the input to the pinned cell, with what feeds it in each.
 *
 * A click or Enter reports a stop's layer as the trigger `stop`, or, on the stop that stands in
 * for those left out, the trigger `whole`. The arrow keys move from stop to stop.
 */

import { unpack } from "../../browser/packet.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, GAP] = [112, 26]; // of a column, and between columns
const [LEAST, MOST] = [56, 96]; // the longer side of a picture
const CROWDED = 72; // the same where there are many rows
const LINE = 24; // the height of a signal
const TEXT = 66; // below a picture
const LANE = 9; // between links that pass above
const FINE = 4; // screen pixels below which single cells are filled rather than outlined

const trails = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!trails.has(parentElement)) trails.set(parentElement, new Trail(parentElement));
  const trail = trails.get(parentElement);
  trail.report = (name, value) => setTriggerValue(name, value);
  trail.show(unpack(data));
}

class Trail {
  constructor(root) {
    this.root = root;
    this.legend = root.querySelector(".legend");
    this.strip = root.querySelector(".strip");
    this.sheet = root.querySelector(".sheet");
    this.svg = root.querySelector("svg");
    this.sheet.addEventListener("click", (event) => this.choose(this.numberOf(event)));
    this.sheet.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["pointerover", "focusin"]) {
      this.sheet.addEventListener(kind, (event) => this.highlight(this.numberOf(event)));
    }
    for (const kind of ["pointerleave", "focusout"]) {
      this.sheet.addEventListener(kind, () => this.highlight(-1));
    }
  }

  async show(packet) {
    this.packet = packet;
    const { stops, arrays, signal, key, valued, view } = packet;
    const image = signal ? null : await createImageBitmap(new Blob([arrays.image.data]));
    if (this.packet !== packet) return; // Another one came while this was decoded.
    const focused = this.nodes?.indexOf(this.root.getRootNode().activeElement) ?? -1;
    this.legend.querySelector(".key").textContent = key;
    this.legend.querySelector(".valued").hidden = !valued;
    this.legend.querySelector(".unvalued").hidden = valued;
    const sizes = sizesOf(stops);
    const style = getComputedStyle(this.sheet);
    const ink = style.color; // of a signal's line
    const pens = ["--casing", "--pinned"].map((name) => style.getPropertyValue(name));
    const places = this.lay(sizes);
    this.nodes = stops.map((stop, number) => {
      const last = number === stops.length - 1;
      const node = nodeOf(stop, sizes[number], places[number], last);
      const canvas = node.querySelector("canvas");
      if (canvas) draw(canvas, sizes[number], stop, arrays, image ?? ink, pens);
      return node;
    });
    this.sheet.replaceChildren(this.svg, ...this.nodes);
    const same = this.view === view && this.count === stops.length;
    if (!same) this.strip.scrollLeft = this.strip.scrollWidth;
    [this.view, this.count] = [view, stops.length];
    this.reach(same && focused > 0 ? focused : stops.length - 1);
    if (same && focused > 0) this.nodes[focused].focus({ preventScroll: true });
  }

  /** Where each picture's middle is; draws the links, and gives the sheet its size. */
  lay(sizes) {
    const { stops, links } = this.packet;
    const rows = 1 + Math.max(...stops.map(({ row }) => row));
    const columns = 1 + Math.max(...stops.map(({ column }) => column));
    const above = -Math.min(0, ...links.map(([, , lane]) => lane));
    const spacing = Math.min(LANE, 120 / above);
    const middles = [];
    let top = 4 + (above ? above * spacing + 4 : 0);
    for (let row = 0; row < rows; row++) {
      const height = Math.max(...sizes.filter((_, i) => stops[i].row === row).map(([, h]) => h));
      middles.push(top + height / 2);
      top += height + TEXT;
    }
    const places = stops.map(({ column, row }, i) => ({
      x: column * (WIDTH + GAP) + WIDTH / 2,
      y: middles[row],
      text: Math.max(...sizes.filter((_, j) => stops[j].row === row).map(([, h]) => h)),
      half: sizes[i][0] / 2,
    }));
    const width = columns * (WIDTH + GAP) - GAP;
    this.sheet.style.width = this.svg.style.width = `${width}px`;
    this.sheet.style.height = this.svg.style.height = `${top}px`;
    this.svg.replaceChildren(
      ...links.map(([source, target, lane]) => {
        const path = document.createElementNS(SVG, "path");
        const level = lane < 0 ? 4 + (above + lane) * spacing : middles[lane];
        path.setAttribute("d", way(places[source], places[target], level));
        Object.assign(path.dataset, { source, target });
        return path;
      }),
    );
    return places;
  }

  numberOf(event) {
    return this.nodes.indexOf(event.target.closest(".stop"));
  }

  /** The links of a stop stand out. */
  highlight(number) {
    for (const path of this.svg.children) {
      const ends = [Number(path.dataset.source), Number(path.dataset.target)];
      path.classList.toggle("near", ends.includes(number));
    }
  }

  choose(number) {
    const stop = this.packet.stops[number];
    if (stop?.kind === "more") this.report("whole", true);
    else if (stop?.layer && number < this.nodes.length - 1) this.report("stop", stop.layer);
  }

  /** The one stop that the tab key reaches. */
  reach(number) {
    this.nodes.forEach((node, i) => {
      if (node.matches("button")) node.tabIndex = i === number ? 0 : -1;
    });
  }

  key(event) {
    const { stops } = this.packet;
    const now = this.numberOf(event);
    if (now < 0) return;
    const { column, row } = stops[now];
    const away = (stop) => Math.abs(stop.column - column);
    const aside = (stop) => Math.abs(stop.row - row);
    const fits = {
      ArrowLeft: (stop) => stop.column < column,
      ArrowRight: (stop) => stop.column > column,
      ArrowUp: (stop) => stop.column === column && stop.row < row,
      ArrowDown: (stop) => stop.column === column && stop.row > row,
      Home: (stop) => stop.column < column,
      End: (stop) => stop.column > column,
    }[event.key];
    if (!fits) return;
    event.preventDefault();
    const far = event.key === "Home" || event.key === "End" ? -1 : 1;
    const [next] = stops
      .map((stop, number) => ({ stop, number }))
      .filter(({ stop, number }) => number > 0 && fits(stop))
      .sort((a, b) => far * (away(a.stop) - away(b.stop)) || aside(a.stop) - aside(b.stop));
    if (!next) return;
    this.reach(next.number);
    const node = this.nodes[next.number];
    node.focus({ preventScroll: true });
    this.reveal(node);
  }

  /** Scrolls the strip alone: focus and scrollIntoView would scroll the page as well. */
  reveal(node) {
    const [left, right] = [node.offsetLeft - GAP, node.offsetLeft + node.offsetWidth + GAP];
    const { scrollLeft, clientWidth } = this.strip;
    if (left < scrollLeft) this.strip.scrollLeft = left;
    else if (right > scrollLeft + clientWidth) this.strip.scrollLeft = right - clientWidth;
  }
}

/** Width and height of each stop's picture on the screen: larger grids are larger. */
function sizesOf(stops) {
  const crowded = stops.some(({ row }) => row > 1);
  const most = crowded ? CROWDED : MOST;
  const extents = stops.map(({ size }) => (size ? Math.max(...size) : 1));
  const largest = Math.max(2, ...extents.slice(1));
  return stops.map(({ size, kind }, i) => {
    if (!size) return [kind === "more" ? LEAST : WIDTH * 0.7, LINE];
    if (size[0] === 1 && size[1] > 1) return [MOST, LINE];
    const share = Math.min(1, Math.log(extents[i]) / Math.log(largest));
    const side = LEAST + (most - LEAST) * share;
    const scale = side / extents[i];
    return size.map((n) => Math.round(Math.max(n * scale, 14))).reverse();
  });
}

function nodeOf(stop, [width, height], { x, y, text }, last) {
  const inert = stop.kind === "input";
  const node = element(inert ? "div" : "button", `stop ${stop.kind}`, "");
  Object.assign(node.style, {
    left: `${x - WIDTH / 2}px`,
    top: `${y - text / 2}px`,
    width: `${WIDTH}px`,
  });
  const frame = element("span", "frame", "");
  frame.style.height = `${text}px`;
  const picture = stop.size ? element("canvas", "", "") : element("span", "plain", "");
  Object.assign(picture.style, { width: `${width}px`, height: `${height}px` });
  frame.append(picture);
  const { name, what, count } = stop;
  node.append(frame, element("span", "name", ""));
  node.lastChild.append(
    ...name.split(/(?<=[/_.])/).flatMap((part) => [part, element("wbr", "", "")]),
  );
  node.append(element("span", "what", what), element("span", "count", count));
  node.title = [name, count, stop.about].filter(Boolean).join("\n");
  if (inert) return node;
  node.type = "button";
  if (stop.layer) node.dataset.layer = stop.layer;
  node.setAttribute("aria-label", [name, what, count && `${count} feed the cell`].join(", "));
  if (last) node.setAttribute("aria-current", "true");
  return node;
}

/** From the right of one picture to the left of another, on the way along a height. */
function way(from, to, level) {
  const [start, end] = [from.x + from.half, to.x - to.half];
  const [out, back] = [from.x + WIDTH / 2, to.x - WIDTH / 2];
  const parts = [`M${start} ${from.y}H${out}`];
  if (level !== from.y) parts.push(bend(out, from.y, out + GAP, level));
  if (level !== to.y) parts.push(`H${back - GAP}`, bend(back - GAP, level, back, to.y));
  parts.push(`H${end}`);
  return parts.join("");
}

function bend(x, y, right, level) {
  const middle = (x + right) / 2;
  return `C${middle} ${y} ${middle} ${level} ${right} ${level}`;
}

function draw(canvas, [width, height], stop, arrays, input, [casing, pinned]) {
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const context = canvas.getContext("2d");
  context.scale(density, density);
  const [rows, columns] = stop.size;
  if (stop.kind === "input" && typeof input === "string") {
    signal(context, arrays.image, width, height, input);
  } else {
    const source = stop.kind === "input" ? input : picture(stop, arrays);
    context.imageSmoothingEnabled = source.width > width;
    context.imageSmoothingQuality = "high";
    context.drawImage(source, 0, 0, width, height);
  }
  const whole = stop.box && !stop.holes && stop.box[2] === columns && stop.box[3] === rows;
  const frame = new Path2D();
  frame.rect(0, 0, width, height);
  const marks = stop.box && marksOf(stop, arrays, width / columns, height / rows);
  if (marks) frame.addPath(marks.inside);
  context.fillStyle = "rgb(0 0 0 / 60%)";
  if (!whole) context.fill(frame, "evenodd");
  if (!marks) return;
  if (marks.fine) {
    context.fillStyle = context.strokeStyle = pinned;
    context.fill(marks.inside);
    if (marks.sparse) context.stroke(marks.inside); // so that single cells can be seen
    return;
  }
  context.lineCap = "square";
  for (const [style, thickness] of [
    [casing, 4],
    [pinned, 2],
  ]) {
    context.strokeStyle = style;
    context.lineWidth = thickness;
    context.stroke(marks.outline);
  }
}

/** The path around what is marked, and that of the line to draw there; never too small to see. */
function marksOf({ box, holes, size }, arrays, wide, high) {
  const [rows, columns] = size;
  const [x, y, w, h] = [box[0] * wide, box[1] * high, box[2] * wide, box[3] * high];
  const [inside, outline] = [new Path2D(), new Path2D()];
  if (!holes) {
    inside.rect(x, y, w, h);
    // Within the picture, so that no side of the line is cut off.
    const [left, right] = widened(x, x + w, columns * wide);
    const [top, bottom] = widened(y, y + h, rows * high);
    outline.rect(left, top, right - left, bottom - top);
    return { inside, outline };
  }
  const [down, across] = [h / holes.shape[0], w / holes.shape[1]];
  const [height, width] = holes.shape;
  const bits = arrays.bytes.data.subarray(holes.at);
  const at = (row, column) => {
    if (row < 0 || column < 0 || row >= height || column >= width) return 0;
    const bit = row * width + column;
    return (bits[bit >> 3] >> (7 - (bit & 7))) & 1;
  };
  let count = 0;
  for (let row = 0; row < height; row++) {
    runs(
      width,
      (column) => at(row, column),
      (start, stop) => {
        inside.rect(x + start * across, y + row * down, (stop - start) * across, down);
        count += stop - start;
      },
    );
  }
  for (let row = 0; row <= height; row++) {
    const differs = (column) => at(row, column) !== at(row - 1, column);
    runs(width, differs, (start, stop) => {
      outline.moveTo(x + start * across, y + row * down);
      outline.lineTo(x + stop * across, y + row * down);
    });
  }
  for (let column = 0; column <= width; column++) {
    const differs = (row) => at(row, column) !== at(row, column - 1);
    runs(height, differs, (start, stop) => {
      outline.moveTo(x + column * across, y + start * down);
      outline.lineTo(x + column * across, y + stop * down);
    });
  }
  const fine = Math.min(across, down) < FINE;
  return { inside, outline, fine, sparse: count < (width * height) / 8 };
}

/** From start to stop, but within the picture by half a line, and wide enough to be seen. */
function widened(start, stop, length) {
  const left = Math.min(Math.max(start, 1), length - 4);
  return [left, Math.max(Math.min(stop, length - 1), left + 3)];
}

/** Calls `take(start, stop)` for each run of positions that `holds` is true of. */
function runs(length, holds, take) {
  let start = -1;
  for (let i = 0; i <= length; i++) {
    const inside = i < length && holds(i);
    if (inside && start < 0) start = i;
    if (!inside && start >= 0) {
      take(start, i);
      start = -1;
    }
  }
}

/** A layer's values in colour; grey and chequered where there are none. */
function picture({ size, values }, arrays) {
  const [rows, columns] = values ? values.shape : size.map((n) => Math.min(n, 48));
  const pixels = new ImageData(columns, rows);
  const colours = arrays.colours.data;
  for (let i = 0; i < rows * columns; i++) {
    const grey = 140 + 14 * ((Math.floor(i / columns) + (i % columns)) % 2);
    const from = values && 3 * arrays.bytes.data[values.at + i];
    const colour = values ? colours.subarray(from, from + 3) : [grey, grey, grey];
    pixels.data.set([...colour, 255], 4 * i);
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

/** The line of a signal: for each position its least and its greatest value. */
function signal(context, { data, shape }, width, height, colour) {
  const count = shape[1];
  const level = (value) => 1 + (1 - value / 255) * (height - 2);
  context.strokeStyle = colour;
  context.beginPath();
  for (let i = 0; i < count; i++) {
    const x = ((i + 0.5) / count) * width;
    context.lineTo(x, level(data[i]));
    context.lineTo(x, level(data[count + i]));
  }
  context.stroke();
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}
