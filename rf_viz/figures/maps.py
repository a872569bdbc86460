"""Maps: how values of a layer and of an input are arranged to be drawn."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..trace.network import Layer

MOST_CELLS = 2**24
"""The most cells of a layer that are drawn."""


def by_channel(values: NDArray[np.float32], layer: Layer) -> NDArray[np.float32]:
    """Arranges a layer's values as (channels, *grid).

    Without a channel axis all its other axes count as channels; of others beside that axis the
    first index is taken.
    """
    grid = layer.extents
    maps = np.moveaxis(values, layer.grid_axes, range(-len(grid), 0)).reshape(-1, *grid)
    return maps if layer.channel_axis is None else maps[: layer.shape[layer.channel_axis]]


def strengths(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest value of each channel of (channels, *grid); -inf where none is a number."""
    largest = np.fmax.reduce(maps.reshape(len(maps), -1), axis=1)
    strength: NDArray[np.float32] = np.nan_to_num(largest, nan=-np.inf)
    return strength


def strongest(values: NDArray[np.float32]) -> tuple[int, ...]:
    """The cell with the largest finite value."""
    finite = np.where(np.isfinite(values), values, -np.inf)
    return tuple(int(i) for i in np.unravel_index(finite.argmax(), finite.shape))


def arranged(layer: Layer, flat: bool) -> NDArray[np.int32]:
    """Arranges a layer's cells as a map: at (row, column) the number in the flattened grid.

    -1 stands where there is no cell.

    Tokens lie where their patches are in the picture, and those without a place (a class token)
    in a last row of their own. Grids of more axes are laid out row by row. ``flat`` says that
    the input is a signal. Raises ModelError for more cells than can be drawn.
    """
    cells = _in_order(layer)
    apart: tuple[int, ...] = ()
    if layer.layout is not None:
        cells, apart = layer.layout.cells, layer.layout.apart
    if cells.ndim < 2 or (flat and max(cells.shape) == cells.size):
        return np.concatenate([cells.reshape(-1), np.array(apart, np.int32)])[None]
    cells = cells.reshape(-1, cells.shape[-1])
    if not apart:
        return cells
    rows = -(-len(apart) // cells.shape[1])
    last = np.full(rows * cells.shape[1], -1, np.int32)
    last[: len(apart)] = apart
    return np.concatenate([cells, last.reshape(rows, -1)])


def too_many_cells(layer: Layer) -> str:
    """Explains in a sentence why a layer is not drawn; empty where it can be."""
    cells = prod(layer.extents)
    if cells <= MOST_CELLS:
        return ""
    return (
        f"{layer.title} has {cells:,} cells, and at most {MOST_CELLS:,} are drawn: choose another "
        "layer or a smaller input size"
    )


def _in_order(layer: Layer) -> NDArray[np.int32]:
    """The numbers of a layer's cells over its grid. Raises ModelError where they are too many."""
    problem = too_many_cells(layer)
    if problem:
        raise ModelError(problem)
    return np.arange(prod(layer.extents), dtype=np.int32).reshape(layer.extents)


def boxed(layer: Layer) -> NDArray[np.int32]:
    """Arranges a layer's cells as a box: at (depth, row, column) the number in the flattened grid.

    Cells without a place in it (class tokens) are left out. Raises ModelError as ``arranged``.
    """
    cells = _in_order(layer)
    if layer.layout is not None:
        cells = layer.layout.cells
    if cells.ndim > 3:
        return cells.reshape(-1, *cells.shape[-2:])
    return cells.reshape([1] * (3 - cells.ndim) + list(cells.shape))


def value_range(values: NDArray[Any]) -> tuple[float, float]:
    """The smallest and the largest finite value; 0 and 0 where there is none."""
    if values.size:
        low, high = float(values.min()), float(values.max())
        if np.isfinite(low) and np.isfinite(high):
            return low, high
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def quantised(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    """Quantises values to 0 at ``low`` and 255 at ``high``.

    Where the two are the same, all values lie in the middle; a NaN lies at ``low``.
    """
    if low == high:
        return np.full(values.shape, 127, np.uint8)
    scaled = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / (high - low)
    steps: NDArray[np.uint8] = (255 * scaled).round().astype(np.uint8)
    return steps


def sliced(volume: NDArray[Any], near: int, whole: NDArray[Any]) -> NDArray[np.uint8]:
    """A slice of a volume as a grey picture (height, width, 3), on the scale of the whole one."""
    shown = quantised(volume[near], *value_range(whole))
    return np.repeat(shown[..., None], 3, axis=-1)
