"""Loops of many turns in both forms of TensorFlow, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import rf_viz
from tests.oracles.tensorflow_oracle import assert_agrees, graph

TURNS = 12
NUDGES = (0.7, -0.7)
MATRIX = np.array([[0.2, 0.3], [0.1, 0.25]], np.float32)


@pytest.fixture(params=[1, 2], autouse=True)
def form(request: pytest.FixtureRequest) -> Iterator[None]:
    """Loops as frames, as TensorFlow 1 writes them, and as functions."""
    if request.param == 1:
        tf.compat.v1.disable_control_flow_v2()
    yield
    tf.compat.v1.enable_control_flow_v2()


def loop(body: Callable[..., Any], *first: Any) -> Any:  # noqa: ANN401
    """Twelve turns of a body that takes their number."""
    return tf.while_loop(lambda i, *_: i < TURNS, body, [0, *first])[1:]


def with_arrays(x: tf.Tensor) -> list[tf.Tensor]:
    rows = tf.TensorArray(tf.float32, TURNS).unstack(x)
    states = tf.TensorArray(tf.float32, TURNS, element_shape=(2,))

    def body(i: tf.Tensor, h: tf.Tensor, states: tf.TensorArray) -> tuple[Any, ...]:
        return i + 1, tf.matmul(h, MATRIX) + rows.read(i)[None], states.write(i, h[0])

    h, states = loop(body, tf.zeros((1, 2)), states)
    return [h, states.stack()]


def backwards(x: tf.Tensor) -> tf.Tensor:
    filled = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=(2,))
    (filled,) = loop(lambda i, a: (i + 1, a.write(i, x[TURNS - 1 - i])), filled)
    return filled.stack()


def nested(x: tf.Tensor) -> tf.Tensor:
    def body(i: tf.Tensor, h: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        row = x[i]
        inner = tf.while_loop(lambda j, g: j < 2, lambda j, g: (j + 1, g + row[j]), [0, h])
        return i + 1, inner[1]

    return loop(body, tf.constant(0.0))[0]


def branching(x: tf.Tensor) -> tf.Tensor:
    def body(i: tf.Tensor, h: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return i + 1, tf.cond(i < 4, lambda: h + x[i], lambda: h * 2.0)

    return loop(body, tf.zeros(2))[0]


def reading_what_it_fills(x: tf.Tensor) -> tf.Tensor:
    states = tf.TensorArray(tf.float32, TURNS + 1, element_shape=(2,), clear_after_read=False)
    states = states.write(0, tf.zeros(2))
    (states,) = loop(lambda i, a: (i + 1, a.write(i + 1, a.read(i) * 0.5 + x[i])), states)
    return states.stack()


EXACT: dict[str, tuple[Callable[[tf.Tensor], Any], tuple[int, ...]]] = {
    "scan": (lambda x: tf.scan(lambda a, b: a * 0.5 + b, x), (TURNS, 2)),
    "scan backwards": (lambda x: tf.scan(lambda a, b: a * 0.5 + b, x, reverse=True), (TURNS, 2)),
    "scan from a first value": (
        lambda x: tf.scan(lambda a, b: tf.matmul(a, MATRIX) + b, x, tf.zeros((2, 2))),
        (TURNS, 2, 2),
    ),
    "map": (lambda x: tf.map_fn(lambda b: tf.image.resize(b, (2, 3)), x), (TURNS, 3, 4, 1)),
    "arrays": (with_arrays, (TURNS, 2)),
    "backwards": (backwards, (TURNS, 2)),
    "counted": (lambda x: loop(lambda i, h: (i + 1, h * 0.5 + x[:, i]), tf.zeros(2))[0], (2, 14)),
    "delayed": (
        lambda x: loop(lambda i, a, b: (i + 1, x[i], a), tf.zeros(2), tf.zeros(2)), (TURNS, 2),
    ),
    "nested": (nested, (TURNS, 2)),
    "branching": (branching, (TURNS, 2)),
    "reading what it fills": (reading_what_it_fills, (TURNS, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_a_loop_is_what_its_body_does_turn_by_turn(name: str) -> None:
    compute, shape = EXACT[name]
    assert_agrees(compute, nudges=NUDGES, x=shape)


def data_ends(x: tf.Tensor) -> list[tf.Tensor]:
    states = tf.TensorArray(tf.float32, TURNS, element_shape=(2,))
    _, h, states = tf.while_loop(
        lambda i, h, _: tf.logical_and(i < TURNS, tf.reduce_sum(h) < 9),
        lambda i, h, a: (i + 1, h * 0.5 + x[i], a.write(i, h)),
        [0, tf.zeros(2), states],
    )
    return [h, states.stack()]


def test_a_loop_that_the_data_ends_keeps_its_true_shapes() -> None:
    net = assert_agrees(data_ends, nudges=NUDGES, exact=False, x=(TURNS, 2))
    assert net["y"].shape == (2,)
    assert net["y1"].shape == (TURNS, 2)
    assert "turns depends on the data" in net["y1"].note


def growing(x: tf.Tensor) -> tf.Tensor:
    """A tensor whose length the data decides, and what the graph says that it is."""
    _, y = tf.while_loop(
        lambda i, y: tf.logical_and(i < 3, tf.reduce_sum(y) < 9),
        lambda i, y: (i + 1, tf.concat([y, x[i : i + 1]], 0)),
        [0, x[:1]],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])],
    )
    return tf.ensure_shape(y[None], (None, 4, 2)) * 2.0


def test_a_shape_that_the_graph_tells_is_used_where_the_data_decides() -> None:
    graph_def = graph(growing, x=(TURNS, 2))
    layer = rf_viz.load(graph_def.SerializeToString(), "g.pb").trace(spatial_axes=(0, 1))["y"]
    assert (layer.shape, layer.exact) == ((1, 4, 2), False)
    assert layer.mask_of(np.s_[0, 0, 0]).all()


def test_a_thousand_turns_are_few_layers_in_one_group() -> None:
    graph_def = graph(lambda x: tf.scan(lambda a, b: a * 0.5 + b, x, tf.zeros(2)), x=(1500, 2))
    net = rf_viz.load(graph_def.SerializeToString(), "g.pb").trace(spatial_axes=(0, 1))
    assert net["y"].region_of(np.s_[1000, 1]) == rf_viz.Region((0, 1), (1001, 2))
    assert len(net.layers) < 12
    ((group, _),) = net.groups
    assert (group.name, group.settings) == ("scan/while", "1,500 turns")
