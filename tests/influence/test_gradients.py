"""Influence by gradients, held against finite differences, kernels, and occlusion."""

from __future__ import annotations

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_IMAGES, SAMPLE_MODELS
from rf_viz.errors import DefectError, ModelError
from rf_viz.influence.gradients import by_gradient, within
from rf_viz.influence.subject import Subject
from rf_viz.inputs.images import PRESETS, fit, open_image, to_tensor
from tests.models.squeezenet import squeezenet

pytestmark = pytest.mark.slow

ROUND = {"tanh", "softplus", "swish", "linear"}
"""Activations without a kink, where finite differences are right everywhere."""


LAYERS = st.lists(
    st.fixed_dictionaries(
        {
            "padding": st.sampled_from(["same", "valid"]),
            "activation": st.sampled_from(sorted(ROUND)),
            "kernel_size": st.integers(1, 3),
            "merge": st.sampled_from(["", "add", "join", "pool"]),
            "normalised": st.booleans(),
        },
        optional={"dilation_rate": st.just(2), "strides": st.just(2)},
    ).filter(lambda layer: len(layer) < 7),  # Keras has no stride together with dilation
    min_size=1,
    max_size=3,
)


def network(plan: list[dict[str, Any]]) -> keras.Model:
    """A small network in double precision, with branches that are added or joined."""
    layers = keras.layers
    x = image = keras.Input((15, 14, 2), dtype="float64")
    for settings_of_layer in plan:
        options = {**settings_of_layer, "dtype": "float64"}
        merge, normalised = options.pop("merge"), options.pop("normalised")
        x = layers.Conv2D(3, **options)(x)
        if normalised:
            x = layers.BatchNormalization(dtype="float64")(x)
        if merge == "pool" and min(x.shape[1:3]) > 1:
            x = layers.AveragePooling2D(2, 1, dtype="float64")(x)
        elif merge in ("add", "join"):
            other = layers.DepthwiseConv2D(3, padding="same", dtype="float64")(x)
            kind = layers.Add if merge == "add" else layers.Concatenate
            x = kind(dtype="float64")([x, other])
    return keras.Model(image, x)


def varied(model: keras.Model, seed: int) -> keras.Model:
    """The same with random weights; variances stay above zero."""
    random = np.random.default_rng(seed)
    for variable in model.variables:
        if variable.dtype.startswith("float"):
            variable.assign(random.uniform(0.2, 1, variable.shape) * random.choice([1, 1, -1]))
            if "variance" in variable.name:
                variable.assign(random.uniform(0.5, 1, variable.shape))
    return model


@settings(max_examples=20, deadline=None)
@given(LAYERS, st.integers(0, 1000))
def test_it_is_the_norm_of_finite_differences(plan: list[dict[str, Any]], seed: int) -> None:
    try:
        built = varied(network(plan), seed)
    except ValueError:  # nothing is left of the image
        reject()
    model, random = rf_viz.load(built), np.random.default_rng(seed)
    x = random.normal(size=(1, 15, 14, 2))
    layer = model.trace(input_shape=x.shape).layers[-1]
    cell = tuple(int(random.integers(n)) for n in layer.extents)
    channel = int(random.integers(layer.shape[-1]))
    measured = model.influence(x, layer, cell, channel)
    step = 1e-5
    moves = step * np.eye(x.size).reshape(-1, *x.shape[1:])
    after, before = (np.asarray(built(x + move))[:, *cell, channel] for move in (moves, -moves))
    slopes = ((after - before) / (2 * step)).reshape(x.shape[1:])
    expected = np.linalg.norm(slopes, axis=-1)
    np.testing.assert_allclose(measured, expected, atol=1e-6 * max(expected.max(), 1))
    # Before anything is left out: the framework's own gradient keeps to the mask.
    subject = Subject.of(model, layer, layer.index(cell, channel), x)
    assert not by_gradient(model, subject)[~layer.mask(cell, channel)].any()


def sequence(*layers: keras.layers.Layer, shape: tuple[int, ...] = (9, 8, 3)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *layers])


def test_of_one_convolution_it_is_the_kernel_itself() -> None:
    convolution = keras.layers.Conv2D(2, (3, 2))
    model = rf_viz.load(sequence(convolution))
    kernel, _ = convolution.get_weights()
    x = np.random.default_rng(0).normal(size=(1, 9, 8, 3)).astype(np.float32)
    name = model.trace().layers[-1].name
    measured = model.influence(x, name, (4, 5), 1)
    expected = np.zeros((9, 8))
    expected[4:7, 5:7] = np.linalg.norm(kernel[..., 1], axis=-1)
    np.testing.assert_allclose(measured, expected, atol=1e-6)
    every = model.influence(x, name, (4, 5))
    expected[4:7, 5:7] = np.linalg.norm(kernel, axis=(-2, -1))
    np.testing.assert_allclose(every, expected, atol=1e-6)
    product = model.influence(x, name, (4, 5), 1, method="gradient x input")
    expected[4:7, 5:7] = (kernel[..., 1] * x[0, 4:7, 5:7]).sum(axis=-1)
    np.testing.assert_allclose(product, expected, atol=1e-5)
    covered = model.influence(x, name, (4, 5), 1, method="occlusion", size=1, filler="zero")
    np.testing.assert_allclose(covered, expected, atol=1e-5)


def test_gradient_times_input_sums_to_the_value_of_a_network_without_biases() -> None:
    layers = [
        keras.layers.Conv2D(4, 3, activation="relu", use_bias=False),
        keras.layers.MaxPooling2D(2),
        keras.layers.Conv2D(3, 2, activation="relu", use_bias=False),
    ]
    model = rf_viz.load(sequence(*layers))
    x = np.random.default_rng(0).normal(size=(1, 9, 8, 3)).astype(np.float32)
    layer = model.trace().layers[-1]
    values = model.activations(x, [layer.name])[layer.name][0]
    *cell, channel = np.unravel_index(values.argmax(), values.shape)
    assert values.max() > 0
    product = model.influence(x, layer, cell, int(channel), method="gradient x input")
    assert product.sum() == pytest.approx(values.max(), rel=1e-4)


def test_a_gradient_beyond_the_mask_shows_a_wrong_mask() -> None:
    mask = np.zeros((4, 4), bool)
    mask[1:3, 1:3] = True
    influence = np.where(mask, 1.0, 1e-7)
    assert not within(mask, influence, exact=True, name="y")[~mask].any()
    influence[0, 0] = 0.5
    with pytest.raises(DefectError, match="outside its region"):
        within(mask, influence, exact=True, name="y")
    assert within(mask, influence, exact=False, name="y").sum() == 4


def test_a_gradient_that_is_not_finite_is_told() -> None:
    root = keras.layers.Lambda(lambda x: keras.ops.sqrt(x), output_shape=(6, 6, 1))
    model = rf_viz.load(sequence(root, shape=(6, 6, 1)))
    layer = model.trace().layers[-1]
    with pytest.raises(ModelError, match="not finite"):
        model.influence(np.zeros((1, 6, 6, 1), np.float32), layer, (1, 1), 0)


def test_an_operator_that_passes_no_gradient_is_named() -> None:
    x = image = keras.Input((6, 6, 1))
    y = keras.ops.add(keras.ops.round(x), x)
    model = rf_viz.load(keras.Model(image, y))
    layer = model.trace().layers[-1]
    tensor = np.ones((1, 6, 6, 1), np.float32)
    with pytest.raises(ModelError, match=r"Round .*occlusion"):
        model.influence(tensor, layer, (1, 1), 0)
    assert model.influence(tensor, layer, (1, 1), 0, method="occlusion", filler="zero").any()


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rank of each value, equal ones at their mean."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[places])


def test_gradient_and_occlusion_tell_the_same_story_of_the_cats_eye() -> None:
    image = fit(open_image(SAMPLE_IMAGES["chelsea"].path), (224, 224))
    preset = PRESETS["RGB minus mean"]
    onnx, twin = rf_viz.load(SAMPLE_MODELS["squeezenet"].path), rf_viz.load(squeezenet())
    planes = to_tensor(image, (1, 3, 224, 224), (2, 3), preset)
    pixels = to_tensor(image, (1, 224, 224, 3), (1, 2), preset)
    net = twin.trace()
    name = next(layer.name for layer in net.layers if "fire5_concat" in layer.name)
    cell, channel = (13, 23), 142
    value = onnx.activations(planes, ["fire5/concat"])["fire5/concat"][0, channel, 13, 23]
    assert twin.activations(pixels, [name])[name][0, 13, 23, channel] == pytest.approx(value, 1e-4)
    covered = onnx.influence(
        planes, "fire5/concat", cell, channel, method="occlusion", size=5, stride=2
    )
    product = twin.influence(pixels, net[name], cell, channel, method="gradient x input")
    region = net[name].region(cell, channel)
    blocks = []
    for values in (covered, product):  # single pixels of a gradient are noisy: blocks of 7
        part = np.abs(values[region.slices])
        blocks.append(part.reshape(9, 7, 9, 7).sum(axis=(1, 3)).reshape(-1))
    correlation = np.corrcoef(ranks(blocks[0]), ranks(blocks[1]))[0, 1]
    assert correlation > 0.9
