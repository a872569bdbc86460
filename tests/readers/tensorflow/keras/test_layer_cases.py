"""Files that were refused or assumed for the sake of one layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import rf_viz
from tests.models.keras_models import keras

CASES = Path(__file__).resolve().parents[3] / "data" / "cases"


@pytest.mark.parametrize("name", ["gqa1", "i8", "su", "g3"])
def test_what_keras_loads_is_exact_and_shows_its_values(name: str) -> None:
    path = CASES / "odd_structures" / f"{name}.keras"
    model = rf_viz.load(path)
    net = model.trace()
    image = np.random.default_rng(0).random(net.input.shape).astype("float32")
    last = net.layers[-1].name
    # XLA computes what TensorFlow has no kernel for on a processor: by other code than ours.
    expected = tf.function(keras.models.load_model(path), jit_compile=True)(image)
    assert all(layer.exact for layer in net.layers)
    assert len(model.activations(image, [layer.name for layer in net.layers])) == len(net.layers)
    np.testing.assert_allclose(model.activations(image, [last])[last], expected, atol=1e-5)


def test_a_quantised_layer_is_one_group() -> None:
    net = rf_viz.load(CASES / "odd_structures" / "i8.keras").trace()
    groups = {group.name: (group.kind, group.category) for group, _ in net.groups}
    assert groups["dense"] == ("Dense", "attention, dense")
    assert groups["einsum_dense"] == ("EinsumDense", "attention, dense")


def test_filters_of_a_group_see_its_channels_only() -> None:
    model = rf_viz.load(CASES / "odd_structures" / "g3.keras")
    image = np.random.default_rng(0).random((1, 5, 6, 7, 2)).astype("float32")
    before = model.activations(image, ["cg/BiasAdd"])["cg/BiasAdd"]
    image[..., 1] += 1
    after = model.activations(image, ["cg/BiasAdd"])["cg/BiasAdd"]
    assert np.array_equal(before[..., 0], after[..., 0])
    assert not np.any(before[..., 1] == after[..., 1])


@pytest.mark.parametrize(
    ("name", "layer", "cell", "start", "stop"),
    [
        ("k2_minixception", "head", (5, 5), (6, 6), (19, 19)),
        ("k2_aug", "conv2", (4, 4), (5, 5), (13, 13)),
        ("k2_spatialdropout", "conv2", (4, 4), (5, 5), (13, 13)),
    ],
)
def test_files_of_keras_2_have_their_regions(
    name: str, layer: str, cell: tuple[int, int], start: tuple[int, int], stop: tuple[int, int]
) -> None:
    net = rf_viz.load(CASES / "keras2" / f"{name}.h5").trace()
    region = net[layer].region(cell)
    assert (region.start, region.stop) == (start, stop)
    assert net[layer].exact


@pytest.mark.parametrize("name", ["sepseq", "resizing_crop_tf211", "misc_tf211"])
def test_files_of_keras_2_are_exact_with_values(name: str) -> None:
    model = rf_viz.load(CASES / "keras2" / f"{name}.h5")
    net = model.trace()
    image = np.random.default_rng(0).random(net.input.shape).astype("float32")
    values = model.activations(image, [layer.name for layer in net.layers])
    assert all(layer.exact for layer in net.layers)
    assert {layer.name: layer.shape for layer in net.layers} == {
        name: value.shape for name, value in values.items()
    }


@pytest.mark.parametrize("form", ["norm.keras", "norm.h5"])
def test_an_adapted_normalisation_uses_the_file_s_statistics(form: str, tmp_path: Path) -> None:
    images = np.random.default_rng(0).normal(3, 5, (8, 4, 4, 3)).astype("float32")
    layer = keras.layers.Normalization(name="norm")
    layer.adapt(images)
    keras.Sequential([keras.Input((4, 4, 3)), layer]).save(tmp_path / form)
    model = rf_viz.load(tmp_path / form)
    name = model.trace()["norm"].name
    expected = (images[:1] - images.mean((0, 1, 2))) / images.std((0, 1, 2))
    np.testing.assert_allclose(
        model.activations(images[:1], [name])[name], expected, rtol=1e-3, atol=1e-3
    )
