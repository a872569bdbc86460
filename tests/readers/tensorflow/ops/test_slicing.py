"""What slices depend on, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import rf_viz
from rf_viz.errors import ModelError
from tests.oracles.tensorflow_oracle import assert_agrees, traced

raw = tf.raw_ops


@pytest.mark.parametrize(
    ("shape", "compute"),
    [
        ((2, 3, 2, 2), lambda x: x[1:, ::-1, None, ..., 0]),
        ((2, 3, 5, 2), lambda x: x[..., ::2, -1]),
        ((2, 3, 4), lambda x: x[-1, :, 1:-1]),
        ((2, 7), lambda x: x[:, tf.newaxis, -3:5:2]),
        ((2, 7), lambda x: x[:, 5:1:-2]),
        ((2, 7), lambda x: x[:, 100:0:-3]),
        ((2, 7), lambda x: x[1, 2]),
        ((2, 3, 4), lambda x: x[...]),
        ((2, 3, 4), lambda x: x[:, :, tf.shape(x)[2] - 2]),
        ((2, 4), lambda x: tf.slice(x, [0, 1], [-1, 2])),
        ((2, 4), lambda x: tf.slice(x, [1, 0], [1, -1])),
    ],
)
def test_slices(shape: tuple[int, ...], compute: Callable[..., Any]) -> None:
    assert_agrees(compute, x=shape)


def test_a_slice_put_in_place() -> None:
    where = {"begin": [0, 1], "end": [2, 4], "strides": [1, 2]}
    assert_agrees(
        lambda x: raw.TensorStridedSliceUpdate(input=x, value=x[:, :2] * 3, **where), x=(2, 4)
    )
    assert_agrees(lambda x: raw.StridedSliceGrad(shape=[2, 5], dy=x, **where), x=(2, 2))


def test_slicing_beyond_the_image_says_so() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (1, None, 4, 1), "x")
        tf.identity(x[:, 6], "y")
    model = rf_viz.load(graph.as_graph_def().SerializeToString(), "sliced.pb")
    assert model.trace(input_shape=(1, 7, 4, 1))["y"].shape == (1, 4, 1)
    with pytest.raises(ModelError, match="takes position 6 of 5"):
        model.trace(input_shape=(1, 5, 4, 1))


def test_a_cropped_map_keeps_its_closed_form() -> None:
    net = traced(lambda x: tf.nn.avg_pool2d(x[:, 1:-1, 2:], 2, 2, "VALID"), x=(1, 8, 8, 1))
    field = net["y"].receptive_field
    assert field is not None
    assert (field.size, field.stride, field.padding) == ((2, 2), (2, 2), (-1, -2))


def test_frames_of_an_open_length_are_shape_arithmetic() -> None:
    with tf.Graph().as_default() as open_graph:
        x = tf.compat.v1.placeholder(tf.float32, (None, None), "x")
        tf.identity(tf.abs(tf.signal.stft(x, 8, 4, 8)), "y")
    model = rf_viz.load(open_graph.as_graph_def().SerializeToString(), "stft.pb")
    layer = model.trace(input_shape=(1, 40), spatial_axes=(1,))["y"]
    assert (layer.shape, layer.exact) == ((1, 9, 5), True)
    assert layer.region_of(np.s_[0, 4, 2]) == rf_viz.Region((16,), (24,))
