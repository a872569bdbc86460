"""Gradients of models in Keras' and TensorFlow's formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

import rf_viz
from rf_viz import ModelError
from rf_viz.workers.facts import Facts
from tests.models.keras_models import all_forms, randomised, small, tf
from tests.models.tensorflow_graphs import Graph

Array = NDArray[Any]


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def taped(model: keras.Model, x: Array, seed: Array) -> Array:
    """The gradient as Keras' users compute it."""
    image = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_sum(model(image, training=False) * seed)
    gradient: Array = tape.gradient(loss, image).numpy()
    return gradient


def slopes(model: keras.Model, x: Array, seed: Array) -> Array:
    """The gradient by central differences."""
    step, gradient = 1e-5, np.zeros_like(x)
    compute = tf.function(lambda v: model(v, training=False))
    for index in np.ndindex(x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * step
            ends.append(compute(tf.constant(moved)).numpy())
        gradient[index] = (seed * (ends[0] - ends[1])).sum() / (2 * step)
    return gradient


def gradient(model: rf_viz.Model, x: Array, name: str, seed: Array) -> Array:
    source = model.inputs[0].name
    (result,) = model.gradients({source: x}, name, source, [seed], {source: x.shape})
    assert model.gradient_gaps({source: x}, name, source, {source: x.shape}) == ()
    return result


def double(kind: str) -> keras.Model:
    """A small network in float64."""
    before = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")  # it keeps the former type once it was asked for
    try:
        if kind == "recurrent":
            x = entry = keras.Input((5, 3))
            x = layers.LSTM(4, return_sequences=True)(x)
            x = layers.Bidirectional(layers.GRU(3))(x)
        else:
            x = entry = keras.Input((8, 7, 2))
            x = layers.Conv2D(4, 3, padding="same", activation="softplus")(x)
            y = layers.DepthwiseConv2D(3, padding="same")(x)
            x = layers.Concatenate()([layers.BatchNormalization()(x), y])
            x = layers.SeparableConv2D(8, 3, strides=2, activation="swish")(x)
            x = layers.Add()([x, layers.Conv2D(8, 3, padding="same", dilation_rate=2)(x)])
            x = layers.MaxPooling2D(2)(layers.LayerNormalization()(x))
            x = layers.Dense(3, activation="tanh")(layers.Flatten()(x))
        return randomised(keras.Model(entry, x))
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("kind", ["convolutional", "recurrent"])
def test_in_double_precision_they_are_the_slopes(kind: str) -> None:
    network = double(kind)
    for variable in network.variables:
        if len(variable.shape) > 1:  # a variance stays positive
            variable.assign(variable - 1)
    model = rf_viz.load(network)
    x, seed = 0.3 * normal(1, *network.input_shape[1:]), normal(*(1, network.output_shape[1]))
    name = model.trace().layers[-1].name
    result = gradient(model, x, name, seed)
    assert result.dtype == np.float64
    expected = slopes(network, x, seed)
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6 * abs(expected).max())
    np.testing.assert_allclose(result, taped(network, x, seed), rtol=1e-9, atol=1e-12)


def test_every_format_gives_the_same(tmp_path: Path) -> None:
    network = randomised(small())
    x = np.float32(normal(1, 20, 20, 3))
    seed = np.float32(normal(*network.compute_output_shape(x.shape), seed=1))
    expected = taped(network, x, seed)
    for form, path in all_forms(network, tmp_path).items():
        if form == "a.json":
            continue
        model = rf_viz.load(path)
        assert model.has_gradients
        assert Facts.of(model).has_gradients
        result = gradient(model, x, model.trace().layers[-1].name, seed)
        np.testing.assert_allclose(
            result, expected, rtol=1e-3, atol=1e-4 * abs(expected).max(), err_msg=form
        )


def test_a_format_without_gradients_says_so() -> None:
    model = rf_viz.load(Path(__file__).parents[3] / "assets" / "models" / "squeezenet1_1.onnx")
    source = model.inputs[0].name
    assert not model.has_gradients
    for ask in (model.gradients, model.gradient_gaps):
        seeds = ([],) if ask == model.gradients else ()
        with pytest.raises(ModelError, match=r"but no gradients: ask for method=\"occlusion\"$"):
            ask({}, source, source, *seeds, {})


def test_a_graph_without_weights_has_none() -> None:
    graph = Graph()
    graph.image("x", 8)
    graph.add("w", "VariableV2")
    graph.graph.node[-1].attr["dtype"].type = 1
    graph.add("y", "Mul", "x", "w")
    model = graph.model()
    assert not model.has_gradients
    with pytest.raises(ModelError, match="holds no weights"):
        model.gradients({"x": np.ones((1, 8, 8, 1))}, "y", "x", [], {"x": (1, 8, 8, 1)})
