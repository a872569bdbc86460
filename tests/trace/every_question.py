"""Ask every question about a network whose shapes claim a lot, in bounded memory.

Run as ``python -m tests.trace.every_question NAME`` by a test: it ends with an error where a
question has neither an answer nor a ModelError for one, within ``GIBIBYTES`` of memory.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from onnx import NodeProto, helper

import rf_viz
from rf_viz import Network
from rf_viz.analysis import coverage, diagnosis, growth, records
from rf_viz.errors import DefectError
from rf_viz.ui.explore.pixel_cells import counted
from rf_viz.ui.inspector.depth.depth import near
from rf_viz.ui.inspector.linked_view.linked_view import packet
from rf_viz.ui.network.findings import findings
from rf_viz.ui.network.graph.graph import content
from rf_viz.ui.network.scopes import first_unfolded, scope_tree
from rf_viz.ui.outline import outline, undivided
from rf_viz.ui.pictures import FeatureMap, Picture
from tests.oracles.onnx_oracle import build

GIBIBYTES = 5

Made = tuple[Sequence[NodeProto], Sequence[int], Mapping[str, np.ndarray]]

_KERNELS = {
    "k1": np.ones((1, 1, 3), np.float32),
    "k2": np.ones((1, 1, 3, 3), np.float32),
    "s": np.array([1, 1, 3000, 3000], np.float32),
    "two": np.array(2),
}


def _resized(*behind: NodeProto) -> Made:
    """An image of 32 by 32 that becomes one of 96,000 by 96,000, and what comes behind."""
    first = helper.make_node("Resize", ["x", "", "s"], ["large"], mode="linear")
    return [first, *behind], (1, 1, 32, 32), _KERNELS


def _chain(op: str, count: int, shape: Sequence[int], *inputs: str, **attributes: object) -> Made:
    names = ["x", *(f"t{number}" for number in range(count))]
    nodes = [
        helper.make_node(op, [before, *inputs], [after], **attributes)  # type: ignore[arg-type]
        for before, after in pairwise(names)
    ]
    return nodes, shape, _KERNELS


def _residual(count: int, side: int) -> Made:
    nodes, last = [], "x"
    for number in range(count):
        conv, after = f"c{number}", f"a{number}"
        nodes.append(helper.make_node("Conv", [last, "k2"], [conv], pads=[1] * 4))
        nodes.append(helper.make_node("Add", [last, conv], [after]))
        last = after
    return nodes, (1, 1, side, side), _KERNELS


def _expanded(shape: Sequence[int]) -> Made:
    nodes = [
        helper.make_node("Expand", ["x", "shape"], ["e"]),
        helper.make_node("Relu", ["e"], ["r"]),
    ]
    return nodes, [1] * len(shape), {"shape": np.array(shape)}


def _padded(count: int, mode: str) -> Made:
    nodes, shape, _ = _chain("Pad", count, (1, 1, 8), "pads", mode=mode)
    return nodes, shape, {"pads": np.array([0, 0, 0, 0, 0, 2**24])}


def _antialiased(size: int, out: int) -> Made:
    node = helper.make_node("Resize", ["x", "", "", "out"], ["r"], mode="cubic", antialias=1)
    return [node], (1, 1, size), {"out": np.array([1, 1, out])}


NETWORKS: Mapping[str, Callable[[], Made]] = {
    "large layer": lambda: _resized(helper.make_node("Relu", ["large"], ["r"])),
    "large layer, convolved": lambda: _resized(
        helper.make_node("Conv", ["large", "k2"], ["c"]),
        helper.make_node("GlobalAveragePool", ["c"], ["p"]),
    ),
    "large layer, turned": lambda: _resized(
        helper.make_node("Transpose", ["large"], ["t"], perm=[0, 1, 3, 2]),
        helper.make_node("Add", ["large", "t"], ["sum"]),
    ),
    "large layer, summed up": lambda: _resized(
        helper.make_node("CumSum", ["large", "two"], ["c"]),
    ),
    "long signal": lambda: _chain("Conv", 20, (1, 1, 2**25), "k1", pads=[1, 1]),
    "longest signal": lambda: _chain("Conv", 4, (1, 1, 2**28), "k1", pads=[1, 1]),
    "many alike": lambda: _chain("Relu", 100, (1, 1, 2**24)),
    "residual": lambda: _residual(12, 2**14),
    "far strides": lambda: _chain(
        "Conv", 1, (1, 1, 8, 8), "k2", strides=[10**6] * 2, dilations=[10**6] * 2, pads=[10**9] * 4
    ),
    "far taps": lambda: _chain(
        "MaxPool", 1, (1, 1, 8), kernel_shape=[10**6], dilations=[9], pads=[9 * 10**6] * 2
    ),
    "large kernels": lambda: _chain(
        "MaxPool", 1, (1, 1, 8, 8), kernel_shape=[10**9] * 2, pads=[10**9 - 1] * 4
    ),
    "large steps back": lambda: _chain(
        "ConvTranspose", 1, (1, 1, 32, 32), "k2", strides=[2**14, 2**14]
    ),
    "repeated": lambda: _expanded([1, 1, 2**38]),
    "padded": lambda: _padded(1, "constant"),
    "padded on and on": lambda: _padded(40, "edge"),
    "antialiased": lambda: _antialiased(2**25, 2**20),
    "antialiased to two": lambda: _antialiased(2**27, 2),
}


def questions(net: Network) -> Mapping[str, Callable[[], object]]:
    """Everything that the pages ask of a network, and what else is public, by name."""
    last, tree = net.layers[-1], scope_tree(net)
    cell = tuple(n // 2 for n in last.extents)
    pixel = tuple(n // 2 for n in net.input.size)
    entries = list(undivided(outline(net)))
    flat = len(net.input.size) == 1
    blank = np.zeros(8, np.float32) if flat else np.zeros((8, 8, 3), np.uint8)
    feature_map = FeatureMap(last, None, "map", None)
    return {
        "spans": lambda: [layer.spans() for layer in net.layers],
        "region": lambda: last.region(cell),
        "mask": lambda: last.mask(cell),
        "paths": lambda: last.paths(cell),
        "trail": lambda: last.trail(cell),
        "bounds": lambda: last.bounds(),
        "all of it": lambda: (last.region_of(...), last.mask_of(...)),
        "seeing": lambda: last.seeing(pixel),
        "seen by": lambda: net.seen_by(pixel),
        "sizes": lambda: [layer.region_sizes for layer in net.layers],
        "closed forms": lambda: [(x.receptive_field, x.note, x.settings) for x in net.layers],
        "context": lambda: [layer.context_region for layer in net.layers],
        "layout": lambda: [layer.layout for layer in net.layers],
        "growth": lambda: growth.growth(net),
        "whole image": lambda: diagnosis.whole_image(net),
        "skips": lambda: diagnosis.skips(net),
        "unseen": lambda: diagnosis.unseen_by_all(net),
        "coverage": lambda: coverage.coverage(last),
        "record": lambda: records.network_record("m.onnx", net),
        "findings": lambda: findings(net),
        "graph": lambda: content(net, tree, first_unfolded(tree)),
        "near": lambda: near(net, pixel),
        "who sees it": lambda: counted(entries, pixel),
        "view": lambda: packet(Picture("", "", blank), feature_map, "", live=True),
    }


def main(name: str) -> None:
    """Ask everything about the network of this name."""
    resource.setrlimit(resource.RLIMIT_DATA, (GIBIBYTES << 30, GIBIBYTES << 30))
    nodes, shape, constants = NETWORKS[name]()
    proto = build(nodes, {"x": shape}, constants, opset=18)
    try:
        net = rf_viz.load(proto.SerializeToString(), "m.onnx").trace(cut_global=True)
    except DefectError:
        raise
    except rf_viz.ModelError as error:
        print("trace:", error)
        return
    for what, question in questions(net).items():
        try:
            question()
        except rf_viz.ModelError as error:
            print(f"{what}:", error)
        else:
            print(f"{what}: told")


if __name__ == "__main__":
    main(*sys.argv[1:])
