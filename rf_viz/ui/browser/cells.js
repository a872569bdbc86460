/** Which cells of a map have a pixel in their box, and how to outline them. */

/** For each cell of the grid, whether a pixel lies in the box of what it sees. */
export function boxesAround(pixel, { grid, arrays }) {
  const holds = new Uint8Array(grid.reduce((product, n) => product * n, 1)).fill(1);
  pixel.forEach((position, axis) => {
    const { data: starts, shape } = arrays[`start${axis}`];
    const { data: stops, shape: other } = arrays[`stop${axis}`];
    const steps = [stepsOf(shape), stepsOf(other)];
    const cell = grid.map(() => 0);
    let [first, last] = [0, 0];
    for (let flat = 0; flat < holds.length; flat++) {
      if (starts[first] > position || stops[last] <= position) holds[flat] = 0;
      for (let i = grid.length - 1; i >= 0; i--) {
        first += steps[0][i];
        last += steps[1][i];
        if (++cell[i] < grid[i]) break;
        first -= steps[0][i] * grid[i];
        last -= steps[1][i] * grid[i];
        cell[i] = 0;
      }
    }
  });
  return holds;
}

/** Boxes that together cover the marked cells of a map: runs of a row, equal rows as one. */
export function runs(marked, columns) {
  const boxes = [];
  const rows = marked.length / columns;
  const row = (number) => marked.subarray(number * columns, (number + 1) * columns);
  const equal = (a, b) => row(a).every((n, i) => !n === !row(b)[i]);
  for (let first = 0, after = 1; first < rows; first = after++) {
    while (after < rows && equal(first, after)) after++;
    const line = row(first);
    for (let start = 0; start < columns; start++) {
      if (!line[start]) continue;
      let stop = start;
      while (stop < columns && line[stop]) stop++;
      boxes.push([
        [first, after],
        [start, stop],
      ]);
      start = stop;
    }
  }
  return boxes;
}

/** How far apart neighbours along each axis lie in a broadcast array; 0 where it has one for all. */
function stepsOf(shape) {
  let step = 1;
  return shape.reduceRight((steps, n) => {
    steps.unshift(n === 1 ? 0 : step);
    step *= n;
    return steps;
  }, []);
}

export const within = (position, extent) => Math.min(Math.max(position, 0), extent - 1);
export const isInside = (point, extents) => point.every((n, i) => n >= 0 && n < extents[i]);
export const same = (a, b) => a === b || Boolean(a && b && a.every((n, i) => n === b[i]));
