/** The places of the panes: beside each other where there is room, else one above the other. */

const HEAD = 76; // pixels above a pane: the modes and the mode bar, the caption
const ROW = 34; // pixels that the modes take where they don't fit beside the mode bar
const FOOT = 66; // pixels below a pane: the ticks and the legend
const SIDE = 38; // pixels left of a pane: the ticks
const NARROW = 520; // pixels: a narrower view has one pane in a row
const FLAT = 130; // the height of a line
const LEGEND = 26; // pixels between a pane and its legend
const LEGEND_WIDTH = 300; // pixels that the legend takes
const SHARE = 0.66; // of the window's height that a pane may take

export function arrange({ figure, extent, map, margin }, width) {
  const { data, layout } = figure;
  const stacked = extent.length === 1 || width < NARROW;
  const inner = width - SIDE - 8;
  const room = stacked ? inner : (inner - SIDE) / 2;
  const tallest = Math.min(Math.max(260, SHARE * window.innerHeight), 620);
  const high = (type, aspect) =>
    type === "scatter" ? FLAT : Math.min(tallest, Math.max(120, room * aspect));
  const grown = extent.map((n) => n * (1 + 2 * margin));
  const [above, below] = [
    high(data[0].type, grown[0] / grown.at(-1)),
    high(data[1].type, map[0] / map[1]),
  ];
  const head = width < NARROW ? HEAD + ROW : HEAD;
  const height = stacked ? above + HEAD + FOOT + below : Math.max(above, below);
  layout.width = width;
  layout.height = height + head + FOOT;
  layout.margin = { l: SIDE, r: 8, t: head, b: FOOT, autoexpand: false };
  const share = room / inner;
  layout.xaxis.domain = [0, share];
  layout.xaxis2.domain = [1 - share, 1];
  layout.yaxis.domain = [1 - above / height, 1];
  layout.yaxis2.domain = stacked ? [0, below / height] : [1 - below / height, 1];
  const under = (axis) => axis.domain[0] - LEGEND / height;
  Object.assign(layout.legend, { x: 0, y: under(layout.yaxis) });
  const bar = { thickness: 8, x: 1 - share / 2, y: under(layout.yaxis2), len: share / 2 };
  if (data[1].colorbar) Object.assign(data[1].colorbar, bar);
  const free = (share * inner - LEGEND_WIDTH) / inner;
  Object.assign(data[2].colorbar, {
    ...{ x: share - Math.max(free, 0.12) / 2, y: under(layout.yaxis), len: Math.max(free, 0.12) },
  });
}
