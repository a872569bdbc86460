"""The effective receptive field: how the influence on a cell is spread over what it sees.

See Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional
Neural Networks", NIPS 2016, and Ding, Zhang, Han and Ding, "Scaling Up Your Kernels to 31x31",
CVPR 2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..trace.network import Layer

Values = NDArray[np.float64]

THRESHOLD = 1 - 0.9545
"""A pixel belongs to the field where its influence is more than this part of the largest: what a
normal distribution has beyond two standard deviations (Luo et al.)."""


@dataclass(frozen=True)
class EffectiveField:
    """The average influence of each pixel on a cell.

    Attributes:
        influence: an array over the input's spatial axes that sums to 1, or is all zero where no
            image moved the cell.
        mask: the pixels that the cell depends on.
        centre: the middle of the cell's region, in pixels.
        images: how many images were averaged.
        still: how many more had no influence at all, and were left out.
    """

    influence: Values
    mask: NDArray[np.bool_]
    centre: tuple[float, ...]
    images: int
    still: int = 0

    @cached_property
    def size(self) -> float:
        """The side of a cube of as many pixels as have more than 4.55 % of the largest influence.

        That is the size of Luo et al., who compare with the influence at the centre.
        """
        largest = float(self.influence.max(initial=0))
        count = np.count_nonzero(self.influence > THRESHOLD * largest) if largest else 0
        return float(count ** (1 / self.influence.ndim))

    @cached_property
    def deviation(self) -> tuple[float, ...]:
        """The standard deviation of the influence along each axis, in pixels."""
        if not self.influence.any():
            return (0.0,) * self.influence.ndim
        deviations = []
        for axis, extent in enumerate(self.influence.shape):
            others = tuple(a for a in range(self.influence.ndim) if a != axis)
            line, at = self.influence.sum(others), np.arange(extent)
            mean = (line * at).sum() / line.sum()
            deviations.append(float(np.sqrt((line * (at - mean) ** 2).sum() / line.sum())))
        return tuple(deviations)

    def side(self, share: float) -> int:
        """The side of the smallest cube around the centre that holds a share of the influence.

        With the image's extents it gives the area ratios of Ding et al., taken of the influence
        itself and not of its logarithm. 0 where there is no influence.
        """
        _check_share(share)
        sides = 2 * np.ceil(self._distances(np.inf)).astype(int) + 1
        return int(self._reaching(sides, share))

    def pixels(self, share: float) -> int:
        """The smallest number of pixels that hold a share of the influence."""
        _check_share(share)
        held = np.cumsum(np.sort(self.influence, axis=None)[::-1])
        if not held[-1]:
            return 0
        return int(np.searchsorted(held, share * held[-1] * (1 - 1e-12))) + 1

    def profile(self) -> tuple[Values, Values]:
        """The mean influence of the pixels that count at each distance from the centre.

        Distances are those of the pixels' middles, rounded to whole pixels. Returns the distances
        and the means.
        """
        rings = np.rint(self._distances(2)[self.mask]).astype(int)
        if not len(rings):
            return np.zeros(0), np.zeros(0)
        sums = np.bincount(rings, self.influence[self.mask])
        counts = np.bincount(rings)
        held = np.flatnonzero(counts)
        return held.astype(float), sums[held] / counts[held]

    def _distances(self, order: float) -> Values:
        """The distance of each pixel's middle from the centre, in the norm of that order."""
        places = np.moveaxis(np.indices(self.influence.shape), 0, -1) - np.array(self.centre)
        return np.asarray(np.linalg.norm(places, order, axis=-1))

    def _reaching(self, keys: NDArray[np.int64], share: float) -> int:
        """The smallest key up to which pixels hold a share of the influence."""
        if not self.influence.any():
            return 0
        held = np.cumsum(np.bincount(keys.reshape(-1), self.influence.reshape(-1)))
        return int(np.searchsorted(held, share * held[-1] * (1 - 1e-12)))


def central_cell(layer: Layer) -> tuple[int, ...]:
    """The cell in the middle of a layer's grid; of two the second."""
    return tuple(n // 2 for n in layer.extents)


def centre_of(layer: Layer, cell: Sequence[int], channel: int | None = None) -> tuple[float, ...]:
    """The middle of a cell's region, in pixels."""
    region = layer.region(cell, channel)
    return tuple((a + b - 1) / 2 for a, b in zip(region.start, region.stop, strict=True))


def expected_field(
    layer: Layer, cell: Sequence[int] | None = None, channel: int | None = None
) -> EffectiveField:
    """The field to expect of random weights (see ``Layer.expected_influence``).

    Without a cell it is that of the one in the middle of the grid. It was averaged over no image.
    """
    place = central_cell(layer) if cell is None else tuple(cell)
    influence = layer.expected_influence(place, channel)
    return EffectiveField(
        influence, layer.mask(place, channel), centre_of(layer, place, channel), 0
    )


def expected_sizes(layers: Sequence[Layer]) -> dict[Layer, float | None]:
    """The sizes of the fields to expect of random weights, of the middle cells of layers.

    None for a layer without cells, for one whose middle cell sees nothing, and where a walk would
    take too much memory. ``layers`` are in execution order: an operation that only passes on what
    its one input sees, such as an activation, has the size of that.
    """
    sizes: dict[Layer, float | None] = {}
    for layer in layers:
        source = layer.inputs[0] if len(layer.inputs) == 1 else None
        field = layer.receptive_field
        if source in sizes and source is not None and field == source.receptive_field is not None:
            sizes[layer] = sizes[source]
            continue
        sizes[layer] = None
        if layer.extents:
            with suppress(ModelError):
                sizes[layer] = expected_field(layer).size or None
    return sizes


def _check_share(share: float) -> None:
    if not 0 < share <= 1:
        raise ValueError(f"a share is above 0 and at most 1, not {share}")
