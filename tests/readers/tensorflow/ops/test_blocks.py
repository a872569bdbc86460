"""Blocks of pixels in the channels and in the batch, patches, and dilated convolutions written
that way, against TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import rf_viz
from tests.oracles.tensorflow_oracle import assert_agrees, traced
from tests.oracles.truth import generic

raw = tf.raw_ops


def test_space_to_depth_and_back() -> None:
    assert_agrees(lambda x: tf.nn.space_to_depth(x, 2), x=(2, 4, 6, 2))
    assert_agrees(lambda x: tf.nn.depth_to_space(x, 2), x=(2, 2, 3, 8))
    field = traced(lambda x: tf.nn.space_to_depth(x, 2), x=(1, 8, 8, 3))["y"].receptive_field
    assert field is not None
    assert (field.size, field.stride, field.padding) == ((2, 2), (2, 2), (0, 0))


@pytest.mark.parametrize("op", ["SpaceToDepth", "DepthToSpace"])
@pytest.mark.parametrize("form", ["NCHW", "NCHW_VECT_C"])
def test_channels_first_are_those_last_turned_round(op: str, form: str) -> None:
    shape = (1, 16, 4, 6) if form == "NCHW" else (1, 4, 4, 6, 4)

    def direct(x: tf.Tensor) -> tf.Tensor:
        return getattr(raw, op)(input=x, block_size=2, data_format=form)

    def turned(x: tf.Tensor) -> tf.Tensor:
        if form == "NCHW":
            y = getattr(raw, op)(input=tf.transpose(x, [0, 2, 3, 1]), block_size=2)
            return tf.transpose(y, [0, 3, 1, 2])
        y = tf.reshape(tf.transpose(x, [0, 2, 3, 1, 4]), [1, 4, 6, 16])
        y = getattr(raw, op)(input=y, block_size=2)
        n, h, w, c = y.shape
        return tf.transpose(tf.reshape(y, [n, h, w, c // 4, 4]), [0, 3, 1, 2, 4])

    mine, theirs = traced(direct, x=shape)["y"], traced(turned, x=shape)["y"]
    assert mine.shape == theirs.shape
    for index in np.ndindex(*mine.shape):
        assert np.array_equal(mine.mask_of(index), theirs.mask_of(index))


def test_space_to_batch_and_back() -> None:
    pads = [[1, 0], [0, 2]]
    assert_agrees(
        lambda x: raw.SpaceToBatchND(input=x, block_shape=[2, 3], paddings=pads), x=(2, 3, 4, 2)
    )
    assert_agrees(
        lambda x: raw.BatchToSpaceND(input=x, block_shape=[2, 3], crops=pads), x=(6, 2, 2, 2)
    )
    assert_agrees(
        lambda x: raw.SpaceToBatch(input=x, block_size=2, paddings=[[1, 0], [0, 1]]), x=(1, 3, 3, 2)
    )
    assert_agrees(
        lambda x: raw.BatchToSpace(input=x, block_size=2, crops=[[1, 0], [0, 1]]), x=(4, 2, 2, 2)
    )


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("rate", [2, 3])
@pytest.mark.parametrize("size", [(7, 8)])
def test_a_dilated_convolution_by_way_of_the_batch(
    padding: str, rate: int, size: tuple[int, int]
) -> None:
    weights = generic((3, 3, 1, 1))
    net = assert_agrees(lambda x: tf.nn.atrous_conv2d(x, weights, rate, padding), x=(1, *size, 1))
    assert any(layer.op == "BatchToSpaceND" for layer in net.layers)
    field = traced(lambda x: tf.nn.atrous_conv2d(x, weights, rate, padding), x=(1, 32, 33, 1))[
        "y"
    ].receptive_field
    assert field is not None
    assert (field.size, field.stride) == ((1 + 2 * rate,) * 2, (1, 1))
    assert field.padding == ((rate, rate) if padding == "SAME" else (0, 0))


def test_more_than_a_convolution_between_space_and_batch() -> None:
    def compute(x: tf.Tensor) -> tf.Tensor:
        y = raw.SpaceToBatchND(input=x, block_shape=[2, 2], paddings=[[2, 3], [2, 2]])
        y = tf.nn.relu(tf.nn.depthwise_conv2d(y, generic((3, 3, 2, 2)), [1, 1, 1, 1], "VALID"))
        y = tf.nn.bias_add(y, generic((4,)))
        y = tf.nn.conv2d(y, generic((1, 2, 2, 2)), 1, "SAME")
        return raw.BatchToSpaceND(input=y, block_shape=[2, 2], crops=[[0, 1], [0, 0]])

    assert_agrees(compute, x=(1, 5, 4, 2))
    field = traced(compute, x=(1, 31, 32, 2))["y"].receptive_field
    assert field is not None
    assert (field.size, field.padding) == ((5, 7), (2, 2))


def test_what_is_no_dilated_convolution_is_still_followed_exactly() -> None:
    def strided(x: tf.Tensor) -> tf.Tensor:
        y = raw.SpaceToBatchND(input=x, block_shape=[2], paddings=[[0, 0]])
        y = tf.nn.conv1d(y, generic((1, 2, 2)), 2, "VALID")
        return raw.BatchToSpaceND(input=y, block_shape=[2], crops=[[0, 0]])

    def residual(x: tf.Tensor) -> tf.Tensor:
        y = raw.SpaceToBatchND(input=x, block_shape=[2], paddings=[[0, 0]])
        y = y + tf.nn.conv1d(y, generic((3, 2, 2)), 1, "SAME")
        return raw.BatchToSpaceND(input=y, block_shape=[2], crops=[[0, 0]])

    def other_blocks(x: tf.Tensor) -> tf.Tensor:
        y = raw.SpaceToBatchND(input=x, block_shape=[4], paddings=[[0, 0]])
        return raw.BatchToSpaceND(input=tf.nn.relu(y), block_shape=[2], crops=[[0, 0]])

    for compute in (strided, residual, other_blocks):
        assert_agrees(compute, x=(1, 8, 2))


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
@pytest.mark.parametrize("rates", [(1, 1), (2, 1)])
def test_patches(padding: str, strides: tuple[int, int], rates: tuple[int, int]) -> None:
    def patches(x: tf.Tensor) -> tf.Tensor:
        return tf.image.extract_patches(x, [1, 3, 2, 1], [1, *strides, 1], [1, *rates, 1], padding)

    assert_agrees(patches, x=(1, 6, 5, 2))
    field = traced(patches, x=(1, 32, 32, 2))["y"].receptive_field
    assert field is not None
    assert (field.size, field.stride) == ((2 * rates[0] + 1, rates[1] + 1), strides)


def test_patches_of_a_volume() -> None:
    assert_agrees(
        lambda x: raw.ExtractVolumePatches(
            input=x, ksizes=[1, 2, 2, 1, 1], strides=[1, 1, 2, 1, 1], padding="SAME"
        ),
        x=(1, 3, 3, 2, 1),
    )


def test_dilated_convolutions_of_one_axis_keep_their_closed_form() -> None:
    """Keras spreads them over the batch, and moves the axis that it spread."""
    case = Path(__file__).parents[3] / "data" / "cases" / "odd_structures" / "k3_tcn_dil.keras"
    field = rf_viz.load(case).trace().layers[-1].receptive_field
    assert field is not None
    assert (field.size, field.stride, field.padding) == ((25,), (1,), (0,))
