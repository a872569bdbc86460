"""Pictures, feature maps and cells, as all views show them and as people pin them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..analysis.seen import Mode
from ..figures.maps import sliced, strongest
from ..trace.network import Layer

Cell = tuple[int, ...]
"""One index for each axis of a layer's grid; of a pixel, one for each spatial axis."""


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
        return strongest(self.values)


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

    @staticmethod
    def of(report: Mapping[str, Any] | None) -> Pinned | None:
        """What a view reported, as its component has it in its state; None before that."""
        if not report:
            return None
        pixel = report.get("pixel")
        return Pinned(
            report["view"],
            tuple(report["cell"]),
            None if pixel is None else tuple(pixel),
            report.get("mode", "box"),
            report.get("turn", 0),
        )
