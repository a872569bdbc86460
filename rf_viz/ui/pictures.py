"""Pictures, feature maps and cells, as all views show them and as people pin them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..trace.network import Layer

Cell = tuple[int, ...]
"""One index for each axis of a layer's grid; of a pixel, one for each spatial axis."""

Mode = Literal["box", "pixels", "paths"]
"""What to show of the pinned cell: its region, its dependency mask, or its path counts."""

LARGEST_MARGIN = 0.15
"""How much of the picture's size is left around it, at most, for boxes that leave it."""


@dataclass(frozen=True)
class Picture:
    """An image, signal or volume that a model is fed, as people see it.

    Attributes:
        key: stands for the content.
        title: name for people.
        values: (height, width, 3) uint8; float32 of (length,) for a signal, and of (depth,
            height, width) for a volume.
        within: whether it is the map of a layer, its pixels cells, instead of what is fed.
    """

    key: str
    title: str
    values: NDArray[Any]
    within: bool = False

    @property
    def extent(self) -> tuple[int, ...]:
        """The extents of its spatial axes."""
        return self.values.shape[:2] if self.values.dtype == np.uint8 else self.values.shape

    def drawable(self, values: NDArray[Any], near: int) -> NDArray[Any]:
        """Selects what to draw of an array like ``values``: all of it; of a volume a slice.

        ``near`` is the slice's depth.
        """
        return sliced(values, near, self.values) if self.kind == "volume" else values

    @property
    def kind(self) -> Literal["signal", "image", "volume"]:
        """The kind of input, by how many spatial axes it has."""
        return ("signal", "image", "volume")[len(self.extent) - 1]


@dataclass(frozen=True)
class FeatureMap:
    """A channel of a layer, with its values.

    Attributes:
        layer: the layer.
        channel: the channel whose regions show; None for the union over channels.
        title: name for people.
        values: an array over the layer's grid; None where the model cannot be run.
    """

    layer: Layer
    channel: int | None
    title: str
    values: NDArray[np.float32] | None

    @property
    def strongest(self) -> Cell:
        """The cell that answers most strongly; the middle one where there are no values."""
        if self.values is None:
            return tuple(n // 2 for n in self.layer.extents)
        values = np.where(np.isfinite(self.values), self.values, -np.inf)
        return tuple(int(i) for i in np.unravel_index(values.argmax(), values.shape))


@dataclass(frozen=True)
class Pinned:
    """The cell that the person pinned, and perhaps a pixel.

    Attributes:
        view: stands for the layer that the cell is of.
        cell: the cell.
        pixel: the pixel of the input.
        mode: what to show of the cell.
        turn: how often the person has pinned something in this view of the page.
    """

    view: str
    cell: Cell
    pixel: Cell | None = None
    mode: Mode = "box"
    turn: int = 0


def arranged(layer: Layer, flat: bool) -> NDArray[np.int32]:
    """Arranges a layer's cells as a map: at (row, column) the number in the flattened grid.

    -1 stands where there is no cell.

    Tokens lie where their patches are in the picture, and those without a place (a class token)
    in a last row of their own. Grids of more axes are laid out row by row. ``flat`` says that
    the input is a signal.
    """
    cells = np.arange(prod(layer.extents), dtype=np.int32).reshape(layer.extents)
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


def sliced(volume: NDArray[Any], near: int, whole: NDArray[Any]) -> NDArray[np.uint8]:
    """A slice of a volume as a grey picture (height, width, 3), on the scale of the whole one."""
    shown = quantised(volume[near], *value_range(whole))
    return np.repeat(shown[..., None], 3, axis=-1)


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
