"""Sizes of the regions of all cells of a layer, worked out from their ends.

The starts of regions may vary along other axes of the grid than their stops, and those along one
axis of the input along others than those along another: the grid is not written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..relation import Array, check_room

Spans = tuple[tuple[NDArray[np.int32], NDArray[np.int32]], ...]
"""For each spatial axis of the input the first pixels of all cells, and those after their last."""


class RegionSizes(NamedTuple):
    """The sizes of the regions of all cells of a layer, in pixels.

    Attributes:
        largest: the largest size along each axis of the input.
        median: the median of the sizes along each axis; that of an empty region is 0.
        some_whole: whether some cell's region is the whole input.
        every_whole: whether every cell's region is the whole input.
    """

    largest: tuple[int, ...]
    median: tuple[float, ...]
    some_whole: bool
    every_whole: bool


def region_sizes(spans: Spans, size: Sequence[int]) -> RegionSizes:
    """Measure the regions of all cells in an input of a size. Raises TooLargeError."""
    whole = [
        end == edge
        for (start, stop), extent in zip(spans, size, strict=True)
        for end, edge in ((start, 0), (stop, extent))
    ]
    return RegionSizes(
        tuple(_largest(start, stop) for start, stop in spans),
        tuple(_median(start, stop) for start, stop in spans),
        _meet(whole),
        all(line.all() for line in whole),
    )


def _largest(start: Array, stop: Array) -> int:
    sizes = _alone(stop, start, np.maximum) - _alone(start, stop, np.minimum)
    return max(0, int(sizes.max()))


def _median(start: Array, stop: Array) -> float:
    check_room(np.broadcast_shapes(start.shape, stop.shape), stop.dtype)
    return float(np.median(np.maximum(stop - start, 0)))


def _meet(marks: Sequence[Array]) -> bool:
    """Whether all of some arrays mark the same cell."""
    left = list(marks)
    # Along each axis in turn, only those are joined that vary along it.
    for axis in range(max((line.ndim for line in left), default=0)):
        varying = [line for line in left if line.shape[axis] > 1]
        if varying:
            check_room(np.broadcast_shapes(*(line.shape for line in varying)), np.dtype(bool))
            together = reduce(np.logical_and, varying)
            left = [line for line in left if line.shape[axis] == 1]
            left.append(np.logical_or.reduce(together, axis=axis, keepdims=True))
    return all(line.all() for line in left)


def _alone(a: Array, other: Array, best: np.ufunc) -> Array:
    """An array combined along the axes along which it varies and the other one does not."""
    for axis, n in enumerate(a.shape):
        if n > 1 == other.shape[axis]:
            a = best.reduce(a, axis=axis, keepdims=True)
    return a
