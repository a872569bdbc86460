/**
 * A page of its own around the linked view: switches layers and channels, and tells the numbers of
 * the pinned cell. All it shows is in the page; each array is there once, in base64.
 */

import linkedView from "../../inspector/linked_view/linked_view.js";
import { at, unpack } from "../../browser/packet.js";
import { position, ranges, short, size } from "../../browser/words.js";

class ExportedPage {
  constructor({ arrays, layers, first }) {
    this.blobs = arrays.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    this.layers = layers;
    this.pins = new Map(); // the cell that the person pinned, by view
    this.root = document.querySelector(".view");
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
    const { extent, arrays, field, grid, valued, range } = this.packet;
    const spans = extent.map((_, axis) => [
      at(arrays[`start${axis}`], cell),
      at(arrays[`stop${axis}`], cell),
    ]);
    const blind = spans.some(([start, stop]) => stop <= start);
    const rows = [["cell", "Cell", position(cell) || "the only one"]];
    if (valued) {
      const flat = cell.reduce((sum, position, axis) => sum * grid[axis] + position, 0);
      const value = arrays.map.data[arrays.places ? arrays.places.data.indexOf(flat) : flat];
      const { low, high } = range;
      const rounded = arrays.map.data instanceof Uint8Array;
      rows.push(["value", "Value", short(rounded ? low + (value / 255) * (high - low) : value)]);
    }
    if (!blind) {
      rows.push(["region", "Region", ranges(spans)]);
      rows.push(["slices", "In NumPy", `[${spans.map((span) => span.join(":")).join(", ")}]`]);
    }
    rows.push(...this.layer.closed);
    if (field) {
      const centre = field.size.map(
        (size, i) => cell[i] * field.stride[i] - field.padding[i] + (size - 1) / 2,
      );
      rows.push(["centre", "Centre", position(centre)]);
    }
    const answer = document.querySelector(".answer");
    answer.querySelector("h2").textContent = blind ? "Sees no pixel" : size(spans);
    answer.querySelector("dl").replaceChildren(
      ...rows.flatMap(([key, name, text]) => {
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

new ExportedPage(JSON.parse(document.getElementById("content").textContent));
