/** The pictures of the playground. A crop is `{ side, grey, colours }`: one plane, and three. */

const SMALL = 8; // pixels a side of the middle

/** The crops by name, from arrays of all of them. */
export function cropsOf(names, { grey: greys, colours }) {
  const [, side] = greys.shape;
  const count = side * side;
  const plane = ({ data }, number) => [...data.subarray(number * count, (number + 1) * count)];
  return Object.fromEntries(
    names.map((name, crop) => [
      name,
      {
        side,
        grey: plane(greys, crop),
        colours: [0, 1, 2].map((channel) => plane(colours, 3 * crop + channel)),
      },
    ]),
  );
}

/** The middle of a crop, small enough for a transposed convolution to enlarge. */
export function middleOf({ side, grey: whole, colours }) {
  const from = (side - SMALL) / 2;
  const cut = (plane) =>
    plane.filter((_, at) => {
      const [row, column] = [Math.floor(at / side) - from, (at % side) - from];
      return row >= 0 && column >= 0 && row < SMALL && column < SMALL;
    });
  return { side: SMALL, grey: cut(whole), colours: colours.map(cut) };
}
