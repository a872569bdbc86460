"""Placeholders beside the image: switches, rates and scales can be fed."""

import numpy as np
import pytest

import rf_viz
from rf_viz.verify import verify

IMAGE = np.ones((1, 12, 12, 1), np.float32)


@pytest.fixture(scope="module")
def model() -> rf_viz.Model:
    """A 5x5 kernel while training, else 3x3; times a scale, by what a dropout keeps."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, (1, 12, 12, 1), "x")
        training = tf1.placeholder(tf.bool, (), "training")
        keep = tf1.placeholder_with_default(np.float32(1), (), "keep")
        scale = tf1.placeholder(tf.float32, (), "scale")
        wide, narrow = (tf.ones((n, n, 1, 1)) for n in (5, 3))
        y = tf1.cond(
            training,
            lambda: tf.nn.conv2d(x, wide, 1, "SAME"),
            lambda: tf.nn.conv2d(x, narrow, 1, "SAME"),
        )
        tf.identity(y * scale / keep, "out")
    return rf_viz.load(graph.as_graph_def().SerializeToString(), "graph.pb")


def test_a_switch_is_off_unless_it_is_fed(model: rf_viz.Model) -> None:
    off, on = model.trace(), model.trace(feeds={"training": True})
    assert off["out"].region((6, 6)).size == (3, 3)
    assert on["out"].region((6, 6)).size == (5, 5)
    assert verify(model, off).ok
    assert verify(model, on).ok
    assert {s.name: (s.default, s.fixed) for s in model.side_inputs()} == {
        "scale": (0, False),
        "training": (0, True),
        "keep": (1, True),
    }


@pytest.mark.parametrize(
    ("feeds", "value"),
    [
        ({}, 0),
        ({"scale": 1}, 9),
        ({"scale": 2, "keep": 0.5}, 36),
        ({"scale": 2, "training": True}, 50),
    ],
)
def test_values_are_those_for_what_is_fed(
    model: rf_viz.Model, feeds: dict[str, float], value: float
) -> None:
    assert model.activations(IMAGE, ["out"], feeds=feeds)["out"][0, 6, 6, 0] == value
