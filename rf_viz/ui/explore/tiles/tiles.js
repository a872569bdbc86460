/**
 * Tiles: small pictures to look over and to choose from, a page at a time.
 *
 * A click or Enter reports the tile as the trigger `chosen`; the page turned to is the state
 * `page`. The arrow keys move from tile to tile, and on to the next page.
 */

import { unpack } from "../../browser/packet.js";

const SVG = "http://www.w3.org/2000/svg";

const sheets = new WeakMap();

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!sheets.has(parentElement)) sheets.set(parentElement, new Tiles(parentElement));
  const tiles = sheets.get(parentElement);
  tiles.turned = (page) => setStateValue("page", page);
  tiles.chosen = (tile) => setTriggerValue("chosen", tile);
  tiles.show(unpack(data));
}

class Tiles {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.root = root;
    this.sheet = find(".sheet");
    this.foot = find(".foot");
    this.pager = find(".pager");
    this.slider = find(".pager input");
    this.sheet.addEventListener("click", ({ target }) => {
      const tile = target.closest(".tile");
      if (tile) this.choose(this.nodes.indexOf(tile));
    });
    this.sheet.addEventListener("keydown", (event) => this.key(event));
    find(".previous").addEventListener("click", () => this.turn(this.packet.page - 1));
    find(".next").addEventListener("click", () => this.turn(this.packet.page + 1));
    this.slider.addEventListener("change", () => this.turn(Number(this.slider.value)));
  }

  async show(packet) {
    this.latest = packet;
    const nodes = packet.tiles.map((entry, i) => tile(entry, packet.arrays[`image${i}`]));
    const images = nodes.flatMap((node) => [...node.querySelectorAll("img")]);
    // The old page stays until the pictures of the new one can be drawn, so that nothing flickers.
    await Promise.all(images.map((image) => image.decode().catch(() => {})));
    for (const image of images) URL.revokeObjectURL(image.src);
    if (this.latest !== packet) return;
    this.packet = packet;
    const { shape, aspect, title, current } = packet;
    const last = this.nodes?.indexOf(this.root.getRootNode().activeElement) ?? -1;
    this.nodes = nodes;
    this.sheet.className = `sheet ${shape}`;
    this.sheet.style.setProperty("--aspect", aspect);
    this.sheet.setAttribute("aria-label", title);
    this.sheet.replaceChildren(...nodes);
    nodes[current]?.setAttribute("aria-current", "true");
    for (const image of images) {
      image.classList.toggle("enlarged", image.naturalWidth < image.clientWidth);
    }
    this.reach(Math.max(current ?? 0, 0));
    const landing = { first: 0, last: nodes.length - 1 }[this.landing] ?? last;
    if (landing >= 0) this.focus(Math.min(landing, nodes.length - 1));
    this.landing = null;
    this.showFoot();
  }

  showFoot() {
    const { page, pages, where, scale, tiles } = this.packet;
    const find = (selector) => this.foot.querySelector(selector);
    find(".key").hidden = !tiles.some(({ mark }) => mark);
    find(".range").hidden = !scale;
    if (scale) {
      find(".low").textContent = scale.low;
      find(".high").textContent = scale.high;
      find(".scale").style.background = scale.ramp;
    }
    this.pager.hidden = pages < 2;
    this.foot.hidden = [...this.foot.children].every(({ hidden }) => hidden);
    find(".where").textContent = where;
    find(".previous").disabled = page === 0;
    find(".next").disabled = page === pages - 1;
    this.slider.hidden = pages < 3;
    this.slider.max = pages - 1;
    this.slider.value = page;
    this.slider.setAttribute("aria-valuetext", where);
  }

  choose(number) {
    const { of, page } = this.packet;
    this.chosen({ of, page, tile: number });
  }

  turn(page, landing = null) {
    const { of, pages } = this.packet;
    if (page < 0 || page >= pages) return;
    this.landing = landing;
    this.turned({ of, page });
  }

  /** The one tile that the tab key reaches; the arrow keys reach the others. */
  reach(number) {
    for (const [i, node] of this.nodes.entries()) node.tabIndex = i === number ? 0 : -1;
  }

  focus(number) {
    this.reach(number);
    this.nodes[number]?.focus();
  }

  key(event) {
    const now = this.nodes.indexOf(event.target.closest(".tile"));
    if (now < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const columns = getComputedStyle(this.sheet).gridTemplateColumns.split(" ").length;
    const end = this.nodes.length - 1;
    const { page, pages } = this.packet;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const next = now + (steps[event.key] ?? 0);
    if (event.key === "Home") this.focus(0);
    else if (event.key === "End") this.focus(end);
    else if (event.key === "PageDown") this.turn(page + 1, "first");
    else if (event.key === "PageUp") this.turn(page - 1, "first");
    else if (!(event.key in steps)) return;
    else if (next >= 0 && next <= end) this.focus(next);
    else if (next > end && page < pages - 1) this.turn(page + 1, "first");
    else if (next < 0 && page > 0) this.turn(page - 1, "last");
    event.preventDefault();
  }
}

function tile({ title, figure, note, spoken, line, bar, frame, around, mark }, image) {
  const node = element("button", "tile");
  node.type = "button";
  node.setAttribute("aria-label", spoken);
  node.title = spoken;
  const picture = element("span", "picture");
  if (around) picture.append(laid("around", around));
  const inner = laid("frame", frame);
  if (image) inner.append(picturing(image.data));
  else if (line) inner.append(drawing(line));
  picture.append(inner);
  if (bar) picture.append(laid("bar", [bar[0], 0, bar[1] - bar[0], 1]));
  if (mark) {
    const [x, y, w, h] = mark;
    picture.append(laid("mark", [x + w / 2, y + h / 2, w, h]));
  }
  const texts = element("span", "texts");
  texts.append(element("span", "title", title), element("span", "figure", figure));
  node.append(picture, texts);
  if (note) node.append(element("span", "note", note));
  return node;
}

function picturing(bytes) {
  const image = element("img", "");
  image.alt = "";
  image.src = URL.createObjectURL(new Blob([bytes]));
  return image;
}

function drawing(line) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("preserveAspectRatio", "none");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", line);
  svg.append(path);
  return svg;
}

function laid(className, box) {
  const node = element("span", className);
  for (const [i, side] of ["left", "top", "width", "height"].entries()) {
    node.style[side] = `${100 * box[i]}%`;
  }
  return node;
}

function element(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}
