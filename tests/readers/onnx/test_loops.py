"""Loops of many turns, described for all turns together, against the running model."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import rf_viz
from tests.oracles.onnx_oracle import assert_agrees, build, generic
from tests.readers.onnx.test_control_flow import subgraph

INT64, BOOL = TensorProto.INT64, TensorProto.BOOL
KINDS = {"i": INT64, "go": BOOL, "go2": BOOL}

H0 = {"h0": np.ones(2, np.float32)}


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:  # noqa: ANN401
    many = op in ("Scan", "Loop") and "last" in outputs
    name = f"the_{op}" if many else f"{op}_{outputs.split()[0]}"
    return onnx.helper.make_node(op, inputs.split(), outputs.split(), name=name, **attributes)


SAME = node("Identity", "h2", "o")
SUM = [node("Add", "h a", "h2"), node("Mul", "h2 h2", "o")]


def positive(*shape: int) -> np.ndarray:
    return np.abs(generic(shape)).astype(np.float32) + np.float32(0.1)


def scan(
    nodes: list[onnx.NodeProto],
    outputs: str,
    inputs: str,
    made: str,
    **attributes: Any,  # noqa: ANN401
) -> onnx.NodeProto:
    body = subgraph(nodes, outputs, inputs)
    return node("Scan", attributes.pop("takes"), made, body=body, **attributes)


def loop(nodes: list[onnx.NodeProto], outputs: str, inputs: str) -> onnx.GraphProto:
    return subgraph([*nodes, node("Identity", "go", "go2")], f"go2 {outputs}", inputs, types=KINDS)


COUNT = {"n": np.array(12), "c": np.array(True)}


@pytest.mark.parametrize(
    ("attributes", "shape"),
    [
        ({}, (12, 2)),
        ({"scan_input_directions": [1]}, (12, 2)),
        ({"scan_output_directions": [1]}, (12, 2)),
        ({"scan_input_axes": [1], "scan_output_axes": [1]}, (2, 12)),
        ({"scan_input_axes": [-1], "scan_input_directions": [1], "scan_output_axes": [-1],
          "scan_output_directions": [1]}, (2, 12)),
    ],
)  # fmt: skip
def test_a_long_scan_sees_all_before_each_turn(
    attributes: dict[str, Any], shape: tuple[int, ...]
) -> None:
    many = scan(SUM, "h2 o", "h a", "last y", takes="h0 x", num_scan_inputs=1, **attributes)
    net = assert_agrees(build([many], {"x": shape}, H0))
    assert net["y"].exact
    assert len(net.layers) < 8


@pytest.mark.parametrize(
    ("nodes", "outputs"),
    [
        ([node("MatMul", "h w", "m"), node("Add", "m a", "h2"), SAME], "h2 o"),
        ([node("Add", "a a", "h2"), node("Mul", "h a", "o")], "h2 o"),  # one turn back only
        ([node("Identity", "a", "h2"), node("Identity", "h", "o")], "h2 o"),
        ([node("Add", "a a", "o"), node("Identity", "h", "h2")], "h2 o"),  # nothing is carried
        ([node("Add", "a a", "o"), node("Mul", "w0 w0", "h2")], "h2 o"),
        ([node("Slice", "h one two", "s"), node("Slice", "a zero one", "t"),
          node("Concat", "s t", "h2", axis=0), SAME], "h2 o"),  # the last two, in turn
    ],
)  # fmt: skip
def test_what_a_turn_hands_on_is_read_from_the_body(
    nodes: list[onnx.NodeProto], outputs: str
) -> None:
    many = scan(nodes, outputs, "h a", "last y", takes="h0 x", num_scan_inputs=1)
    constants = {
        **H0, "w": positive(2, 2), "w0": positive(2), "zero": np.array([0]), "one": np.array([1]),
        "two": np.array([2]),
    }  # fmt: skip
    net = assert_agrees(build([many], {"x": (11, 2)}, constants))
    assert net["y"].exact


def test_a_convolution_in_a_loop_widens_turn_by_turn() -> None:
    nodes = [
        node("Conv", "h w", "g", kernel_shape=[3], pads=[1, 1]),
        node("Add", "g a", "h2"),
        SAME,
    ]
    many = scan(nodes, "h2 o", "h a", "last y", takes="h0 x", num_scan_inputs=1)
    constants = {"h0": np.zeros((1, 1, 7), np.float32), "w": positive(1, 1, 3)}
    net = assert_agrees(build([many], {"x": (9, 1, 1, 7)}, constants))
    assert net["y"].region_of(np.s_[8, 0, 0, 3]).start == (0, 0, 0, 0)
    assert net["y"].region_of(np.s_[1, 0, 0, 3]).size == (2, 1, 1, 3)


def test_several_tensors_are_scanned_from_first_values_that_are_fed() -> None:
    nodes = [node("Add", "h a", "s"), node("Add", "s b", "h2"), node("Mul", "a b", "o")]
    many = scan(
        nodes, "h2 o", "h a b", "last y", takes="first x back", num_scan_inputs=2,
        scan_input_axes=[0, 1], scan_input_directions=[0, 1],
    )  # fmt: skip
    first = node("ReduceSum", "x axes", "first", keepdims=0)
    turn = node("Transpose", "x", "back", perm=[1, 0])
    net = assert_agrees(
        build([first, turn, many], {"x": (10, 2)}, {"axes": np.array([0])}), nudges=(0.5,)
    )
    assert net["y"].exact


@pytest.mark.parametrize(
    ("nodes", "shape"),
    [
        ([node("Gather", "x i", "a", axis=0), node("Add", "h a", "h2")], (12, 2)),
        ([node("Gather", "x i", "a", axis=0), node("Add", "a a", "h2")], (14, 2)),
        ([node("Sub", "eleven i", "j"), node("Gather", "x j", "a", axis=1),
          node("Add", "h a", "h2")], (2, 13)),
        ([node("Unsqueeze", "i zero", "u"), node("Add", "u one", "v"),
          node("Slice", "x u v", "s"), node("Squeeze", "s zero", "a"),
          node("Add", "h a", "h2")], (12, 2)),
        ([node("Mod", "i three", "m"), node("Gather", "x m", "a", axis=0),
          node("Mul", "h a", "h2")], (12, 2)),
    ],
)  # fmt: skip
def test_a_loop_that_counts_its_turns(nodes: list[onnx.NodeProto], shape: tuple[int, ...]) -> None:
    body = loop([*nodes, node("Neg", "h2", "o")], "h2 o", "i go h")
    constants = {
        **COUNT, "h0": np.ones(2, np.float32), "zero": np.array([0]), "one": np.array([1]),
        "six": np.array(6), "eleven": np.array(11), "three": np.array(3),
    }  # fmt: skip
    model = build([node("Loop", "n c h0", "last y", body=body)], {"x": shape}, constants)
    net = assert_agrees(model)
    assert net["y"].exact


def test_a_loop_that_ends_before_its_limit() -> None:
    body = subgraph(
        [node("Gather", "x i", "a", axis=0), node("Add", "h a", "h2"), node("Add", "k one", "k2"),
         node("Less", "k2 ten", "go2"), SAME],
        "go2 h2 k2 o", "i go h k", types={**KINDS, "k": INT64, "k2": INT64},
    )  # fmt: skip
    constants = {**COUNT, **H0, "k0": np.array(0), "one": np.array(1), "ten": np.array(10)}
    model = build([node("Loop", "n c h0 k0", "last count y", body=body)], {"x": (12, 2)}, constants)
    del model.graph.output[1]
    net = assert_agrees(model)
    assert net["y"].shape == (10, 2)


def test_a_loop_within_a_loop() -> None:
    inner = subgraph(
        [node("Gather", "a k", "p", axis=0), node("Add", "g p", "g2"),
         node("Identity", "ok", "ok2")],
        "ok2 g2", "k ok g", types={"k": INT64, "ok": BOOL, "ok2": BOOL},
    )  # fmt: skip
    body = loop(
        [node("Gather", "x i", "a", axis=0), node("Loop", "m c h", "h2", body=inner), SAME],
        "h2 o", "i go h",
    )  # fmt: skip
    for turns in (3, 10):
        constants = {**COUNT, "m": np.array(turns), "h0": np.zeros(1, np.float32)}
        model = build(
            [node("Loop", "n c h0", "last y", body=body)], {"x": (12, turns, 1)}, constants
        )
        net = assert_agrees(model)
        assert net["y"].exact
        assert net["y"].region_of(np.s_[4, 0]) == rf_viz.Region((0, 0, 0), (5, turns, 1))


def test_a_branch_within_a_loop() -> None:
    ways = {
        "then_branch": subgraph([node("Neg", "a", "t")], "t"),
        "else_branch": subgraph([node("Mul", "a h", "e")], "e"),
    }
    body = loop(
        [node("Gather", "x i", "a", axis=0), node("Less", "i six", "early"),
         node("If", "early", "b", **ways), node("Add", "h b", "h2"), SAME],
        "h2 o", "i go h",
    )  # fmt: skip
    constants = {**COUNT, "h0": np.ones(2, np.float32), "six": np.array(6)}
    model = build([node("Loop", "n c h0", "last y", body=body)], {"x": (12, 2)}, constants)
    assert_agrees(model)


@pytest.mark.parametrize(
    "joined", [{"axis": 0}, {"axis": 1, "new_axis": 1}, {"axis": 0, "new_axis": 1}]
)
def test_a_sequence_that_a_loop_fills(joined: dict[str, int]) -> None:
    body = helper.make_graph(
        [node("Gather", "x i", "a", axis=0), node("Add", "h a", "h2"),
         node("SequenceInsert", "held h2", "held2"), node("Identity", "go", "go2")],
        "body",
        [helper.make_tensor_value_info("i", INT64, []),
         helper.make_tensor_value_info("go", BOOL, []),
         helper.make_tensor_value_info("h", TensorProto.FLOAT, [2]),
         helper.make_tensor_sequence_value_info("held", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info("go2", BOOL, []),
         helper.make_tensor_value_info("h2", TensorProto.FLOAT, [2]),
         helper.make_tensor_sequence_value_info("held2", TensorProto.FLOAT, [2])],
    )  # fmt: skip
    nodes = [
        node("SequenceEmpty", "", "none"), node("Loop", "n c h0 none", "last held", body=body),
        node("ConcatFromSequence", "held", "y", **joined), node("SequenceAt", "held three", "z"),
    ]  # fmt: skip
    model = build(nodes, {"x": (12, 2)}, {**COUNT, **H0, "three": np.array(3)})
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in ("last", "y", "z"))
    net = assert_agrees(model)
    assert net["y"].exact
    assert len(net.layers) < 12


def test_what_the_data_decides_is_assumed_with_its_true_shape() -> None:
    body = subgraph(
        [node("Gather", "x i", "a", axis=0), node("Add", "h a", "h2"),
         node("ReduceMax", "h2", "m", keepdims=0), node("Cast", "m", "go2", to=BOOL)],
        "go2 h2", "i go h", types=KINDS,
    )  # fmt: skip
    model = build([node("Loop", "n c h0", "last", body=body)], {"x": (12, 2)}, {**COUNT, **H0})
    net = assert_agrees(model, exact=False)
    assert net["last"].shape == (2,)
    assert not net["last"].exact
    assert "the_Loop" in net["last"].note


def test_a_loop_whose_body_does_not_make_what_it_hands_on_is_told() -> None:
    body = loop([node("Add", "h h", "other")], "h2", "i go h")
    model = build([node("Loop", "n c x", "last", body=body)], {"x": (2,)}, COUNT)
    with pytest.raises(rf_viz.ModelError, match="makes its output 'h2'"):
        rf_viz.load(model.SerializeToString()).trace()


def test_a_hundred_and_more_turns_are_one_row_with_its_operations() -> None:
    many = scan(SUM, "h2 o", "h a", "last y", takes="h0 x", num_scan_inputs=1)
    model = build([many], {"x": (3000, 2)}, H0)
    net = rf_viz.load(model.SerializeToString()).trace(spatial_axes=(0, 1))
    assert net["y"].region_of(np.s_[1999, 1]) == rf_viz.Region((0, 1), (2000, 2))
    assert net["y"].mask_of(np.s_[1999, 1]).sum() == 2000
    ((group, layer),) = net.groups
    assert (group.name, group.kind, layer.name) == ("the_Scan", "Scan", "y")
    assert all(one.group == group for one in net.layers)
