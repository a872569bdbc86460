/** The places of the panes: beside each other where there is room, else one above the other. */

const HEAD = 58; // pixels above a pane: the modes and the mode bar, the caption
const ROW = 34; // pixels that the modes take where they don't fit beside the mode bar
const TIGHT = 380; // pixels: the caption of a narrower pane takes two lines
const LINE = 20;
const FOOT = 56; // pixels below a pane: the ticks and the legend
const SIDE = 30; // pixels left of a pane: the ticks
const NARROW = 520; // pixels: a narrower view has one pane in a row
const FLAT = 130; // the height of a line
const LEGEND = 20; // pixels between a pane and its legend
const LEGEND_WIDTH = 322; // pixels that the legend takes
const BAR = 24; // pixels that the bar of path counts takes below a legend that is too wide for it
const SHORTEST = 60; // pixels: the shortest bar beside the legend
const AROUND = 318; // pixels of the window for what stands above and below the panes
const MEASURES = 46; // pixels of the row in which influence is measured

/** Gives the panes their places, and returns the width that there is for each. */
export function arrange({ figure, extent, map, margin }, width, measures) {
  const { data, layout } = figure;
  const stacked = extent.length === 1 || width < NARROW;
  const inner = width - SIDE - 8;
  const room = stacked ? inner : (inner - SIDE) / 2;
  const around = AROUND + (measures ? MEASURES : 0);
  const tallest = Math.min(Math.max(300, window.innerHeight - around), 620);
  const high = (type, aspect) =>
    type === "scatter" ? FLAT : Math.min(tallest, Math.max(120, room * aspect));
  const grown = extent.map((n) => n * (1 + 2 * margin));
  const [above, below] = [
    high(data[0].type, grown[0] / grown.at(-1)),
    high(data[1].type, map[0] / map[1]),
  ];
  const head = HEAD + (width < NARROW ? ROW : 0) + (room < TIGHT ? LINE : 0);
  const beside = room - LEGEND_WIDTH;
  const drop = beside < SHORTEST ? BAR : 0;
  const height = stacked ? above + HEAD + FOOT + drop + below : Math.max(above, below);
  const foot = FOOT + (stacked ? 0 : drop);
  layout.width = width;
  layout.height = height + head + foot;
  layout.margin = { l: SIDE, r: 8, t: head, b: foot, autoexpand: false };
  const share = room / inner;
  layout.xaxis.domain = [0, share];
  layout.xaxis2.domain = [1 - share, 1];
  layout.yaxis.domain = [1 - above / height, 1];
  layout.yaxis2.domain = stacked ? [0, below / height] : [1 - below / height, 1];
  const under = (axis) => axis.domain[0] - LEGEND / height;
  Object.assign(layout.legend, { x: 0, y: under(layout.yaxis) });
  const bar = { thickness: 8, x: 1 - share / 2, y: under(layout.yaxis2), len: share / 2 };
  if (data[1].colorbar) Object.assign(data[1].colorbar, bar);
  const len = drop ? share / 2 : beside / inner;
  const y = under(layout.yaxis) - drop / height;
  Object.assign(data[2].colorbar, { x: drop ? share / 2 : share - len / 2, y, len });
  return room;
}
