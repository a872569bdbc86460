/** Rasters that are laid over a picture or a map: {source, x, y, w, h} in its coordinates. */

const GREY = 0xd0707070; // alpha, blue, green, red
const DARK = 140; // of 255: how much of what does not count is darkened

/** The pixels of a region that count stay, all others are darkened. */
export function masked({ start, shape }, values, extent) {
  const box = boxOf(start, shape);
  return surrounded(box, extent, (words) => {
    for (let i = 0; i < words.length; i++) words[i] = values[i] ? 0 : DARK << 24;
  });
}

/** Each pixel of a region in the colour of its value, none for 0; all others are darkened. */
export function heated({ start, shape }, values, colours, extent) {
  const box = boxOf(start, shape);
  return surrounded(box, extent, (words) => {
    for (let i = 0; i < words.length; i++) {
      const value = values[i];
      const [red, green, blue] = colours.subarray(3 * value, 3 * value + 3);
      const alpha = value ? (120 + (135 * value) / 255) | 0 : DARK;
      const colour = value ? (blue << 16) | (green << 8) | red : 0;
      words[i] = ((alpha << 24) | colour) >>> 0;
    }
  });
}

/** The cells of a map that are marked stay, all others turn grey. */
export function chosen(marked, columns, rows) {
  const source = raster(columns, rows, (words) => {
    for (let i = 0; i < words.length; i++) words[i] = marked[i] ? 0 : GREY;
  });
  return { source, x: 0, y: 0, w: columns, h: rows };
}

/** A picture's size of darkness with a raster set into it. */
function surrounded(box, extent, paint) {
  const [height, width] = extent.length === 1 ? [1, extent[0]] : extent;
  const source = document.createElement("canvas");
  [source.width, source.height] = [width, height];
  const pen = source.getContext("2d");
  pen.fillStyle = `rgb(0 0 0 / ${DARK / 255})`;
  pen.fillRect(0, 0, width, height);
  if (box.w && box.h) {
    pen.clearRect(box.x, box.y, box.w, box.h);
    pen.drawImage(raster(box.w, box.h, paint), box.x, box.y);
  }
  return { source, x: 0, y: 0, w: width, h: height };
}

function boxOf(start, shape) {
  const [[y, h], [x, w]] =
    start.length === 1
      ? [
          [0, 1],
          [start[0], shape[0]],
        ]
      : start.map((n, axis) => [n, shape[axis]]);
  return { x, y, w, h };
}

/** A canvas whose pixels `paint` fills in as words of alpha, blue, green, red. */
export function raster(width, height, paint) {
  const pixels = new ImageData(width, height);
  paint(new Uint32Array(pixels.data.buffer));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
