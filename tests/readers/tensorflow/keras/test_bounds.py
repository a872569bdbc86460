"""Keras configurations that claim much: bounded before anything is made of them."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import h5py
import numpy as np
import pytest

import rf_viz
from rf_viz.readers.tensorflow.keras import unrolling
from tests.models.keras_models import keras


def config_of(model: Any) -> bytes:  # noqa: ANN401
    return str(model.to_json()).encode()


def sequential(*layers: Any) -> Any:  # noqa: ANN401
    return keras.Sequential(layers)


def refusal(config: bytes, name: str = "m.json") -> str:
    with pytest.raises(rf_viz.ModelError) as caught:
        rf_viz.load(config, name).trace()
    assert type(caught.value) is rf_viz.ModelError, "a fault of the file, and none of ours"
    return str(caught.value)


def test_a_layer_that_unrolls_for_long_sees_what_it_sees_in_a_loop() -> None:
    layer = keras.layers.LSTM(2, return_sequences=True)
    text = config_of(sequential(keras.Input((5000, 3)), layer))
    unrolled = text.replace(b'"unroll": false', b'"unroll": true')
    assert unrolled != text
    net = rf_viz.load(unrolled, "m.json").trace()
    assert len(net.layers) < 100
    cell = net.layers[-1]
    assert cell.exact
    assert cell.region((1234,)) == rf_viz.Region((0,), (1235,))


CELLS = ("LSTM", "GRU", "SimpleRNN")


@pytest.mark.parametrize("masked", [False, True], ids=["", "masked"])
@pytest.mark.parametrize("kind", CELLS)
def test_unrolled_or_in_a_loop_the_values_are_the_same(
    kind: str, masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a reader may take the one for the other."""
    masking = [keras.layers.Masking()] * masked
    layer = getattr(keras.layers, kind)(2, return_sequences=True, unroll=True, go_backwards=masked)
    model = sequential(keras.Input((6, 3)), *masking, layer)
    x = np.random.default_rng(0).normal(size=(1, 6, 3)).astype(np.float32)
    x[0, [1, 4]] = 0
    expected = np.asarray(model(x))
    monkeypatch.setattr(unrolling, "MOST_STEPS", 0)
    opened = rf_viz.load(model)
    name = opened.trace().layers[-1].name
    assert np.allclose(opened.activations(x, [name])[name], expected, atol=1e-6)
    assert layer.unroll, "the person's own model is as it was"


def test_models_that_call_models_twice_are_refused() -> None:
    def level(inner: dict[str, Any] | None, depth: int) -> dict[str, Any]:
        def tensor(layer: str, node: int) -> dict[str, Any]:
            inside = {"shape": [None, 4], "dtype": "float32", "keras_history": [layer, node, 0]}
            return {"class_name": "__keras_tensor__", "config": inside}

        calls = [
            {"args": [tensor("in", 0)], "kwargs": {}},
            {"args": [tensor("m", 0)], "kwargs": {}},
        ]
        entry = inner or {
            "module": "keras.layers",
            "class_name": "ReLU",
            "config": {"name": "m"},
            "registered_name": None,
        }
        start = {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "config": {"batch_shape": [None, 4], "dtype": "float32", "name": "in"},
            "registered_name": None,
            "name": "in",
            "inbound_nodes": [],
        }
        return {
            "module": "keras.src.models.functional",
            "class_name": "Functional",
            "config": {
                "name": "m",
                "layers": [start, {**entry, "name": "m", "inbound_nodes": calls}],
                "input_layers": [["in", 0, 0]],
                "output_layers": [["m", 1, 0]],
            },
            "registered_name": "Functional",
            "name": "m",
        }

    def nested(depth: int) -> bytes:
        model: dict[str, Any] | None = None
        for at in range(depth):
            model = level(model, at)
        return json.dumps(model).encode()

    assert rf_viz.load(nested(3), "m.json").trace().layers
    assert "layers: the limit is 10,000" in refusal(nested(30))


def test_many_times_of_a_layer_are_one_call_of_it() -> None:
    within = keras.layers.Dense(2)
    model = sequential(keras.Input((100_000, 3)), keras.layers.TimeDistributed(within))
    net = rf_viz.load(config_of(model), "m.json").trace()
    assert len(net.layers) < 20
    assert net.layers[-1].region((777,)) == rf_viz.Region((777,), (778,))


def test_a_pool_of_a_billion_positions_sees_the_image() -> None:
    pool = keras.layers.MaxPooling2D(2, padding="same", name="pool")
    text = config_of(sequential(keras.Input((8, 8, 3)), pool)).decode()
    config = json.loads(text)
    config["config"]["layers"][1]["config"].update(pool_size=[10**9] * 2, strides=[10**9] * 2)
    layer = rf_viz.load(json.dumps(config).encode(), "m.json").trace().layers[-1]
    assert layer.grid == (1, 1)
    assert layer.region((0, 0)).size == (8, 8)


@pytest.mark.parametrize("name", ["\\udc9b", "\\ud83d"])
def test_half_a_letter_in_a_name_is_damage(name: str) -> None:
    """It could be printed nowhere."""
    text = config_of(sequential(keras.Input((8,)), keras.layers.ReLU(name="gate"))).decode()
    assert "letters that do not exist" in refusal(text.replace('"gate"', f'"{name}"').encode())


def test_bytes_in_a_configuration_that_are_no_text_are_damage() -> None:
    text = config_of(sequential(keras.Input((8,)), keras.layers.ReLU(name="gate")))
    assert "no JSON" in refusal(text.replace(b'"gate"', b'"g\x9bte"'))


def test_an_input_of_a_thousand_axes_is_refused() -> None:
    text = config_of(sequential(keras.Input((1, 2)), keras.layers.Flatten())).decode()
    config = json.loads(text)
    config["config"]["layers"][0]["config"]["batch_shape"] = [None, *[1] * 1000]
    assert "m.json" in refusal(json.dumps(config).encode())


@pytest.mark.parametrize("at", range(8, 96, 8))
def test_an_hdf5_file_whose_numbers_are_out_of_range_is_damaged(at: int) -> None:
    """By its bytes: the library asks for reads at places that no stream has."""
    file = BytesIO()
    with h5py.File(file, "w") as written:
        written.attrs["model_config"] = "{}"
    data = bytearray(file.getvalue())
    data[at : at + 8] = b"\xff" * 7 + b"\x7f"
    assert "m.h5" in refusal(bytes(data), "m.h5")


def test_a_layer_that_is_not_executed_has_no_more_outputs_than_a_layer_may() -> None:
    """Keras 2 wrote the number of the output that a layer is called on; a file may name any."""
    layers: list[dict[str, Any]] = [
        {
            "class_name": "InputLayer",
            "config": {"name": "in", "batch_input_shape": [None, 4]},
            "inbound_nodes": [],
        },
        {
            "class_name": "Mine",
            "config": {"name": "mine"},
            "inbound_nodes": [[["in", 0, 0, {}]]],
        },
        {
            "class_name": "ReLU",
            "config": {"name": "last"},
            "build_config": {"input_shape": [None, 4]},
            "inbound_nodes": [[["mine", 0, 1 << 40, {}]]],
        },
    ]
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [["last", 0, 0]]}
    config = {"class_name": "Functional", "config": {"name": "m", "layers": layers, **ends}}
    assert "no layer makes" in refusal(json.dumps(config).encode())
