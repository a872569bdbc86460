"""The step of the recurrence in numbers: its equations hold, and end in the layer's r, S and P."""

from __future__ import annotations

import re
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

import rf_viz
from rf_viz import Layer
from rf_viz.catalogue.samples import SAMPLE_MODELS
from tests.oracles.onnx_oracle import build
from tests.trace.test_any_size import random_model, traced_at


def results(layer: Layer) -> dict[str, int]:
    """What a layer's equations come to, each checked to hold; r, S and P by name."""
    ends = {}
    for text in layer.recurrence_texts:
        name, terms, end = re.fullmatch(r"(\w) = (.*) = (-?\d+)", text).groups()  # type: ignore[union-attr]
        assert re.fullmatch(r"[\dmaxx ,()+-]*", terms), text
        assert eval(terms.replace(" x ", " * ")) == int(end), text
        ends[name] = int(end)
    return ends


def agrees(layer: Layer) -> None:
    """Assert that a layer's equations are about its own r, S and P, and its own kernel."""
    field = layer.receptive_field
    if field is None:
        assert layer.recurrence_texts == ()
        return
    assert layer.recurrence is not None
    told = {"r": field.size[0], "S": field.stride[0], "P": field.padding[0]}
    for name, end in results(layer).items():
        assert end == told[name], layer.recurrence_texts
    (step,) = layer.recurrence
    assert (step.size, step.stride, step.padding) == (*field.size, *field.stride, *field.padding)
    own = layer.settings
    if "kernel" in own:
        (path,) = step.paths
        (kernel,), (stride,), (dilation,) = own["kernel"], own["stride"], own["dilation"]  # type: ignore[misc]
        assert (path.kernel - 1, path.step) == ((kernel - 1) * dilation, stride)
        assert path.front == own["padding"][0][0]  # type: ignore[index]


@pytest.mark.slow
@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_the_equations_of_any_network_hold(rng: Random) -> None:
    net = traced_at(random_model(rng), rng.randint(40, 90))
    for layer in net.layers if net else ():
        agrees(layer)


def test_equations_of_a_network_in_words() -> None:
    net = rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)
    assert net["conv1"].recurrence_texts == ("r = 1 + (3 - 1) x 1 = 3", "S = 1 x 2 = 2")
    assert net["fire4/expand3x3"].recurrence_texts == (
        "r = 31 + (3 - 1) x 8 = 47",
        "P = 8 + 1 x 8 = 16",
    )
    assert net["fire2/concat"].recurrence_texts == ("r = max(7, 15) = 15",)
    assert net["conv1/relu"].recurrence_texts == ()


def test_a_dilation_is_a_factor_and_axes_that_differ_are_named() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["y"], dilations=[3, 3], pads=[3, 3, 3, 3]),
        helper.make_node("Conv", ["y", "v"], ["z"], strides=[1, 2]),
    ]
    constants = {"w": np.ones((1, 1, 3, 3), np.float32), "v": np.ones((1, 1, 1, 5), np.float32)}
    net = rf_viz.load(build(nodes, {"x": (1, 1, 30, 30)}, constants).SerializeToString()).trace()
    assert net["y"].recurrence_texts == (
        "r = 1 + 3 x (3 - 1) x 1 = 7",
        "P = 0 + 3 x 1 = 3",
    )
    assert net["z"].recurrence_texts == (
        "axis 3: r = 7 + (5 - 1) x 1 = 11",
        "axis 3: S = 1 x 2 = 2",
    )


def test_a_padding_that_depends_on_the_size_has_no_equation() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER", strides=[2, 2]),
        helper.make_node("Conv", ["y", "w"], ["z"], pads=[1, 1, 1, 1]),
    ]
    constants = {"w": np.ones((1, 1, 3, 3), np.float32)}
    model = rf_viz.load(build(nodes, {"x": (1, 1, "h", "w")}, constants).SerializeToString())
    net = model.trace("unknown")
    assert net["y"].recurrence_texts == ("r = 1 + (3 - 1) x 1 = 3", "S = 1 x 2 = 2")
    assert net["z"].recurrence_texts == ("r = 3 + (3 - 1) x 2 = 7",)
    assert net["z"].receptive_field == rf_viz.ReceptiveField((7, 7), (2, 2), (None, None))
