"""Quantised and fused forms of other ops, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.core.framework.attr_value_pb2 import AttrValue

from tests.oracles.tensorflow_oracle import assert_agrees
from tests.oracles.truth import generic

raw = tf.raw_ops

LOW, HIGH = 0.0, 3.0
NUDGES = (1.0, -1.0, 0.3)
X, Y = {"min_x": LOW, "max_x": HIGH}, {"min_y": LOW, "max_y": HIGH}
KERNEL = generic((2, 2, 2, 3))


def quantised(x: Any, low: Any = LOW, high: Any = HIGH) -> list[tf.Tensor]:  # noqa: ANN401
    return list(raw.QuantizeV2(input=x, min_range=low, max_range=high, T=tf.quint8))


def real(quantised: Sequence[tf.Tensor]) -> tf.Tensor:
    return raw.Dequantize(input=quantised[0], min_range=quantised[1], max_range=quantised[2])


def convolved(x: tf.Tensor) -> list[tf.Tensor]:
    (a, a_low, a_high), (b, b_low, b_high) = quantised(x), quantised(KERNEL)
    return list(
        raw.QuantizedConv2D(
            input=a,
            filter=b,
            min_input=a_low,
            max_input=a_high,
            min_filter=b_low,
            max_filter=b_high,
            strides=[1, 1, 1, 1],
            padding="SAME",
        )
    )


def requantised(quantised: Sequence[tf.Tensor]) -> tf.Tensor:
    return real(
        raw.Requantize(
            input=quantised[0],
            input_min=quantised[1],
            input_max=quantised[2],
            requested_output_min=0.0,
            requested_output_max=60.0,
            out_type=tf.quint8,
        )
    )


def pooled(op: str, x: tf.Tensor) -> tf.Tensor:
    a, low, high = quantised(x)
    window = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}
    return real(getattr(raw, op)(input=a, min_input=low, max_input=high, **window))


@pytest.mark.parametrize(
    ("shape", "compute"),
    [
        ((2, 3), lambda x: [real(quantised(x)), quantised(x)[1]]),
        ((1, 3, 3, 2), lambda x: requantised(convolved(x))),
        ((1, 3, 3, 2), lambda x: pooled("QuantizedMaxPool", x)),
        ((1, 3, 3, 2), lambda x: pooled("QuantizedAvgPool", x * 9)),
        ((2, 2), lambda x: real(raw.QuantizedRelu(
            features=quantised(x)[0], min_features=LOW, max_features=HIGH))),
        ((2, 3), lambda x: real(raw.QuantizedMatMul(
            a=quantised(x)[0], b=quantised(generic((3, 2)))[0], min_a=LOW, max_a=HIGH, min_b=LOW,
            max_b=HIGH))),
        ((2, 3), lambda x: real(raw.QuantizedAdd(
            x=quantised(x)[0], y=quantised(generic((3,)))[0], **X, **Y))),
        ((2, 3), lambda x: real(raw.QuantizedConcat(
            concat_dim=1, values=[quantised(x)[0], quantised(x / 2)[0]], input_mins=[LOW, LOW],
            input_maxes=[HIGH, HIGH]))),
        ((2, 3), lambda x: real(raw.QuantizedReshape(
            tensor=quantised(x)[0], shape=[3, 2], input_min=LOW, input_max=HIGH))),
        ((2, 3), lambda x: tf.quantization.fake_quant_with_min_max_vars(x, LOW, HIGH)),
        ((2, 3), lambda x: tf.quantization.fake_quant_with_min_max_vars_per_channel(
            x, [LOW] * 3, [HIGH] * 3)),
        ((2, 3), lambda x: tf.quantization.quantize_and_dequantize_v2(
            x, LOW, HIGH, range_given=True)),
    ],
)  # fmt: skip
def test_quantised_forms(shape: tuple[int, ...], compute: Callable[..., Any]) -> None:
    assert_agrees(compute, x=shape, nudges=(3.0, -3.0) if len(shape) == 4 else NUDGES)


@pytest.mark.parametrize(
    ("shape", "compute"),
    [
        ((2, 3), lambda x: real(quantised(x, tf.reduce_min(x), tf.reduce_max(x)))),
        ((1, 3, 3, 2), lambda x: real(raw.QuantizeDownAndShrinkRange(
            input=convolved(x)[0], input_min=convolved(x)[1], input_max=convolved(x)[2],
            out_type=tf.quint8))),
        ((1, 2, 2, 2), lambda x: real(raw.QuantizedInstanceNorm(
            x=quantised(x)[0], x_min=LOW, x_max=HIGH))),
        ((2, 3), lambda x: tf.quantization.quantize_and_dequantize_v2(
            x, LOW, HIGH, range_given=False)),
        ((2, 3), lambda x: tf.quantization.fake_quant_with_min_max_vars(
            x, LOW, tf.reduce_max(x))),
    ],
)  # fmt: skip
def test_ranges_that_the_image_sets_see_all_of_it(
    shape: tuple[int, ...], compute: Callable[..., Any]
) -> None:
    net = assert_agrees(compute, x=shape, nudges=(3.0, -3.0, 9.0), exact=False)
    assert net["y"].exact
    assert net["y"].mask_of(...).all()


def fused(op: str, inputs: Sequence[Any], **attributes: Any) -> tf.Tensor:  # noqa: ANN401
    """An op that no Python function makes."""
    attrs = {}
    for name, value in attributes.items():
        attribute = AttrValue()
        if isinstance(value, str):
            attribute.s = value.encode()
        elif isinstance(value, int):
            attribute.i = value
        elif isinstance(value, tf.DType):
            attribute.type = value.as_datatype_enum
        elif isinstance(value[0], str):
            attribute.list.s.extend(v.encode() for v in value)
        elif isinstance(value[0], tf.DType):
            attribute.list.type.extend(v.as_datatype_enum for v in value)
        else:
            attribute.list.i.extend(value)
        attrs[name] = attribute
    tensors = [tf.convert_to_tensor(i) for i in inputs]
    graph = tf.compat.v1.get_default_graph()
    return graph.create_op(op, tensors, [tf.float32], attrs=attrs, name="fused").outputs[0]


@pytest.mark.parametrize(
    ("follows", "count"), [(["BiasAdd", "Relu"], 1), (["FusedBatchNorm", "Relu"], 4)]
)
def test_fused_convolution(follows: list[str], count: int) -> None:
    def compute(x: tf.Tensor) -> tf.Tensor:
        return fused(
            "_FusedConv2D",
            [x, KERNEL, *[generic((3,))] * count],
            T=tf.float32,
            TArgs=[tf.float32] * count,
            num_args=count,
            num_host_args=0,
            strides=[1, 2, 1, 1],
            padding="SAME",
            fused_ops=follows,
        )

    assert_agrees(compute, x=(1, 3, 3, 2))


def test_fused_product() -> None:
    def compute(x: tf.Tensor) -> tf.Tensor:
        return fused(
            "_FusedMatMul",
            [x, generic((3, 2)), generic((2,))],
            T=tf.float32,
            num_args=1,
            fused_ops=["BiasAdd", "Relu"],
        )

    assert_agrees(compute, x=(2, 3))


@pytest.mark.parametrize("mode", ["REFLECT", "SYMMETRIC"])
def test_convolutions_that_pad_and_resize_first(mode: str) -> None:
    pads = [[0, 0], [1, 2], [2, 1], [0, 0]]
    options = {"filter": KERNEL, "mode": mode, "padding": "VALID"}
    close = {"nudges": (50.0,), "tolerance": 1e-3}
    assert_agrees(
        lambda x: raw.FusedPadConv2D(input=x, paddings=pads, strides=[1, 2, 1, 1], **options),
        x=(1, 4, 4, 2),
        **close,
    )
    for aligned in (False, True):
        assert_agrees(
            lambda x, aligned=aligned: raw.FusedResizeAndPadConv2D(
                input=x,
                size=[6, 7],
                paddings=pads,
                strides=[1, 2, 2, 1],
                resize_align_corners=aligned,
                **options,
            ),
            x=(1, 4, 4, 2),
            **close,
        )


def test_constants_of_every_type_are_decoded() -> None:
    for kind in (tf.bfloat16, tf.float16, tf.float64, tf.uint8, tf.int64):

        def picked(x: tf.Tensor, kind: tf.DType = kind) -> tf.Tensor:
            return tf.gather(x, tf.cast(tf.constant([2, 0], kind), tf.int32), axis=1)

        assert_agrees(picked, x=(2, 3))
