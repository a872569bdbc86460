"""The cells of a channel that answer most strongly, and pictures of what they see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...figures import encode
from ...figures.cell_view import LARGEST_MARGIN
from ...figures.maps import sliced, value_range
from ...figures.sheet import Frame, line
from ...trace.network import Layer, Region
from ..pictures import Cell

MOST = 9
"""So many cells are found at most."""

_LOSSLESS = 96 * 96
"""The most pixels of a crop that stays exact: fewer than elsewhere, since nine come at once."""

_SENT = 192
"""Larger crops are sent with at most so many pixels along a side; they are shown smaller."""

_Array = NDArray[Any]

Drawn = encode.Encoded | NDArray[np.float64]
"""A picture, or the heights of a line."""


class Strongest(Protocol):
    """A cell that answers strongly, and what it sees."""

    @property
    def cell(self) -> Cell:
        """Its position on the grid."""
        ...

    @property
    def value(self) -> float:
        """Its value."""
        ...

    @property
    def region(self) -> Region:
        """Its input region."""
        ...

    @property
    def extent(self) -> tuple[int, ...]:
        """The extents of the input along its spatial axes."""
        ...

    def draw(self) -> Drawn:
        """Draw what is in its region."""
        ...


@dataclass(frozen=True)
class Find:
    """A cell that was found to answer strongly, with its region and its input.

    Attributes:
        cell, value: the cell, and its value.
        region: its input region.
        seen: the picture or signal that the model was fed, see ``Picture.values``.
        file: which of several images that is.
    """

    cell: Cell
    value: float
    region: Region
    seen: NDArray[Any]
    file: int = 0

    @property
    def extent(self) -> tuple[int, ...]:
        """The extents of the input along its spatial axes."""
        return self.seen.shape[: len(self.region.start)]

    def draw(self) -> Drawn:
        """Draw what is in its region: of a volume the slice in the middle."""
        part = self.seen[self.region.slices]
        if part.ndim == 1:
            return line(part, *value_range(self.seen))
        if part.dtype != np.uint8:
            part = sliced(part, len(part) // 2, self.seen)
        return picture_of(part)


def find(
    values: NDArray[np.float32],
    layer: Layer,
    channel: int | None,
    seen: NDArray[Any],
    *,
    apart: bool,
    file: int = 0,
) -> list[Find]:
    """Finds the strongest cells of a map, in order; ``apart`` leaves out near-duplicates."""
    start, stop = layer.bounds(channel)
    return [
        Find(cell, float(values[cell]), layer.region(cell, channel), seen, file)
        for cell in strongest_cells(values, start, stop, apart=apart)
    ]


def strongest_cells(
    values: NDArray[np.float32],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    *,
    apart: bool,
    most: int = MOST,
) -> list[Cell]:
    """Selects the cells with the highest values, the highest first; equal ones in reading order.

    Cells that see nothing and those whose value is no finite number are left out.

    Args:
        values: over the grid.
        start, stop: the cells' regions, half-open, (*grid, axes of the input).
        apart: leaves out those more than half of whose region a stronger one sees.
        most: so many at most.
    """
    axes = start.shape[-1]
    lows, highs = start.reshape(-1, axes), stop.reshape(-1, axes)
    sizes = (highs - lows).prod(axis=1)
    left = np.where(np.isfinite(values), values, -np.inf).reshape(-1).astype(np.float64)
    left[sizes == 0] = -np.inf
    cells: list[Cell] = []
    while len(cells) < most:
        best = int(left.argmax())
        if left[best] == -np.inf:
            break
        cells.append(tuple(int(i) for i in np.unravel_index(best, values.shape)))
        left[best] = -np.inf
        if apart:
            shared = np.minimum(highs, highs[best]) - np.maximum(lows, lows[best])
            left[2 * shared.clip(min=0).prod(axis=1) > sizes] = -np.inf
    return cells


def strongest_of(finds: Iterable[Find], most: int = MOST) -> list[Find]:
    """Selects the strongest cells of several images; equal ones keep their order."""
    return sorted(finds, key=lambda one: -one.value)[:most]


@dataclass(frozen=True)
class Crop:
    """A cell's region in its tile: its picture, where it lies, and the box of the closed form."""

    drawn: Drawn
    frame: Frame
    around: Frame


def crops(cells: Sequence[Strongest], layer: Layer | None) -> tuple[list[Crop], float]:
    """Draws the cells' regions, all to one scale, with the boxes of the layer's closed form.

    Returns also the width by height of the tiles that they fit in.
    """
    boxes = [_box(one, layer) for one in cells]
    room = np.max([stop - start for start, stop in boxes], axis=0)
    if len(room) == 2:
        room = np.maximum(room, room[::-1] / 2)  # neither side much longer than the other

    def share(start: _Array, stop: _Array, corner: _Array) -> Frame:
        near, extent = (start - corner) / room, (stop - start) / room
        if len(room) == 1:
            return float(near[0]), 0.0, float(extent[0]), 1.0
        return float(near[-1]), float(near[-2]), float(extent[-1]), float(extent[-2])

    drawn = []
    for one, (start, stop) in zip(cells, boxes, strict=True):
        corner = (start + stop - room) / 2
        seen = share(np.array(one.region.start), np.array(one.region.stop), corner)
        drawn.append(Crop(one.draw(), seen, share(start, stop, corner)))
    return drawn, 1.6 if len(room) == 1 else float(room[-1] / room[-2])


def _box(one: Strongest, layer: Layer | None) -> tuple[_Array, _Array]:
    """Start and stop of a cell's box by the closed form, as far as it leaves the image little."""
    start, stop = np.array(one.region.start, float), np.array(one.region.stop, float)
    field = layer.receptive_field if layer else None
    if field is None or len(field.size) != len(one.cell) or None in field.padding:
        return start, stop
    extent = np.array(one.extent, float)
    margin = LARGEST_MARGIN * extent
    return (
        np.minimum(start, np.maximum(field.start(one.cell), -margin)),
        np.maximum(stop, np.minimum(field.stop(one.cell), extent + margin)),
    )


def picture_of(part: NDArray[np.uint8]) -> encode.Encoded:
    """Draws pixels, (height, width, 3), as tiles show them."""
    if part.shape[0] * part.shape[1] <= _LOSSLESS:
        # Enlarged here, since not all that shows a figure keeps enlarged pixels sharp.
        times = max(1, _SENT // max(part.shape[:2]))
        return encode.png(part.repeat(times, axis=0).repeat(times, axis=1), fast=True)
    return encode.jpeg(part, side=_SENT, quality=encode.QUALITY_OF_MANY)
