"""Few bytes that stand for many operations: counted before they are made, and refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import rf_viz
from rf_viz.readers.tensorflow.protobuf.messages import GraphDef

IMPORTS = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]


def function(name: str, nodes: Sequence[onnx.NodeProto]) -> onnx.FunctionProto:
    return helper.make_function("own", name, ["x"], ["y"], nodes, IMPORTS)


def of_functions(functions: Sequence[onnx.FunctionProto], call: str = "f0") -> bytes:
    graph = helper.make_graph(
        [helper.make_node(call, ["x"], ["y"], "call", domain="own")],
        "g",
        [helper.make_tensor_value_info("x", 1, (1, 1, 8, 8))],
        [helper.make_tensor_value_info("y", 1, None)],
    )
    model = helper.make_model(graph, opset_imports=IMPORTS, functions=functions, ir_version=9)
    return model.SerializeToString()


def calling_twice(levels: int, last: Sequence[onnx.NodeProto]) -> bytes:
    """Functions of which each calls the next twice."""
    functions = [
        function(
            f"f{level}",
            [
                helper.make_node(f"f{level + 1}", ["x"], ["a"], domain="own"),
                helper.make_node(f"f{level + 1}", ["a"], ["y"], domain="own"),
            ],
        )
        for level in range(levels)
    ]
    return of_functions([*functions, function(f"f{levels}", last)])


RELU = [helper.make_node("Relu", ["x"], ["y"])]


def refusal(source: bytes, name: str = "m.onnx") -> str:
    with pytest.raises(rf_viz.ModelError) as caught:
        rf_viz.load(source, name).trace()
    return str(caught.value)


def test_functions_that_multiply_are_refused() -> None:
    assert "1,610,612,735 nodes in all: the limit is" in refusal(calling_twice(29, RELU))


def test_functions_that_call_each_other_a_few_times_open() -> None:
    net = rf_viz.load(calling_twice(8, RELU), "m.onnx").trace()
    assert len(net.layers) == 2**8
    assert net.layers[-1].region((3, 4)).size == (1, 1)


def test_calls_within_branches_count_too() -> None:
    inner = helper.make_graph(
        [helper.make_node("f1", ["x"], ["b"], domain="own")],
        "way",
        [],
        [helper.make_tensor_value_info("b", 1, None)],
    )
    condition = helper.make_node(
        "Constant", [], ["c"], value=numpy_helper.from_array(np.array(True))
    )
    branch = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    functions = [function(f"f{i}", [condition, branch] if i < 29 else RELU) for i in range(30)]
    for i, f in enumerate(functions[:-1]):
        for attribute in f.node[1].attribute:
            attribute.g.node[0].op_type = f"f{i + 1}"
    assert "nodes in all" in refusal(of_functions(functions))


def test_a_function_that_calls_itself_is_refused() -> None:
    around = [helper.make_node("f0", ["x"], ["y"], domain="own")]
    assert "'f0' of the graph calls itself" in refusal(of_functions([function("f0", around)]))


def test_functions_that_multiply_a_constant_are_refused() -> None:
    """A million bytes in the file are a thousand times as many when they are put in place."""
    constant = numpy_helper.from_array(np.zeros(2**18, np.float32))
    last = [
        helper.make_node("Constant", [], ["c"], value=constant),
        helper.make_node("Identity", ["x"], ["y"]),
    ]
    assert "bytes when they are put in place" in refusal(calling_twice(10, last))


def test_names_that_calls_multiply_are_refused() -> None:
    """Each node of a function gets the name of its call in front of its own."""
    graph = GraphDef()
    called = graph.library.function.add()
    called.signature.name = "f"
    called.signature.input_arg.add(name="x", type=1)
    called.signature.output_arg.add(name="y", type=1)
    called.ret["y"] = "n999:output:0"
    for i in range(1000):
        source = f"n{i - 1}:output:0" if i else "x"
        called.node_def.add(name=f"n{i}", op="Identity", input=[source])
    graph.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    graph.node.add(name="a" * 2**20, op="f", input=["x"])
    assert "bytes when they are put in place" in refusal(graph.SerializeToString(), "g.pb")


def nested(depth: int) -> onnx.GraphProto:
    """The body of a loop in which a loop runs, and so on."""
    c, r = f"c{depth}", f"r{depth}"
    inner = (
        helper.make_node("Loop", ["n", "t", c], [r], body=nested(depth - 1))
        if depth
        else helper.make_node("Relu", [c], [r])
    )
    return helper.make_graph(
        [inner, helper.make_node("Identity", [f"k{depth}"], [f"j{depth}"])],
        "body",
        [
            helper.make_tensor_value_info(f"i{depth}", 7, ()),
            helper.make_tensor_value_info(f"k{depth}", 9, ()),
            helper.make_tensor_value_info(c, 1, None),
        ],
        [
            helper.make_tensor_value_info(f"j{depth}", 9, ()),
            helper.make_tensor_value_info(r, 1, None),
        ],
    )


@pytest.mark.parametrize(("depth", "turns"), [(3, 60), (20, 5)])
def test_loops_in_loops_are_not_followed_for_ever(depth: int, turns: int) -> None:
    """Millions of turns: the model opens, and says that it assumes what they see."""
    graph = helper.make_graph(
        [helper.make_node("Loop", ["n", "t", "x"], ["y"], "loop", body=nested(depth))],
        "g",
        [helper.make_tensor_value_info("x", 1, (1, 1, 8, 8))],
        [helper.make_tensor_value_info("y", 1, None)],
        [
            numpy_helper.from_array(np.array(turns), "n"),
            numpy_helper.from_array(np.array(True), "t"),
        ],
    )
    model = helper.make_model(graph, opset_imports=IMPORTS, ir_version=9)
    layer = rf_viz.load(model.SerializeToString(), "m.onnx").trace()["y"]
    assert not layer.exact
    assert "to follow" in layer.note
    assert layer.mask_of(...).all()
