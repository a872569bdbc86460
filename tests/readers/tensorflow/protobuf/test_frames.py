"""Loops of TensorFlow 1: frames that become functions."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf

import rf_viz
from rf_viz import Region
from rf_viz.readers.tensorflow.protobuf.frames import functional
from rf_viz.readers.tensorflow.protobuf.messages import GraphDef

CASES = Path(__file__).parents[3] / "data" / "cases" / "loops"


def test_a_detector_s_preprocessing_loop_is_seen_through() -> None:
    """Measured by running the graph: the pixels that move these cells."""
    net = rf_viz.load(CASES / "od_preprocess.pb").trace(input_shape=(1, 24, 20, 3))
    layer = net["FeatureExtractor/conv"]
    assert (layer.shape, layer.exact) == ((1, 6, 6, 4), True)
    assert layer.region((0, 0)) == Region((0, 0), (5, 5))
    assert layer.region((2, 3)) == Region((8, 10), (13, 15))
    ((group, _),) = net.groups
    assert (group.name, group.settings) == ("map/while", "1 turn")


def frames() -> GraphDef:
    """Two turns of pooling."""
    tf.compat.v1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default() as graph:
            x = tf.compat.v1.placeholder(tf.float32, (1, 8, 8, 1), "x")
            y = tf.compat.v1.while_loop(
                lambda i, y: i < 2,
                lambda i, y: (i + 1, tf.nn.max_pool2d(y, 3, 1, "SAME")),
                [tf.constant(0), x],
            )[1]
            tf.identity(y, "y")
    finally:
        tf.compat.v1.enable_control_flow_v2()
    return GraphDef.FromString(graph.as_graph_def().SerializeToString())


def test_a_frame_becomes_one_loop_whose_outputs_have_the_names_of_its_exits() -> None:
    loop = functional(frames().node)
    assert [node.op for node in loop.nodes].count("While") == 1
    assert not {"Enter", "Merge", "Switch", "Exit"} & {node.op for node in loop.nodes}
    net = rf_viz.load(frames().SerializeToString(), "g.pb").trace(input="x")
    assert net["while/Exit_1"].exact
    assert net["y"].region((3, 3)) == Region((1, 1), (6, 6))


@pytest.mark.parametrize("op", ["Enter", "Switch", "NextIteration", "Exit"])
def test_a_frame_of_which_a_node_lacks_its_inputs_becomes_no_loop(op: str) -> None:
    graph = frames()
    lacking = next(node for node in graph.node if node.op == op)
    del lacking.input[:]
    assert lacking.name in {node.name for node in functional(graph.node).nodes}


def test_what_enters_a_frame_and_is_missing_is_told() -> None:
    graph = frames()
    del next(node for node in graph.node if node.op == "Enter").input[:]
    with pytest.raises(rf_viz.ModelError, match="Enter 'while/Enter' lacks its input 0"):
        rf_viz.load(graph.SerializeToString(), "g.pb").trace(input="x")


@pytest.mark.parametrize("op", ["LoopCond", "NextIteration"])
def test_a_frame_of_another_form_is_assumed_to_see_all_that_enters(op: str) -> None:
    graph = frames()
    for node in graph.node:
        if node.op == op == "LoopCond":
            node.op = "Identity"
        elif node.op == op:
            node.name += "_other"
            node.op = "Identity"
    if op == "NextIteration":
        for node in graph.node:
            node.input[:] = [n + "_other" if "NextIteration" in n else n for n in node.input]
        with pytest.raises(rf_viz.ModelError, match="computed from itself"):
            rf_viz.load(graph.SerializeToString(), "g.pb")
        return
    layer = rf_viz.load(graph.SerializeToString(), "g.pb").trace(input="x")["y"]
    assert not layer.exact
    assert "the loop around" in layer.note
    assert layer.region((3, 3)) == Region((0, 0), (8, 8))
