"""Small graphs written node by node, without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import rf_viz
from rf_viz.readers.tensorflow.protobuf.messages import GraphDef

FLOAT, INT32, STRING, INT64, BOOL = 1, 3, 7, 9, 10
"""Types, by their number in the enumeration DataType."""

_TYPES = {"float32": FLOAT, "int32": INT32, "int64": INT64, "bool": BOOL}


class Graph:
    """A GraphDef in the making. What adds a node returns its name."""

    def __init__(self) -> None:
        self.graph: Any = GraphDef()

    def add(self, name: str, op: str, *inputs: str, **attributes: object) -> str:
        node = self.graph.node.add(name=name, op=op, input=inputs)
        for key, value in attributes.items():
            attribute = node.attr[key]
            if isinstance(value, bool):
                attribute.b = value
            elif isinstance(value, int):
                attribute.i = value
            elif isinstance(value, str):
                attribute.s = value.encode()
            elif isinstance(value, list):
                attribute.list.i.extend(value)
            else:
                raise TypeError(value)
        return name

    def placeholder(self, name: str, shape: Sequence[int | None] | None, dtype: int = FLOAT) -> str:
        """An input; None along axes of any size, and for any number of axes."""
        self.add(name, "Placeholder")
        node = self.graph.node[-1]
        node.attr["dtype"].type = dtype
        node.attr["shape"].shape.unknown_rank = shape is None  # which puts the attribute in place
        for n in shape or ():
            node.attr["shape"].shape.dim.add(size=-1 if n is None else n)
        return name

    def image(self, name: str, size: int | None) -> str:
        return self.placeholder(name, (1, size, size, 1))

    def const(self, name: str, value: object) -> str:
        array = np.asarray(value)
        self.add(name, "Const")
        node = self.graph.node[-1]
        node.attr["dtype"].type = _TYPES[array.dtype.name]
        tensor = node.attr["value"].tensor
        tensor.dtype = _TYPES[array.dtype.name]
        tensor.tensor_content = array.tobytes()
        for n in array.shape:
            tensor.tensor_shape.dim.add(size=n)
        return name

    def conv(
        self, name: str, x: str, kernel: int | tuple[int, int], stride: int, padding: str = "VALID"
    ) -> str:
        size = (kernel, kernel) if isinstance(kernel, int) else kernel
        weights = self.const(f"{name}/weights", np.ones((*size, 1, 1), np.float32))
        return self.add(name, "Conv2D", x, weights, strides=[1, stride, stride, 1], padding=padding)

    def pool(self, name: str, x: str, kernel: int, stride: int, padding: str = "VALID") -> str:
        strides = [1, stride, stride, 1]
        return self.add(
            name, "MaxPool", x, ksize=[1, kernel, kernel, 1], strides=strides, padding=padding
        )

    def pad(self, name: str, x: str, before: int, after: int) -> str:
        pads = np.array([[0, 0], [before, after], [before, after], [0, 0]], np.int32)
        return self.add(name, "Pad", x, self.const(f"{name}/paddings", pads))

    def join(self, name: str, one: str, other: str) -> str:
        return self.add(name, "Relu", self.add(f"{name}/add", "AddV2", one, other))

    def model(self) -> rf_viz.Model:
        return rf_viz.load(self.graph.SerializeToString(), "graph.pb")
