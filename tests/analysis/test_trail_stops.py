"""Which layers on the way to a cell are a stop of their own."""

from __future__ import annotations

import numpy as np
from onnx import helper

from rf_viz import Network
from rf_viz.analysis.trail_stops import Stop, latest, trail_stops
from rf_viz.relation import Slide, Window
from rf_viz.trace.tensors import Group, Source, Tensor
from tests.oracles.onnx_oracle import build, traced


def of(net: Network, name: str, *cell: int) -> list[Stop]:
    return trail_stops(net, net[name].trail(cell))


def members(shown: list[Stop]) -> list[list[str]]:
    return [[layer.name for layer in stop.layers] for stop in shown]


def conv(source: str, name: str, kernel: int) -> helper.NodeProto:
    pads = [kernel // 2] * 4
    return helper.make_node("Conv", [source, f"w{kernel}"], [name], pads=pads)


def test_what_changes_nothing_belongs_to_what_it_follows() -> None:
    """A rectifier, a gate on itself, a transposition; but not a convolution, of whatever size."""
    net = traced(
        build(
            [
                conv("x", "a", 3),
                helper.make_node("Relu", ["a"], ["active"]),
                helper.make_node("Sigmoid", ["active"], ["gate"]),
                helper.make_node("Mul", ["active", "gate"], ["swish"]),
                conv("swish", "b", 1),
                conv("b", "c", 3),
                helper.make_node("Add", ["c", "swish"], ["sum"]),
                helper.make_node("Transpose", ["sum"], ["turned"], perm=[0, 2, 3, 1]),
            ],
            {"x": [1, 1, 9, 9]},
            {"w1": np.ones((1, 1, 1, 1), np.float32), "w3": np.ones((1, 1, 3, 3), np.float32)},
        )
    )
    shown = of(net, "turned", 4, 4)
    assert members(shown) == [
        [],
        ["a", "active", "gate", "swish"],
        ["b"],
        ["c"],
        ["sum", "turned"],
    ]
    assert [stop.sources for stop in shown] == [(), (0,), (1,), (2,), (3, 1)]
    assert shown[1].kinds == ["Conv", "Relu", "Sigmoid", "Mul"]


def test_a_layer_of_the_framework_is_one_stop_and_one_that_holds_others_is_not() -> None:
    size = (1, 9, 9, 1)
    window = Window([Slide(1, 9, 9, 3, 1, 1, 1), Slide(2, 9, 9, 3, 1, 1, 1)])

    def tensor(name: str, source: int, group: Group) -> Tensor:
        return Tensor(name, name, "Conv2D", size, [Source(source, (window,))], group=group)

    outer = Group("block", "Block", "", "out", "other")
    inner = Group(
        "block/separable", "SeparableConv2D", "", "pointwise", "convolution", parent=outer
    )
    tensors = [
        Tensor("x", "x", "Input", size),
        tensor("depthwise", 0, inner),
        tensor("pointwise", 1, inner),
        tensor("wide", 2, outer),
        tensor("out", 3, outer),
    ]
    shown = of(Network(tensors, (1, 2)), "out", 4, 4)
    assert members(shown) == [[], ["depthwise", "pointwise"], ["wide"], ["out"]]
    assert shown[1].kinds == ["SeparableConv2D"]


def test_of_many_stops_the_last_are_kept_and_one_stands_in_for_the_others() -> None:
    nodes = [conv("x" if n == 0 else f"t{n - 1}", f"t{n}", 3) for n in range(6)]
    nodes.append(helper.make_node("Add", ["t5", "t1"], ["sum"]))
    net = traced(build(nodes, {"x": [1, 1, 40, 40]}, {"w3": np.ones((1, 1, 3, 3), np.float32)}))
    every = of(net, "sum", 20, 20)
    assert latest(every, 7) == every
    some = latest(every, 3)
    assert members(some) == [[], ["t0", "t1", "t2", "t3"], ["t4"], ["t5"], ["sum"]]
    assert [stop.sources for stop in some] == [(), (0,), (1,), (2,), (3, 1)]
    assert [stop.left_out for stop in some] == [0, 4, 0, 0, 0]
