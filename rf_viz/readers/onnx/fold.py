"""Values that do not depend on the input: constants, and what is computed from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from .node import Node, Value


def initializer(tensor: onnx.TensorProto, folder: str | None) -> Value:
    """A constant of the file, its values decoded when first asked for."""
    return Value(tuple(tensor.dims), get=lambda: numpy_helper.to_array(tensor, folder or ""))


def evaluate(node: Node, name: str) -> NDArray[Any] | None:
    """The value of one of a node's outputs, where all its inputs are known."""
    values = [given.value() if given is not None else None for given in node.inputs]
    if any(v is None and g is not None for v, g in zip(values, node.inputs, strict=True)):
        return None
    if node.op == "ConstantOfShape":
        fill = node.attribute("value")
        one = numpy_helper.to_array(fill).reshape(-1)[0] if fill is not None else np.float32(0)
        shape = node.ints(0)
        assert shape is not None
        return np.broadcast_to(one, shape)
    return None
