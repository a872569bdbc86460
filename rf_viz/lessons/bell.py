"""Bell of the effective receptive field: path counts through layers of one kernel.

Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional
Neural Networks", NeurIPS 2016 (arXiv 1701.04128).
"""

from __future__ import annotations

from functools import lru_cache
from math import log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from ..trace.network import Network
from .example import network
from .layers import Conv

DEEPEST = 160
"""The most layers that are stacked."""

LEAST_SHARE = 1 - 0.9545
"""Units count as within the bell from this share of the middle's path count on, as in the paper."""


@lru_cache(maxsize=256)
def counts(depth: int, kernel: int) -> NDArray[np.float64]:
    """Return the path counts of one unit over its region, after so many layers, summing to 1."""
    layer = _deep(kernel).layers[depth - 1]
    middle = (layer.extents[0] // 2,)
    line = layer.paths(middle)[layer.region(middle).slices]
    line.setflags(write=False)
    return line


@lru_cache(maxsize=8)
def _deep(kernel: int) -> Network:
    """The deepest network of one kernel, whose layers are all the shallower ones' outputs."""
    return network([Conv(kernel)] * DEEPEST, DEEPEST * (kernel - 1) + 1)


def within(counts: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the units that are within the bell."""
    return np.asarray(counts >= LEAST_SHARE * counts.max())


def width(counts: NDArray[np.float64]) -> int:
    """Count the units that are within the bell."""
    return int(within(counts).sum())


def area_width(counts: NDArray[np.float64]) -> float:
    """Compute the square root of the number of pixels that are within the bell of a picture.

    That is how the paper measures it. With square kernels, a pixel's path count is the product of
    the ``counts`` of its row and its column, from the same threshold on.
    """
    return sqrt(int(within(np.outer(counts, counts)).sum()))


def gaussian_area_width(depth: int, kernel: int) -> float:
    """Compute what ``area_width`` tends to: the bell is a disc, as wide as ``gaussian_width``."""
    return sqrt(pi) / 2 * gaussian_width(depth, kernel)


def gaussian_width(depth: int, kernel: int) -> float:
    """Compute the width that the central limit theorem gives, in units.

    Path counts are those of a sum of ``depth`` independent steps, each even over ``kernel`` units,
    so their variance is depth (k^2 - 1) / 12: the width grows with the square root of depth.
    """
    variance = depth * (kernel**2 - 1) / 12
    return 2 * sqrt(2 * log(1 / LEAST_SHARE) * variance)
