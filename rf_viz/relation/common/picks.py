"""Relations that pick positions along one axis: slices, gathers, paddings, tiles.

They take numbers, whatever the framework; all but the arbitrary ones are cached.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .. import (
    Relation,
    Slide,
    Step,
    Taps,
)
from ..fit import Fit, Padding

LONGEST = 2**25
"""The most positions that a table may list along an axis."""

PadMode = Literal["constant", "reflect", "symmetric", "edge", "wrap"]


def checked_extent(count: int) -> int:
    """Check an extent that a graph asks for, before that many positions are listed.

    Returns it. Raises ValueError where it is too long.
    """
    if count > LONGEST:
        raise ValueError(f"{count:,} positions are too many to be listed: the limit is {LONGEST:,}")
    return count


@lru_cache(maxsize=4096)
def cut(axis: int, size: int, start: int, step: int, count: int, varies: bool = False) -> Relation:
    """Cut ``count`` positions out of an axis of ``size``, every ``step``-th from ``start`` on.

    ``step`` may be negative: a flip. ``varies`` where another size would give another start.
    Raises ValueError where they are too many.
    """
    if (start, step, count) == (0, 1, size):
        return ()
    table = start + step * np.arange(checked_extent(count))
    return (Taps(axis, size, table[:, None], form=(step, start), varies=varies),)


def pick(axis: int, size: int, positions: Sequence[int]) -> Relation:
    """Pick positions of an axis of ``size``, in this order; negative ones see nothing."""
    table = np.asarray(positions, np.int64)
    steps = np.diff(table)
    if len(table) and table.min() >= 0 and (not steps.any() or (steps == steps[0]).all()):
        step = int(steps[0]) if len(steps) else 1
        if step or len(table) == 1:
            return cut(axis, size, int(table[0]), step, len(table))
    return (Taps(axis, size, table[:, None], why="single positions are picked"),)


@lru_cache(maxsize=4096)
def tile(axis: int, size: int, times: int) -> Relation:
    """Repeat the whole axis ``times`` times. Raises ValueError where that is too long."""
    if times == 1:
        return ()
    table = np.arange(checked_extent(size * times)) % size
    return (Taps(axis, size, table[:, None], why="tiled"),)


@lru_cache(maxsize=4096)
def pad(axis: int, size: int, before: int, after: int, mode: PadMode = "constant") -> Relation:
    """Pad an axis in front and behind; negative numbers crop.

    Constant padding sees nothing. ``mode`` as in ``numpy.pad``. By convention the closed form
    goes on through every padding as if the image did.
    """
    if not before and not after:
        return ()
    checked_extent(size + max(0, before) + max(0, after))
    kept = np.arange(max(0, -before), size - max(0, -after))
    width = (max(0, before), max(0, after))
    if mode == "constant":
        table = np.pad(kept, width, constant_values=-1)
    else:
        table = np.pad(kept, width, mode=mode)
    fit = Fit(padding=Padding(before, after))
    return (Taps(axis, size, table[:, None], form=(1, -before), fit=fit),)


def taps_met(w: Slide) -> Step:
    """The kernel positions along their axis that do not fall on padding, for each output."""
    out, tap = np.ogrid[: w.out, : w.kernel]
    at = out * w.stride - w.pad + tap * w.dilation
    return Taps(w.axis, w.kernel, np.where((at >= 0) & (at < w.size), tap, -1))


def taps_met_back(w: Slide) -> Step:
    """The kernel positions of a transposed convolution that meet an input, for each output."""
    return Taps(w.axis, w.kernel, np.where(laid(w) >= 0, np.arange(w.kernel), -1))


def laid(w: Slide) -> NDArray[np.int64]:
    """The window that lays each of its taps (columns) on each position (rows); -1 for none."""
    position, tap = np.ogrid[: w.size, : w.kernel]
    start = position + w.pad - tap * w.dilation
    block = start // w.stride
    return np.where((start % w.stride == 0) & (block >= 0) & (block < w.out), block, -1)
