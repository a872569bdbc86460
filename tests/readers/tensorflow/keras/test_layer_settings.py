"""Every layer class of Keras, in every spelling since Keras 1, is what Keras computes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rf_viz
from rf_viz.verify import verify
from tests.data.keras2.layers.weights import input_values, weight_values
from tests.models.keras_2_files import hdf5
from tests.models.keras_layers import LAYERS, WORDS, model_of, varied
from tests.models.keras_models import keras

DATA = Path(__file__).resolve().parents[3] / "data" / "keras2" / "layers"
RECORDS: dict[str, Any] = json.loads((DATA / "keras_2.json").read_text())
OLDER: dict[str, dict[str, Any]] = json.loads((DATA / "older.json").read_text())

WITHOUT_A_MODEL = {
    "InputLayer", "Layer", "Wrapper",  # no layers that compute
    "LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells",  # within an RNN
    "Lambda", "JaxLayer", "FlaxLayer", "TFSMLayer", "TorchModuleWrapper",  # hold code
    "StringLookup", "TextVectorization", "HashedCrossing",  # of text
    "MaxNumBoundingBoxes",  # of boxes
    "Equalization",  # Keras 3 cannot put it into a model
}  # fmt: skip


def layers_of(record: dict[str, Any]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = record["config"]["config"]["layers"]
    return entries


def file_of(record: dict[str, Any], spelling: dict[str, Any] | None = None) -> bytes:
    """Write a record as the file that Keras 2 wrote, its layers in another spelling."""
    config = json.loads(json.dumps(record["config"]))
    inner = config["config"]
    if spelling is not None:
        first, *others = inner["layers"]
        inner["layers"] = [
            first, *[{**e, **spelling[e["name"]]} for e in others if e["name"] in spelling]
        ]  # fmt: skip
        inner["output_layers"] = [o for o in inner["output_layers"] if o[0] in spelling]
    names = [entry["name"] for entry in inner["layers"]]
    weights = {name: record["weights"].get(name, []) for name in names}
    return hdf5(config, {
        name: {
            weight: weight_values(shape) if dtype[:5] == "float" else np.zeros(shape, dtype)
            for weight, shape, dtype in parts
        }
        for name, parts in weights.items()
    })  # fmt: skip


def differences(record: dict[str, Any], file: bytes, names: list[str]) -> Iterator[str]:
    """Say which layers of a file are assumed, or not what Keras 2 computed."""
    first = layers_of(record)[0]["config"]
    image = input_values(first["batch_input_shape"][1:], first["dtype"])
    model = rf_viz.load(file, "layers.h5")
    net = model.trace(input_shape=image.shape)
    layers = {name: net[name] for name in names}
    values = model.activations(image, [layer.name for layer in layers.values()])
    for name, layer in layers.items():
        shape, numbers = record["values"][name][0]
        expected = np.reshape(numbers, shape)
        actual = values[layer.name]
        if not layer.exact:
            yield f"{name} is assumed: {layer.note}"
        elif list(layer.shape) != shape or actual.shape != expected.shape:
            yield f"{name} is {layer.shape}, not {shape}"
        elif not np.allclose(actual, expected, rtol=1e-3, atol=1e-4):
            yield f"{name} is off by {np.abs(actual - expected).max()}"


@pytest.mark.parametrize("group", RECORDS)
def test_layers_of_keras_2_compute_what_keras_2_computes(group: str) -> None:
    record = RECORDS[group]
    names = [entry["name"] for entry in layers_of(record)[1:]]
    assert list(differences(record, file_of(record), names)) == []


@pytest.mark.slow
@pytest.mark.parametrize("version", OLDER)
@pytest.mark.parametrize("group", RECORDS)
def test_older_spellings_mean_the_same(group: str, version: str) -> None:
    record, spelling = RECORDS[group], OLDER[version]
    names = [e["name"] for e in layers_of(record)[1:] if e["name"] in spelling]
    if names:
        assert list(differences(record, file_of(record, spelling), names)) == []


def test_the_older_spellings_cover_what_these_versions_had() -> None:
    assert {version: len(layers) > 50 for version, layers in OLDER.items()} == dict.fromkeys(
        ("1.2.2", "2.0.9", "2.2.4", "2.3.1"), True
    )


def test_every_layer_class_of_keras_3_is_in_the_table() -> None:
    classes = {
        cls.__name__
        for cls in vars(keras.layers).values()
        if isinstance(cls, type) and issubclass(cls, keras.layers.Layer)
    }
    named = {getattr(keras.layers, name.split()[0]).__name__ for d in LAYERS.values() for name in d}
    assert classes - named - WITHOUT_A_MODEL - {"GroupedQueryAttention"} == set()


@pytest.mark.slow
@pytest.mark.parametrize("shape", LAYERS)
def test_layers_of_keras_3_are_exact_and_compute_what_keras_computes(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    names = list(LAYERS[shape])
    built = varied(model_of(shape, names))
    built.save(tmp_path / "layers.keras")
    model = rf_viz.load(tmp_path / "layers.keras")
    net = model.trace()
    image = np.random.default_rng(0).random((1, *shape)).astype("float32")
    if shape == WORDS:
        image = np.array([[3, 1, 2, 5, 0, 3, 2]], "int32")
    layers = [net[name.replace(" ", "_")] for name in names]
    outputs = keras.tree.flatten(built(image, training=False))
    values = model.activations(image, [layer.name for layer in layers])
    for name, layer, output in zip(names, layers, outputs, strict=True):
        expected = np.asarray(output)
        assert layer.exact, name
        assert layer.shape == expected.shape, name
        np.testing.assert_allclose(values[layer.name], expected, rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("group", ["9x6", "9x8x4"])
def test_regions_of_these_layers_are_what_the_running_model_shows(group: str) -> None:
    model = rf_viz.load(file_of(RECORDS[group]), "layers.h5")
    layers = layers_of(RECORDS[group])
    shape = [1, *layers[0]["config"]["batch_input_shape"][1:]]
    names = [entry["name"] for entry in layers[1:]]
    report = verify(model, model.trace(input_shape=shape), names, cells=4)
    assert list(map(str, report.disagreements)) == []
