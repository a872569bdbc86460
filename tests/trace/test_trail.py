"""The trail of a cell: which cells of every layer on the way feed it, and what takes what."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import helper

import rf_viz
from rf_viz import Layer, Network
from rf_viz.trace.tensors import Source, Tensor
from tests.oracles.onnx_oracle import build, single, traced
from tests.trace.test_walk import some_graph


def rest(tensors: list[Tensor], first: int) -> list[Tensor]:
    """What is made of one of the tensors, with that one as the input."""
    numbers = {first: 0}
    left = [Tensor(tensors[first].name, "", "Input", tensors[first].shape)]
    for number, tensor in enumerate(tensors):
        sources = [s for s in tensor.sources if s.tensor in numbers]
        if number > first and sources:
            numbers[number] = len(left)
            left.append(
                Tensor(
                    tensor.name,
                    tensor.node,
                    tensor.op,
                    tensor.shape,
                    [Source(numbers[s.tensor], s.relation, s.local_beside_mix) for s in sources],
                )
            )
    return left


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_a_layer_feeds_a_cell_just_where_the_rest_of_the_network_sees_it(rng: Random) -> None:
    tensors = some_graph(rng).tensors
    assume(len(tensors) > 1)  # else there is only the input
    net = Network(tensors, (2, 3))
    layer = net.layers[-1]
    cell = [rng.randrange(n) for n in layer.grid]
    channel = 0 if layer.channel_axis is not None and rng.random() < 0.5 else None
    trail = layer.trail(cell, channel)
    index = layer.index(cell, channel)
    for number, before in enumerate(net.layers[:-1], 1):
        left = Network(rest(tensors, number), range(len(before.shape)))
        fed = np.zeros(before.grid, bool)
        if any(tensor.name == layer.name for tensor in left.layers):
            mask = left[layer.name].mask_of(index)
            others = tuple(a for a in range(mask.ndim) if a not in before.grid_axes)
            kept = sorted(before.grid_axes)
            order = [kept.index(axis) for axis in before.grid_axes]
            fed = mask.any(axis=others).transpose(order)
        np.testing.assert_array_equal(trail.get(before.name, np.zeros(before.grid, bool)), fed)
        assert (before.name in trail) == fed.any()
    assert list(trail)[-1] == layer.name
    assert [tuple(cell)] == [tuple(at) for at in np.argwhere(trail[layer.name]).tolist()]


def pool(source: str, name: str, kernel: int, stride: int = 1) -> helper.NodeProto:
    pads = [kernel // 2] * 4
    return helper.make_node(
        "MaxPool", [source], [name], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads
    )


@pytest.fixture(scope="module")
def block() -> Network:
    """A block whose shortcut leaves before the rectifier that its window looks at."""
    return traced(
        build(
            [
                pool("x", "a", 3),
                helper.make_node("Relu", ["a"], ["active"]),
                pool("active", "b", 3),
                helper.make_node("Add", ["b", "a"], ["sum"]),
                helper.make_node("Concat", ["sum", "active"], ["both"], axis=1),
                helper.make_node("Sigmoid", ["both"], ["aside"]),
            ],
            {"x": [1, 2, 9, 9]},
        )
    )


def fed(layer: Layer, *cell: int, channel: int | None = None) -> dict[str, int]:
    """How many cells of each layer feed a cell."""
    return {name: int(marks.sum()) for name, marks in layer.trail(cell, channel).items()}


def test_branches_get_what_comes_through_them_and_no_more(block: Network) -> None:
    assert fed(block["sum"], 4, 4) == {"a": 9, "active": 9, "b": 1, "sum": 1}
    both = block["both"]
    assert fed(both, 4, 4, channel=0) == {"a": 9, "active": 9, "b": 1, "sum": 1, "both": 1}
    assert fed(both, 4, 4, channel=3) == {"a": 1, "active": 1, "both": 1}
    assert fed(block["active"], 0, 8) == {"a": 1, "active": 1}


def test_what_a_layer_takes(block: Network) -> None:
    assert block["a"].inputs == (None,)
    assert block["sum"].inputs == (block["b"], block["a"])
    assert block["both"].inputs == (block["sum"], block["active"])


def test_marks_have_holes_where_a_window_is_dilated() -> None:
    weights = np.ones((1, 1, 3, 3), np.float32)
    net = traced(
        build(
            [
                helper.make_node("Relu", ["x"], ["r"]),
                helper.make_node("Conv", ["r", "w"], ["y"], dilations=[2, 2], pads=[2] * 4),
            ],
            {"x": [1, 1, 7, 7]},
            {"w": weights},
        )
    )
    marks = net["y"].trail((3, 3))["r"]
    assert np.argwhere(marks).tolist() == [[y, x] for y in (1, 3, 5) for x in (1, 3, 5)]


def test_a_gate_over_the_whole_image_is_off_the_trail_where_it_is_cut() -> None:
    nodes = [
        pool("x", "a", 3),
        helper.make_node("GlobalAveragePool", ["a"], ["squeezed"]),
        helper.make_node("Sigmoid", ["squeezed"], ["gate"]),
        helper.make_node("Mul", ["a", "gate"], ["gated"]),
    ]
    model = build(nodes, {"x": [1, 1, 6, 6]})
    assert fed(traced(model)["gated"], 2, 2) == {"a": 36, "squeezed": 1, "gate": 1, "gated": 1}
    assert fed(traced(model, cut_global=True)["gated"], 2, 2) == {"a": 1, "gated": 1}


def test_a_trail_needs_a_size_and_a_cell_that_is_there() -> None:
    model = single("MaxPool", (1, 1, 5, 5), kernel_shape=[3, 3])
    with pytest.raises(IndexError, match=r"cell \(3, 0\) is outside"):
        traced(model)["y"].trail((3, 0))
    with pytest.raises(ValueError, match="need an input size"):
        rf_viz.load(model.SerializeToString()).trace("unknown")["y"].trail((0, 0))


def test_a_trail_goes_back_along_every_one_of_many_branches_of_one_strand() -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"], "a", pads=[1, 1])]
    names = [f"r{number}" for number in range(40)]
    nodes += [helper.make_node("Relu", ["a"], [name], name) for name in names]
    nodes.append(helper.make_node("Sum", names, ["sum"], "sum"))
    model = build(nodes, {"x": (1, 1, 9)}, {"w": np.ones((1, 1, 3), np.float32)})
    trail = rf_viz.load(model.SerializeToString()).trace()["sum"].trail((4,))
    assert trail.keys() == {"a", *names, "sum"}
    assert all(np.flatnonzero(marks).tolist() == [4] for marks in trail.values())
