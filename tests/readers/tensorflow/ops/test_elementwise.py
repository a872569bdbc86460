"""What ops that work element by element depend on, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.oracles.tensorflow_oracle import assert_agrees
from tests.oracles.truth import generic

raw = tf.raw_ops

COLOURS = generic((1, 2, 2, 3)) / 3
SMALL = (0.1, -0.1, 0.3)


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: tf.nn.relu(x - 1.5),
        lambda x: tf.nn.gelu(x, approximate=False),
        lambda x: tf.nn.swish(x / 1e3),
        lambda x: tf.cast(x * 1e3, tf.int32),
        lambda x: tf.debugging.check_numerics(x, "no number"),
        lambda x: tf.grad_pass_through(tf.identity)(tf.stop_gradient(x)),
        lambda x: tf.ensure_shape(x, (2, 3)),
        lambda x: raw.Print(input=x, data=[x[0, 0]], first_n=0),
        lambda x: tf.identity_n([x, x * 2]),
        lambda x: tf.complex(x, x * 2),
        lambda x: raw.ToBool(input=x[0, 0] - 1e9),
    ],
)
def test_every_element_by_itself(compute: Callable[..., Any]) -> None:
    assert_agrees(compute, x=(2, 3), exact=compute.__code__.co_names[-1] != "ToBool")


@pytest.mark.parametrize("other", [(1,), (3,), (2, 1), (2, 1, 3)])
def test_operands_broadcast(other: tuple[int, ...]) -> None:
    assert_agrees(lambda x, c: tf.maximum(x, c), x=(2, 3), c=other)
    assert_agrees(lambda c, x: tf.math.squared_difference(x, c), c=other, x=(2, 3))


def test_several_are_added_up() -> None:
    assert_agrees(lambda x: tf.add_n([x, x * 2, tf.ones((2, 2))]), x=(2, 2))
    assert_agrees(lambda x: tf.clip_by_value(x, -9e9, x[:, ::-1] + 9e9), x=(2, 2), exact=False)


def test_the_first_select_takes_rows_by_a_vector() -> None:
    def rows(c: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        return raw.Select(condition=tf.reduce_max(c, 1) > 2.5, x=x, y=-x)

    assert_agrees(rows, c=(2, 3), x=(2, 3))
    assert_agrees(lambda x: raw.Select(condition=x > 1.5, x=x, y=-x), x=(2, 3))
    assert_agrees(lambda x: tf.where(x > 1.5, x, 0.0), x=(2, 3))


def test_a_number_taken_for_its_bytes() -> None:
    assert_agrees(lambda x: tf.bitcast(x, tf.uint8), x=(2, 3))
    assert_agrees(lambda x: tf.bitcast(tf.bitcast(x, tf.uint8), tf.float32), x=(2, 3))


@pytest.mark.parametrize(("form", "shape"), [("NHWC", (1, 2, 2, 3)), ("NCHW", (1, 3, 2, 2))])
def test_a_bias_goes_to_its_channel(form: str, shape: tuple[int, ...]) -> None:
    def biased(x: tf.Tensor) -> tf.Tensor:
        axes = [0, 1, 2] if form == "NHWC" else [0, 2, 3]
        return raw.BiasAdd(value=x, bias=tf.reduce_sum(x, axes), data_format=form)

    assert_agrees(biased, x=shape)


def test_a_cross_product_leaves_out_its_own_element() -> None:
    assert_agrees(lambda x: tf.linalg.cross(x, generic((2, 3))), x=(2, 3))


def test_colours() -> None:
    assert_agrees(lambda x: raw.AdjustContrastv2(images=x, contrast_factor=2.0), x=(2, 2, 2, 3))
    for convert in (tf.image.rgb_to_hsv, tf.image.hsv_to_rgb):
        assert_agrees(lambda x, f=convert: f(x), x=COLOURS, nudges=SMALL, exact=False)
    hue = assert_agrees(
        lambda x: raw.AdjustHue(images=x, delta=0.1), x=COLOURS, nudges=SMALL, exact=False
    )
    assert hue["y"].mask_of(np.s_[0, 1, 0, 2]).sum() == 3
