"""What operators that move elements and mix none depend on, against the running model."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from rf_viz.errors import ModelError
from tests.oracles.onnx_oracle import (
    assert_agrees,
    build,
    generic,
    single,
    traced,
)


@pytest.mark.parametrize("perm", [None, (0, 2, 1), (2, 0, 1)])
def test_transpose(perm: tuple[int, ...] | None) -> None:
    attributes = {} if perm is None else {"perm": perm}
    assert_agrees(single("Transpose", (2, 3, 4), **attributes))


@pytest.mark.parametrize(
    ("shape", "target", "attributes"),
    [
        ((2, 3, 4), (4, 6), {}),
        ((2, 3, 4), (0, -1), {}),
        ((2, 3, 4), (-1,), {}),
        ((2, 3, 4), (3, 2, 2, 2), {}),
        ((1, 6, 2), (2, 3, 1, 2), {}),
        ((1, 6, 2), (1, 2, 6), {"allowzero": 1}),
    ],
)
def test_reshape(
    shape: tuple[int, ...], target: tuple[int, ...], attributes: dict[str, int]
) -> None:
    assert_agrees(single("Reshape", shape, np.array(target, np.int64), **attributes))


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1, -2])
def test_flatten(axis: int) -> None:
    assert_agrees(single("Flatten", (2, 3, 2), axis=axis))


def test_squeeze_and_unsqueeze() -> None:
    assert_agrees(single("Unsqueeze", (2, 3), np.array([0, -1, 2], np.int64)))
    assert_agrees(single("Unsqueeze", (2, 3), opset=11, axes=[1]))
    assert_agrees(single("Squeeze", (1, 3, 1, 2), np.array([0, -2], np.int64)))
    assert_agrees(single("Squeeze", (1, 3, 1, 2)))
    assert_agrees(single("Squeeze", (1, 3, 1, 2), opset=11, axes=[2]))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concat(axis: int) -> None:
    shape = [2, 3, 2]
    shape[axis] = 1
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Concat", ["x", "c", "r"], ["y"], axis=axis),
    ]
    assert_agrees(build(nodes, {"x": (2, 3, 2)}, {"c": generic(shape)}))


@pytest.mark.parametrize(
    ("shape", "target"),
    [((2, 1), (3, 2, 4)), ((3, 1, 2), (1, 2, 1)), ((1,), (2, 2)), ((2, 3), (1,))],
)
def test_expand(shape: tuple[int, ...], target: tuple[int, ...]) -> None:
    assert_agrees(single("Expand", shape, np.array(target, np.int64)))


@pytest.mark.parametrize("times", [(1, 1, 1), (2, 1, 3), (1, 2, 1)])
def test_tile(times: tuple[int, ...]) -> None:
    assert_agrees(single("Tile", (2, 3, 2), np.array(times, np.int64)))


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_to_space(mode: str) -> None:
    model = single("DepthToSpace", (2, 8, 2, 3), blocksize=2, mode=mode)
    assert_agrees(model)
    assert traced(model)["y"].note == "no affine form: upsampled by 2"


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_space_to_depth_in_either_order(mode: str) -> None:
    model = single("SpaceToDepth", (1, 2, 4, 6), opset=28, blocksize=2, mode=mode)
    assert_agrees(model, reference=True)


def test_space_to_depth() -> None:
    model = single("SpaceToDepth", (1, 2, 4, 6), blocksize=2)
    assert_agrees(model)
    field = traced(model)["y"].receptive_field
    assert field is not None
    assert (field.size, field.stride, field.padding) == ((2, 2), (2, 2), (0, 0))


def test_space_to_depth_and_back_is_still_a_map() -> None:
    nodes = [
        helper.make_node("SpaceToDepth", ["x"], ["d"], blocksize=2),
        helper.make_node("DepthToSpace", ["d"], ["y"], blocksize=2),
    ]
    model = build(nodes, {"x": (1, 3, 4, 6)})
    assert_agrees(model)
    net = traced(model)
    assert net["d"].grid == (2, 3)
    assert net["y"].grid == (4, 6)
    assert net["d"].region((1, 2)).slices == (slice(2, 4), slice(4, 6))
    assert net["d"].mask((1, 2), channel=0).sum() == 1


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
@pytest.mark.parametrize(
    "pads", [(0, 0, 2, 1, 0, 0, 1, 2), (0, 0, 0, 2, 0, 0, 0, 0), (0, 1, 1, 0, 0, 0, 1, 1)]
)
def test_pad(mode: str, pads: tuple[int, ...]) -> None:
    model = single("Pad", (1, 2, 3, 4), np.array(pads, np.int64), mode=mode)
    assert_agrees(model)
    layer = traced(model, spatial_axes=(2, 3))["y"]
    assert layer.receptive_field is not None
    assert layer.receptive_field.padding == (pads[2], pads[3])


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
@pytest.mark.parametrize("pads", [(-1, -2), (2, -1), (-1, 2)])
def test_negative_pads_crop(mode: str, pads: tuple[int, int]) -> None:
    assert_agrees(single("Pad", (2, 6), np.array([0, pads[0], 0, pads[1]], np.int64), mode=mode))


def test_pad_of_some_axes() -> None:
    pads, axes = np.array([1, 0, 2, 1], np.int64), np.array([-1, 0], np.int64)
    assert_agrees(single("Pad", (2, 3, 2), pads, None, axes))


def test_pad_by_attributes() -> None:
    assert_agrees(single("Pad", (2, 3), opset=10, pads=[0, 2, 1, -1], mode="edge"))


def test_a_computed_fill_is_assumed_to_reach_everywhere() -> None:
    node = helper.make_node("Pad", ["x", "pads", "x0"], ["y"])
    first = helper.make_node("ReduceMax", ["x"], ["x0"], keepdims=0)
    model = build([first, node], {"x": (2, 3)}, {"pads": np.array([0, 1, 0, 0], np.int64)})
    assert_agrees(model, exact=False)
    assert not traced(model, spatial_axes=(0, 1))["y"].exact


@pytest.mark.parametrize("target", [(2, 7), (3, 4), (5, 3), (6, 6), (4, 2)])
def test_center_crop_pad(target: tuple[int, int]) -> None:
    shape = np.array(target, np.int64)
    assert_agrees(single("CenterCropPad", (4, 5), shape), reference=True)
    model = single("CenterCropPad", (4, 1, 5), shape, axes=[0, -1])
    assert_agrees(model, reference=True)


def test_windows_of_a_swin_transformer_hold_their_own_pixels() -> None:
    nodes = [
        helper.make_node("Reshape", ["x", "split"], ["split_x"]),
        helper.make_node("Transpose", ["split_x"], ["moved"], perm=[0, 2, 4, 3, 5, 1]),
        helper.make_node("Reshape", ["moved", "tokens"], ["windows"]),
        helper.make_node("Softmax", ["windows"], ["mixed"], axis=1),
        helper.make_node("Reshape", ["mixed", "back"], ["unmoved"]),
        helper.make_node("Transpose", ["unmoved"], ["moved_back"], perm=[0, 5, 1, 3, 2, 4]),
        helper.make_node("Reshape", ["moved_back", "whole"], ["y"]),
    ]
    constants = {
        "split": np.array([1, 2, 2, 2, 3, 2], np.int64),
        "tokens": np.array([6, 4, 2], np.int64),
        "back": np.array([1, 2, 3, 2, 2, 2], np.int64),
        "whole": np.array([1, 2, 4, 6], np.int64),
    }
    model = build(nodes, {"x": (1, 2, 4, 6)}, constants)
    assert_agrees(model, nudges=(0.5,))
    layer = traced(model, spatial_axes=(2, 3))["y"]
    assert layer.grid == (4, 6)
    assert layer.region((3, 2)).slices == (slice(2, 4), slice(2, 4))


def test_channel_shuffle() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["grouped"], group=3),
        helper.make_node("Reshape", ["grouped", "split"], ["split_x"]),
        helper.make_node("Transpose", ["split_x"], ["moved"], perm=[0, 2, 1, 3, 4]),
        helper.make_node("Reshape", ["moved", "whole"], ["y"]),
    ]
    constants = {
        "w": generic((6, 2, 1, 1)),
        "split": np.array([1, 3, 2, 2, 2], np.int64),
        "whole": np.array([1, 6, 2, 2], np.int64),
    }
    model = build(nodes, {"x": (1, 6, 2, 2)}, constants)
    assert_agrees(model)
    assert traced(model)["y"].receptive_field is not None


def test_a_reshape_that_does_not_fit_says_so() -> None:
    model = single("Reshape", (2, 3), np.array([4, -1], np.int64))
    with pytest.raises(ModelError, match="cannot turn \\[2, 3\\] into \\[4, -1\\]"):
        traced(model)
