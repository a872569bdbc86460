"""Models that are in memory are read as their files are."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import tensorflow as tf

import rf_viz
from tests.oracles.onnx_oracle import build, generic


def test_an_onnx_model_is_read_and_may_be_changed_afterwards() -> None:
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"])
    proto = build([node], {"x": (1, 3, 8, 9)}, {"w": generic((2, 3, 3, 3))})
    model = rf_viz.load(proto)
    del proto.graph.node[:]
    assert model.name == "test"
    assert model.trace()["y"].region((2, 2)) == rf_viz.Region((2, 2), (5, 5))
    assert model.activations(generic((1, 3, 8, 9)), ["y"])["y"].shape == (1, 2, 6, 7)
    with pytest.raises(rf_viz.ModelError, match="holds no graph"):
        rf_viz.load(proto)


def test_weights_in_another_file_are_asked_for() -> None:
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"])
    proto = build([node], {"x": (1, 3, 8, 9)}, {"w": generic((2, 3, 3, 3))})
    onnx.external_data_helper.set_external_data(proto.graph.initializer[0], "w.bin")
    with pytest.raises(rf_viz.ModelError, match=r"weights in w.bin"):
        rf_viz.load(proto, "net")


def test_a_graph_and_its_message_are_read() -> None:
    graph = tf.Graph()
    with graph.as_default():
        x = tf.compat.v1.placeholder(tf.float32, (1, 8, 9, 3), name="x")
        tf.nn.conv2d(x, np.ones((3, 3, 3, 2), np.float32), 1, "VALID", name="y")
    for source in (graph, graph.as_graph_def()):
        model = rf_viz.load(source)
        assert model.name == "graph"
        assert model.trace()["y"].region((2, 2)) == rf_viz.Region((2, 2), (5, 5))
        assert model.activations(np.ones((1, 8, 9, 3)), ["y"])["y"].max() == 27
    with pytest.raises(rf_viz.ModelError, match="holds no graph"):
        rf_viz.load(tf.Graph())
