"""Operators that read an image where other tensors say, against the running model."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tests.oracles.onnx_oracle import (
    assert_agrees,
    build,
    dependence,
    generic,
    single,
    traced,
)


def grid(shape: tuple[int, ...], reach: float = 1.3) -> NDArray[np.float32]:
    return np.random.default_rng(5).uniform(-reach, reach, shape).astype(np.float32)


@pytest.mark.parametrize("aligned", [0, 1])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_a_fixed_grid(mode: str, padding: str, aligned: int) -> None:
    model = single(
        "GridSample",
        (2, 1, 3, 4),
        grid((2, 3, 2, 2)),
        mode=mode,
        padding_mode=padding,
        align_corners=aligned,
    )
    assert_agrees(model)


def test_a_fixed_grid_in_a_volume() -> None:
    assert_agrees(single("GridSample", (1, 2, 2, 3, 2), grid((1, 2, 1, 2, 3)), mode="linear"))


def test_a_computed_grid() -> None:
    node = helper.make_node("GridSample", ["x", "grid"], ["y"])
    model = build([node], {"x": (1, 2, 4, 4), "grid": (1, 2, 3, 2)})
    feeds = {"x": generic((1, 2, 4, 4)), "grid": grid((1, 2, 3, 2), 0.4)}
    assert_agrees(model, feeds, source="grid", nudges=(0.1, -0.1))
    layer = traced(model, input="x", spatial_axes=(1, 2, 3))["y"]
    assert layer.exact
    expected = np.zeros((2, 4, 4), bool)
    expected[1] = True
    assert np.array_equal(layer.mask_of((0, 1, 0, 2)), expected)


def test_regions_of_interest() -> None:
    nodes = [
        helper.make_node("Cast", ["at"], ["index"], to=TensorProto.INT64),
        helper.make_node(
            "RoiAlign",
            ["x", "rois", "index"],
            ["y"],
            output_height=2,
            output_width=3,
            sampling_ratio=2,
        ),
    ]
    model = build(nodes, {"x": (2, 2, 6, 6), "rois": (3, 4), "at": (3,)}, opset=16)
    feeds = {
        "x": generic((2, 2, 6, 6)),
        "rois": np.array([[0.3, 0.6, 4.1, 4.7]] * 3, np.float32),
        "at": np.zeros(3, np.float32),
    }
    assert_agrees(model, feeds, source="rois", nudges=(0.2, -0.2), exact=False)
    assert_agrees(model, feeds, source="at", nudges=(1,))
    assert_agrees(model, feeds, source="x", exact=False)
    assert traced(model, input="x")["y"].exact
    rois = np.float32([[0, 0, 0, 3, 3]])
    pooled = single("MaxRoiPool", (1, 1, 5, 5), rois, opset=16, pooled_shape=[2, 2])
    assert_agrees(pooled, exact=False)
    assert not traced(pooled)["y"].exact


@pytest.mark.parametrize("source", ["x", "w", "offset", "bias", "mask"])
@pytest.mark.parametrize(("group", "moved"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_deformable_convolution(source: str, group: int, moved: int) -> None:
    inputs = {
        "x": (1, 4, 4, 4),
        "w": (2, 4 // group, 2, 2),
        "offset": (1, moved * 8, 3, 3),
        "bias": (2,),
        "mask": (1, moved * 4, 3, 3),
    }
    node = helper.make_node("DeformConv", list(inputs), ["y"], group=group, offset_group=moved)
    model = build([node], inputs)
    feeds = {name: generic(shape, i) for i, (name, shape) in enumerate(inputs.items())}
    feeds["offset"] = grid(inputs["offset"], 0.4) / 2
    seen = dependence(model, feeds, source, nudges=(0.1,))["y"]
    net = traced(model, input=source, spatial_axes=range(len(inputs[source])))
    for index in np.ndindex(1, 2, 3, 3):
        assert not (seen[index] & ~net["y"].mask_of(index)).any()
        if source in ("bias", "mask"):
            assert np.array_equal(seen[index], net["y"].mask_of(index))


def test_unpooling() -> None:
    places = np.array([[[[0, 3], [9, 14]]]], np.int64)
    model = single("MaxUnpool", (1, 1, 2, 2), places, kernel_shape=[2, 2], strides=[2, 2])
    assert_agrees(model)
    nodes = [
        helper.make_node("MaxPool", ["x"], ["p", "i"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("MaxUnpool", ["p", "i"], ["y"], kernel_shape=[2, 2], strides=[2, 2]),
    ]
    model = build(nodes, {"x": (1, 1, 4, 4)})
    assert_agrees(model, exact=False)
    assert not traced(model)["y"].exact
    extents = np.array([1, 1, 5, 5], np.int64)
    model = single("MaxUnpool", (1, 1, 2, 2), places, extents, kernel_shape=[2, 2], strides=[2, 2])
    assert not traced(model)["y"].exact
