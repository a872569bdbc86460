"""Recurrent layers, against the running operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import helper

import rf_viz
from tests.oracles.onnx_oracle import assert_agrees, build, generic

NUDGE = (0.25,)
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def recurrent(op: str, direction: str, length: int, state: bool, **attributes: int) -> Any:  # noqa: ANN401
    count = 2 if direction == "bidirectional" else 1
    gates = GATES[op]
    constants = {
        "w": generic((count, gates * 2, 3), 1) - 1.5,
        "r": generic((count, gates * 2, 2), 2) - 1.5,
    }
    inputs: dict[str, tuple[int, ...]] = {"x": (length, 1, 3)}
    names = ["x", "w", "r", "", ""]
    if state:
        inputs["h"] = (count, 1, 2)
        names.append("h")
        if op == "LSTM":
            inputs["c"] = (count, 1, 2)
            names.append("c")
    if attributes.get("layout"):
        inputs = {n: (s[1], s[0], s[2]) for n, s in inputs.items()}
    outputs = ["y", "yh"] + (["yc"] if op == "LSTM" else [])
    node = helper.make_node(op, names, outputs, hidden_size=2, direction=direction, **attributes)
    return build([node], inputs, constants, opset=14)


@pytest.mark.parametrize("op", GATES)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_a_position_sees_one_side(op: str, direction: str) -> None:
    model = recurrent(op, direction, 3, True)
    for source in model.graph.input:
        assert_agrees(model, source=source.name, nudges=NUDGE)


@pytest.mark.parametrize("op", GATES)
def test_a_single_position(op: str) -> None:
    model = recurrent(op, "forward", 1, True)
    for source in model.graph.input:
        assert_agrees(model, source=source.name, nudges=NUDGE)


def test_the_batch_may_come_first() -> None:
    model = recurrent("GRU", "forward", 4, True, layout=1)
    for source in model.graph.input:
        assert_agrees(model, source=source.name, nudges=NUDGE, reference=True)


def test_time_is_the_axis_of_a_recurrent_network() -> None:
    model = recurrent("LSTM", "forward", 9, False)
    net = rf_viz.load(model.SerializeToString()).trace()
    assert net.input.spatial_axes == (0,)
    assert net["y"].grid_axes == (0,)
    assert net["y"].region((4,)) == rf_viz.Region((0,), (5,))
    assert net["y"].receptive_field is None
    assert net["y"].note == "no affine form: a scan sees everything before a cell"
    assert net["yh"].region_of(np.s_[...]).size == (9,)


def test_sequences_that_end_early_are_only_assumed() -> None:
    model = recurrent("LSTM", "forward", 4, False)
    model.graph.node[0].input[4] = "n"
    model.graph.initializer.add().CopyFrom(helper.make_tensor("n", 6, (1,), [2]))
    layer = rf_viz.load(model.SerializeToString()).trace()["y"]
    assert layer.assumed == ("LSTM y ends its sequences early",)
    model.graph.initializer[-1].int32_data[0] = 4
    assert rf_viz.load(model.SerializeToString()).trace()["y"].exact
