"""Single operators of PyTorch: what is traced and computed is what PyTorch does."""

from __future__ import annotations

from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rf_viz
from rf_viz.readers.content import Content
from rf_viz.readers.pytorch.archive import Archive

from .stored import stored

DATA = Path(__file__).resolve().parents[2] / "data" / "pytorch"
FILE = DATA / "operators.pt2"
CASES = sorted(Archive(Content.of(FILE, None)).programs)

LOOSE = {
    "_native_batch_norm_legit.no_stats",
    "masked",
}
"""Cases in which PyTorch was not seen to use all that the operator can see."""

_CELLS = 16


@cache
def facts() -> dict[str, NDArray[Any]]:
    return stored(DATA / "operators.npz")


def numbered(case: str, kind: str) -> list[NDArray[Any]]:
    prefix = f"{case}/{kind}"
    return [array for name, array in facts().items() if name.startswith(prefix)]


@cache
def opened(case: str) -> Any:  # noqa: ANN401
    return rf_viz.load(FILE, signature=case)


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_pytorch(case: str) -> None:
    model = opened(case)
    names = [output.name for output in model.proto.graph.output]
    inputs, outputs = numbered(case, "input"), numbered(case, "output")
    feeds = dict(zip([i.name for i in model.inputs], inputs, strict=True))
    first = model.inputs[0].name
    rest = {name: value for name, value in feeds.items() if name != first}
    values = model.activations(feeds[first], names, input=first, feeds=rest)
    assert len(names) == len(outputs)
    for name, expected in zip(names, outputs, strict=True):
        assert values[name].shape == expected.shape
        np.testing.assert_allclose(values[name], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("case", [c for c in CASES if c != "write-buffer"])
def test_a_region_holds_all_that_was_seen_to_move_an_element(case: str) -> None:
    """Each element of the input was changed in turn, and the output's elements watched."""
    model = opened(case)
    names = [output.name for output in model.proto.graph.output]
    net = model.trace(input=model.inputs[0].name, spatial_axes=range(len(model.inputs[0].shape)))
    layers = {layer.name: layer for layer in net.layers}
    random = np.random.default_rng(0)
    for name, table in zip(names, numbered(case, "moved"), strict=True):
        if name not in layers:
            assert not table.any()
            continue
        layer = layers[name]
        assert layer.exact, layer.note
        count = prod(layer.shape)
        assert table.shape[1] == count
        for element in random.permutation(count)[:_CELLS]:
            index = tuple(int(i) for i in np.unravel_index(element, layer.shape))
            seen = layer.mask_of(index).reshape(-1)
            assert not (table[:, element] & ~seen).any(), index
