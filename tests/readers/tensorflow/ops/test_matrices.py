"""What ops on diagonals and matrices depend on, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.oracles.tensorflow_oracle import assert_agrees
from tests.oracles.truth import generic

raw = tf.raw_ops


@pytest.mark.parametrize("k", [0, 1, (-1, 1), (-2, 0), (1, 2)])
@pytest.mark.parametrize("align", ["RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"])
def test_diagonals(k: int | tuple[int, int], align: str) -> None:
    held = (2, 3) if isinstance(k, int) else (2, k[1] - k[0] + 1, 3)
    assert_agrees(lambda x: tf.linalg.diag_part(x, k=k, align=align), x=(2, 3, 4))
    assert_agrees(lambda x: tf.linalg.diag(x, k=k, align=align), x=held)
    assert_agrees(lambda x: tf.linalg.diag(x, k=k, align=align, num_rows=5), x=held)


@pytest.mark.parametrize(
    ("shape", "compute"),
    [
        ((2, 3, 4), lambda x: tf.linalg.set_diag(x, x[:, 0, :3] * 2)),
        ((2, 3), lambda x: tf.linalg.set_diag(generic((3, 4)), x, k=(0, 1))),
        ((2, 2), lambda x: tf.linalg.tensor_diag(x)),
        ((2, 2, 2, 2), lambda x: tf.linalg.tensor_diag_part(x)),
        ((2, 3, 4), lambda x: tf.linalg.band_part(x, 1, 0)),
        ((2, 3, 3), lambda x: tf.linalg.band_part(x, -1, 1)),
        ((2, 2, 2), lambda x: tf.linalg.det(x)),
    ],
)
def test_parts_of_matrices(shape: tuple[int, ...], compute: Callable[..., Any]) -> None:
    assert_agrees(compute, x=shape)


def test_right_hand_sides_are_solved_column_by_column() -> None:
    square, tall = generic((2, 2)), generic((3, 2))
    assert_agrees(lambda x: tf.linalg.solve(square, x), x=(2, 2), nudges=(0.5,))
    assert_agrees(
        lambda x: raw.MatrixSolveLs(matrix=tall, rhs=x, l2_regularizer=0.0),
        x=(3, 2),
        nudges=(0.5,),
    )


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: tf.linalg.inv(x),
        lambda x: tf.linalg.solve(x, generic((2, 2, 2))),
        lambda x: tf.linalg.triangular_solve(x, generic((2, 2, 2))),
        lambda x: tf.linalg.cholesky(x + 4 * np.eye(2, dtype=np.float32)),
        lambda x: list(raw.Svd(input=x)),
        lambda x: list(raw.Qr(input=x)),
        lambda x: list(raw.Lu(input=x)),
        lambda x: list(raw.SelfAdjointEigV2(input=x)),
    ],
)
def test_matrices_taken_apart_see_no_more_than_their_own(compute: Callable[..., Any]) -> None:
    net = assert_agrees(compute, x=(2, 2, 2), nudges=(0.5,), exact=False)
    first = (0, *[np.s_[:]] * (len(net["y"].shape) - 1))
    assert not net["y"].mask_of(first)[1].any()
