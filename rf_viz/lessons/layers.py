"""Layers that an example may have, and the ONNX model that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
from onnx import helper, numpy_helper

INPUT = "input"
"""The name of an example's input."""


@dataclass(frozen=True, slots=True)
class Conv:
    """Convolution or pooling of ``kernel`` taps.

    ``padding`` is how many units are added before and after; "same" is the padding that
    TensorFlow calls so.
    """

    kernel: int
    stride: int = 1
    padding: tuple[int, int] | Literal["same"] = (0, 0)
    dilation: int = 1

    @property
    def step(self) -> float:
        """Distance of two of its units, in units of the layer below."""
        return self.stride

    def __str__(self) -> str:
        """Spell the settings out: "k = 3, s = 2, p = 1"."""
        parts = [f"k = {self.kernel}"]
        if self.stride != 1:
            parts.append(f"s = {self.stride}")
        if self.dilation != 1:
            parts.append(f"d = {self.dilation}")
        if self.padding == "same":
            parts.append("same")
        elif self.padding[0] == self.padding[1]:
            parts += [f"p = {self.padding[0]}"] * (self.padding[0] != 0)
        else:
            parts += [f"p = {self.padding[0]}", f"q = {self.padding[1]}"]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Transposed:
    """Transposed convolution; ``padding`` is how many units are cut off before and after."""

    kernel: int
    stride: int = 2
    padding: tuple[int, int] = (0, 0)

    @property
    def step(self) -> float:
        """Distance of two of its units, in units of the layer below."""
        return 1 / self.stride

    def __str__(self) -> str:
        """Spell the settings out: "transposed, k = 3, s = 2"."""
        p, q = self.padding
        cut = f", p = {p}" if p == q and p else f", p = {p}, q = {q}" if p or q else ""
        return f"transposed, k = {self.kernel}, s = {self.stride}{cut}"


@dataclass(frozen=True, slots=True)
class Upsample:
    """Resize by a whole factor: every unit repeated, or linear between them."""

    factor: int
    mode: Literal["nearest", "linear"] = "nearest"

    @property
    def step(self) -> float:
        """Distance of two of its units, in units of the layer below."""
        return 1 / self.factor

    def __str__(self) -> str:
        """Spell the settings out: the mode, and by how much."""
        return f"{self.mode}, \N{MULTIPLICATION SIGN}{self.factor}"


@dataclass(frozen=True, slots=True)
class Fork:
    """Fork into several paths from the layer below, which are added in the end.

    A path without layers passes the layer below on.
    """

    paths: tuple[tuple[Conv | Transposed | Upsample, ...], ...]


Layer = Conv | Transposed | Upsample | Fork
Single = Conv | Transposed | Upsample


@dataclass(frozen=True, slots=True)
class GraphNode:
    """Node of an example's graph, which makes one tensor of the same name.

    ``layer`` is what it computes, None for the sum of paths; ``sources`` are the tensors that it
    takes, ``path`` says on which path of a fork it lies.
    """

    name: str
    layer: Single | None
    sources: tuple[str, ...]
    path: int | None = None


def graph_nodes(layers: Sequence[Layer]) -> list[GraphNode]:
    """List the nodes that layers make, in order; where paths meet there is one for their sum."""
    nodes: list[GraphNode] = []
    last, count, letter = INPUT, 0, ord("A")
    for layer in layers:
        if not isinstance(layer, Fork):
            count += 1
            nodes.append(GraphNode(f"layer {count}", layer, (last,)))
            last = nodes[-1].name
            continue
        ends = []
        for path, singles in enumerate(layer.paths):
            end = last
            for number, single in enumerate(singles, 1):
                nodes.append(GraphNode(f"{chr(letter)}{number}", single, (end,), path))
                end = nodes[-1].name
            ends.append(end)
            letter += 1
        names = [chr(letter - len(ends) + i) for i in range(len(ends))]
        last = " + ".join(names)
        nodes.append(GraphNode(last, None, tuple(ends)))
    return nodes


def to_onnx(layers: Sequence[Layer], length: int) -> onnx.ModelProto:
    """Build an ONNX model of the layers over an input (1, 1, length), its weights all one."""
    nodes = graph_nodes(layers)
    kernels = sorted({n.layer.kernel for n in nodes if isinstance(n.layer, Conv | Transposed)})
    factors = sorted({n.layer.factor for n in nodes if isinstance(n.layer, Upsample)})
    constants = {f"ones {k}": np.ones((1, 1, k), np.float32) for k in kernels}
    constants |= {f"by {f}": np.array([1, 1, f], np.float32) for f in factors}
    graph = helper.make_graph(
        [_node(node) for node in nodes],
        "example",
        [helper.make_tensor_value_info(INPUT, onnx.TensorProto.FLOAT, [1, 1, length])],
        [helper.make_tensor_value_info(nodes[-1].name, onnx.TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def _node(node: GraphNode) -> onnx.NodeProto:
    """A node as ONNX has it."""
    layer, sources = node.layer, node.sources
    output, name = [node.name], node.name
    if layer is None:
        return helper.make_node("Sum", sources, output, name)
    if isinstance(layer, Upsample):
        rest = {"coordinate_transformation_mode": "half_pixel"}
        if layer.mode == "nearest":
            rest = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        inputs = [*sources, "", f"by {layer.factor}"]
        return helper.make_node("Resize", inputs, output, name, mode=layer.mode, **rest)
    inputs = [*sources, f"ones {layer.kernel}"]
    if isinstance(layer, Transposed):
        return helper.make_node(
            "ConvTranspose", inputs, output, name, strides=[layer.stride], pads=layer.padding
        )
    pads: dict[str, Any] = {"pads": layer.padding}
    if layer.padding == "same":
        pads = {"auto_pad": "SAME_UPPER"}
    return helper.make_node(
        "Conv", inputs, output, name, strides=[layer.stride], dilations=[layer.dilation], **pads
    )


def length_for(convs: Sequence[Conv], units: int) -> int:
    """Compute the length of an input that gives so many units without padding or remainder."""
    for conv in reversed(convs):
        units = (units - 1) * conv.stride + (conv.kernel - 1) * conv.dilation + 1
    return units
