"""The inputs that images go into are told by what operators do, not by what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

import rf_viz
from rf_viz.model import ModelInput
from rf_viz.readers.reading.image_inputs import images_first
from rf_viz.readers.reading.operators import Operator, Weights
from rf_viz.trace.tensors import Category
from tests.oracles.onnx_oracle import build
from tests.oracles.truth import generic


@dataclass
class FakeCall:
    """A call of an operator whose name says nothing."""

    operator: Operator | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    op: str = "Operator"
    name: str = "node"
    local: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)
    graphs: tuple[Any, ...] = ()
    inner: tuple[str, ...] = ()


def entry(category: Category, weights: Weights = (), *, asks_shape_only: bool = False) -> Operator:
    return Operator(lambda node: [], category, weights=weights, asks_shape_only=asks_shape_only)


def order(calls: list[FakeCall], **inputs: ModelInput) -> list[str]:
    return [i.name for i in images_first(list(inputs.values()), calls)]


IMAGE = (1, 3, 8, 8)


def test_weights_are_no_data() -> None:
    """As in a network whose kernels are computed by another."""
    calls = [FakeCall(entry("convolution", (1, 2)), ("data", "kernel"), ("y",))]
    inputs = {name: ModelInput(name, IMAGE) for name in ("kernel", "data")}
    assert order(calls, **inputs) == ["data", "kernel"]


def test_the_data_of_a_transposed_convolution_may_come_last() -> None:
    """Its inputs may be the extents of the output, the kernel, and then the data."""
    calls = [FakeCall(entry("convolution", (1,)), ("sizes", "kernel", "data"), ("y",))]
    inputs = {
        "sizes": ModelInput("sizes", (4,), "int32"),
        "kernel": ModelInput("kernel", IMAGE),
        "data": ModelInput("data", IMAGE),
    }
    assert order(calls, **inputs) == ["data", "kernel", "sizes"]


@pytest.mark.parametrize("operator", [None, entry("join"), entry("attention, dense")])
def test_only_windows_slide(operator: Operator | None) -> None:
    calls = [
        FakeCall(operator, ("second",), ("z",), op="Conv"),
        FakeCall(entry("pooling"), ("first",), ("y",), op="Add"),
    ]
    inputs = {name: ModelInput(name, IMAGE) for name in ("second", "first")}
    assert order(calls, **inputs) == ["first", "second"]


def test_a_shape_is_not_followed() -> None:
    calls = [
        FakeCall(entry("layout", asks_shape_only=True), ("shown",), ("shape",)),
        FakeCall(entry("join"), ("shape", "data"), ("sum",)),
        FakeCall(entry("convolution", (1,)), ("sum", "w"), ("y",)),
    ]
    inputs = {name: ModelInput(name, IMAGE) for name in ("shown", "data")}
    assert order(calls, **inputs) == ["data", "shown"]


@pytest.mark.parametrize("kind", [TensorProto.INT8, TensorProto.UINT8, TensorProto.FLOAT16])
def test_small_integers_are_numbers_too(kind: int) -> None:
    model = build(
        [helper.make_node("Shape", ["ids"], ["n"]), helper.make_node("Cast", ["x"], ["y"], to=1)],
        {"ids": IMAGE, "x": IMAGE},
    )
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    model.graph.input[1].type.tensor_type.elem_type = kind
    assert [i.name for i in rf_viz.load(model.SerializeToString()).inputs] == ["x", "ids"]


def test_convolutions_in_branches_count() -> None:
    conv = helper.make_graph(
        [helper.make_node("Conv", ["image", "w"], ["c"])],
        "conv",
        [],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, None)],
    )
    model = build(
        [
            helper.make_node("If", ["on"], ["z"], then_branch=conv, else_branch=conv),
            helper.make_node("Add", ["z", "other"], ["y"]),
        ],
        {"other": (1, 1, 6, 6), "image": (1, 1, 8, 8)},
        {"w": generic((1, 1, 3, 3)), "on": np.array(True)},
    )
    assert [i.name for i in rf_viz.load(model.SerializeToString()).inputs] == ["image", "other"]


KERNEL = generic((4, 3, 3, 3))
NODE = helper.make_node


@pytest.mark.parametrize(
    ("nodes", "other"),
    [
        (
            [NODE("DeformConv", ["x", "w", "other"], ["y"], kernel_shape=[3, 3])],
            (1, 18, 6, 6),
        ),
        (
            [NODE("FusedConv", ["x", "w", "", "other"], ["y"], domain="com.microsoft")],
            (1, 4, 6, 6),
        ),
        (
            [
                NODE("MaxPool", ["x"], ["a"], kernel_shape=[2, 2]),
                NODE("ReduceMax", ["other"], ["b"]),
                NODE("ReduceSum", ["b"], ["c"]),
                NODE("Add", ["a", "c"], ["y"]),
            ],
            (1, 1, 8, 8),
        ),
        (
            [
                NODE("Conv", ["x", "w"], ["a"]),
                NODE("MaxPool", ["a"], ["b"], kernel_shape=[2, 2]),
                NODE("MaxPool", ["b"], ["c"], kernel_shape=[2, 2]),
                NODE("Conv", ["other", "w"], ["d"]),
                NODE("Conv", ["d", "v"], ["e"]),
                NODE("Add", ["c", "e"], ["y"]),
            ],
            (1, 3, 8, 8),
        ),
    ],
    ids=["offsets", "addend", "reduction", "pools count as convolutions do"],
)
def test_windows_slide_over_the_data_alone(nodes: list[Any], other: tuple[int, ...]) -> None:
    """What else an operator takes, and what is reduced, is no image by that."""
    constants = {"w": KERNEL, "v": generic((4, 4, 3, 3))}
    model = build(nodes, {"other": other, "x": (1, 3, 8, 8)}, constants)
    assert [i.name for i in rf_viz.load(model.SerializeToString()).inputs] == ["x", "other"]


def test_zero_points_are_no_data() -> None:
    model = build(
        [NODE("ConvInteger", ["x", "w", "zero"], ["y"])],
        {"zero": (1, 1, 1, 1), "x": (1, 3, 8, 8)},
        {"w": np.ones((4, 3, 3, 3), np.uint8)},
    )
    for declared in model.graph.input:
        declared.type.tensor_type.elem_type = TensorProto.UINT8
    assert [i.name for i in rf_viz.load(model.SerializeToString()).inputs] == ["x", "zero"]
