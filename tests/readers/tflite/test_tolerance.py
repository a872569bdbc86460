"""What does not concern regions is not checked, and what cannot be read is not guessed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ai_edge_litert.schema_py_generated as schema
import numpy as np
import pytest

import rf_viz
from rf_viz.verify import verify
from tests.oracles.tflite_oracle import Op, build, options, packed
from tests.oracles.truth import generic

CASES = Path(__file__).parents[2] / "data/cases/tflite"
X = generic((1, 6, 5, 2))
CONV = Op("CONV_2D", ["x", "w", "b"], ["y"], options("Conv2D", strideH=1, strideW=1))
FILE = build([CONV], {"x": X}, {"w": generic((3, 3, 3, 2), 1), "b": generic((3,), 2)})


def test_a_quantised_dimension_beyond_the_rank_is_put_right() -> None:
    """A bias of one axis is said to be quantised along its fourth: LiteRT refuses that."""
    model = rf_viz.load(CASES / "tfl_qdim3.tflite")
    net = model.trace()
    assert all(layer.exact for layer in net.layers)
    names = [layer.name for layer in net.layers]
    values = model.activations(np.ones(net.input.shape, np.float32), names)
    assert all(values[layer.name].shape == layer.shape for layer in net.layers)
    assert all(values[name].any() for name in names)
    assert verify(model, net).ok


def _quantise(axis: int, scales: int, zeros: int) -> Callable[[schema.ModelT], None]:
    def change(model: schema.ModelT) -> None:
        quantised = schema.QuantizationParametersT()
        quantised.scale = np.full(scales, 0.5, np.float32)
        quantised.zeroPoint = np.zeros(zeros, np.int64)
        quantised.quantizedDimension = axis
        model.subgraphs[0].tensors[1].quantization = quantised

    return change


def _unused(**fields: object) -> Callable[[schema.ModelT], None]:
    """A tensor that nothing uses, with such fields."""

    def change(model: schema.ModelT) -> None:
        tensor = schema.TensorT()
        for name, value in {"name": b"unused", "shape": [2, 2], **fields}.items():
            setattr(tensor, name, value)
        model.subgraphs[0].tensors.append(tensor)

    return change


def _short(model: schema.ModelT) -> None:
    number = model.subgraphs[0].tensors[1].buffer
    model.buffers[number].data = model.buffers[number].data[:8]


def _without_names(model: schema.ModelT) -> None:
    model.subgraphs[0].name = model.description = None
    model.metadata = model.signatureDefs = None
    for tensor in model.subgraphs[0].tensors:
        tensor.name = None


def _negative(model: schema.ModelT) -> None:
    model.subgraphs[0].tensors[-1].shape = [-1, -1, -1, 3]


def _signature(model: schema.ModelT) -> None:
    signature, entry = schema.SignatureDefT(), schema.TensorMapT()
    entry.name, entry.tensorIndex = b"images", 999
    signature.signatureKey, signature.inputs = b"serving_default", [entry]
    model.signatureDefs = [signature]


def _sparse(model: schema.ModelT) -> None:
    model.subgraphs[0].tensors[1].sparsity = schema.SparsityParametersT()


@pytest.mark.parametrize(
    "change",
    [
        _quantise(7, 3, 3),
        _quantise(-1, 3, 3),
        _quantise(0, 3, 2),
        _quantise(0, 5, 5),
        _quantise(3, 1, 1),
        _quantise(0, 3, 0),
        _unused(buffer=99),
        _unused(shape=[-3]),
        _unused(type=99),
        _short,
        _without_names,
        _negative,
        _signature,
        _sparse,
    ],
)
def test_the_regions_stay_what_they_were(change: Callable[[schema.ModelT], None]) -> None:
    model = schema.ModelT.InitFromPackedBuf(FILE, 0)
    change(model)
    net = rf_viz.load(packed(model)).trace()
    (layer,) = net.layers
    assert layer.exact
    assert layer.region((2, 2)) == rf_viz.Region((1, 1), (4, 4))


def test_a_shape_that_cannot_be_read_is_assumed_and_not_guessed() -> None:
    reshape = Op("RESHAPE", ["y", "s"], ["z"])
    constants = {"w": generic((3, 3, 3, 2), 1), "b": generic((3,), 2)}
    data = build([CONV, reshape], {"x": X}, {**constants, "s": np.array([1, 30, 3], np.int32)})
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    graph = model.subgraphs[0]
    (number,) = (t.buffer for t in graph.tensors if t.name == b"s")
    model.buffers[number].data = model.buffers[number].data[:4]
    (shaped,) = (layer for layer in rf_viz.load(packed(model)).trace().layers if layer.name == "z")
    assert not shaped.exact
