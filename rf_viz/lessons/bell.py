"""Bell of the effective receptive field: path counts through layers of one kernel.

Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional
Neural Networks", NeurIPS 2016 (arXiv 1701.04128).
"""

from __future__ import annotations

from functools import lru_cache
from math import log, pi, sqrt

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..trace.network import Network
from .example import network
from .layers import Conv

DEEPEST = 160
"""The most layers that are stacked."""

DRAWS, CHANNELS = 100, 16
"""How many random networks are measured, and how wide their layers are."""

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


def expected(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the influence to expect of random weights: the root of path counts, summing to 1.

    The square of the gradient is, on average over weights of mean zero, proportional to the path
    count.
    """
    root = np.sqrt(counts)
    return np.asarray(root / root.sum())


@lru_cache(maxsize=64)
def measured(depth: int, kernel: int) -> NDArray[np.float64]:
    """Return the mean influence over ``DRAWS`` random networks with rectifiers, summing to 1.

    Each network has a random input and ``CHANNELS`` channels in every layer; the influence is the
    size of the gradient of a random sum of the output's channels, and each network counts alike.
    """
    random = np.random.default_rng(0)
    size = depth * (kernel - 1) + 1
    total = np.zeros(size)
    for _ in range(DRAWS):
        gradient = random_gradient(random, depth, kernel, random.normal(size=(1, size)))
        total += np.abs(gradient) / np.abs(gradient).sum()
    total.setflags(write=False)
    return total / DRAWS


def random_gradient(
    random: np.random.Generator, depth: int, kernel: int, values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The gradient of one random network at its input (1, length), by hand."""
    weights, gates = list[NDArray[np.float64]](), list[NDArray[np.bool_]]()
    for _ in range(depth):
        gates.append(values > 0 if weights else np.ones(values.shape, bool))
        deviation = sqrt(2 / (kernel * len(values)))
        weights.append(random.normal(0, deviation, (CHANNELS, len(values), kernel)))
        windows = sliding_window_view(np.where(gates[-1], values, 0), kernel, axis=1)
        values = np.tensordot(weights[-1], windows, ([1, 2], [0, 2]))
    gradient = random.choice([-1.0, 1.0], (CHANNELS, 1))
    for weight, gate in zip(reversed(weights), reversed(gates), strict=True):
        padded = np.pad(gradient, ((0, 0), (kernel - 1, kernel - 1)))
        windows = sliding_window_view(padded, kernel, axis=1)[..., ::-1]
        gradient = gate * np.tensordot(weight, windows, ([0, 2], [0, 2]))
    return np.asarray(gradient[0])


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
