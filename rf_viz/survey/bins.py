"""The bins of a survey's histograms: the same for every channel of every model.

Values of layers span many magnitudes, and none is known before all images were seen. So the bins
are fixed, two to an octave: their edges are the numbers ``2**e`` and ``1.5 * 2**e``, and the same
below zero. A number on an edge counts with those farther from zero. Zero itself has a bin of its
own, together with what is nearer to it than the first edge. Counts of any images add up.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_LOWEST, _HIGHEST = -20, 20
"""The exponents of the first and the last edge above zero; what is beyond counts for the last bin
on its side."""

_BIAS = 127
_SHIFT = 22
"""A float32 without its last 22 bits tells its sign, its exponent and the first bit after it."""

SIDE = 2 * (_HIGHEST - _LOWEST) + 1
"""The number of bins on each side of zero."""

BINS = 2 * SIDE + 1
"""The number of bins; the one of zero is in the middle."""

_NEAREST = 2 * (_LOWEST + _BIAS) - 1
"""What the first bits of a number are that counts as zero, at most."""


def edges() -> list[float]:
    """The edges between neighbouring bins, ascending: one fewer than bins."""
    above = [2.0**e * part for e in range(_LOWEST, _HIGHEST) for part in (1, 1.5)]
    above.append(2.0**_HIGHEST)
    return [-edge for edge in reversed(above)] + above


_LANES, _MANY = 4, 512
"""In rows of so many columns neighbouring values are counted apart, and their counts added. Most
values of many layers are zero, and a processor waits where it adds to the same number again."""


def histogram(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Count the values of each row by bin.

    Args:
        values: finite numbers, (rows, columns).

    Returns:
        An array (rows, BINS).
    """
    rows, columns = values.shape
    lanes = _LANES if columns >= _MANY else 1
    bits = values.view(np.int32)
    signed = bool(values.min(initial=0) < 0)
    steps = (bits & 0x7FFFFFFF) >> _SHIFT if signed else bits >> _SHIFT
    np.clip(steps, _NEAREST, _NEAREST + SIDE, out=steps)
    steps -= _NEAREST
    if signed:
        # A sign as -1 or +1: the sign bit drawn over all bits, and a last bit of one.
        steps *= (bits >> 31) | 1
    numbers = (steps + _offsets(rows, columns, lanes)).reshape(-1)
    counts = np.bincount(numbers, minlength=lanes * rows * BINS)
    histogram: NDArray[np.int64] = counts.reshape(lanes, rows, BINS).sum(axis=0)
    return histogram


@lru_cache(8)
def _offsets(rows: int, columns: int, lanes: int) -> NDArray[np.int64]:
    """The numbers of the bins of zero among those of all lanes and rows, for each value."""
    row, lane = np.arange(rows), np.arange(columns) % lanes
    offsets: NDArray[np.int64] = (lane * rows + row[:, None]) * BINS + SIDE
    return offsets
