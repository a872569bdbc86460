"""Layers that compute something else in a graph than with values, or need to know their size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rf_viz
from tests.models.keras_2_files import hdf5, sequential
from tests.models.keras_models import keras

layers = keras.layers


def values_of(model: rf_viz.Model, name: str, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    layer = model.trace(input_shape=x.shape)[name]
    value = model.activations(x, [layer.name])[layer.name]
    assert layer.exact
    assert layer.shape == value.shape
    return value


@pytest.mark.parametrize("kind", ["Average", "Max"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("rows", [5, None])
def test_adaptive_pooling_to_few_cells(kind: str, count: int, rows: int | None) -> None:
    x = np.random.default_rng(0).random((1, 5, 6, 2)).astype("float32")
    pool = getattr(layers, f"Adaptive{kind}Pooling2D")((count, 1), name="pool")
    image = keras.Input((rows, 6, 2))
    model = rf_viz.load(keras.Model(image, pool(image)))
    spans = {1: [(0, 5)], 3: [(0, 2), (1, 4), (3, 5)]}[count]
    reduce = np.mean if kind == "Average" else np.max
    expected = np.stack([reduce(x[:, a:b], (1, 2)) for a, b in spans], 1)[:, :, None]
    np.testing.assert_allclose(values_of(model, "pool", x), expected, rtol=1e-5)
    layer = model.trace(input_shape=x.shape, spatial_axes=(1, 2))["pool"]
    regions = [layer.region((i, 0)) for i in range(count)]
    assert regions == [rf_viz.Region((a, 0), (b, 6)) for a, b in spans]


def test_a_layer_is_applied_at_every_time_however_many_there_are() -> None:
    x = np.random.default_rng(0).random((1, 7, 6, 2)).astype("float32")
    clip = keras.Input((None, 6, 2))
    inner = keras.Sequential([keras.Input((6, 2)), layers.Conv1D(3, 3, name="conv")], name="inner")
    each = layers.TimeDistributed(inner, name="each")
    model = rf_viz.load(keras.Model(clip, each(clip)))
    np.testing.assert_allclose(values_of(model, "each", x), each(x), rtol=1e-5)
    net = model.trace(input_shape=x.shape, spatial_axes=(1, 2))
    assert net["each"].region_of(np.s_[0, 5, 2, 0]) == rf_viz.Region((5, 2), (6, 5))
    assert net["each/inner/conv"].group.kind == "Conv1D"


def test_masks_reach_a_layer_at_every_time() -> None:
    x = np.random.default_rng(0).random((1, 4, 5, 2)).astype("float32")
    x[:, :, 3:] = 0
    clip = keras.Input((None, 5, 2))
    masked = layers.TimeDistributed(layers.Masking(), name="masking")(clip)
    each = layers.TimeDistributed(layers.LSTM(3), name="each")(masked)
    network = keras.Model(clip, each)
    model = rf_viz.load(network)
    np.testing.assert_allclose(values_of(model, "each", x), network(x), rtol=1e-5)


def test_a_constant_mask_of_keras_2_is_a_mask() -> None:
    triangle = [[[i >= j for j in range(6)] for i in range(6)]]
    config = {
        "class_name": "Functional",
        "config": {
            "name": "model",
            "layers": [
                {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
                 "config": {"batch_input_shape": [None, 6, 6], "name": "x"}},
                {"class_name": "Softmax", "name": "s", "config": {"name": "s", "axis": -1},
                 "inbound_nodes": [[["x", 0, 0, {"mask": triangle}]]]},
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["s", 0, 0]],
        },
    }  # fmt: skip
    x = np.random.default_rng(0).random((1, 6, 6)).astype("float32")
    model = rf_viz.load(hdf5(config, {}))
    weights = np.exp(x) * np.tri(6)
    expected = weights / weights.sum(-1, keepdims=True)
    np.testing.assert_allclose(values_of(model, "s", x), expected, atol=1e-6)
    net = model.trace(spatial_axes=(1, 2))
    assert net["s"].region_of(np.s_[0, 2, 1]) == rf_viz.Region((2, 0), (3, 3))


def test_a_recurrent_convolution_of_keras_2_takes_pictures_of_any_size() -> None:
    random = np.random.default_rng(0)
    weights = [random.normal(size=s).astype("float32") * 0.3
               for s in ((3, 3, 2, 12), (3, 3, 3, 12), (12,))]  # fmt: skip
    settings = {"filters": 3, "kernel_size": [3, 3], "padding": "valid", "strides": [2, 1],
                "return_sequences": True, "recurrent_activation": "sigmoid"}  # fmt: skip
    model = rf_viz.load(sequential((None, None, None, 2), [("ConvLSTM2D", settings, weights)]))
    x = random.random((1, 4, 9, 8, 2)).astype("float32")
    layer = layers.ConvLSTM2D(**settings)
    layer.build(x.shape)
    layer.set_weights(weights)
    np.testing.assert_allclose(values_of(model, "layer0", x), layer(x), atol=1e-5)
    net = model.trace(input_shape=x.shape)
    assert "ConvLSTM2D" in {group.kind for group, _ in net.groups}
    region = net["layer0"].region_of(np.s_[0, 1, 0, 0, 0])  # a state has a kernel of three cells
    assert (region.start, region.stop) == ((0, 0, 0), (2, 5, 4))


@pytest.mark.parametrize("method", ["area", "bilinear"])
def test_a_picture_of_any_size_is_cropped_to_a_ratio(method: str) -> None:
    settings = {"height": 2, "width": 4, "interpolation": method, "crop_to_aspect_ratio": True}
    model = rf_viz.load(sequential((None, None, 1), [("Resizing", settings, [])]))
    x = np.random.default_rng(0).random((1, 8, 8, 1)).astype("float32")
    if method == "area":
        expected = x[:, 2:6].reshape(1, 2, 2, 4, 2, 1).mean((2, 4))
        np.testing.assert_allclose(values_of(model, "layer0", x), expected, rtol=1e-5)
    layer = model.trace(input_shape=x.shape)["layer0"]
    assert not layer.mask((0, 0))[:2].any()


@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic", "lanczos3"])
@pytest.mark.parametrize("form", ["memory", "keras 2"])
def test_pictures_of_any_size_are_upsampled(method: str, form: str) -> None:
    x = np.random.default_rng(0).random((1, 5, 6, 2)).astype("float32")
    layer = layers.UpSampling2D((2, 3), interpolation=method, name="layer0")
    if form == "memory":
        image = keras.Input((None, None, 2))
        model = rf_viz.load(keras.Model(image, layer(image)))
    else:
        settings = {"size": [2, 3], "interpolation": method, "data_format": "channels_last"}
        model = rf_viz.load(sequential((None, None, 2), [("UpSampling2D", settings, [])]))
    np.testing.assert_allclose(values_of(model, "layer0", x), layer(x), atol=1e-5)
    assert model.trace(input_size="unknown")["layer0"].shape == (1, None, None, 2)
