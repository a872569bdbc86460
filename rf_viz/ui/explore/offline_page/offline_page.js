/**
 * A page of its own around the linked view: switches layers and channels, and tells the numbers of
 * the pinned cell. All it shows is in the page; each array is there once, in base64.
 */

import linkedView from "../../inspector/linked_view/linked_view.js";
import { at, unpack } from "../../browser/packet.js";
import { short } from "../../browser/pane.js";

class ExportedPage {
  constructor({ arrays, layers, first }) {
    this.blobs = arrays.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    this.layers = layers;
    this.pins = new Map(); // the cell that the person pinned, by view
    const host = document.querySelector(".view");
    this.root = host.attachShadow({ mode: "open" });
    this.root.append(host.querySelector("template").content);
    const names = layers.map(({ name, about }) => ({ text: name, title: about }));
    offer("layer", names, first, (number) => this.showLayer(number));
    this.showLayer(first);
  }

  showLayer(number) {
    this.layer = this.layers[number];
    const { maps } = this.layer;
    const names = maps.map(({ label, title }) => ({ text: label, title }));
    document.querySelector("[data-choice=map]").hidden = maps.length === 1 && !maps[0].label;
    offer("map", names, 0, (map) => this.showMap(maps[map]));
    this.showMap(maps[0]);
  }

  showMap({ header, arrays }) {
    const pinned = this.pins.get(header.view) ?? header.pinned;
    const data = packed({ ...header, pinned }, arrays, this.blobs);
    this.packet = unpack(data);
    linkedView({
      data,
      parentElement: this.root,
      setStateValue: (name, value) => {
        if (name !== "pinned" || !value) return;
        this.pins.set(value.view, value.cell);
        this.tell(value.cell);
      },
      setTriggerValue: () => {},
    });
    this.tell(pinned);
  }

  /** The numbers of a cell, the same as on the page that this one was taken from. */
  tell(cell) {
    const { extent, arrays, field, grid, known, range } = this.packet;
    const spans = extent.map((_, axis) => [
      at(arrays[`start${axis}`], cell),
      at(arrays[`stop${axis}`], cell),
    ]);
    const blind = spans.some(([start, stop]) => stop <= start);
    const flat = extent.length === 1;
    const extents = spans.map(([start, stop]) => stop - start).join(" × ");
    const told = [["cell", "Cell", coordinates(cell) || "the only one"]];
    if (known) {
      const flat = cell.reduce((sum, position, axis) => sum * grid[axis] + position, 0);
      const { low, high } = range.map;
      const value = arrays.map.data[arrays.places ? arrays.places.data.indexOf(flat) : flat];
      const rounded = arrays.map.data instanceof Uint8Array;
      told.push(["value", "Value", short(rounded ? low + (value / 255) * (high - low) : value)]);
    }
    if (!blind) {
      const names = flat ? ["Samples"] : ["Rows", "Columns"];
      for (const [axis, [start, stop]] of spans.entries()) {
        told.push([`region${axis}`, names[axis], `${start}–${stop - 1}`]);
      }
      told.push(["slices", "In NumPy", `[${spans.map((span) => span.join(":")).join(", ")}]`]);
    }
    told.push(...this.layer.closed);
    if (field) {
      const centre = field.size.map(
        (size, i) => cell[i] * field.stride[i] - field.padding[i] + (size - 1) / 2,
      );
      told.push(["centre", "Centre", coordinates(centre)]);
    }
    const answer = document.querySelector(".answer");
    answer.querySelector("h2").textContent = blind
      ? "Sees no pixel"
      : `${extents} ${flat ? "samples" : "px"}`;
    answer.querySelector("dl").replaceChildren(
      ...told.flatMap(([key, name, text]) => {
        const description = element("dd", text);
        description.dataset.of = key;
        return [element("dt", name), description];
      }),
    );
    const sure = this.layer.sure.map((text) => element("p", text));
    answer.querySelector(".sure").replaceChildren(...sure);
  }
}

/** Fills a row of choices, one of them chosen. */
function offer(choice, names, chosen, choose) {
  const row = document.querySelector(`[data-choice=${choice}]`);
  const labels = names.map(({ text, title }, number) => {
    const label = document.createElement("label");
    label.title = title;
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: choice, checked: number === chosen });
    input.addEventListener("change", () => choose(number));
    label.append(input, element("span", text));
    return label;
  });
  row.replaceChildren(row.querySelector("legend"), ...labels);
}

/** A packet as packet.js reads it: the header's length, the header and its arrays. */
function packed(header, numbers, blobs) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const parts = [text, ...numbers.map((number) => blobs[number])];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 4));
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  let offset = 4;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

const coordinates = (numbers) =>
  numbers.length > 1 ? `(${numbers.join(", ")})` : numbers.join("");

new ExportedPage(JSON.parse(document.getElementById("content").textContent));
