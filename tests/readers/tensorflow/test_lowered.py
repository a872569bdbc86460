"""Branches as TensorFlow's own freezing leaves them: switches and merges, also by number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2 as freeze,
)

import rf_viz
from tests.oracles.truth import assert_traced, changes, generic

SHAPE = (1, 4, 5, 1)
KERNEL = np.full((3, 3, 1, 1), 0.1, np.float32)


def blurred(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(x, KERNEL, 1, "SAME")


def by_number(number: int) -> Callable[[tf.Tensor], tf.Tensor]:
    ways = [lambda x: x, blurred, lambda x: tf.reverse(x, [1])]
    return lambda x: tf.switch_case(tf.constant(number), [lambda way=way: way(x) for way in ways])


def by_pixel(x: tf.Tensor) -> tf.Tensor:
    number = tf.cast(x[0, 0, 0, 0] > 1.5, tf.int32)
    return tf.switch_case(number, [lambda: x * 2.0, lambda: blurred(x)])


@pytest.mark.parametrize(
    "compute",
    [*map(by_number, (0, 1, 2, 7)), *[lambda x, k=k: tf.image.rot90(x, k) for k in (1, 2, 3)]],
)
def test_a_branch_that_a_constant_chooses(compute: Callable[[tf.Tensor], tf.Tensor]) -> None:
    function = freeze(tf.function(compute).get_concrete_function(tf.TensorSpec(SHAPE, name="x")))
    run = lambda feeds: {"y": function(tf.constant(feeds["x"]))[0].numpy()}  # noqa: E731
    net = rf_viz.load(function.graph.as_graph_def()).trace(spatial_axes=range(4))
    real = changes(run, {"x": generic(SHAPE)}, "x")["y"]
    assert_traced(net, {function.outputs[0].name.removesuffix(":0"): real}, 4)


def test_a_branch_that_a_pixel_chooses_depends_on_all_of_them() -> None:
    function = freeze(tf.function(by_pixel).get_concrete_function(tf.TensorSpec(SHAPE, name="x")))
    model = rf_viz.load(function.graph.as_graph_def())
    layer = model.trace()[function.outputs[0].name.removesuffix(":0")]
    assert layer.exact
    assert np.argwhere(layer.mask((3, 4))).tolist() == [[0, 0], [2, 3], [2, 4], [3, 3], [3, 4]]
    dark, bright = np.zeros(SHAPE, np.float32), np.full(SHAPE, 2, np.float32)
    for x in (dark, bright):
        shown = model.activations(x, [layer.name])[layer.name]
        np.testing.assert_allclose(shown, function(tf.constant(x))[0].numpy(), rtol=1e-6)


def test_what_lies_in_another_branch_is_named_however_many_are_wanted() -> None:
    function = freeze(tf.function(by_pixel).get_concrete_function(tf.TensorSpec(SHAPE, name="x")))
    model = rf_viz.load(function.graph.as_graph_def())
    names = [layer.name for layer in model.trace().layers]
    convolution = next(name for name in names if name.endswith("Conv2D"))
    with pytest.raises(rf_viz.ModelError, match=r"has no value for these inputs.*branch") as caught:
        model.activations(np.zeros(SHAPE, np.float32), names)
    culprit = str(caught.value).split()[0]
    with pytest.raises(rf_viz.ModelError, match=culprit):
        model.activations(np.zeros(SHAPE, np.float32), [culprit])
    with pytest.raises(rf_viz.ModelError, match=f"{convolution} has no value"):
        model.activations(np.zeros(SHAPE, np.float32), [convolution])
