"""Summed weights of the outputs of a small network: what it makes of an input of ones.

Where they alternate between neighbours, a constant input comes out as a pattern: in two dimensions
as a checkerboard (Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts", Distill
2016, doi 10.23915/distill.00003).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .example import Example, model
from .layers import Layer, graph_nodes

_PLACES = 4
"""Decimal places of the sums: the runtime computes with 32-bit floats."""


def summed_weights(example: Example) -> NDArray[np.float64]:
    """Run an example, whose kernels are all ones, on an input of ones; one number an output."""
    return _run(example.layers, example.length)


@lru_cache(maxsize=256)
def _run(layers: tuple[Layer, ...], length: int) -> NDArray[np.float64]:
    """Run layers by the model's own runtime."""
    name = graph_nodes(layers)[-1].name
    ones = np.ones((1, 1, length), np.float32)
    values = model(layers, length).activations(ones, [name])[name]
    sums: NDArray[np.float64] = values[0, 0].astype(np.float64).round(_PLACES)
    sums.setflags(write=False)
    return sums


def away_from_border(example: Example) -> NDArray[np.bool_]:
    """Mark the outputs that see neither the first nor the last input unit.

    The ends of the input have no part in their sums. An output that sees nothing lies there too if
    it has such outputs on both sides.
    """
    spans = example.spans(len(example.rows) - 1)
    inner = [u for u, (start, stop) in enumerate(spans) if start > 0 and stop < example.length]
    marks = np.zeros(len(spans), bool)
    if inner:
        marks[inner[0] : inner[-1] + 1] = True
    return marks


def alternate(sums: Sequence[float] | NDArray[np.float64]) -> bool:
    """Tell whether neighbours' sums differ: a constant input then gives a pattern."""
    return len(set(map(float, sums))) > 1
