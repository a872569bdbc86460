"""The marks of a pinned cell: which pixels of its region count, and how much."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...trace.network import Layer
from ..pictures import Cell, Mode


def overlay(
    layer: Layer, cell: Cell, channel: int | None, mode: Mode
) -> tuple[tuple[int, ...], NDArray[np.uint8], int]:
    """Marks the pixels that count within a cell's region.

    Returns the region's start, the marks and how many pixels count. The marks have the region's
    shape. By "pixels" they are 1 where the cell depends on the pixel. By "paths" they are 1 to 255
    by the number of paths, the most at 255, and 0 where there is none.
    """
    region = layer.region(cell, channel)
    mask = layer.mask(cell, channel)[region.slices]
    count = int(mask.sum())
    if mode == "pixels":
        return region.start, mask.astype(np.uint8), count
    paths = layer.paths(cell, channel)[region.slices]
    scaled = np.ceil(255 * paths / max(float(paths.max(initial=0)), np.finfo(float).tiny))
    # Of very deep networks some counts are too small a part of the most for any float.
    return region.start, np.where(mask, scaled.clip(1, 255), 0).astype(np.uint8), count
