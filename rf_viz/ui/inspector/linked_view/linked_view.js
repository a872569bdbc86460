/** The linked view: a picture and a feature map side by side, as one Plotly figure. */

import { hear } from "../../browser/bus.js";
import { CellView, dequantised } from "../../browser/cell_view.js";
import { mount } from "../../browser/mount.js";
import { unpack } from "../../browser/packet.js";
import { rows } from "../../browser/plot.js";
import { arrange } from "./arrange.js";

class LinkedView extends CellView {
  async read({ arrays, range, live, picture }) {
    if (live) arrays.image = (await hear("picture", picture)).arrays.values;
    return dequantised(arrays.map, range);
  }

  fill([picture, map]) {
    const { image } = this.packet.arrays;
    if (image.data instanceof Float32Array) picture.y ??= image.data;
    else picture.source = new TextDecoder().decode(image.data);
    if (map.type === "heatmap") map.z = rows(this.values);
    else map.y ??= this.values.data;
  }

  arrange(width) {
    this.room = arrange(this.packet, width, this.measures);
  }

  drawn() {
    for (const pane of ["image", "map"]) {
      const { left, top, width: drawn } = this.find(`[data-pane=${pane}] .plot`).style;
      const caption = this.find(`[data-pane=${pane}] figcaption`);
      const bottom = `calc(100% - ${top} + 4px)`;
      const width = `max(${drawn}, ${this.room}px)`;
      Object.assign(caption.style, { left, width, bottom });
    }
    this.draw();
  }
}

export default mount(LinkedView, (view, { data, setStateValue }) => {
  view.report = (pinned) => setStateValue("pinned", pinned);
  view.show(unpack(data));
});
