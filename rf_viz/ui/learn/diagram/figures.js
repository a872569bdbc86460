/**
 * The living figures by their names.
 *
 * A figure has `model(values, details)`, which works out all that follows from the values of its controls,
 * or throws a Misfit; `formulas(model, unit)` and `says(model, unit)`,
 * the elements that tell of a unit of the output; and, where it differs from others,
 *   `picture(model, width)`: an element to draw, above the network's units if there are any;
 *   `strip(model)`: a number for each output, `{ title, values, marks, squared }`;
 *   `has(name, values)`: whether it has a control at these values;
 *   `last(values)`: the number of the last step;
 *   `actions`: buttons, `{ label, to(values, defaults) }`, that set values.
 */

import { bell } from "./bell.js";
import { branches } from "./branches.js";
import { articleNetwork, dilated, oneLayer, stacked } from "./chains.js";
import { graph } from "./graph.js";
import { describedNetwork } from "./described.js";
import { operations } from "./operations.js";
import { border, position, region } from "./regions.js";
import { derivation, fieldSize } from "./size.js";
import { upsampling } from "./upsampling.js";

export const FIGURES = {
  network: articleNetwork,
  layer: oneLayer,
  stack: stacked,
  derivation,
  size: fieldSize,
  region,
  position,
  branches,
  graph,
  operations,
  dilation: dilated,
  upsampling,
  bell,
  border,
  describedNetwork,
};
