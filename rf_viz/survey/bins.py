"""The bins of a survey's histograms: the same for every channel of every model.

Values of layers span many magnitudes, and none is known before all images were seen. So the bins
are fixed, two to an octave: their edges are the numbers ``2**e`` and ``1.5 * 2**e``, and the same
below zero. A number on an edge counts with those farther from zero. Zero itself has a bin of its
own, together with what is nearer to it than the first edge. Counts of any images add up.
"""

from __future__ import annotations

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


def histogram(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Count the values of each row by bin.

    Args:
        values: finite numbers, (rows, columns).

    Returns:
        An array (rows, BINS).
    """
    rows = len(values)
    bits = values.view(np.int32)
    steps = (bits & 0x7FFFFFFF) >> _SHIFT
    np.clip(steps, _NEAREST, _NEAREST + SIDE, out=steps)
    steps -= _NEAREST
    # A sign as -1 or +1: the sign bit drawn over all bits, and a last bit of one.
    steps *= (bits >> 31) | 1
    steps += (np.arange(rows, dtype=np.int32) * BINS + SIDE)[:, None]
    counts = np.bincount(steps.reshape(-1), minlength=rows * BINS)
    return counts.reshape(rows, BINS)
