"""What reductions and normalisations depend on, against TensorFlow."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from tests.oracles.tensorflow_oracle import assert_agrees, traced
from tests.oracles.truth import generic

raw = tf.raw_ops

SMALL = (0.5,)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("axes", [[0, -1], [1], None])
def test_reductions(keep: bool, axes: Any) -> None:  # noqa: ANN401
    for name in ("sum", "max", "euclidean_norm"):
        reduce = getattr(tf.math, f"reduce_{name}")
        assert_agrees(lambda x, f=reduce: f(x, axes, keepdims=keep), x=(2, 3, 2))


def test_the_largest() -> None:
    assert_agrees(lambda x: tf.argmax(x, 1), x=(2, 3))
    assert_agrees(lambda x: list(tf.math.top_k(x, 2)), x=(2, 4), exact=False)
    assert_agrees(lambda x: raw.NthElement(input=x, n=1), x=(2, 3), exact=False)


def test_softmax_and_losses() -> None:
    assert_agrees(lambda x: tf.nn.softmax(x, 1), x=(2, 3, 2), nudges=SMALL)
    assert_agrees(lambda x: tf.nn.log_softmax(x), x=(2, 3), nudges=SMALL)
    assert_agrees(lambda x: tf.nn.l2_loss(x), x=(2, 2))
    targets = generic((2, 3))

    def entropy(scores: tf.Tensor, labels: tf.Tensor) -> list[tf.Tensor]:
        return list(raw.SoftmaxCrossEntropyWithLogits(features=scores, labels=labels))

    assert_agrees(lambda x: entropy(x, targets), x=(2, 3), nudges=SMALL)
    assert_agrees(lambda x: entropy(targets, x), x=(2, 3), nudges=SMALL)
    assert_agrees(
        lambda x: list(raw.SparseSoftmaxCrossEntropyWithLogits(features=x, labels=[0, 2])),
        x=(2, 3),
        nudges=SMALL,
    )


def test_neighbouring_channels() -> None:
    assert_agrees(lambda x: tf.nn.lrn(x, 1), x=(1, 2, 2, 5), nudges=SMALL)


@pytest.mark.parametrize(
    ("form", "shape"), [("NHWC", (2, 2, 2, 3)), ("NCHW", (2, 3, 2, 2)), ("NDHWC", (1, 2, 2, 2, 3))]
)
def test_batch_normalisation_by_constants(form: str, shape: tuple[int, ...]) -> None:
    per = {name: generic((3,)) for name in ("scale", "offset", "mean", "variance")}
    assert_agrees(
        lambda x: raw.FusedBatchNormV3(x=x, **per, is_training=False, data_format=form)[0], x=shape
    )


def test_batch_normalisation_in_training_sees_the_batch() -> None:
    def normalised(x: tf.Tensor) -> list[tf.Tensor]:
        per = {"scale": generic((3,)), "offset": generic((3,)), "mean": [], "variance": []}
        return list(raw.FusedBatchNormV3(x=x, **per, is_training=True)[:3])

    assert_agrees(normalised, x=(2, 2, 2, 3), nudges=SMALL, exact=False)
    layer = traced(normalised, x=(1, 8, 8, 3))["y"]
    assert layer.mask((3, 3)).all()


def test_moments_and_what_is_made_of_them() -> None:
    def layer_norm(x: tf.Tensor) -> tf.Tensor:
        mean, variance = tf.nn.moments(x, [-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, None, generic((3,)), 1e-3)

    assert_agrees(lambda x: tf.nn.moments(x, [1, 2]), x=(1, 2, 2, 2), nudges=SMALL)
    assert_agrees(layer_norm, x=(1, 2, 3), nudges=SMALL)
