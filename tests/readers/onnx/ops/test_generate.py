"""Operators that make tensors from shapes and from a few numbers, against the running model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from tests.oracles.onnx_oracle import (
    assert_agrees,
    build,
    generic,
    runner,
    single,
    traced,
)

make = helper.make_node


@pytest.mark.parametrize(
    "node",
    [
        make("EyeLike", ["x"], ["c"]),
        make("RandomNormalLike", ["x"], ["c"]),
        make("RandomUniformLike", ["x"], ["c"]),
        make("RandomUniform", [], ["c"], shape=[3, 4]),
    ],
    ids=lambda node: node.op_type,
)
def test_what_only_takes_a_shape_depends_on_nothing(node: Any) -> None:  # noqa: ANN401
    model = build([node, make("Add", ["x", "c"], ["y"])], {"x": (3, 4)}, opset=21)
    net = traced(model, spatial_axes=(0, 1))
    assert [layer.name for layer in net.layers] == ["y"]
    assert net["y"].shape == runner(model)({"x": generic((3, 4))})["c"].shape
    assert net["y"].mask_of((1, 2)).sum() == 1


@pytest.mark.parametrize(
    ("op", "numbers"),
    [
        ("HannWindow", [6]),
        ("HammingWindow", [6]),
        ("BlackmanWindow", [6]),
        ("Range", [2, 14, 2]),
        ("ConstantOfShape", [[6]]),
    ],
)
def test_made_of_constants(op: str, numbers: list[Any]) -> None:
    constants = {f"c{i}": np.array(n, np.int64) for i, n in enumerate(numbers)}
    nodes = [
        make(op, list(constants), ["made"]),
        make("Cast", ["made"], ["c"], to=TensorProto.FLOAT),
        make("Mul", ["x", "c"], ["y"]),
    ]
    model = build(nodes, {"x": (2, 6)}, constants)
    net = traced(model, spatial_axes=(0, 1))
    assert [layer.name for layer in net.layers] == ["y"]
    assert net["y"].shape == (2, 6) == runner(model)({"x": generic((2, 6))})["y"].shape


def test_mel_weights() -> None:
    numbers = [np.array(n) for n in (8, 16, 8000)]
    rest = [np.float32(0), np.float32(4000)]
    constants = {f"c{i}": n for i, n in enumerate([*numbers, *rest])}
    nodes = [
        make("MelWeightMatrix", list(constants), ["mel"]),
        make("MatMul", ["x", "mel"], ["y"]),
    ]
    model = build(nodes, {"x": (3, 9)}, constants)
    layer = traced(model, spatial_axes=(0, 1))["y"]
    assert layer.shape == runner(model)({"x": generic((3, 9))})["y"].shape
    assert layer.region_of((1, 2)).slices == (slice(1, 2), slice(0, 9))


def test_random_draws_depend_on_all_classes() -> None:
    layer = traced(single("Multinomial", (2, 5), sample_size=3), spatial_axes=(0, 1))["y"]
    assert layer.shape == (2, 3)
    assert layer.region_of((1, 2)).slices == (slice(1, 2), slice(0, 5))


@pytest.mark.parametrize("size", [[2, 1, 2, 4], [2, 1, 2, 4, 2]])
def test_affine_grid(size: list[int]) -> None:
    rows = len(size) - 2
    model = single("AffineGrid", (2, rows, rows + 1), np.array(size, np.int64))
    assert_agrees(model)


def test_a_range_as_long_as_the_data_say_is_assumed() -> None:
    nodes = [
        make("ReduceMax", ["x"], ["most"], keepdims=0),
        make("Range", ["zero", "most", "one"], ["y"]),
    ]
    constants = {"zero": np.float32(0), "one": np.float32(1)}
    layer = traced(build(nodes, {"x": (4,)}, constants), spatial_axes=(0,))["y"]
    assert not layer.exact
    assert "Range" in layer.note
