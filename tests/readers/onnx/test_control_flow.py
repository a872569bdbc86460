"""Branches, loops, sequences, unknown operators and broken graphs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import rf_viz
from tests.oracles.onnx_oracle import assert_agrees, build, generic

NUDGE = (0.25,)


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:  # noqa: ANN401
    names = [n if n != "-" else "" for n in inputs.split()]
    return helper.make_node(op, names, outputs.split(), name=f"the_{op}", **attributes)


def subgraph(
    nodes: list[onnx.NodeProto],
    outputs: str,
    inputs: str = "",
    constants: dict[str, Any] | None = None,
    types: dict[str, int] | None = None,
) -> onnx.GraphProto:
    def value(name: str) -> onnx.ValueInfoProto:
        kind = (types or {}).get(name, TensorProto.FLOAT)
        return helper.make_tensor_value_info(name, kind, [] if name in (types or {}) else None)

    return helper.make_graph(
        nodes,
        "sub",
        [value(n) for n in inputs.split()],
        [value(n) for n in outputs.split()],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in (constants or {}).items()],
    )


def trace(nodes: list[onnx.NodeProto], shape: tuple[int, ...], **options: Any) -> rf_viz.Network:  # noqa: ANN401
    model = build(nodes, {"x": shape}, options.pop("constants", None), **options)
    axes = range(len(shape))
    return rf_viz.load(model.SerializeToString()).trace(spatial_axes=axes)


def branches() -> dict[str, onnx.GraphProto]:
    flip = subgraph([node("Transpose", "x", "t", perm=[0, 1])], "t")
    mean = subgraph([node("Softmax", "x", "s", axis=-1)], "s")
    return {"then_branch": flip, "else_branch": mean}


def test_a_branch_that_cannot_run_at_this_size_is_not_the_one_taken() -> None:
    ways = branches() | {
        "else_branch": subgraph(
            [node("Add", "x wide", "s")], "s", constants={"wide": generic((5,))}
        )
    }
    net = trace(
        [
            node("ReduceMax", "x", "m", keepdims=0),
            node("Cast", "m", "c", to=9),
            node("If", "c", "y", **ways),
        ],
        (2, 3),
    )
    assert net["y"].shape == (2, 3)
    assert net["y"].exact
    assert not [layer for layer in net.layers if "/else/" in layer.name]


@pytest.mark.parametrize("condition", [True, False])
def test_a_branch_that_is_known_is_the_one_followed(condition: bool) -> None:
    model = build([node("If", "c", "y", **branches())], {"x": (2, 3)}, {"c": np.array(condition)})
    assert_agrees(model, nudges=NUDGE)


def test_a_branch_that_depends_on_the_data_is_either() -> None:
    nodes = [
        node("ReduceMax", "x", "m", keepdims=0),
        node("Greater", "m", "c"),
        node("If", "c", "y", **branches()),
    ]
    nodes[1].input.append("k")
    net = trace(nodes, (2, 3), constants={"k": np.float32(1)})
    assert net["y"].exact
    assert net["y"].mask_of(np.s_[0, 0]).all()


def test_a_loop_of_known_length_is_followed_turn_by_turn() -> None:
    body = subgraph(
        [
            node("Conv", "h w", "h2", kernel_shape=[3], pads=[1, 1]),
            node("ReduceSum", "h2", "total", keepdims=1),
            node("Identity", "go", "go2"),
        ],
        "go2 h2 total",
        "i go h",
        types={"i": TensorProto.INT64, "go": TensorProto.BOOL, "go2": TensorProto.BOOL},
    )
    constants = {"n": np.array(2), "c": np.array(True), "w": generic((1, 1, 3))}
    model = build([node("Loop", "n c x", "y s", body=body)], {"x": (1, 1, 7)}, constants)
    net = assert_agrees(model)
    assert net["y"].region_of(np.s_[0, 0, 3]).size == (1, 1, 5)
    assert net["s"].shape == (2, 1, 1, 1)
    assert net["the_Loop/1/h2"].op == "Conv"


def test_a_loop_that_the_data_ends_sees_everything() -> None:
    body = subgraph(
        [node("Relu", "h", "h2"), node("ReduceMax", "h2", "m", keepdims=0),
         node("Cast", "m", "go2", to=TensorProto.BOOL)],
        "go2 h2", "i go h",
        types={"i": TensorProto.INT64, "go": TensorProto.BOOL, "go2": TensorProto.BOOL},
    )  # fmt: skip
    constants = {"c": np.array(True)}
    net = trace(
        [node("Loop", "- c x", "y", body=body), node("Relu", "y", "z")], (1, 4), constants=constants
    )
    assert net["z"].assumed == ("how often Loop the_Loop turns depends on the data",)
    assert net["y"].mask_of(...).all()
    assert [layer.name for layer in net.layers] == ["y", "z"]


def test_a_scan_is_followed_along_its_axis() -> None:
    body = subgraph([node("Add", "h a", "h2"), node("Mul", "h2 h2", "o")], "h2 o", "h a")
    constants = {"h0": np.zeros(2, np.float32)}
    scan = node("Scan", "h0 x", "last y", body=body, num_scan_inputs=1)
    net = assert_agrees(build([scan], {"x": (4, 2)}, constants))
    assert net["y"].region_of(np.s_[2, 1]) == rf_viz.Region((0, 1), (3, 2))
    back = node(
        "Scan", "h0 x", "last y", body=body, num_scan_inputs=1, scan_input_axes=[1],
        scan_input_directions=[1], scan_output_axes=[1], scan_output_directions=[1],
    )  # fmt: skip
    assert_agrees(build([back], {"x": (2, 3)}, constants))


def test_sequences_are_followed_item_by_item() -> None:
    nodes = [
        node("SplitToSequence", "x", "parts", axis=1, keepdims=0),
        node("SequenceAt", "parts two", "p"),
        node("Relu", "p", "r"),
        node("SequenceInsert", "parts r zero", "more"),
        node("ConcatFromSequence", "more", "y", axis=1, new_axis=1),
        node("SequenceErase", "parts zero", "less"),
        node("ConcatFromSequence", "less", "z", axis=0),
    ]
    for each in nodes:
        each.name = ""
    model = build(nodes, {"x": (2, 3)}, {"two": np.array(2), "zero": np.array(0)})
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in ("p", "y", "z"))
    assert_agrees(model)


def test_a_body_over_a_sequence() -> None:
    body = subgraph([node("ReduceSum", "item", "out", keepdims=1)], "out", "item")
    nodes = [
        node("SplitToSequence", "x size", "parts", axis=0),
        node("SequenceMap", "parts", "sums", body=body),
        node("ConcatFromSequence", "sums", "y", axis=0),
    ]
    model = build(nodes, {"x": (3, 2)}, {"size": np.array(2)}, opset=17)
    del model.graph.output[:2]
    assert_agrees(model, reference=True)


def test_local_functions_are_put_in_place() -> None:
    model = build(
        [helper.make_node("Twice", ["x"], ["y"], domain="mine")], {"x": (2, 3)},
        domains={"mine": 1},
    )  # fmt: skip
    body = [node("Softmax", "a", "b"), node("Add", "b b", "c")]
    model.functions.append(
        helper.make_function("mine", "Twice", ["a"], ["c"], body, [helper.make_opsetid("", 22)])
    )
    assert_agrees(model, nudges=NUDGE)


# What is not known ------------------------------------------------------------------------------


def test_an_unknown_operator_is_assumed_and_named() -> None:
    nodes = [
        node("Conv", "x w", "c"),
        helper.make_node("Magic", ["c"], ["m"], domain="my.lab"),
        node("Relu", "m", "y"),
    ]
    model = build(nodes, {"x": (1, 1, 8, 8)}, {"w": generic((1, 1, 3, 3))}, domains={"my.lab": 1})
    net = rf_viz.load(model.SerializeToString()).trace()
    assert net["c"].exact
    assert net["y"].assumed == (
        "custom operator Magic of domain my.lab is not known: assumed to see everything, its "
        "output to have the shape of its input",
    )
    assert net["y"].shape == (1, 1, 6, 6)
    assert net["y"].grid == (6, 6)
    assert net["y"].region((0, 0)).size == (8, 8)


def test_an_unknown_operator_has_the_shape_that_the_model_declares() -> None:
    model = build(
        [helper.make_node("Magic", ["x"], ["y"], domain="lab")], {"x": ("n", 4)}, domains={"lab": 1}
    )
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("y", 1, ["n", 2, 3]))
    net = rf_viz.load(model.SerializeToString()).trace()
    assert net["y"].shape == (1, 2, 3)
    assert "its output" not in net["y"].note


def test_a_shape_that_depends_on_the_data_leaves_the_rest_assumed() -> None:
    nodes = [
        node("NonZero", "x", "n"),
        node("Cast", "n", "f", to=1),
        node("ReduceSum", "f", "s", keepdims=0),
        node("Add", "x s", "y"),
    ]
    net = trace(nodes, (2, 3))
    assert not net["n"].exact
    assert net["n"].shape == ()
    assert net["y"].mask_of(np.s_[0, 0]).all()
    assert "NonZero" in net["y"].note


def test_weights_that_depend_on_the_data_are_not_passed_over() -> None:
    nodes = [node("Reshape", "x s", "w"), node("Conv", "c w", "y")]
    constants = {"s": np.array([1, 1, 3, 3]), "c": generic((1, 1, 4, 4))}
    net = trace(nodes, (9,), constants=constants)
    assert net["y"].mask_of(...).all()


# Broken graphs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "shape", "said"),
    [
        (node("Relu", "nothing", "y"), (2,), "the_Relu.*'nothing', which nothing makes"),
        (node("Relu", "y", "y"), (2,), "the_Relu.*reads 'y', which nothing makes"),
        (node("Relu", "x", "x"), (2,), "the_Relu.*makes 'x', which already exists"),
        (node("Relu", "", "y"), (2,), "the_Relu"),
        (node("Add", "x", "y z"), (2,), "the_Add.*2 outputs"),
        (node("Softmax", "x", "y", axis=5), (2, 3), "the_Softmax.*axis 5"),
        (node("ReduceSum", "x", "y", axes=[7]), (2, 3), "the_ReduceSum.*axis 7"),
        (node("MaxPool", "x", "y", kernel_shape=[2, 2], strides=[0, 0]), (1, 1, 4, 4), "MaxPool"),
        (node("MaxPool", "x", "y", kernel_shape=[-2, 2]), (1, 1, 4, 4), "MaxPool"),
        (node("MaxPool", "x", "y", kernel_shape=[2, 2], strides=[1]), (1, 1, 4, 4), "MaxPool"),
        (node("MaxPool", "x", "y", kernel_shape="ab"), (1, 1, 4, 4), "MaxPool"),
        (node("Transpose", "x", "y", perm=[0, 0]), (2, 3), "Transpose"),
        (node("Concat", "x x", "y", axis=9), (2, 3), "Concat.*axis 9"),
        (node("MatMul", "x x", "y"), (2, 3), "MatMul"),
        (node("Gemm", "x", "y"), (2, 3), "Gemm"),
        (node("If", "x", "y"), (1,), "the_If.*then_branch"),
        (node("LSTM", "x x x", "y"), (2,), "LSTM"),
        (node("TopK", "x", "y z"), (2,), "TopK"),
        (node("Split", "x", "y", axis="z"), (2,), "Split"),
        (node("Attention", "x x x", "y"), (2,), "Attention"),
        (node("GroupNormalization", "x x x", "y", num_groups=0), (1, 2, 3), "GroupNorm"),
        (node("DFT", "x", "y"), (4,), "DFT"),
    ],
)
def test_a_broken_graph_is_one_clear_sentence(
    broken: onnx.NodeProto, shape: tuple[int, ...], said: str
) -> None:
    model = build([broken], {"x": shape}, opset=13 if broken.op_type == "ReduceSum" else 22)
    if broken.op_type == "ReduceSum":
        model.opset_import[0].version = 12
    with pytest.raises(rf_viz.ModelError, match=said) as caught:
        rf_viz.load(model.SerializeToString()).trace()
    assert "\n" not in str(caught.value)


def test_a_tensor_beyond_all_bounds_is_refused() -> None:
    tile = node("Expand", "x s", "y")
    constants = {"s": np.array([2**21, 2**21])}
    with pytest.raises(rf_viz.ModelError, match="the_Expand"):
        trace([tile], (1, 1), constants=constants)


@pytest.mark.parametrize("op", ["Relu", "Softmax"])
def test_a_graph_may_be_as_deep_as_it_likes(op: str) -> None:
    count = 5000 if op == "Relu" else 1500
    names = ["x", *(f"t{i}" for i in range(count))]
    nodes = [helper.make_node(op, [a], [b]) for a, b in pairwise(names)]
    model = build(nodes, {"x": (2, 3)})
    net = rf_viz.load(model.SerializeToString()).trace(spatial_axes=(0, 1))
    assert net[names[-1]].region_of(np.s_[1, 1]).size == ((1, 3) if op == "Softmax" else (1, 1))


def test_a_chain_of_constants_may_be_as_deep_as_it_likes() -> None:
    count = 5000
    names = ["k", *(f"t{i}" for i in range(count))]
    nodes = [helper.make_node("Add", [a, "one"], [b]) for a, b in pairwise(names)]
    nodes.append(node("Reshape", f"x {names[-1]}", "y"))
    constants = {"k": np.array([6 - count]), "one": np.array([1])}
    net = trace(nodes, (2, 3), constants=constants)
    assert net["y"].shape == (6,)
