"""Weights as Keras 1 laid them out, brought to Keras 2's layout.

Keras 1 kept a kernel in the order of its image's axes: (filters, channels, rows, columns) where the
channels come first. It kept a recurrent layer's gates apart, in an order of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_GATES = {"LSTM": (0, 2, 1, 3), "ConvLSTM2D": (0, 2, 1, 3), "GRU": (0, 1, 2)}
"""Keras 2's order of the gates, by their numbers in Keras 1's. It kept three arrays a gate."""


def of_keras_1(kind: str, layer: Any, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:  # noqa: ANN401
    """Lay out the weights of one layer of class ``kind`` as Keras 2 does.

    Weights whose shapes are those of the layer already are left alone.
    """
    arrays = list(arrays)
    gates = _GATES.get(kind)
    if gates and len(arrays) == 3 * len(gates):
        arrays = [
            np.concatenate([arrays[3 * gate + part] for gate in gates], axis=-1)
            for part in range(3)
        ]
    shapes = [tuple(v.shape) for v in layer.weights]
    return [
        _kernel(array, shape, kind) if array.ndim >= 3 else array
        for array, shape in zip(arrays, [*shapes, *[()] * len(arrays)], strict=False)
    ]


def _kernel(array: NDArray[Any], shape: tuple[int, ...], kind: str) -> NDArray[Any]:
    """A kernel of Keras 1 in the layout of a variable of this shape."""
    if kind == "Conv1D" and array.ndim == 4:
        # (length, 1, channels, filters), in Keras 1.0 and 1.1 (filters, channels, length, 1).
        last = array.shape[0] == shape[2] and array.shape[3] == 1
        return (array.transpose(2, 3, 1, 0) if last and array.shape[1] == shape[1] else array)[:, 0]
    if array.shape == shape:
        return array
    spatial = tuple(range(2, array.ndim))
    if kind.endswith("Transpose"):
        rest = tuple(range(array.ndim - 2))
        candidates = [(*rest, array.ndim - 1, array.ndim - 2), (*spatial, 0, 1)]
    else:
        candidates = [(*spatial, 1, 0)]
    for order in candidates:
        if array.transpose(order).shape == shape:
            return array.transpose(order)
    return array
