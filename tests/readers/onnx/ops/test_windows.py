"""What convolution and pooling depend on, against the running model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import rf_viz
from rf_viz.errors import ModelError
from tests.oracles.onnx_oracle import (
    assert_agrees,
    build,
    generic,
    runner,
    single,
    traced,
)

CONV: list[dict[str, Any]] = [
    {},
    {"pads": [1, 1, 1, 1]},
    {"pads": [2, 0, 1, 3], "strides": [2, 1]},
    {"dilations": [2, 1], "strides": [1, 2]},
    {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
    {"auto_pad": "SAME_LOWER", "strides": [3, 1]},
    {"auto_pad": "VALID", "strides": [2, 2]},
    {"kernel_shape": [3, 2], "pads": [3, 3, 3, 3]},
]


@pytest.mark.parametrize("attributes", CONV)
def test_conv(attributes: dict[str, Any]) -> None:
    assert_agrees(single("Conv", (1, 1, 6, 5), generic((1, 1, 3, 2)), **attributes))


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER"])
def test_conv_with_dilation_and_automatic_padding(auto_pad: str) -> None:
    attributes = {"auto_pad": auto_pad, "strides": [2, 1], "dilations": [1, 2]}
    model = single("Conv", (1, 1, 6, 5), generic((1, 1, 3, 2)), **attributes)
    assert_agrees(model, reference=True)


@pytest.mark.parametrize(("channels", "group", "out"), [(2, 1, 3), (4, 2, 4), (4, 4, 4), (2, 2, 6)])
def test_conv_in_groups(channels: int, group: int, out: int) -> None:
    weights = generic((out, channels // group, 2, 2))
    assert_agrees(single("Conv", (1, channels, 3, 3), weights, group=group))


def test_conv_along_one_and_three_axes() -> None:
    assert_agrees(single("Conv", (1, 2, 7), generic((2, 2, 3)), pads=[1, 0], strides=[2]))
    weights = generic((1, 1, 2, 2, 2))
    assert_agrees(single("Conv", (1, 1, 3, 3, 3), weights, pads=[1, 0, 0, 0, 0, 1]))


POOL: list[dict[str, Any]] = [
    {},
    {"strides": [2, 2]},
    {"strides": [2, 2], "ceil_mode": 1},
    {"strides": [3, 3], "ceil_mode": 1, "pads": [1, 1, 1, 1]},
    {"strides": [3, 2], "ceil_mode": 1, "pads": [0, 0, 1, 1]},
    {"strides": [2, 3], "pads": [1, 0, 0, 1]},
    {"dilations": [2, 2], "ceil_mode": 1, "strides": [2, 2]},
    {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
    {"auto_pad": "VALID", "strides": [2, 2]},
    {"auto_pad": "SAME_UPPER", "strides": [2, 2], "ceil_mode": 1},
    {"auto_pad": "VALID", "strides": [2, 2], "ceil_mode": 1},
]


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "LpPool"])
@pytest.mark.parametrize("attributes", POOL)
def test_pool(op: str, attributes: dict[str, Any]) -> None:
    assert_agrees(single(op, (1, 2, 6, 7), kernel_shape=[2, 3], **attributes))


def test_indices_of_a_maximum_see_the_same_window() -> None:
    model = single("MaxPool", (1, 1, 4, 4), kernel_shape=[2, 2], outputs=2)
    net = assert_agrees(model)
    assert net["y1"].shape == net["y"].shape


TRANSPOSED: list[dict[str, Any]] = [
    {},
    {"strides": [2, 3]},
    {"strides": [2, 2], "pads": [1, 1, 1, 1]},
    {"strides": [2, 2], "pads": [1, 0, 0, 2], "output_padding": [1, 1]},
    {"strides": [3, 3], "output_padding": [2, 0], "dilations": [2, 1]},
    {"strides": [4, 4]},
    {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
    {"auto_pad": "SAME_UPPER", "strides": [1, 1]},
    {"auto_pad": "VALID", "strides": [2, 2]},
    {"output_shape": [7, 8], "strides": [2, 2]},
    {"output_shape": [6, 7], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
    {"output_shape": [6, 7], "strides": [2, 2], "auto_pad": "SAME_LOWER"},
    {"output_shape": [8, 9], "strides": [2, 2], "output_padding": [1, 1]},
    {"dilations": [2, 2], "pads": [1, 1, 1, 1]},
]


@pytest.mark.parametrize("attributes", TRANSPOSED)
def test_conv_transpose(attributes: dict[str, Any]) -> None:
    assert_agrees(single("ConvTranspose", (1, 1, 3, 4), generic((1, 1, 3, 3)), **attributes))


@pytest.mark.parametrize(("channels", "group", "out"), [(2, 1, 3), (4, 2, 2), (3, 3, 1)])
def test_conv_transpose_in_groups(channels: int, group: int, out: int) -> None:
    weights = generic((channels, out, 2))
    assert_agrees(single("ConvTranspose", (1, channels, 3), weights, group=group, strides=[2]))


def test_conv_transpose_with_stride_1_has_a_closed_form() -> None:
    net = traced(single("ConvTranspose", (1, 1, 9), generic((1, 1, 4)), pads=[1, 2]))
    layer = net["y"]
    assert layer.receptive_field is not None
    assert layer.receptive_field.start((4,)) == layer.region((4,)).start
    assert layer.receptive_field.stop((4,)) == layer.region((4,)).stop
    upsampled = traced(single("ConvTranspose", (1, 1, 9), generic((1, 1, 4)), strides=[2]))
    assert upsampled["y"].note == "no affine form: upsampled by 2"


MASK = np.array([[1, 0, 1], [0, 0, 1], [0, 0, 0]], np.float32)


@pytest.mark.parametrize("op", ["Conv", "ConvTranspose"])
def test_weights_that_are_zero_do_not_count_when_asked(op: str) -> None:
    weights = generic((2, 2, 3, 3)) * MASK
    model = single(op, (1, 2, 4, 4), weights, pads=[1, 1, 1, 1])
    assert_agrees(model, weight_aware=True)
    assert_agrees(model, exact=False)
    masked = traced(model, weight_aware=True)["y"].mask((1, 1)).sum()
    assert masked == 3
    assert traced(model)["y"].mask((1, 1)).sum() == 9


def test_a_stored_weight_counts_unless_it_stands_for_zero() -> None:
    stored = np.where(MASK, 9, 3).astype(np.uint8).reshape(1, 1, 3, 3)
    constants = {"w": stored, "xz": np.zeros((), np.uint8), "wz": np.full((), 3, np.uint8)}
    graph = helper.make_graph(
        [helper.make_node("ConvInteger", ["x", "w", "xz", "wz"], ["y"], pads=[1] * 4)],
        "quantised",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [1, 1, 4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, None)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = rf_viz.load(helper.make_model(graph).SerializeToString())
    mask = model.trace(weight_aware=True)["y"].mask((1, 1))
    assert (mask[:3, :3] == MASK.astype(bool)).all()
    assert mask.sum() == 3


@pytest.mark.parametrize("source", ["x", "w", "b"])
@pytest.mark.parametrize(("op", "group"), [("Conv", 1), ("Conv", 2), ("ConvTranspose", 2)])
def test_computed_weights(op: str, group: int, source: str) -> None:
    node = helper.make_node(op, ["x", "w", "b"], ["y"], group=group, strides=[2], pads=[1, 0])
    weights = (4, 2 // group, 2) if op == "Conv" else (2, 2, 2)
    out = 4 if op == "Conv" else 2 * group
    model = build([node], {"x": (1, 2, 4), "w": weights, "b": (out,)})
    assert_agrees(model, source=source)


@pytest.mark.parametrize(
    "attributes",
    [{}, {"strides": [2, 2]}, {"pads": [1, 0, 0, 1]}, {"dilations": [2, 1], "strides": [1, 2]}],
)
def test_col2im(attributes: dict[str, Any]) -> None:
    image, block = np.array([5, 4], np.int64), np.array([2, 3], np.int64)
    stride = np.array(attributes.get("strides", [1, 1]))
    dilation = np.array(attributes.get("dilations", [1, 1]))
    pads = np.array(attributes.get("pads", [0, 0, 0, 0])).reshape(2, 2).sum(axis=0)
    blocks = (image + pads - dilation * (block - 1) - 1) // stride + 1
    shape = (1, 2 * 6, int(blocks.prod()))
    assert_agrees(single("Col2Im", shape, image, block, **attributes), reference=True)


def test_an_input_that_is_too_small_says_so() -> None:
    with pytest.raises(ModelError, match="kernel of 3 is larger than its input of 2"):
        traced(single("Conv", (1, 1, 2), generic((1, 1, 3))))


def test_wrong_channels_say_so() -> None:
    with pytest.raises(ModelError, match="expects 3 channels, its input has 2"):
        traced(single("Conv", (1, 2, 5), generic((1, 3, 3))))


@st.composite
def windows(draw: st.DrawFn) -> tuple[str, int, dict[str, Any], int]:
    op = draw(st.sampled_from(["Conv", "ConvTranspose", "MaxPool", "AveragePool"]))
    kernel = draw(st.integers(1, 4))
    attributes: dict[str, Any] = {
        "strides": [draw(st.integers(1, 4))],
        "dilations": [draw(st.integers(1, 3))],
    }
    if draw(st.booleans()):
        attributes["auto_pad"] = draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"]))
        if "SAME" in attributes["auto_pad"]:  # with dilations ONNX Runtime departs from ONNX
            attributes["dilations"] = [1]
            if op == "Conv":  # and with strides beyond the kernel
                attributes["strides"] = [min(kernel, *attributes["strides"])]
    else:
        most = 3 if op.startswith("Conv") else kernel - 1
        attributes["pads"] = draw(st.tuples(st.integers(0, most), st.integers(0, most)))
    if op == "ConvTranspose" and attributes["strides"][0] > 1 and draw(st.booleans()):
        attributes["output_padding"] = [draw(st.integers(0, attributes["strides"][0] - 1))]
    if op.endswith("Pool"):
        attributes |= {"kernel_shape": [kernel], "ceil_mode": draw(st.integers(0, 1))}
    return op, kernel, attributes, draw(st.integers(1, 10))


@given(windows())
@settings(max_examples=200)
def test_any_window(case: tuple[str, int, dict[str, Any], int]) -> None:
    op, kernel, attributes, size = case
    weights = [generic((1, 1, kernel))] if op.startswith("Conv") else []
    model = single(op, (1, 1, size), *weights, **attributes)
    try:
        result = runner(model)({"x": generic((1, 1, size))})["y"]
    except Exception:  # ONNX Runtime refuses it
        assume(False)
    assume(result.size)
    assert_agrees(model)
