"""Functions of ``keras.ops`` in a saved model: exact with their values, or assumed by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rf_viz
from tests.models.keras_functions import ASSUMED, EXACT, NOT_IN_A_MODEL, Call
from tests.models.keras_models import keras


def test_every_function_of_keras_is_in_a_table() -> None:
    names = {
        name
        for home in (keras.ops, keras.ops.image)
        for name in dir(home)
        if not name.startswith("_") and callable(getattr(home, name))
    }
    assert names - set(EXACT) - set(ASSUMED) - NOT_IN_A_MODEL == set()


def model_of(functions: dict[str, Call]) -> keras.Model:
    image = keras.Input(batch_shape=(1, 9, 8, 4), name="image")
    outputs = [
        keras.layers.Identity(name=f"of_{name}", dtype="float32")(
            keras.ops.cast(call(image), "float32")
        )
        for name, call in functions.items()
    ]
    return keras.Model(image, outputs)


@pytest.mark.slow
def test_functions_are_exact_and_compute_what_keras_computes(tmp_path: Path) -> None:
    built = model_of(EXACT)
    built.save(tmp_path / "functions.keras")
    model = rf_viz.load(tmp_path / "functions.keras")
    net = model.trace()
    image = np.random.default_rng(0).random((1, 9, 8, 4)).astype("float32") * 0.9 + 0.05
    layers = {name: net[f"of_{name}"] for name in EXACT}
    values = model.activations(image, [layer.name for layer in layers.values()])
    without_xla = [name for name in EXACT if name != "slice_update"]
    outputs = built(image) if "slice_update" not in EXACT else model_of(
        {name: EXACT[name] for name in without_xla}
    )(image)  # fmt: skip
    for name, output in zip(without_xla, outputs, strict=True):
        layer, expected = layers[name], np.asarray(output)
        assert layer.exact, f"{name}: {layer.note}"
        assert layer.shape == expected.shape, name
        np.testing.assert_allclose(values[layer.name], expected, rtol=1e-3, atol=1e-3, err_msg=name)
    expected = image.copy()
    expected[:, 1:3, 1:3] = 0
    assert np.array_equal(values[layers["slice_update"].name], expected)


@pytest.mark.slow
def test_functions_that_are_assumed_are_named(tmp_path: Path) -> None:
    model_of(ASSUMED).save(tmp_path / "functions.keras")
    net = rf_viz.load(tmp_path / "functions.keras").trace()
    for name in ASSUMED:
        layer = net[f"of_{name}"]
        assert not layer.exact, name
        assert "assumed" in layer.note or "depends" in layer.note or "matrix" in layer.note, name
