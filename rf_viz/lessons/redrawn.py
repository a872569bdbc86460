"""Random networks of the same architecture as a trained one: its weights drawn anew.

He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", ICCV 2015 (arXiv 1502.01852).
"""

from __future__ import annotations

from math import prod, sqrt

import numpy as np
import onnx
from onnx import numpy_helper


def redrawn(model: onnx.ModelProto, seed: int) -> onnx.ModelProto:
    """Draw the weights of all convolutions of an ONNX model anew, by He's rule.

    Each weight is normal with mean zero and the variance 2 / n, where n values of the input make
    one value of the output; biases are zero. Everything else stays as it is. The same ``seed``
    draws the same weights. The model itself is left as it was.
    """
    new = onnx.ModelProto()
    new.CopyFrom(model)
    random, shapes = np.random.default_rng(seed), _weight_shapes(new.graph)
    for number, node in enumerate(new.graph.node):
        if node.op_type != "Conv":
            continue
        shape = shapes[node.input[1]]
        weights = random.normal(0, sqrt(2 / prod(shape[1:])), shape)
        drawn = [weights, np.zeros(shape[0])][: len(node.input) - 1]
        for place, values in enumerate(drawn, 1):
            name = f"drawn {number} {place}"
            new.graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), name))
            node.input[place] = name
    return new


def _weight_shapes(graph: onnx.GraphProto) -> dict[str, tuple[int, ...]]:
    """The shapes of the stored weights by their names, also where they are stored in 8 bits."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in shapes:
            shapes[node.output[0]] = shapes[node.input[0]]
    return shapes
