"""What convolutions and pools depend on, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.oracles.tensorflow_oracle import assert_agrees, traced
from tests.oracles.truth import generic

raw = tf.raw_ops
Shape = tuple[int, ...]

PADDINGS = ["SAME", "VALID", [[0, 0], [2, 1], [0, 3], [0, 0]]]


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("size", [(5, 6), (6, 7)])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)])
def test_conv2d(padding: Any, size: Shape, stride: int, dilation: int) -> None:  # noqa: ANN401
    kernel = generic((3, 2, 1, 1))
    assert_agrees(
        lambda x: tf.nn.conv2d(x, kernel, stride, padding, dilations=dilation), x=(1, *size, 1)
    )


def test_channels_are_mixed_and_batches_are_not() -> None:
    kernel = generic((2, 2, 2, 3))
    assert_agrees(lambda x: tf.nn.conv2d(x, kernel, 1, "SAME"), x=(2, 2, 2, 2))


def test_grouped_convolution() -> None:
    kernel = generic((2, 1, 2, 6))
    assert_agrees(lambda x: tf.nn.conv2d(x, kernel, 1, "VALID"), x=(1, 3, 2, 4))


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("stride", "rate"), [(1, 1), (2, 1), (1, 2)])
def test_depthwise(padding: str, stride: int, rate: int) -> None:
    kernel = generic((3, 2, 2, 2))
    assert_agrees(
        lambda x: tf.nn.depthwise_conv2d(
            x, kernel, [1, stride, stride, 1], padding, dilations=(rate, rate)
        ),
        x=(1, 6, 5, 2),
    )


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_conv_along_one_axis_and_three(padding: str) -> None:
    assert_agrees(lambda x: tf.nn.conv1d(x, generic((3, 2, 2)), 2, padding), x=(1, 7, 2))
    assert_agrees(
        lambda x: tf.nn.conv3d(x, generic((2, 3, 2, 1, 1)), (1, 1, 2, 1, 1), padding),
        x=(1, 3, 4, 5, 1),
    )


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_transposed(padding: str, stride: int) -> None:
    kernel = generic((3, 2, 1, 2))

    def up(x: tf.Tensor) -> tf.Tensor:
        size = [
            n * stride if padding == "SAME" else (n - 1) * stride + k for n, k in ((3, 3), (2, 2))
        ]
        return tf.nn.conv2d_transpose(x, kernel, [1, *size, 1], stride, padding)

    assert_agrees(up, x=(1, 3, 2, 2))


def test_transposed_depthwise_and_volume() -> None:
    depthwise = generic((3, 3, 2, 1))
    assert_agrees(
        lambda x: raw.DepthwiseConv2dNativeBackpropInput(
            input_sizes=[1, 4, 4, 2],
            filter=depthwise,
            out_backprop=x,
            strides=[1, 2, 2, 1],
            padding="SAME",
        ),
        x=(1, 2, 2, 2),
    )
    volume = generic((2, 2, 2, 1, 1))
    assert_agrees(
        lambda x: tf.nn.conv3d_transpose(x, volume, [1, 4, 4, 2, 1], (1, 2, 2, 1, 1), "SAME"),
        x=(1, 2, 2, 2, 1),
    )


@pytest.mark.parametrize("kind", ["Avg", "Max"])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("window", "stride"), [((2, 2), 2), ((3, 2), 1), ((1, 2), 3)])
def test_pools(kind: str, padding: str, window: Shape, stride: int) -> None:
    def pooled(x: tf.Tensor) -> tf.Tensor:
        options = {"ksize": [1, *window, 1], "strides": [1, stride, stride, 1], "padding": padding}
        if kind == "Avg":
            return raw.AvgPool(value=x, **options)
        return raw.MaxPool(input=x, **options)

    assert_agrees(pooled, x=(1, 6, 5, 2))


@pytest.mark.parametrize(
    ("shape", "compute"),
    [
        ((1, 4, 4, 1), lambda x: raw.MaxPoolV2(input=x, ksize=[1, 3, 2, 1], strides=[1, 2, 1, 1],
                                               padding="SAME")),
        ((1, 3, 3, 2), lambda x: raw.MaxPoolWithArgmax(input=x, ksize=[1, 2, 2, 1],
                                                       strides=[1, 1, 1, 1], padding="VALID")[0]),
        ((1, 4, 3, 3, 1), lambda x: tf.nn.max_pool3d(x, (2, 2, 1), (2, 1, 1), "SAME")),
        ((1, 2, 2, 4), lambda x: raw.MaxPool(input=x, ksize=[1, 1, 1, 2], strides=[1, 1, 1, 2],
                                             padding="VALID")),
        ((1, 5, 4, 2), lambda x: raw.Dilation2D(input=x, filter=generic((2, 3, 2)),
                                                strides=[1, 2, 1, 1], rates=[1, 2, 1, 1],
                                                padding="SAME")),
    ],
)  # fmt: skip
def test_other_windows(shape: Shape, compute: Callable[..., Any]) -> None:
    assert_agrees(compute, x=shape)


@pytest.mark.parametrize(
    ("shape", "compute"),
    [
        ((2, 2, 2, 2), lambda k: tf.nn.conv2d(generic((2, 3, 3, 2)), k, 2, "SAME")),
        ((2, 3, 2, 1), lambda k: tf.nn.depthwise_conv2d(generic((1, 3, 4, 2)), k, [1] * 4, "SAME")),
        ((2, 2, 2, 1), lambda k: tf.nn.conv2d_transpose(
            generic((1, 2, 2, 1)), k, [1, 4, 4, 2], 2, "SAME")),
        ((2, 3, 2), lambda k: raw.Dilation2D(input=generic((1, 4, 4, 2)), filter=k,
                                             strides=[1, 2, 1, 1], rates=[1, 1, 1, 1],
                                             padding="SAME")),
    ],
)  # fmt: skip
def test_weights_from_the_image(shape: Shape, compute: Callable[..., Any]) -> None:
    assert_agrees(compute, k=shape)


@pytest.mark.parametrize("op", ["Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool"])
def test_channels_first_are_those_last_turned_round(op: str) -> None:
    options: dict[str, Any] = {"padding": "SAME"}
    if "Pool" in op:
        options["ksize"], window = [1, 3, 2], {}
    else:
        window = {"filter": generic((3, 2, 3, 1))}

    def pooled(x: tf.Tensor, form: str) -> tf.Tensor:
        strides = [1, 2, 1]
        place = 3 if form == "NHWC" else 1
        wide = {**options, "strides": [*strides[:place], 1, *strides[place:]]}
        if "ksize" in wide:
            wide["ksize"] = [*wide["ksize"][:place], 1, *wide["ksize"][place:]]
        name = "value" if op == "AvgPool" else "input"
        return getattr(raw, op)(**{name: x}, **window, **wide, data_format=form)

    first = traced(lambda x: pooled(x, "NCHW"), x=(1, 3, 9, 8))["y"]
    last = traced(lambda x: pooled(x, "NHWC"), x=(1, 9, 8, 3))["y"]
    assert first.receptive_field == last.receptive_field is not None
    assert first.grid == last.grid
    for cell in np.ndindex(*last.grid):
        assert np.array_equal(first.mask(cell), last.mask(cell))
