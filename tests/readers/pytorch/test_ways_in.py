"""The same networks as exported programs and as both ONNX exporters write them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rf_viz

DATA = Path(__file__).resolve().parents[2] / "data" / "pytorch"
NETWORKS = ("attention", "residual", "shift")
EXPORTERS = ("new", "old")


@cache
def opened(file: str) -> tuple[Any, rf_viz.Network]:
    model = rf_viz.load(DATA / file)
    return model, model.trace()


def convolutions(file: str) -> list[tuple[tuple[int, ...], rf_viz.Layer]]:
    """The convolutions in order, each with the shape of its kernel."""
    model, net = opened(file)
    shapes = {t.name: tuple(t.dims) for t in model.proto.graph.initializer}
    nodes = [n for n in model.proto.graph.node if n.op_type == "Conv"]
    return [(shapes[n.input[1]], net[n.output[0]]) for n in nodes]


def assert_same(one: rf_viz.Layer, other: rf_viz.Layer) -> None:
    assert one.shape == other.shape
    for bound, its in zip(one.bounds(), other.bounds(), strict=True):
        np.testing.assert_array_equal(*np.broadcast_arrays(bound, its))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("exporter", EXPORTERS)
def test_convolutions_and_the_end_see_the_same(name: str, exporter: str) -> None:
    program, file = f"{name}.pt2", f"{name}.{exporter}.onnx"
    ours, theirs = convolutions(program), convolutions(file)
    assert [kernel for kernel, _ in ours] == [kernel for kernel, _ in theirs]
    for (_, one), (_, other) in zip(ours, theirs, strict=True):
        assert_same(one, other)
    assert_same(opened(program)[1].layers[-1], opened(file)[1].layers[-1])


@pytest.mark.parametrize("name", NETWORKS)
def test_tensors_of_the_same_name_see_the_same(name: str) -> None:
    """The new exporter keeps the names of nodes that it does not merge into others."""
    ours = {layer.name: layer for layer in opened(f"{name}.pt2")[1].layers}
    theirs = {layer.name: layer for layer in opened(f"{name}.new.onnx")[1].layers}
    both = [n for n in ours.keys() & theirs.keys() if ours[n].shape == theirs[n].shape]
    assert len(both) > 3
    for tensor in both:
        assert_same(ours[tensor], theirs[tensor])


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("exporter", EXPORTERS)
def test_the_end_has_the_same_values(name: str, exporter: str) -> None:
    image: NDArray[np.float32] = np.random.default_rng(0).random((1, 3, 12, 16), np.float32)
    ends = []
    for file in (f"{name}.pt2", f"{name}.{exporter}.onnx"):
        model, net = opened(file)
        last = net.layers[-1].name
        ends.append(model.activations(image, [last])[last])
    np.testing.assert_allclose(*ends, rtol=1e-4, atol=1e-5)
