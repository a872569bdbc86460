"""Tensors made from shapes, constants and chance, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from tests.oracles.tensorflow_oracle import assert_agrees, traced

raw = tf.raw_ops


@pytest.mark.parametrize(
    ("shape", "compute"),
    [
        ((2,), lambda x: tf.fill([2, 3], x[0])),
        ((2, 3), lambda x: tf.zeros(tf.shape(x)) + x + tf.ones_like(x)),
        ((2,), lambda x: raw.LinSpace(start=x[0], stop=x[1], num=5)),
        ((2,), lambda x: raw.LinSpace(start=x[0], stop=x[1], num=1)),
        ((3,), lambda x: x + tf.cast(tf.range(tf.shape(x)[0]), tf.float32)),
        ((2, 3), lambda x: tf.reshape(x, [tf.size(x), tf.rank(x) - 1])),
        ((2, 3), lambda x: tf.broadcast_to(
            x, raw.BroadcastArgs(s0=tf.shape(x), s1=[2, 1, 1]))),
        ((2, 3), lambda x: tf.split(x, [1, 2], 1) + raw.ConcatOffset(
            concat_dim=0, shape=[tf.shape(x), tf.shape(x)])[:0]),
    ],
)  # fmt: skip
def test_made_from_shapes(shape: tuple[int, ...], compute: Callable[..., Any]) -> None:
    assert_agrees(compute, x=shape)


def test_noise_is_no_input() -> None:
    assert_agrees(lambda x: x + tf.random.stateless_normal(tf.shape(x), [1, 2]), x=(2, 3))


def test_draws_by_the_image() -> None:
    net = traced(
        lambda x: [
            tf.random.categorical(x, 4),
            tf.random.shuffle(x),
            tf.random.gamma([2], x),
        ],
        x=(3, 5),
    )
    assert [net[name].shape for name in ("y", "y1", "y2")] == [(3, 4), (3, 5), (2, 3, 5)]
    assert net["y"].mask_of((1, 2)).any()
    assert all(net[name].exact for name in ("y", "y1", "y2"))
