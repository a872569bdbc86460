"""Networks of the lessons, as the browser's figures have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....lessons import Example, Fork, Layer, Transposed, Upsample


def described(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Describe layers for ``units.js``. Padding has to be in numbers."""
    return [_described(layer) for layer in layers]


def _described(layer: Layer) -> dict[str, Any]:
    if isinstance(layer, Fork):
        return {"paths": [described(path) for path in layer.paths]}
    if isinstance(layer, Upsample):
        return {"factor": layer.factor, "linear": layer.mode == "linear"}
    assert layer.padding != "same"
    p, q = layer.padding
    settings = {"k": layer.kernel, "s": layer.stride, "p": p, "q": q}
    if isinstance(layer, Transposed):
        return {"transposed": True, **settings}
    return {**settings, "d": layer.dilation}


def single(example: Example, unit: int) -> dict[str, Any]:
    """Describe a network without sliders, of whose output a unit is lit at first."""
    return {
        "networks": {"": described(example.layers)},
        "names": [],
        "length": example.length,
        "closedForm": True,
        "start": unit,
    }
