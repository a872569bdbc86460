"""Values within branches and loops are those that the whole graph computes on its way."""

from pathlib import Path

import numpy as np
import pytest
from onnx import parser

import rf_viz
from rf_viz import ModelError
from rf_viz.verify import verify

CASES = Path(__file__).parents[2] / "data/cases/onnx_values"

NESTED = """
    <ir_version: 8, opset_import: ["" : 18]>
    net (float[1, 6] x, bool double) => (y, seen)
    <int64 turns = {4}, float[1] two = {2}, float[1] one = {1}, int64 last = {3}>
    {
      y, seen = Loop (turns, , x) <body = turn (int64 i, bool go_in, float[1, 6] state)
        => (bool go, float[1, 6] after, float[1, 6] shown) {
          go = Identity (go_in)
          grown = Add (state, one)
          after = If (double) <
            then_branch = yes () => (doubled) { doubled = Mul (grown, two) },
            else_branch = no () => (kept) { kept = Identity (grown) }>
          shown = Neg (after)
        }>
    }"""


def load(text: str) -> rf_viz.Model:
    return rf_viz.load(parser.parse_model(text).SerializeToString(), "net.onnx")


def test_a_branch_within_a_loop_has_the_value_of_its_turn() -> None:
    model, x = load(NESTED), np.arange(6, dtype=np.float32)[None]
    names = [
        f"Loop/{turn}/{name}"
        for turn in range(4)
        for name in ("grown", "after/then/doubled", "shown")
    ]
    names = [name.replace("Loop", "y", 1) for name in names]
    values = model.activations(x, names, feeds={"double": True})
    state = x
    for turn in range(4):
        assert (values[f"y/{turn}/grown"] == state + 1).all()
        state = 2 * (state + 1)
        assert (values[f"y/{turn}/after/then/doubled"] == state).all()
        assert (values[f"y/{turn}/shown"] == -state).all()
    whole = model.activations(x, ["y", "seen"], feeds={"double": True})
    assert (whole["y"] == state).all()
    assert (whole["seen"][-1] == values["y/3/shown"]).all()


def test_every_layer_that_runs_has_a_value_of_its_traced_shape() -> None:
    model, x = load(NESTED), np.ones((1, 6), np.float32)
    net = model.trace(spatial_axes=(1,), feeds={"double": False})
    values = model.activations(x, [layer.name for layer in net.layers], feeds={"double": 0})
    assert {layer.name: values[layer.name].shape for layer in net.layers} == {
        layer.name: layer.shape for layer in net.layers
    }


def test_the_branch_that_is_not_run_is_named() -> None:
    model = load(NESTED)
    with pytest.raises(ModelError, match=r"after/else/kept has no value .* lead to the then"):
        model.activations(
            np.ones((1, 6), np.float32), ["y/1/after/else/kept"], feeds={"double": True}
        )


def test_a_turn_that_does_not_come_is_named() -> None:
    model, x = load(NESTED), np.zeros((1, 6), np.float32)
    with pytest.raises(ModelError, match="y ends after 4 turns"):
        model.activations(x, ["y/7/grown"])


def test_without_the_number_of_a_turn_all_turns_come_together() -> None:
    model, x = load(NESTED), np.zeros((1, 6), np.float32)
    names = ["y/grown", "y/state", "y/after/else/kept", "seen"]
    values = model.activations(x, names, feeds={"double": False})
    assert values["y/grown"].shape == (4, 1, 6)
    assert values["y/grown"][:, 0, 0].tolist() == [1, 2, 3, 4]
    assert values["y/state"][:, 0, 0].tolist() == [0, 1, 2, 3]
    assert (values["y/after/else/kept"] == -values["seen"]).all()


def test_a_scan_gives_its_slices_and_states() -> None:
    model = load("""
        <ir_version: 8, opset_import: ["" : 18]>
        net (float[3, 5] x) => (end, all) <float[3] start = {0, 0, 0}> {
          end, all = Scan <num_scan_inputs = 1, scan_input_axes = [1],
            scan_input_directions = [1], body = turn (float[3] state, float[3] column)
            => (float[3] sum, float[3] out) {
              sum = Add (state, column)
              out = Mul (sum, sum)
            }> (start, x)
        }""")
    x = np.arange(15, dtype=np.float32).reshape(3, 5)
    values = model.activations(x, ["end/0/input1", "end/1/sum", "end/4/out", "all"])
    assert (values["end/0/input1"] == x[:, 4]).all()
    assert (values["end/1/sum"] == x[:, 3:].sum(axis=1)).all()
    assert (values["end/4/out"] == x.sum(axis=1) ** 2).all()
    assert (values["all"][4] == values["end/4/out"]).all()


def test_a_body_over_a_sequence_gives_each_items_values() -> None:
    model = load("""
        <ir_version: 8, opset_import: ["" : 18]>
        net (float[4] x) => (y) <int64 zero = {0}, int64[2] parts = {1, 3}, float[1] two = {2}> {
          split = SplitToSequence <axis = 0> (x, parts)
          more = SequenceMap <body = each (float[N] item) => (float[N] out) {
            twice = Mul (item, two)
            out = Relu (twice)
          }> (split)
          y = SequenceAt (more, zero)
        }""")
    x = np.array([1, -2, 3, 4], np.float32)
    values = model.activations(x, ["more/0/twice", "more/1/twice", "more/1/out", "y"])
    assert values["more/0/twice"].tolist() == [2]
    assert values["more/1/twice"].tolist() == [-4, 6, 8]
    assert values["more/1/out"].tolist() == [0, 6, 8]
    assert values["y"].tolist() == [2]


@pytest.mark.parametrize(
    ("file", "feeds"),
    [("if_sr", {"sr": 16000}), ("if_sr", {"sr": 8000}), ("if_flag", {"flag": 1}), ("loop3", {})],
)
def test_models_with_a_side_input_show_all_that_runs_and_agree(
    file: str, feeds: dict[str, int]
) -> None:
    model = rf_viz.load(CASES / f"{file}.onnx")
    net = model.trace(feeds=feeds)
    assert all(layer.exact for layer in net.layers)
    image = np.random.default_rng(0).random(net.input.shape, np.float32)
    values = model.activations(image, [layer.name for layer in net.layers], feeds=feeds)
    assert all(values[layer.name].shape == layer.shape for layer in net.layers)
    report = verify(model, net)
    assert report.ok
    assert report.agreed
