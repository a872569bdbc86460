"""Coverage: how many cells of a layer see each pixel of the input."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..relation import Array, Semiring
from ..trace.network import Layer

MOST = 20_000
"""Of layers with more cells than this the regions' boxes are counted, not their masks."""

_BITS = Semiring(np.bitwise_or, 0)
_AT_ONCE = 64


@dataclass(frozen=True)
class Coverage:
    """The number of cells that see each pixel, as ``counts`` over the input's spatial axes.

    ``exact`` says whether masks were counted, or only the boxes around them.
    """

    counts: NDArray[np.int64]
    exact: bool

    @property
    def unseen(self) -> int:
        """The number of pixels that no cell sees."""
        return int((self.counts == 0).sum())


def coverage(layer: Layer) -> Coverage:
    """Count the cells of a layer that see each pixel; a cell counts once, through any channel."""
    if prod(layer.extents) > MOST:
        return Coverage(_of_boxes(layer), exact=False)
    return Coverage(_of_masks(layer), exact=True)


def _of_masks(layer: Layer) -> NDArray[np.int64]:
    """The counts by masks: one walk back for every 64 cells, each of which is a bit."""
    counts = np.zeros(layer.net.input.size, np.int64)
    cells = prod(layer.extents)
    for first in range(0, cells, _AT_ONCE):
        bits = np.zeros(cells, np.uint64)
        some = bits[first : first + _AT_ONCE]
        some[:] = np.left_shift(np.uint64(1), np.arange(len(some), dtype=np.uint64))
        start = _on_tensor(layer, bits.reshape(layer.extents))
        counts += np.bitwise_count(layer.pull(start, _BITS))
    return counts


def _on_tensor(layer: Layer, array: Array) -> Array:
    """An array over the grid as one that broadcasts to the layer's tensor."""
    axes = layer.grid_axes
    array = array.transpose(sorted(range(len(axes)), key=axes.__getitem__))
    shape = [n if axis in axes else 1 for axis, n in enumerate(layer.shape)]
    return array.reshape([n or 1 for n in shape])


def _of_boxes(layer: Layer) -> NDArray[np.int64]:
    start, stop = (ends.reshape(-1, ends.shape[-1]) for ends in layer.bounds())
    size = layer.net.input.size
    steps = np.zeros([n + 1 for n in size], np.int64)
    for corner in product((0, 1), repeat=len(size)):
        at = tuple(np.where(corner, stop, start).T)
        np.add.at(steps, at, (-1) ** sum(corner))
    for axis in range(len(size)):
        steps = steps.cumsum(axis=axis)
    return steps[tuple(slice(n) for n in size)]
