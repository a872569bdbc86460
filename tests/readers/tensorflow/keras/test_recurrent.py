"""Keras' recurrent layers over many steps, against the running model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

import rf_viz
from rf_viz import Region
from tests.oracles.truth import changes, generic

CASES = Path(__file__).parents[3] / "data" / "cases"
STEPS = 9


def test_a_long_memory_sees_each_step_up_to_its_own() -> None:
    model = rf_viz.load(CASES / "loops" / "lstm_state.h5")
    net = model.trace()
    assert net["lstm"].shape == (1, 1024, 4)
    assert net["lstm"].exact
    assert net["lstm"].region((700,)) == Region((0,), (701,))
    assert net["lstm"].mask((700,)).sum() == 701
    assert net["final_dense"].shape == (1, 1)
    assert len(net.layers) < 60
    assert {layer.group.name for layer in net.layers if layer.group} == {
        "embedding", "lstm", "lstm/lstm_cell", "final_dense",
    }  # fmt: skip


def test_a_text_reader_sees_columns_up_to_its_own_and_what_convolutions_add() -> None:
    net = rf_viz.load(CASES / "loops" / "k3_crnn.keras").trace()
    assert net["bi/forward_gru/transpose_1"].region((50,)) == Region((0, 0), (32, 105))
    assert net["bi/ReverseV2"].region((50,)) == Region((0, 97), (32, 200))
    assert (net["ctc"].shape, net["ctc"].exact) == ((1, 100, 11), True)
    assert net["ctc"].region((50,)) == Region((0, 0), (32, 200))


@pytest.mark.slow
@pytest.mark.parametrize("case", ["lstm_state.h5", "k3_crnn.keras"])
def test_verify_agrees_on_the_shapes_of_loops(case: str) -> None:
    from rf_viz.verify import verify

    model = rf_viz.load(CASES / "loops" / case)
    report = verify(model, model.trace(), cells=1)
    assert not report.disagreements


def dependence(
    model: keras.Model, shape: tuple[int, ...], x: NDArray[Any]
) -> dict[str, NDArray[np.bool_]]:
    """Which elements of each output move with which of the input, the weights all positive."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(rng.uniform(0.05, 0.3, weight.shape))

    def run(feeds: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401
        outputs = model(feeds["x"], training=False)
        return {str(i): np.asarray(o) for i, o in enumerate(keras.tree.flatten(outputs))}

    return changes(run, {"x": x}, "x", nudges=(1.0, -1.0))


Layer = Callable[[Any], Any]

SEQUENCE: dict[str, tuple[Layer, tuple[int, ...]]] = {
    "LSTM": (lambda x: layers.LSTM(3, return_sequences=True)(x), (STEPS, 2)),
    "GRU backwards": (
        lambda x: layers.GRU(2, return_sequences=True, go_backwards=True)(x), (STEPS, 2),
    ),
    "both ways": (
        lambda x: layers.Bidirectional(layers.GRU(2, return_sequences=True))(x), (STEPS, 2),
    ),
    "a stack of cells": (
        lambda x: layers.RNN([layers.LSTMCell(2), layers.GRUCell(2)], return_sequences=True)(x),
        (STEPS, 2),
    ),
    "masked": (
        lambda x: layers.GRU(2, return_sequences=True)(layers.Masking(0.0)(x)), (STEPS, 2),
    ),
    "ConvLSTM1D": (
        lambda x: layers.ConvLSTM1D(1, 3, padding="same", return_sequences=True)(x), (STEPS, 3, 1),
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SEQUENCE)
def test_layers_see_what_their_cells_hand_on(name: str) -> None:
    layer, shape = SEQUENCE[name]
    x = keras.Input(shape)
    model = keras.Model(x, layers.Activation("linear", name="last")(layer(x)))
    truth = dependence(model, shape, generic((1, *shape)))["0"]
    net = rf_viz.load(model).trace(input_shape=(1, *shape), spatial_axes=range(len(shape) + 1))
    last = net.layers[-1]
    assert last.exact
    for index in np.ndindex(last.shape):
        assert np.array_equal(last.mask_of(index), truth[index]), index
