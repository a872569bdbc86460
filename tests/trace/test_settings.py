"""Settings of layers as data and in words, whatever the operator."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper

import rf_viz
from rf_viz.trace.settings import in_words
from rf_viz.trace.tensors import Settings
from tests.oracles.onnx_oracle import build

SQUARE = (1, 1, 9, 9)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def told(
    op: str, shape: tuple[int, ...], /, *constants: np.ndarray | None, **attributes: object
) -> Settings:
    """The settings of a single operation on an input of this shape."""
    names = [f"c{i}" if c is not None else "" for i, c in enumerate(constants)]
    node = helper.make_node(op, ["x", *names], ["y"], **attributes)
    values = {n: c for n, c in zip(names, constants, strict=True) if c is not None}
    return layer(node, shape, values).settings


def layer(
    node: onnx.NodeProto, shape: tuple[int | str, ...], constants: dict[str, np.ndarray]
) -> rf_viz.Layer:
    model = rf_viz.load(build([node], {"x": shape}, constants).SerializeToString())
    return model.trace()["y"]


def test_a_convolution() -> None:
    settings = told(
        "Conv", (1, 6, 30, 20), ones(9, 2, 3, 5), ones(9),
        strides=[2, 1], pads=[1, 2, 0, 2], dilations=[2, 1], group=3,
    )  # fmt: skip
    assert settings == {
        "kernel": (3, 5),
        "stride": (2, 1),
        "padding": ((1, 0), (2, 2)),
        "dilation": (2, 1),
        "groups": 3,
        "filters": 9,
        "parameters": 9 * 2 * 3 * 5 + 9,
    }
    assert in_words(settings) == (
        "9 filters 3x5, stride 2x1, dilation 2x1, 3 groups, padding (1, 0) (2, 2)"
    )


def test_the_padding_is_what_was_told_though_no_window_reaches_all_of_it() -> None:
    """The stem of a ResNet: the last column of its padding is never read at 224."""
    settings = told("Conv", (1, 3, 224, 224), ones(4, 3, 7, 7), strides=[2, 2], pads=[3] * 4)
    assert settings["padding"] == ((3, 3), (3, 3))


def test_a_signal_and_a_volume_have_one_number_for_each_axis() -> None:
    assert told("Conv", (1, 3, 50), ones(4, 3, 7))["kernel"] == (7,)
    assert told("MaxPool", (1, 3, 8, 8, 8), kernel_shape=[1, 2, 3])["kernel"] == (1, 2, 3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (told("Conv", (1, 4, 9, 9), ones(4, 1, 3, 3), group=4), "depthwise 3x3"),
        (told("Conv", (1, 4, 9, 9), ones(1, 4, 1, 1)), "1 filter 1x1"),
        (
            told("ConvTranspose", (1, 4, 9, 9), ones(4, 6, 2, 2), strides=[2, 2]),
            "6 filters 2x2, stride 2",
        ),
        (
            told("MaxPool", (1, 4, 9, 9), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
            "3x3, stride 2, last window cut off",
        ),
        (
            told("Conv", (1, 4, 9, 9), ones(2, 4, 3, 3), auto_pad="SAME_LOWER", strides=[2, 2]),
            "2 filters 3x3, stride 2, same",
        ),
        (
            told("Resize", (1, 4, 9, 9), None, np.array([1, 1, 2, 3], np.float32), mode="linear"),
            "times 2x3, linear",
        ),
        (told("Gemm", (2, 8), ones(8, 5), ones(5)), "5 units"),
        (told("MatMul", (2, 3, 8), ones(8, 5)), "5 units"),
        (
            told(
                "LSTM", (7, 1, 3), ones(2, 20, 3), ones(2, 20, 5),
                hidden_size=5, direction="bidirectional",
            ),
            "5 units, bidirectional",
        ),
        (told("GRU", (7, 1, 3), ones(1, 15, 3), ones(1, 15, 5), hidden_size=5), "5 units"),
        (told("DepthToSpace", (1, 8, 3, 3), blocksize=2), "blocks of 2"),
        (told("Pad", SQUARE, np.array([0, 0, 1, 2, 0, 0, 3, 4])), "padding (1, 3) (2, 4)"),
        (told("Pad", SQUARE, np.array([0, 0, 1, 1] * 2), mode="reflect"), "padding 1, reflect"),
        (told("Relu", (1, 4, 9, 9)), ""),
        (told("Add", (1, 4, 9, 9), ones(1, 4, 1, 1)), ""),
    ],
)  # fmt: skip
def test_words(settings: Settings, words: str) -> None:
    assert in_words(settings) == words


def test_heads_and_groups_of_normalisation() -> None:
    node = helper.make_node(
        "Attention", ["x", "x", "x"], ["y"], q_num_heads=4, kv_num_heads=4, is_causal=1
    )
    settings = layer(node, (1, 6, 8), {}).settings
    assert (settings["heads"], settings["kv_heads"], settings["causal"]) == (4, 4, 1)
    assert in_words(settings) == "4 heads, causal"
    scale = {"s": ones(8), "b": ones(8)}
    grouped = helper.make_node("GroupNormalization", ["x", "s", "b"], ["y"], num_groups=4)
    settings = layer(grouped, (1, 8, 5, 5), scale).settings
    assert (settings["groups"], settings["parameters"]) == (4, 16)


def test_what_depends_on_an_unknown_size_is_left_out() -> None:
    same = helper.make_node(
        "MaxPool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"
    )
    resize = helper.make_node("Resize", ["x", "", "", "size"], ["y"])
    constants = {"size": np.array([1, 1, 30, 30])}
    for node, kept in ((same, {"kernel", "stride", "dilation", "padding_rule"}), (resize, set())):
        model = rf_viz.load(build([node], {"x": (1, 1, "h", "w")}, constants).SerializeToString())
        assert set(model.trace("unknown", spatial_axes=(2, 3))["y"].settings) == kept


def test_a_mask_of_weights_changes_the_region_not_the_kernel() -> None:
    kernel = ones(1, 1, 3, 3)
    kernel[..., 2, :] = 0
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    model = rf_viz.load(build([node], {"x": (1, 1, 9, 9)}, {"w": kernel}).SerializeToString())
    masked = model.trace(weight_aware=True)["y"]
    assert masked.settings["kernel"] == (3, 3)
    assert masked.region((0, 0)).size == (2, 3)
    assert masked.recurrence_texts == (
        "axis 2: r = 1 + (2 - 1) x 1 = 2",
        "axis 3: r = 1 + (3 - 1) x 1 = 3",
    )
