"""What a cell sees: its region, the pixels that count and the paths, each worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..trace.network import Layer, Region

Mode = Literal["box", "pixels", "paths", "influence"]
"""What to show of a cell: its region, its dependency mask, its path counts, or the influence that
was measured of each pixel."""

Influence = NDArray[np.float64]
"""The influence of each pixel on a cell, over the input's spatial axes, as ``Model.influence``."""

_ZERO = 128
"""The mark of no influence where influence has a sign."""


@dataclass(frozen=True)
class Seen:
    """A cell of a layer and what it sees of the input.

    Attributes:
        layer: the layer.
        cell: one index for each axis of the layer's grid.
        channel: the channel; None for the union over channels.
    """

    layer: Layer
    cell: tuple[int, ...]
    channel: int | None = None

    @cached_property
    def region(self) -> Region:
        """The smallest box around all pixels that the cell depends on."""
        return self.layer.region(self.cell, self.channel)

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """The pixels of the region that the cell depends on, an array of the region's shape."""
        return self.layer.mask(self.cell, self.channel)[self.region.slices]

    @cached_property
    def paths(self) -> NDArray[np.float64]:
        """The share of all paths to the cell that begin at each pixel of the region."""
        return self.layer.paths(self.cell, self.channel)[self.region.slices]

    @cached_property
    def count(self) -> int:
        """How many pixels the cell depends on."""
        return int(self.mask.sum())

    def marks(self, mode: Mode, influence: Influence | None = None) -> NDArray[np.uint8]:
        """Marks the pixels of the region that count.

        By "pixels" they are 1 where the cell depends on the pixel. By "paths" they are 1 to 255 by
        the number of paths, the most at 255. By "influence" they are 1 to 255 from the lower to the
        upper of the ``limits``. All others are 0.
        """
        if mode == "paths":
            return self._path_marks
        if mode != "influence" or influence is None:
            return self.mask.astype(np.uint8)
        low, high = self.limits(influence)
        zero, steps = (_ZERO, 127) if low < 0 else (1, 254)
        marks = zero + steps * influence[self.region.slices] / (high or 1.0)
        return np.where(self.mask, marks.round().clip(1, 255), 0).astype(np.uint8)

    def limits(self, influence: Influence) -> tuple[float, float]:
        """The influences that the lowest and the highest mark stand for.

        ``influence`` is that of each pixel, over the input's spatial axes. The upper limit is the
        largest magnitude; the lower one is zero, or minus that where some influence is negative.
        """
        part = influence[self.region.slices]
        limit = float(np.abs(part).max(initial=0))
        return (-limit if (part < 0).any() else 0.0), limit

    @cached_property
    def _path_marks(self) -> NDArray[np.uint8]:
        most = max(float(self.paths.max(initial=0)), np.finfo(float).tiny)
        scaled = np.ceil(255 * self.paths / most)
        # Of very deep networks some counts are too small a part of the most for any float.
        return np.where(self.mask, scaled.clip(1, 255), 0).astype(np.uint8)
