"""What products, transforms and running sums depend on, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from tests.oracles.tensorflow_oracle import assert_agrees, traced
from tests.oracles.truth import generic

raw = tf.raw_ops


@pytest.mark.parametrize(
    ("shape", "compute"),
    [
        ((2, 3), lambda x: tf.matmul(x, generic((2, 4)), transpose_a=True)),
        ((2, 3), lambda x: tf.matmul(generic((4, 3)), x, transpose_b=True)),
        ((2, 3, 2), lambda x: tf.matmul(x, x, transpose_b=True)),
        ((1, 3, 2), lambda x: tf.matmul(generic((2, 2, 3)), x)),
        ((2, 2, 2), lambda x: tf.einsum("bij,jk->bki", x, generic((2, 3)))),
        ((2, 2, 2), lambda x: tf.einsum("...ij,...j->...i", x, generic((2, 2)))),
        ((2, 3, 2), lambda x: tf.tensordot(x, generic((3, 2, 2)), [[1, 2], [0, 1]])),
        ((3, 2), lambda x: tf.sparse.sparse_dense_matmul(
            tf.sparse.from_dense(tf.constant([[0.0, 1, 2], [0, 0, 3]])), x)),
        ((3, 4), lambda x: raw.TridiagonalMatMul(
            superdiag=x[:1], maindiag=x[1:2], subdiag=x[2:], rhs=generic((4, 2)))),
        ((4, 2), lambda x: raw.TridiagonalMatMul(
            superdiag=generic((1, 4)), maindiag=generic((1, 4)), subdiag=generic((1, 4)), rhs=x)),
    ],
)  # fmt: skip
def test_products(shape: tuple[int, ...], compute: Callable[..., Any]) -> None:
    assert_agrees(compute, x=shape)


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_running_sums(exclusive: bool, reverse: bool) -> None:
    assert_agrees(lambda x: tf.cumsum(x, 1, exclusive=exclusive, reverse=reverse), x=(2, 4))
    assert_agrees(lambda x: tf.math.cumprod(x, 0, exclusive, reverse), x=(3, 2))
    assert_agrees(
        lambda x: tf.math.cumulative_logsumexp(x, 0, exclusive, reverse), x=(3, 2), nudges=(1,)
    )


@pytest.mark.parametrize(
    ("shape", "compute"),
    [
        ((2, 3, 3), lambda x: tf.abs(tf.signal.fft2d(tf.cast(x, tf.complex64)))),
        ((2, 5), lambda x: tf.signal.rfft(x, [3])),
        ((2, 4), lambda x: tf.signal.rfft(x, [7])),
        ((2, 3, 4), lambda x: tf.signal.rfft2d(x, [3, 3])),
        ((2, 5), lambda x: tf.signal.irfft(tf.complex(x, x * 2), [4])),
    ],
)
def test_fourier(shape: tuple[int, ...], compute: Callable[..., Any]) -> None:
    assert_agrees(compute, x=shape, nudges=(0.3,))


def test_a_spectrogram_slides_over_time() -> None:
    """The weights of its window begin with zero."""

    def spectrogram(x: tf.Tensor) -> tf.Tensor:
        return raw.AudioSpectrogram(input=x, window_size=4, stride=3)

    assert_agrees(spectrogram, x=(12, 2), nudges=(0.3,), tolerance=1e-6)
    field = traced(spectrogram, x=(64, 1))["y"].receptive_field
    assert field is not None
    assert (field.size, field.stride, field.padding) == ((3,), (3,), (-1,))
    assert_agrees(
        lambda x: tf.abs(tf.signal.stft(x, 4, 2, fft_length=4)),
        x=(1, 10),
        nudges=(0.3,),
        exact=False,
    )
