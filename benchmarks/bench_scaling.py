"""What twice the input size costs, and twice the nodes: at most 2.2 times as much.

Regions: load, trace, and the bounds of all cells of all layers. Mask: the exact mask of the
middle cell of the last layer; there the input doubles along one axis only, since twice along both
is four times the pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
import onnx
from onnx import helper, numpy_helper
from timing import compare, tell

import rf_viz

LIMIT = 2.2
SIZES = (256, 512, 1024, 2048)
NODES = (1250, 2500, 5000, 10000)


class Chain:
    """An ONNX graph that grows node by node, from an input x of 4 channels."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[tuple[int, ...], str] = {}

    def add(self, op: str, *sources: str, **attributes: object) -> str:
        """Add a node; returns the name of its output."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, sources, [name], **attributes))
        return name

    def conv(self, source: str, ins: int, outs: int, kernel: int, stride: int = 1) -> str:
        """Add a padded convolution; returns the name of its output."""
        shape = (outs, ins, kernel, kernel)
        weight = self.weights.setdefault(shape, f"w{len(self.weights)}")
        pad = [kernel // 2] * 4
        return self.add("Conv", source, weight, strides=[stride] * 2, pads=pad)

    def model(self) -> bytes:
        """Write the graph as a file, its last node being the output."""
        size = ["height", "width"]
        graph = helper.make_graph(
            self.nodes,
            "chain",
            [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 4, *size])],
            [onnx.ValueInfoProto(name=self.nodes[-1].output[0])],
            [
                numpy_helper.from_array(np.ones(shape, np.float32), name)
                for shape, name in self.weights.items()
            ],
        )
        content: bytes = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
        ).SerializeToString()
        return content


def resnet50() -> bytes:
    """Its plan, narrow: bottleneck blocks of 3, 4, 6 and 3 units."""
    net = Chain()
    x = net.add("Relu", net.conv("x", 4, 8, 7, 2))
    x = net.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for block, units in enumerate((3, 4, 6, 3)):
        for unit in range(units):
            stride = 2 if block and not unit else 1
            y = net.add("Relu", net.conv(x, 8, 8, 1))
            y = net.add("Relu", net.conv(y, 8, 8, 3, stride))
            y = net.conv(y, 8, 8, 1)
            x = net.add("Relu", net.add("Add", y, x if unit else net.conv(x, 8, 8, 1, stride)))
    return net.model()


def plain(nodes: int) -> bytes:
    """Convolution, activation, and so on."""
    net, x = Chain(), "x"
    while len(net.nodes) < nodes:
        x = net.add("Relu", net.conv(x, 4, 4, 3))
    return net.model()


def residual(nodes: int) -> bytes:
    """Every second convolution is added to what came before both."""
    net, x = Chain(), "x"
    while len(net.nodes) < nodes:
        y = net.conv(net.add("Relu", net.conv(x, 4, 4, 3)), 4, 4, 3)
        x = net.add("Add", x, y)
    return net.model()


def dense(nodes: int) -> bytes:
    """Every convolution of all that came before adds a channel to it, as in a DenseNet's block."""
    net, x, channels = Chain(), "x", 4
    while len(net.nodes) < nodes:
        squeezed = net.add("ReduceMean", net.add("Relu", x), axes=[1], keepdims=1)
        x = net.add("Concat", x, net.conv(squeezed, 1, 1, 3), axis=1)
        channels += 1
    return net.model()


def regions(model: bytes, size: Sequence[int]) -> Callable[[], object]:
    """Make the work of finding all regions of a model at a size."""

    def work() -> None:
        """Load, trace, and bound all cells."""
        for layer in rf_viz.load(model).trace(input_size=size).layers:
            layer.spans()

    return work


def mask(model: bytes, size: Sequence[int]) -> Callable[[], object]:
    """Make the work of finding the mask of the last layer's middle cell."""
    last = rf_viz.load(model).trace(input_size=size).layers[-1]
    cell = [n // 2 for n in last.grid]
    return lambda: last.mask(cell)


def doublings(what: str, names: Iterable[object], works: Sequence[Callable[[], object]]) -> None:
    """Each against the one before it."""
    times = compare(*works, runs=5)
    for name, (before, now) in zip(list(names)[1:], pairwise(times), strict=True):
        tell(f"{what} {name}", now, before, LIMIT)


def main() -> None:
    """Double the sizes and the nodes."""
    print(f"{'':32} {'twice':>12} {'once':>12}")
    model = resnet50()
    doublings("ResNet-50 regions, side", SIZES, [regions(model, (n, n)) for n in SIZES])
    doublings("ResNet-50 mask, height", SIZES, [mask(model, (n, 1024)) for n in SIZES])
    for make in (plain, residual, dense):
        models = [make(n) for n in NODES]
        name = f"{make.__name__} chain"
        doublings(f"{name} regions, nodes", NODES, [regions(m, (64, 64)) for m in models])
        doublings(f"{name} mask, nodes", NODES, [mask(m, (64, 64)) for m in models])


if __name__ == "__main__":
    main()
