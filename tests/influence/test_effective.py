"""The effective receptive field, and the published laws about it."""

from __future__ import annotations

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import rf_viz
from rf_viz.analysis.effective import (
    EffectiveField,
    central_cell,
    expected_field,
    expected_sizes,
)
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.errors import ModelError
from rf_viz.influence.effective import effective_field

pytestmark = pytest.mark.slow


def stack(depth: int, channels: int = 1, activation: str = "linear", seed: int = 0) -> keras.Model:
    """Convolutions of 3 x 3 without padding or bias that see an image of just their field."""
    random = np.random.default_rng(seed)
    extent = 2 * depth + 1
    layers = [
        keras.layers.Conv2D(channels, 3, use_bias=False, activation=activation)
        for _ in range(depth)
    ]
    model = keras.Sequential([keras.Input((extent, extent, 1)), *layers])
    for layer in layers:
        (kernel,) = layer.get_weights()
        deviation = np.sqrt(2 / kernel[..., 0].size)
        layer.set_weights([random.normal(0, deviation, kernel.shape)])
    return model


def field_of(model: keras.Model, images: int = 1, seed: int = 0) -> EffectiveField:
    loaded, random = rf_viz.load(model), np.random.default_rng(seed)
    layer = loaded.trace().layers[-1]
    shape = layer.net.input.shape
    tensors = (random.normal(size=shape).astype(np.float32) for _ in range(images))
    return effective_field(loaded, layer, tensors)


def uniform(depth: int) -> keras.Model:
    model = stack(depth)
    for layer in model.layers:
        (kernel,) = layer.get_weights()
        layer.set_weights([np.full_like(kernel, 1 / 9)])
    return model


def test_of_equal_weights_it_is_the_share_of_paths() -> None:
    model = rf_viz.load(uniform(4))
    layer = model.trace().layers[-1]
    field = effective_field(model, layer, [np.ones((1, 9, 9, 1), np.float32)])
    np.testing.assert_allclose(field.influence, layer.paths((0, 0)), atol=1e-7)
    assert field.images == 1


def test_the_field_of_equal_weights_grows_with_the_root_of_depth() -> None:
    depths = np.array([5, 10, 20, 40])
    fields = [field_of(uniform(int(depth))) for depth in depths]
    # The numbers of pixels above 4.55 % of the centre, by convolving [1, 1, 1] with itself.
    for depth, field in zip(depths, fields, strict=True):
        line = np.ones(1)
        for _ in range(depth):
            line = np.convolve(line, np.ones(3))
        square = np.outer(line, line)
        assert field.size**2 == pytest.approx((square > 0.0455 * square.max()).sum())
        deviation = np.sqrt(depth * 2 / 3)  # the variances of the layers add up
        assert field.deviation == pytest.approx((deviation, deviation), rel=1e-3)
    slope, _ = np.polyfit(np.log(depths), np.log([field.size for field in fields]), 1)
    assert slope == pytest.approx(0.49, abs=0.01)


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_the_field_of_random_weights_grows_with_the_root_of_depth(activation: str) -> None:
    """Luo et al. find the size to grow like the root of the depth; here with 6 channels."""
    depths, sizes = [4, 8, 16, 32], []
    for depth in depths:
        fields = [
            field_of(stack(depth, 6, activation, seed=seed), 1, seed).influence for seed in range(6)
        ]
        mean = np.mean(fields, axis=0)
        sizes.append(EffectiveField(mean, mean > 0, (depth, depth), 6).size)
    slope, _ = np.polyfit(np.log(depths), np.log(sizes), 1)
    assert slope == pytest.approx(0.53, abs=0.1)
    shrinkage = np.polyfit(np.log(depths), np.log(sizes) - np.log([2 * n + 1 for n in depths]), 1)
    assert shrinkage[0] == pytest.approx(-0.43, abs=0.1)


def bell(deviation: float, extent: int = 61) -> EffectiveField:
    at = np.arange(extent) - extent // 2
    line = np.exp(-(at**2) / (2 * deviation**2))
    influence = np.outer(line, line) / line.sum() ** 2
    centre = (extent // 2, extent // 2)
    return EffectiveField(influence, np.ones(influence.shape, bool), centre, 1)


def test_the_widths_of_a_normal_distribution_are_those_that_tables_have() -> None:
    field = bell(6)
    assert field.deviation == pytest.approx((6, 6), rel=1e-3)
    # 4.55 % of the peak lies 2.486 deviations out: a disc of that radius.
    assert field.size == pytest.approx(np.sqrt(np.pi) * 2.486 * 6, rel=0.01)
    # Half of it lies in a square of 2 x 1.052 deviations: 0.707 along either axis.
    assert field.side(0.5) == 13
    # Half of it lies in a disc of 1.177 deviations.
    assert field.pixels(0.5) == pytest.approx(np.pi * (1.177 * 6) ** 2, rel=0.05)
    distances, means = field.profile()
    assert distances[0] == 0
    assert means[0] == field.influence.max()
    assert means[12] == pytest.approx(means[0] * np.exp(-2), rel=0.05)
    assert (np.diff(means) < 0).all()


def test_shares_of_all_and_of_nothing() -> None:
    field = bell(1, 5)
    assert field.side(1) == 5
    assert field.pixels(1) == 25
    nothing = EffectiveField(np.zeros((5, 5)), np.ones((5, 5), bool), (2, 2), 0, 1)
    assert (nothing.size, nothing.side(0.5), nothing.pixels(0.5)) == (0, 0, 0)
    assert nothing.deviation == (0, 0)
    with pytest.raises(ValueError, match="above 0"):
        field.side(0)


def test_images_that_move_nothing_are_counted_apart() -> None:
    layer = keras.layers.Conv2D(1, 3, activation="relu", use_bias=False)
    model = rf_viz.load(keras.Sequential([keras.Input((5, 5, 1)), layer]))
    layer.set_weights([np.ones((3, 3, 1, 1), np.float32)])
    traced = model.trace().layers[-1]
    ones = np.ones((1, 5, 5, 1), np.float32)
    field = effective_field(model, traced, [ones, -ones, 2 * ones])
    assert (field.images, field.still) == (2, 1)
    assert field.influence.sum() == pytest.approx(1)
    assert central_cell(traced) == (1, 1)
    assert not effective_field(model, traced, [-ones]).influence.any()
    with pytest.raises(ModelError, match="no image"):
        effective_field(model, traced, [])


def test_the_random_sum_of_channels_stands_for_all_of_them() -> None:
    layer = keras.layers.Conv2D(8, 3, use_bias=False)
    model = rf_viz.load(keras.Sequential([keras.Input((5, 5, 2)), layer]))
    traced = model.trace().layers[-1]
    image = np.zeros((1, 5, 5, 2), np.float32)
    exact = model.influence(image, traced, (1, 1))
    averaged = effective_field(model, traced, [image] * 400).influence
    np.testing.assert_allclose(averaged, exact / exact.sum(), atol=0.02)


def test_the_positive_sum_is_the_published_contribution_score() -> None:
    layer = keras.layers.Conv2D(5, 3, use_bias=False)
    model = rf_viz.load(keras.Sequential([keras.Input((5, 5, 2)), layer]))
    (kernel,) = layer.get_weights()
    traced, random = model.trace().layers[-1], np.random.default_rng(0)
    images = [random.normal(size=(1, 5, 5, 2)).astype(np.float32) for _ in range(3)]
    expected = np.zeros((5, 5))
    for image in images:
        values = np.tensordot(image[0, 1:4, 1:4], kernel, 3)
        slope = kernel @ (values > 0)
        expected[1:4, 1:4] += np.maximum(slope, 0).sum(axis=-1)
    field = effective_field(model, traced, images, average="positive sum")
    np.testing.assert_allclose(field.influence, expected / expected.sum(), atol=1e-6)
    with pytest.raises(ValueError, match="see effective_field"):
        effective_field(model, traced, images, 1, average="positive sum")


@pytest.mark.parametrize("skips", [False, True])
def test_random_weights_spread_influence_as_expected(skips: bool) -> None:
    """The mean over random networks, held against the walk that runs nothing."""
    layers = keras.layers
    fields = []
    for seed in range(8):
        keras.utils.set_random_seed(seed)
        options = {"padding": "same", "kernel_initializer": "he_normal"}
        x = image = keras.Input((41, 41, 3))
        x = layers.Conv2D(12, 3, **options)(x)
        for depth in range(8):
            y = layers.Conv2D(12, 3, **options)(layers.Activation("relu")(x))
            x = layers.Add()([x, y]) if skips else y
            if depth == 5:
                x = layers.MaxPooling2D(2)(x)
        model = rf_viz.load(keras.Model(image, x))
        layer = model.trace().layers[-1]
        noise = np.random.default_rng(seed).normal(size=(1, 41, 41, 3)).astype(np.float32)
        fields.append(effective_field(model, layer, [noise]))
    influence = np.mean([field.influence for field in fields], axis=0)
    measured = EffectiveField(influence, fields[0].mask, fields[0].centre, 8)
    expected = expected_field(layer)
    assert measured.size == pytest.approx(expected.size, rel=0.06)
    assert measured.deviation == pytest.approx(expected.deviation, rel=0.06)
    assert expected.size == pytest.approx(15 if skips else 18.8, abs=0.1)  # skips make it smaller
    assert expected_sizes(layer.net.layers)[layer] == expected.size


def test_an_activation_has_the_size_of_what_it_is_applied_to() -> None:
    net = rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace(cut_global=True)
    sizes = expected_sizes(net.layers)
    for layer in net.layers:
        if layer.extents:
            assert sizes[layer] == pytest.approx(expected_field(layer).size)


def test_without_gradients_the_field_is_measured_by_occlusion() -> None:
    kernel = np.zeros((1, 1, 5, 5), np.float32)
    kernel[0, 0, 2] = [1, 2, 3, 2, 1]
    node = helper.make_node("Conv", ["x", "w"], ["y"], "y")
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 9, 9])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(kernel, "w")],
    )
    opset = helper.make_opsetid("", 18)
    model = rf_viz.load(helper.make_model(graph, opset_imports=[opset], ir_version=9))
    image = np.zeros((1, 1, 9, 9), np.float32)
    image[0, 0, ::2] = 1  # rows of ones and zeros: the mean lies between them
    layer = model.trace((9, 9))["y"]
    field = effective_field(model, layer, [image], 0, method="occlusion")
    np.testing.assert_allclose(
        field.influence[4], [0, 0, 1 / 9, 2 / 9, 3 / 9, 2 / 9, 1 / 9, 0, 0], 1e-5
    )
    assert field.influence.sum() == pytest.approx(1)
    with pytest.raises(ModelError, match="occlusion"):
        effective_field(model, layer, [image], 0)
    with pytest.raises(ValueError, match="no method"):
        effective_field(model, layer, [image], 0, method="noise")  # type: ignore[arg-type]
