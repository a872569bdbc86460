"""What ops that pick or place elements depend on, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.oracles.tensorflow_oracle import assert_agrees, traced
from tests.oracles.truth import generic

raw = tf.raw_ops

TABLE = generic((5, 2), 1)

NUMBERS = np.array([[1, 1], [2, 1]], np.float32)
STEPS = (1, -1, 2, -2)


@pytest.mark.parametrize(
    ("shape", "compute"),
    [
        ((2, 3, 2), lambda x: tf.gather(x, [2, 0, 0], axis=1)),
        ((2, 3), lambda x: tf.gather(x, [[2, 0], [1, 1]], axis=-1)),
        ((2, 3, 2), lambda x: tf.gather(x, [[2, 0], [1, 1]], axis=1, batch_dims=1)),
        ((2, 2, 3), lambda x: tf.gather(x, [[2, 0], [1, 1]], axis=2, batch_dims=1)),
        ((3, 2), lambda x: raw.Gather(params=x, indices=[[1], [2]])),
        ((2, 3, 2), lambda x: tf.gather_nd(x, [[0, 1], [1, 2]])),
        ((2, 3, 2), lambda x: tf.gather_nd(x, [[[0], [1]], [[1], [0]]], batch_dims=1)),
        ((3, 2), lambda x: tf.scatter_nd([[0], [3], [0]], x, [5, 2])),
        ((3,), lambda x: tf.scatter_nd([[0, 1], [1, 1], [0, 0]], x, [2, 2])),
        ((3, 2), lambda x: tf.tensor_scatter_nd_update(x, [[0], [2]], x[:2] * 2)),
        ((3, 2), lambda x: tf.tensor_scatter_nd_update(x, [[0], [2], [0]], x * 2)),
        ((3, 2), lambda x: tf.tensor_scatter_nd_add(x, [[0], [2], [0]], x * 2)),
        ((3, 2), lambda x: tf.tensor_scatter_nd_max(x, [[0], [2], [0]], x * 2)),
        ((3, 2), lambda x: raw.InplaceUpdate(x=x * 1, i=[1], v=x[:1] * 2)),
        ((3, 2), lambda x: raw.InplaceAdd(x=x * 1, i=[1], v=x[:1] * 2)),
        ((3, 2), lambda x: tf.dynamic_stitch([[0, 2], [1, 2, 4]], [x[:2], x * 2])),
        ((3, 2), lambda x: tf.dynamic_partition(x, [0, 1, 0], 2)),
        ((2, 4, 2), lambda x: tf.reverse_sequence(x, [2, 3], seq_axis=1, batch_axis=0)),
        ((3, 2), lambda x: tf.math.segment_sum(x, [0, 0, 2])),
        ((3, 2), lambda x: tf.math.unsorted_segment_mean(x, [2, 0, 2], 4)),
        ((3, 2), lambda x: tf.math.unsorted_segment_max(x, [2, -1, 2], 4)),
        ((3, 2), lambda x: tf.sparse.segment_sum(x, [2, 0, 2, 1], [0, 0, 1, 3])),
        ((3, 2), lambda x: tf.sparse.segment_mean(x, [2, 0, 2], [0, 0, 2], num_segments=4)),
        ((4,), lambda x: tf.sparse.segment_sum(TABLE, tf.cast(x, tf.int32) % 5, [0, 0, 1, 2])),
        ((2, 3), lambda x: tf.boolean_mask(x, [[True, False, True], [False, True, False]])),
        ((2, 3), lambda x: tf.gather(x, tf.unique([1, 0, 1])[0])),
    ],
)
def test_constant_positions(shape: tuple[int, ...], compute: Callable[..., Any]) -> None:
    assert_agrees(compute, x=shape)


@pytest.mark.parametrize("one", [False, True])
def test_a_sparse_tensor_written_out(one: bool) -> None:
    def dense(x: tf.Tensor) -> tf.Tensor:
        return raw.SparseToDense(
            sparse_indices=[[0, 1], [2, 2]],
            output_shape=[3, 4],
            sparse_values=x[0] if one else x,
            default_value=0.0,
        )

    assert_agrees(dense, x=(2,))


def test_indices_from_the_image() -> None:
    table = generic((4, 2))
    assert_agrees(lambda i: tf.gather(table, tf.cast(i, tf.int32)), i=NUMBERS, nudges=(1, -1))
    assert_agrees(lambda i: tf.one_hot(tf.cast(i, tf.int32), 3, axis=1), i=NUMBERS, nudges=STEPS)

    def by_brightness(x: tf.Tensor) -> tf.Tensor:
        return tf.gather(x, tf.cast(x[0, :2] > 1.5, tf.int32), axis=1)

    assert_agrees(by_brightness, x=(2, 3), exact=False)


def test_counts() -> None:
    def counts(x: tf.Tensor) -> tf.Tensor:
        return raw.DenseBincount(input=tf.cast(x, tf.int32), size=5, weights=tf.zeros([0]))

    net = assert_agrees(counts, x=NUMBERS, nudges=(1, -1, 2), exact=False)
    assert net["y"].shape == (2, 5)
    assert_agrees(lambda x: tf.math.in_top_k([0, 1], x, 1), x=(2, 3), exact=False)


def test_how_much_is_found_depends_on_the_image() -> None:
    layer = traced(lambda x: tf.where(x > 1.5), x=(2, 4, 4, 1))["y"]
    assert not layer.exact
    assert "depends on its input" in layer.note
