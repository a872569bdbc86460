"""Tokens and windows lie where they were cut from the image, whatever shape holds them."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import helper

import rf_viz
from rf_viz import Layer, Network, Region
from tests.models.transformers import Writer, swin, vit
from tests.oracles.onnx_oracle import assert_agrees, build, runner
from tests.oracles.onnx_oracle import traced as traced_model


@cache
def traced(name: str, *, cut_global: bool = True, class_token: bool = True) -> Network:
    content = swin() if name == "swin" else vit(class_token=class_token)
    return rf_viz.load(content).trace(cut_global=cut_global)


def picture(layer: Layer) -> NDArray[np.int32]:
    assert layer.layout is not None
    return layer.layout.cells


def cell_at(layer: Layer, row: int, column: int) -> tuple[int, ...]:
    """The cell of a layer that lies at a row and column of its picture."""
    return tuple(int(i) for i in np.unravel_index(picture(layer)[row, column], layer.grid))


# Where cells lie


def test_an_ordinary_grid_is_a_picture_itself() -> None:
    layer = traced("vit")["patches"]
    np.testing.assert_array_equal(picture(layer), np.arange(12).reshape(3, 4))
    assert layer.layout is not None


@pytest.mark.parametrize("name", ["begin", "block0/attention", "block0", "block1"])
def test_tokens_lie_where_their_patches_are_and_a_class_token_apart(name: str) -> None:
    layer = traced("vit")[name]
    assert (layer.shape, layer.grid) == ((1, 13, 8), (13,))
    np.testing.assert_array_equal(picture(layer), np.arange(1, 13).reshape(3, 4))
    assert layer.layout is not None
    assert layer.layout.apart == (0,)


@pytest.mark.parametrize("name", ["begin", "block0", "block1"])
def test_without_a_class_token_the_tokens_are_the_picture_in_order(name: str) -> None:
    layer = traced("vit", class_token=False)[name]
    assert layer.grid == (12,)
    assert layer.layout is not None
    assert layer.layout.shape == (3, 4)


@pytest.mark.parametrize("name", ["windows0", "block0/attention", "windows1", "block1/attention"])
def test_windows_lie_where_they_were_cut_from_shifted_or_not(name: str) -> None:
    layer = traced("swin")[name]
    assert (layer.shape, layer.grid) == ((4, 16, 8), (4, 16))
    rows, columns = np.indices((8, 8))
    shift = 2 if "1" in name else 0
    rows, columns = (rows - shift) % 8, (columns - shift) % 8
    window, token = rows // 4 * 2 + columns // 4, rows % 4 * 4 + columns % 4
    np.testing.assert_array_equal(picture(layer), 16 * window + token)


def test_merged_patches_are_a_smaller_picture() -> None:
    layer = traced("swin")["merged"]
    assert layer.grid == (16,)
    np.testing.assert_array_equal(picture(layer), np.arange(16).reshape(4, 4))


def test_a_matrix_of_attention_is_no_picture() -> None:
    assert traced("vit")["block0/shares"].layout is None
    assert traced("swin")["block0/shares"].layout is None


def test_tokens_of_two_grids_in_one_row_are_no_picture() -> None:
    nodes = [
        helper.make_node("MaxPool", ["x"], ["small"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Reshape", ["x", "row"], ["many"]),
        helper.make_node("Reshape", ["small", "row"], ["few"]),
        helper.make_node("Concat", ["many", "few"], ["all"], axis=2),
    ]
    model = build(nodes, {"x": [1, 2, 4, 4]}, {"row": np.array([1, 2, -1])})
    net = rf_viz.load(model.SerializeToString()).trace()
    assert picture(net["many"]).shape == (4, 4)
    assert picture(net["few"]).shape == (2, 2)
    assert net["all"].layout is None


def test_the_frames_of_a_video_are_layers_of_a_box() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["tubes"], kernel_shape=[2] * 3, strides=[2] * 3),
        helper.make_node("Reshape", ["tubes", "row"], ["tokens"]),
    ]
    constants = {"w": np.ones((2, 1, 2, 2, 2), np.float32), "row": np.array([1, 2, -1])}
    model = build(nodes, {"x": [1, 1, 4, 6, 8]}, constants)
    layer = rf_viz.load(model.SerializeToString()).trace()["tokens"]
    np.testing.assert_array_equal(picture(layer), np.arange(24).reshape(2, 3, 4))


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_positions_follow_every_move(rng: Random) -> None:
    """The model is fed each position's number and run: where did it go?"""
    w, shape = Writer(), [1, 1, *rng.sample([2, 3, 4, 6, 8], 2)]
    rows, columns = shape[2:]
    x = "x"
    for _ in range(rng.randint(1, 5)):
        axis = rng.randrange(len(shape))
        move = rng.choice(["split", "merge", "transpose", "roll", "flip"])
        if move == "split":
            part = rng.choice([n for n in range(1, shape[axis] + 1) if shape[axis] % n == 0])
            shape[axis : axis + 1] = [shape[axis] // part, part]
            x = w.reshape(x, *shape)
        elif move == "merge" and len(shape) > 2:
            axis = rng.randrange(len(shape) - 1)
            shape[axis : axis + 2] = [shape[axis] * shape[axis + 1]]
            x = w.reshape(x, *shape)
        elif move == "transpose":
            order = rng.sample(range(len(shape)), len(shape))
            shape = [shape[i] for i in order]
            x = w.op("Transpose", x, perm=order)
        elif move == "roll" and shape[axis] > 1:
            x = w.roll(x, axis, rng.randrange(1, shape[axis]))
        elif move == "flip":
            x = w.cut(x, axis, -1, -(2**31), -1)
    w.reshape(x, 1, rows * columns, name="row")
    model = w.model([1, 1, rows, columns])
    fed = np.arange(rows * columns, dtype=np.float32).reshape(1, 1, rows, columns)
    went = runner(model)({"x": fed})["row"].reshape(-1)
    layer = traced_model(model, spatial_axes=(2, 3))["row"]
    np.testing.assert_array_equal(went[picture(layer)], fed[0, 0])


# What cells see


def test_before_attention_a_token_sees_its_patch_and_a_class_token_nothing() -> None:
    layer = traced("vit")["begin"]
    assert layer.region(cell_at(layer, 1, 2)) == Region((4, 8), (8, 12))
    assert layer.region((0,)).empty


@pytest.mark.parametrize("name", ["block0", "block1"])
def test_after_global_attention_a_token_sees_the_image_and_its_patch_is_what_is_local(
    name: str,
) -> None:
    whole = traced("vit", cut_global=False)[name]
    for token in range(13):
        assert whole.region((token,)) == Region((0, 0), (12, 16))
    layer = traced("vit")[name]
    assert layer.region(cell_at(layer, 1, 2)) == Region((4, 8), (8, 12))
    assert "block0/shares" in layer.global_context
    assert layer.exact


@pytest.mark.parametrize("name", ["block0", "class", "logits"])
def test_a_class_token_has_nothing_local_so_it_sees_the_image(name: str) -> None:
    layer = traced("vit")[name]
    cell = (0,) * len(layer.grid)
    assert layer.region(cell) == Region((0, 0), (12, 16))
    assert layer.mask(cell).all()
    assert layer.exact


def test_after_window_attention_a_cell_sees_its_window() -> None:
    layer = traced("swin")["block0"]
    for row in range(8):
        for column in range(8):
            top, left = row // 4 * 8, column // 4 * 8
            region = layer.region(cell_at(layer, row, column))
            assert region == Region((top, left), (top + 8, left + 8))
    assert layer.global_context == ()


@pytest.mark.slow
@pytest.mark.parametrize("content", [vit(2, 2, 2), swin(4, 2, 1)], ids=["vit", "swin"])
def test_regions_are_what_running_the_model_shows(content: bytes) -> None:
    assert_agrees(onnx.load_from_string(content), nudges=(1.0, -1.0))


def test_the_trail_of_a_class_leads_to_every_patch() -> None:
    trail = traced("vit")["logits"].trail(())
    assert trail["block1"].tolist() == [True] + 12 * [False]
    assert trail["patches"].all()
    assert traced("vit")["block1"].trail((5,))["patches"].sum() == 1
