"""Whose fault it is where a description fails: the graph's that breaks its op's rules, or ours."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import rf_viz
from rf_viz.errors import DefectError
from rf_viz.readers.reading.values import Outputs
from rf_viz.readers.tensorflow.node import OPERATORS, Node
from rf_viz.readers.tensorflow.rules import takes_wrong_constants
from tests.oracles.tensorflow_oracle import graph, tf
from tests.oracles.truth import generic

SHAPE = (1, 6, 5, 2)


def convolution() -> tf.compat.v1.GraphDef:
    return graph(lambda x: tf.nn.conv2d(x, generic((3, 3, 2, 4)), 1, "SAME"), x=SHAPE)


def traced(graph_def: tf.compat.v1.GraphDef, op: str = "Conv2D") -> rf_viz.Layer:
    net = rf_viz.load(graph_def.SerializeToString(), "test.pb").trace(input_shape=SHAPE)
    return net[op]


@pytest.fixture
def defective(monkeypatch: pytest.MonkeyPatch) -> None:
    """A description of convolutions that trips over itself, whatever the graph."""

    def describe(node: Node) -> Outputs:
        raise KeyError(node.name)

    entry = replace(OPERATORS["Conv2D"], describe=describe)
    monkeypatch.setitem(OPERATORS, "Conv2D", entry)


@pytest.mark.usefixtures("defective")
def test_a_defect_of_ours_is_told_as_ours(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.ERROR, "rf_viz"),
        pytest.raises(DefectError, match="RF-Viz could not describe Conv2D 'Conv2D'") as error,
    ):
        traced(convolution())
    assert "not valid" not in str(error.value)
    assert any(record.exc_info for record in caplog.records)


def no_list(node: Any) -> None:  # noqa: ANN401
    node.attr["strides"].s = b"two"


def no_numbers(node: Any) -> None:  # noqa: ANN401
    node.attr["strides"].list.s.append(b"two")


def no_strides(node: Any) -> None:  # noqa: ANN401
    del node.attr["strides"]


def unheard_of(node: Any) -> None:  # noqa: ANN401
    node.attr["padding"].s = b"SOME"


def one_input(node: Any) -> None:  # noqa: ANN401
    del node.input[1]


def two_strides(node: Any) -> None:  # noqa: ANN401
    node.attr["strides"].list.i[:] = [1, 1]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (no_list, "its attribute 'strides' is no list(int)"),
        (no_numbers, "its attribute 'strides' is no list(int)"),
        (no_strides, "it lacks its attribute 'strides'"),
        (unheard_of, "its attribute 'padding' is none of those"),
        (one_input, "the number of its inputs is 1, not 2"),
        (two_strides, "stride attribute to contain 4 values"),
    ],
)
@pytest.mark.usefixtures("defective")
def test_a_node_that_breaks_its_ops_rules_is_the_graphs_fault(
    spoil: Callable[[Any], None], said: str
) -> None:
    graph_def = convolution()
    spoil(next(node for node in graph_def.node if node.op == "Conv2D"))
    with pytest.raises(rf_viz.ModelError) as error:
        traced(graph_def)
    assert not isinstance(error.value, DefectError)
    assert "Conv2D 'Conv2D' is not valid: " in str(error.value)
    assert said in str(error.value)


@pytest.mark.usefixtures("defective")
def test_shapes_that_the_op_refuses_are_the_graphs_fault() -> None:
    graph_def = convolution()
    model = rf_viz.load(graph_def.SerializeToString(), "test.pb")
    with pytest.raises(rf_viz.ModelError, match="is not valid: Depth of input") as error:
        model.trace(input_shape=(1, 6, 5, 3))
    assert not isinstance(error.value, DefectError)


def zero(attribute: Any) -> None:  # noqa: ANN401
    attribute.i = 0


@pytest.mark.parametrize(
    ("compute", "spoil"),
    [
        (
            lambda x: tf.nn.space_to_depth(x, 2),
            lambda node: node.attr["block_size"].ClearField("i"),
        ),
        (lambda x: tf.split(x, 2, axis=1)[0], lambda node: node.attr["num_split"].ClearField("i")),
        (lambda x: tf.transpose(x, [0, 3, 1, 2]), lambda node: node.input.pop()),
        (lambda x: tf.cumsum(x, 1), lambda node: node.input.pop()),
        (lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME"), lambda node: node.attr["ksize"].Clear()),
    ],
)
def test_descriptions_say_which_rule_a_node_breaks(
    compute: Callable[..., Any], spoil: Callable[[Any], object]
) -> None:
    graph_def = graph(compute, x=(1, 6, 6, 2))
    spoil(next(n for n in graph_def.node if n.op not in ("Const", "Identity", "Placeholder")))
    with pytest.raises(rf_viz.ModelError) as error:
        rf_viz.load(graph_def.SerializeToString(), "test.pb").trace(input_shape=(1, 6, 6, 2))
    assert not isinstance(error.value, DefectError)


def test_an_empty_slice_that_drops_an_axis_is_no_defect() -> None:
    net = rf_viz.load(
        graph(lambda x: tf.reduce_max(x) + tf.reduce_sum(x[0, :0]), x=SHAPE).SerializeToString(),
        "test.pb",
    ).trace(input_shape=SHAPE)
    assert net.layers[-1].mask(()).all()


def test_a_slice_whose_first_positions_are_one_number_is_the_graphs_fault() -> None:
    """Where the positions are computed from the data, so that only the shape tells."""

    def compute(x: tf.Tensor) -> tf.Tensor:
        first = tf.cast(tf.reduce_sum(x), tf.int32)
        return tf.strided_slice(x, [first], [first + 1], [1], shrink_axis_mask=1)

    graph_def = graph(compute, x=(4, 3))
    pack = next(node for node in graph_def.node if node.op == "Pack")
    pack.op = "Identity"
    del pack.attr["N"], pack.attr["axis"]
    with pytest.raises(rf_viz.ModelError, match="no list of numbers") as error:
        rf_viz.load(graph_def.SerializeToString(), "test.pb").trace(input_shape=(4, 3))
    assert not isinstance(error.value, DefectError)


def test_texts_in_place_of_positions_keep_a_graph_from_shape_inference() -> None:
    """TensorFlow's own ends the whole process where it reads such positions."""
    graph_def = graph(lambda x: tf.strided_slice(x, [1], [3], [1]), x=(4, 3))
    assert not takes_wrong_constants(graph_def)
    slices = next(node for node in graph_def.node if node.op == "StridedSlice")
    first = next(node for node in graph_def.node if node.name == slices.input[1])
    first.attr["value"].tensor.dtype = tf.string.as_datatype_enum
    assert takes_wrong_constants(graph_def)
    model = rf_viz.load(graph_def.SerializeToString(), "test.pb")
    assert not model.trace(input_shape=(4, 3)).layers[-1].exact


def test_a_single_size_to_split_by_keeps_a_graph_from_shape_inference() -> None:
    """TensorFlow's own ends the whole process where the sizes are no list."""
    graph_def = graph(lambda x: tf.split(x, [1, 3], 0)[1], x=(4, 3))
    assert not takes_wrong_constants(graph_def)
    split = next(node for node in graph_def.node if node.op == "SplitV")
    sizes = next(node for node in graph_def.node if node.name == split.input[1])
    sizes.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.int32(3)))
    assert takes_wrong_constants(graph_def)
