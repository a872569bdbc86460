"""What ops that move elements and mix none depend on, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import rf_viz
from rf_viz.errors import ModelError
from tests.oracles.tensorflow_oracle import assert_agrees, traced
from tests.oracles.truth import generic

raw = tf.raw_ops
Shape = tuple[int, ...]


@pytest.mark.parametrize(
    ("shape", "compute"),
    [
        ((2, 3, 2), lambda x: tf.reshape(x, [3, -1])),
        ((2, 3, 2), lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:1], [-1]], 0))),
        ((2, 3), lambda x: tf.expand_dims(x, -2)),
        ((1, 3, 1, 1), lambda x: tf.squeeze(x, [0, -1])),
        ((1, 3, 1, 2), lambda x: tf.squeeze(x)),
        ((2, 3, 4), lambda x: tf.transpose(x, [2, 0, 1])),
        ((2, 3, 4), lambda x: tf.transpose(x)),
        ((2, 3), lambda x: tf.stack([x, generic((2, 3)), x * 2], 1)),
        ((2, 3, 2), lambda x: tf.unstack(x, axis=1)),
        ((2, 6), lambda x: tf.split(x, 3, 1)),
        ((2, 6), lambda x: tf.split(x, [1, -1, 2], -1)),
        ((2, 3, 2), lambda x: tf.concat([x, generic((2, 1, 2)), x], 1)),
        ((2, 3, 2), lambda x: raw.Concat(concat_dim=-1, values=[x, x])),
        ((2, 1), lambda x: tf.broadcast_to(x, [3, 2, 3])),
        ((2, 3, 2), lambda x: tf.tile(x, [2, 1, 3])),
        ((2, 3, 2), lambda x: tf.reverse(x, [0, -1])),
        ((2, 3, 2), lambda x: raw.Reverse(tensor=x, dims=[False, True, True])),
        ((3, 2, 5), lambda x: tf.roll(x, [1, -2, 1], [0, 2, 0])),
        ((3,), lambda x: tf.meshgrid(x, x * 2)),
        ((4,), lambda x: raw.DataFormatVecPermute(x=tf.cast(x * 1e3, tf.int32))),
        ((2, 2), lambda x: raw.DataFormatVecPermute(x=tf.cast(x * 1e3, tf.int32))),
    ],
)
def test_moves(shape: Shape, compute: Callable[..., Any]) -> None:
    assert_agrees(compute, x=shape)


@pytest.mark.parametrize("mode", ["CONSTANT", "REFLECT", "SYMMETRIC"])
@pytest.mark.parametrize("pads", [((0, 1), (2, 1)), ((0, 0), (0, 2)), ((1, 0), (0, 0))])
def test_pad(mode: str, pads: tuple[Shape, Shape]) -> None:
    net = assert_agrees(lambda x: tf.pad(x, pads, mode), x=(2, 3))
    assert net["y"].op == "Identity"


def test_a_computed_fill_is_assumed_to_reach_everywhere() -> None:
    net = assert_agrees(
        lambda x: tf.pad(x, [[0, 1], [2, 1]], constant_values=x[0, 0]), x=(2, 3), exact=False
    )
    assert not net["y"].exact


def test_padding_moves_the_closed_form() -> None:
    def padded(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.avg_pool2d(tf.pad(x, [[0, 0], [1, 1], [2, 0], [0, 0]]), 3, 2, "VALID")

    field = traced(padded, x=(1, 9, 9, 1))["y"].receptive_field
    assert field is not None
    assert (field.size, field.stride, field.padding) == ((3, 3), (2, 2), (1, 2))


def test_equal_parts_lie_elsewhere_at_another_size() -> None:
    def second_half(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.max_pool2d(tf.split(x, 2, 1)[1], 2, 2, "SAME")

    assert traced(second_half, x=(1, 8, 8, 1))["y"].region((1, 1)).slices == (
        slice(6, 8),
        slice(2, 4),
    )


def test_what_does_not_fit_says_so() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (1, None, 4, 1), "x")
        tf.identity(tf.reshape(x, [1, 16]), "y")
    model = rf_viz.load(graph.as_graph_def().SerializeToString(), "fixed.pb")
    assert model.trace(input_shape=(1, 4, 4, 1))["y"].shape == (1, 16)
    with pytest.raises(ModelError, match="fixed to another input size"):
        model.trace(input_shape=(1, 5, 4, 1))


def test_constants_are_worked_out_by_moving_them() -> None:
    def shifted(x: tf.Tensor) -> tf.Tensor:
        numbers = tf.range(tf.shape(x)[1])
        order = tf.roll(tf.reverse(tf.slice(numbers, [0], [-1]), [0]), [1], [0])
        return tf.gather(x, order[tf.newaxis, ::2][0], axis=1)

    net = assert_agrees(shifted, x=(2, 5))
    assert np.array_equal(net["y"].mask_of(np.s_[0, 0]).nonzero(), [[0], [0]])
