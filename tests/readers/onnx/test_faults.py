"""Whose fault it is: a graph that breaks its operators' rules is told so, a defect of ours too."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper

import rf_viz
from rf_viz.errors import DefectError, ModelError
from rf_viz.readers.onnx.node import OPERATORS
from rf_viz.readers.reading.values import DataDependent, Outputs
from tests.oracles.onnx_oracle import build, traced
from tests.oracles.truth import generic


def refusal(node: NodeProto, opset: int = 22, shape: Sequence[int] = (1, 2, 4, 4)) -> str:
    """What is said of a graph of one node, which the graph is to blame for."""
    inputs = {name: shape for name in ("x", "other") if name in node.input}
    inputs = inputs or {"x": shape}
    model = build([node], inputs, CONSTANTS, opset=opset)
    with pytest.raises(ModelError) as caught:
        traced(model)
    assert not isinstance(caught.value, DefectError)
    return str(caught.value)


CONSTANTS = {
    "numbers": np.array([2, 2], np.int64),
    "on": np.array(True),
    "w": generic((2, 2, 3, 3)),
}


@pytest.mark.parametrize(
    ("op", "inputs", "missing", "opset"),
    [
        ("AffineGrid", ["x"], "input 1", 22),
        ("CenterCropPad", ["x"], "input 1", 22),
        ("Col2Im", ["x"], "input 1", 22),
        ("Col2Im", ["x", "numbers"], "input 2", 22),
        ("Expand", ["x"], "input 1", 22),
        ("MelWeightMatrix", ["", "", "", "x"], "input 0", 22),
        ("MelWeightMatrix", ["on", "", "", "x"], "input 1", 22),
        ("OneHot", ["x"], "input 1", 22),
        ("Pad", ["x"], "input 1", 22),
        ("Pad", ["x"], "attribute pads", 10),
        ("Reshape", ["x"], "input 1", 22),
        ("Slice", ["x"], "input 1", 22),
        ("Slice", ["x"], "attribute starts", 9),
        ("Tile", ["x"], "input 1", 22),
        ("Unsqueeze", ["x"], "input 1", 22),
        ("Unsqueeze", ["x"], "attribute axes", 11),
        ("DepthToSpace", ["x"], "attribute blocksize", 22),
        ("Constant", [], "attribute value", 22),
        ("Upsample", ["x"], "attribute scales", 8),
        ("If", ["", "x"], "input 0", 22),
        ("Loop", ["numbers", "on", "x"], "graph body", 22),
    ],
)
def test_what_a_node_lacks_is_named(op: str, inputs: list[str], missing: str, opset: int) -> None:
    shape = (1, 2, 3) if op in ("AffineGrid", "Col2Im") else (1, 2, 4, 4)
    node = helper.make_node(op, inputs, ["y"], name="node")
    said = refusal(node, opset, shape)
    assert said == f"{op} 'node' lacks its {missing}: the graph is invalid"


@pytest.mark.parametrize(
    ("op", "inputs", "attributes"),
    [
        ("Pad", ["x", "eight"], {"mode": "sideways"}),
        ("Resize", ["x", "", "four"], {"mode": "sideways"}),
        ("LSTM", ["sequence", "a", "b"], {"direction": "sideways", "hidden_size": 1}),
    ],
)
def test_a_word_that_an_operator_does_not_know(
    op: str, inputs: list[str], attributes: dict[str, Any]
) -> None:
    constants = {
        "eight": np.zeros(8, np.int64),
        "four": np.ones(4, np.float32),
        "a": generic((1, 4, 2)),
        "b": generic((1, 4, 1)),
    }
    used = {name: (3, 1, 2) if name == "sequence" else (1, 2, 4, 4) for name in inputs[:1]}
    model = build([helper.make_node(op, inputs, ["y"], **attributes)], used, constants)
    with pytest.raises(ModelError, match="'sideways', which is none of") as caught:
        traced(model)
    assert not isinstance(caught.value, DefectError)


NUMBERS = {
    "empty": np.zeros(0, np.int64),
    "one": np.array([1], np.int64),
    "eight": np.zeros(8, np.int64),
    "many": np.zeros((2, 2, 2), np.int64),
    "far": np.full((2, 3, 4), 99),
    "reals": np.full((2, 3, 4), 7.5, np.float32),
}


@pytest.mark.parametrize(
    ("op", "inputs", "shape", "attributes"),
    [
        ("ArgMax", ["x"], (), {}),
        ("AveragePool", ["x"], (1, 1, 4, 4), {"kernel_shape": [2, 2], "pads": [1]}),
        ("CausalConvWithState", ["x", "reals"], (), {}),
        ("Col2Im", ["x", "one", "one"], (4,), {}),
        ("Col2Im", ["x", "one", "empty"], (1, 4, 4), {}),
        ("ConvTranspose", ["x", "w"], (1, 2, 4, 4), {"output_padding": [0]}),
        ("DepthToSpace", ["x"], (1, 4, 4, 4), {"blocksize": 0}),
        ("Gather", ["x", "one"], (), {}),
        ("GatherND", ["x", "eight"], (2,), {}),
        ("GatherND", ["x", "many"], (1, 2, 3), {"batch_dims": -7}),
        ("GridSample", ["x", "reals"], (1, 2, 3, 4), {}),
        ("GRU", ["x", "reals", "one"], (2, 1, 3), {"hidden_size": 1}),
        ("LinearAttention", ["x", "x", "x"], (1, 2, 4), {"q_num_heads": 1, "kv_num_heads": 0}),
        ("LRN", ["x"], (3,), {"size": 3}),
        ("MaxUnpool", ["x", "far"], (2, 3, 4), {"kernel_shape": [1]}),
        ("Range", ["zero", "zero", "zero", "x"], (2,), {}),
        ("Reshape", ["x", "eight"], (2, 3), {}),
        ("Resize", ["x", "", "reals"], (1, 1, 4, 4), {}),
        ("Resize", ["x", "", "", "eight"], (2,) * 8, {}),
        ("ReverseSequence", ["x", "one"], (4, 3), {}),
        ("RoiAlign", ["x", "one", "one"], (2, 3), {}),
        ("ScatterND", ["x", "eight", "reals"], (2, 3), {}),
        ("Slice", ["x", "one", "eight"], (4, 4), {}),
        ("Softmax", ["x"], (), {"axis": 0}),
        ("Split", ["x"], (4,), {"num_outputs": 0}),
        ("Squeeze", ["x", "eight"], (), {}),
        ("STFT", ["x", "zero"], (1, 8, 1), {}),
        ("STFT", ["x", "empty"], (1, 8, 1), {}),
        ("Transpose", ["x"], (2, 3), {"perm": [0, 99]}),
        ("Unsqueeze", ["x", "eight"], (2, 3), {}),
    ],
)
def test_shapes_and_numbers_that_do_not_fit(
    op: str, inputs: list[str], shape: tuple[int, ...], attributes: dict[str, Any]
) -> None:
    """What ONNX's checker lets pass, descriptions see themselves."""
    constants = {**CONSTANTS, **NUMBERS, "zero": np.array(0, np.int64)}
    node = helper.make_node(op, inputs, ["y"], name="node", **attributes)
    with pytest.raises(ModelError, match=f"^{op} 'node' ") as caught:
        traced(build([node], {"x": shape}, constants, opset=24))
    assert not isinstance(caught.value, DefectError)


def test_heads_of_a_negative_number() -> None:
    node = helper.make_node("Attention", ["x"] * 3, ["y"], q_num_heads=-2, kv_num_heads=2)
    said = refusal(node, 24, (1, 16, 8))
    assert said == "Attention 'y' cannot share 8 channels among -2 heads"


def test_text_where_numbers_belong() -> None:
    words = helper.make_tensor("words", TensorProto.STRING, [2], ["a", "b"])
    model = build([helper.make_node("Slice", ["x", "words", "words"], ["y"])], {"x": (4, 4)})
    model.graph.initializer.append(words)
    with pytest.raises(ModelError) as caught:
        traced(model)
    assert str(caught.value) == "Slice 'y' takes numbers as input 1: the graph is invalid"


def test_a_graph_where_the_strides_belong() -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], strides=[1, 1])
    branch = valid("If").attribute[0]
    branch.name = "strides"
    node.attribute[0].CopyFrom(branch)
    assert refusal(node) == (
        "Conv 'y' has strides of another type than its operator takes: the graph is invalid"
    )


def test_a_graph_where_a_word_belongs() -> None:
    node = helper.make_node("Pad", ["x", "eight"], ["y"], mode="edge")
    branch = valid("If").attribute[0]
    branch.name = "mode"
    node.attribute[0].CopyFrom(branch)
    model = build([node], {"x": (1, 2, 4, 4)}, {"eight": np.zeros(8, np.int64)})
    with pytest.raises(ModelError, match="Pad 'y' has mode of another type than its operator"):
        traced(model)


@pytest.mark.parametrize("part", [b"stem", b"Conv", b"image", b"strides", b"inner", b"branch"])
def test_names_that_are_no_text(part: bytes) -> None:
    """Protobuf hands them out as bytes, and nothing else expects them."""
    inner = helper.make_graph(
        [helper.make_node("Relu", ["image"], ["inner"])],
        "branch",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)],
    )
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["stem"], strides=[1, 1]),
        helper.make_node("If", ["on"], ["y"], then_branch=inner, else_branch=inner),
    ]
    data = build(nodes, {"image": (1, 2, 4, 4)}, CONSTANTS).SerializeToString()
    with pytest.raises(ModelError, match=r"^net.onnx holds a name that is no text"):
        rf_viz.load(data.replace(part, b"\xff" + part[1:]), "net.onnx")


def test_a_constant_of_a_type_that_does_not_exist_has_unknown_values() -> None:
    """As weights it changes no region."""
    model = build([valid("Conv")], {"x": (1, 2, 4, 4)}, CONSTANTS)
    next(t for t in model.graph.initializer if t.name == "w").data_type = 255
    assert traced(model)["y"].region((0, 0)).size == (3, 3)


def test_a_sparse_constant_with_a_place_outside_of_it_has_unknown_values() -> None:
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0]),
        helper.make_tensor("places", TensorProto.INT64, [1], [999]),
        [2, 2, 3, 3],
    )
    model = build([valid("Conv")], {"x": (1, 2, 4, 4)})
    model.graph.sparse_initializer.append(sparse)
    layer = rf_viz.load(model.SerializeToString()).trace(weight_aware=True)["y"]
    assert layer.region((0, 0)).size == (3, 3)


BROKEN = {
    "a missing input": (helper.make_node("Conv", ["x"], ["y"], name="node"), "input size 1"),
    "an empty input": (helper.make_node("Conv", ["x", ""], ["y"], name="node"), "marked single"),
    "an attribute of another type": (
        helper.make_node("Flatten", ["x"], ["y"], name="node", axis="last"),
        "attribute type",
    ),
    "a missing attribute": (
        helper.make_node("Concat", ["x", "other"], ["y"], name="node"),
        "'axis' is missing",
    ),
}


def bug(node: object) -> Outputs:
    """A description that trips over its own feet."""
    return {}["a defect"]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_graph_that_breaks_a_rule_is_told_the_rule(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the description fails in a way that nobody foresaw."""
    node, reason = BROKEN[broken]
    entry = OPERATORS["", node.op_type]
    monkeypatch.setitem(OPERATORS, ("", node.op_type), replace(entry, describe=bug))
    said = refusal(node)
    assert said.startswith(f"{node.op_type} 'node' is not valid: ")
    assert reason in said


def valid(op: str) -> NodeProto:
    if op == "Conv":
        return helper.make_node("Conv", ["x", "w"], ["y"], name="node")
    branch = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["z"])],
        "branch",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
    )
    return helper.make_node(
        "If", ["on"], ["y"], name="node", then_branch=branch, else_branch=branch
    )


@pytest.mark.parametrize("op", ["Conv", "If"])
def test_a_defect_of_ours_is_told_as_ours(
    op: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A branch may use tensors from around the node: that is no fault of the graph."""
    entry = OPERATORS["", op]
    monkeypatch.setitem(OPERATORS, ("", op), replace(entry, describe=bug))
    model = build([valid(op)], {"x": (1, 2, 4, 4)}, CONSTANTS)
    with caplog.at_level(logging.ERROR), pytest.raises(DefectError) as caught:
        traced(model)
    assert str(caught.value).startswith(f"RF-Viz could not describe {op} 'node' (KeyError)")
    assert "Traceback" in caplog.text
    assert "in bug" in caplog.text
    assert "a defect" in caplog.text


def test_a_defect_within_a_branch_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A branch that does not work out at a size is passed over, but not for our sake."""
    entry = OPERATORS["", "Softmax"]
    monkeypatch.setitem(OPERATORS, ("", "Softmax"), replace(entry, describe=bug))
    branches = {
        f"{way}_branch": helper.make_graph(
            [helper.make_node(op, ["x"], ["z"])],
            way,
            [],
            [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
        )
        for way, op in (("then", "Softmax"), ("else", "Relu"))
    }
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["m"], keepdims=0),
        helper.make_node("Cast", ["m"], ["c"], to=TensorProto.BOOL),
        helper.make_node("If", ["c"], ["y"], **branches),
    ]
    with pytest.raises(DefectError, match="RF-Viz could not describe Softmax 'z'"):
        traced(build(nodes, {"x": (2, 3)}))


@pytest.mark.parametrize("domain", ["", "com.microsoft"])
def test_what_depends_on_the_data_is_no_defect(
    domain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(node: object) -> Outputs:
        raise DataDependent("nobody knows")

    entry = OPERATORS[domain, "Gelu"]
    changed = replace(entry, describe=unknown, elementwise=False)
    monkeypatch.setitem(OPERATORS, (domain, "Gelu"), changed)
    node = helper.make_node("Gelu", ["x"], ["y"], domain=domain)
    net = traced(build([node], {"x": (1, 2, 4, 4)}, domains={"com.microsoft": 1}))
    assert net["y"].assumed == ("nobody knows",)


@pytest.mark.parametrize(
    ("op", "shape", "why"),
    [
        ("SpaceToDepth", (1, 1, 1, 4), "blocks of 2 do not fill an image of [1, 4]"),
        ("SpaceToDepth", (1, 2, 7, 9), "blocks of 2 do not fill an image of [7, 9]"),
        ("DepthToSpace", (1, 3, 4, 4), "3 channels do not fill blocks of 2"),
        ("DepthToSpace", (1, 6, 4, 4), "6 channels do not fill blocks of 2"),
    ],
)
def test_blocks_that_do_not_fill_an_image(op: str, shape: Sequence[int], why: str) -> None:
    node = helper.make_node(op, ["x"], ["y"], name="cut", blocksize=2)
    assert refusal(node, shape=shape) == f"{op} 'cut' is not valid: {why}"


@pytest.mark.parametrize("value", [np.array(1 + 1j, np.complex64), np.array("one", object)])
def test_positions_and_counts_that_are_no_numbers_are_refused(value: np.ndarray) -> None:
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["on"], ["still"]),
            helper.make_node("Relu", ["before"], ["after"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, None),
        ],
    )
    for nodes in (
        [helper.make_node("Gather", ["x", "n"], ["y"], axis=3)],
        [helper.make_node("Loop", ["n", "", "x"], ["y"], body=body)],
        [
            helper.make_node("SplitToSequence", ["x"], ["all"], axis=3),
            helper.make_node("SequenceAt", ["all", "n"], ["y"]),
        ],
    ):
        with pytest.raises(ModelError, match=r"number.*: the graph is invalid"):
            traced(build(nodes, {"x": (1, 2, 4, 4)}, {"n": value}))


MICROSOFT = "com.microsoft"
CLASSICAL = "ai.onnx.ml"
GATHER = helper.make_node("GatherElements", ["x", "other"], ["y"])
SCATTER = helper.make_node("ScatterElements", ["x", "other", "x"], ["y"])

CONTRADICTIONS: dict[str, tuple[NodeProto, dict[str, Sequence[int]], str]] = {
    "indices of fewer axes": (
        GATHER,
        {"x": (2, 3, 4), "other": (2, 3)},
        "takes an input 1 of 3 axes",
    ),
    "indices without axes": (GATHER, {"x": (2, 3), "other": ()}, "takes an input 1 of 2 axes"),
    "places of other axes": (SCATTER, {"x": (2, 3), "other": (3,)}, "takes an input 1 of 2 axes"),
    "more places than updates": (SCATTER, {"x": (2, 3), "other": (2, 2)}, "puts elements of"),
    "groups of unequal size": (
        helper.make_node("Conv", ["x", "other"], ["y"], group=2),
        {"x": (1, 4, 5), "other": (3, 2, 1)},
        "makes 3 channels in 2 groups of equal size",
    ),
    "pads of other axes": (
        helper.make_node("MaxUnpool", ["x", "other"], ["y"], kernel_shape=[2, 2], pads=[1, 1]),
        {"x": (1, 2, 4, 4), "other": (1, 2, 4, 4)},
        "has 2 pads for 2 axes",
    ),
    "no axis to normalise along": (
        helper.make_node("SkipLayerNormalization", ["x", "other", "w"], ["y"], domain=MICROSOFT),
        {"x": (), "other": ()},
        "takes an input 0 of at least 1 axes",
    ),
    "no row to normalise": (
        helper.make_node("Normalizer", ["x"], ["y"], domain=CLASSICAL),
        {"x": ()},
        "takes an input 0 of at least 1 axes",
    ),
    "features of no row": (
        helper.make_node("FeatureVectorizer", ["x", "other"], ["y"], domain=CLASSICAL),
        {"x": (2, 3), "other": ()},
        "takes an input 1 of at least 1 axes",
    ),
    "features of other rows": (
        helper.make_node("FeatureVectorizer", ["x", "other"], ["y"], domain=CLASSICAL),
        {"x": (2, 3), "other": (4, 3)},
        "joins features of [(2, 3), (4, 3)]",
    ),
    "a scale for a tensor without axes": (
        helper.make_node("DynamicQuantizeMatMul", ["x", "other", "x"], ["y"], domain=MICROSOFT),
        {"x": (4,), "other": (4,)},
        "has parameters of [4] for a tensor of []",
    ),
    "a count of heads that is no count": (
        helper.make_node("MultiHeadAttention", ["x"] * 3, ["y"], domain=MICROSOFT, num_heads=2.0),
        {"x": (1, 4, 8)},
        "has num_heads of another type",
    ),
    "a window that is no list": (
        helper.make_node("NhwcMaxPool", ["x"], ["y"], domain=MICROSOFT, kernel_shape=2.0),
        {"x": (1, 4, 4, 2)},
        "has kernel_shape",
    ),
    "a body that is no graph": (
        helper.make_node("Loop", ["one", "on", "x"], ["y"], body=1),
        {"x": (2,)},
        "has body of another type",
    ),
    "a length of two numbers": (
        helper.make_node("MelWeightMatrix", ["numbers"] * 5, ["y"]),
        {"x": (2,)},
        "takes one number as its input 0",
    ),
    "a range up to words": (
        helper.make_node("Range", ["one", "word", "one"], ["y"]),
        {"x": (2,)},
        "takes one number as its input 1",
    ),
    "more axes than NumPy can have": (
        helper.make_node("Expand", ["x", "many"], ["y"]),
        {"x": (1,)},
        "makes a tensor of 33 axes",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_inputs_and_settings_that_do_not_fit_each_other(case: str) -> None:
    node, inputs, reason = CONTRADICTIONS[case]
    constants = {
        **CONSTANTS,
        "one": np.array(1, np.int64),
        "word": np.array("two", object),
        "many": np.ones(33, np.int64),
    }
    model = build([node], inputs, constants, domains={MICROSOFT: 1, CLASSICAL: 3})
    with pytest.raises(ModelError) as caught:
        traced(model)
    assert not isinstance(caught.value, DefectError)
    assert reason in str(caught.value)


def test_a_list_of_weights_in_a_file_whose_name_is_no_text() -> None:
    model = build([valid("Conv")], {"x": (1, 2, 4, 4)}, CONSTANTS)
    weights = next(t for t in model.graph.initializer if t.name == "w")
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="elsewhere.bin")
    data = model.SerializeToString().replace(b"elsewhere", b"\xffelsewher")
    with pytest.raises(ModelError, match=r"^net.onnx holds a name that is no text"):
        rf_viz.load(data, "net.onnx")


def test_a_loop_without_a_turn_and_a_body_that_makes_nothing() -> None:
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ("s", "row")]
    body = helper.make_graph(
        [
            helper.make_node("Add", ["s", "row"], ["sum"]),
            helper.make_node("Identity", ["row"], ["copy"]),
            helper.make_node("Identity", ["row"], []),
        ],
        "body",
        inputs,
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ("sum", "copy")],
    )
    node = helper.make_node("Scan", ["x", "rows"], ["y", "all"], body=body, num_scan_inputs=1)
    none, two = (
        traced(build([node], {"x": (3,)}, {"rows": np.ones((turns, 3), np.float32)}))
        for turns in (0, 2)
    )
    assert none["y"].assumed
    assert two["y"].exact
    assert two["y"].mask_of((1,)).sum() == 1


def test_a_file_that_is_refused_does_not_spoil_another() -> None:
    """A shape with a float in it equals one of ints, and would be found in caches in its place."""

    def attention(heads: float) -> rf_viz.Layer:
        node = helper.make_node("Attention", ["x"] * 3, ["y"], q_num_heads=3, kv_num_heads=heads)
        return traced(build([node], {"x": (2, 5, 21)}, opset=23)).layers[-1]

    with pytest.raises(ModelError, match="kv_num_heads"):
        attention(3.0)
    assert attention(3).exact
