"""The effective receptive field: the average influence on a layer's central cell over many images.

See Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional
Neural Networks", NIPS 2016, and Ding, Zhang, Han and Ding, "Scaling Up Your Kernels to 31x31",
CVPR 2022.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..model import Model
from ..trace.network import Layer
from ..verify.experiment import Pixels
from .gradients import Report, gradient_of, within
from .subject import Subject, Values

Average = Literal["shares", "positive sum"]
"""How images are averaged: see ``effective_field``."""

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
    mask: Pixels
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


def effective_field(
    model: Model,
    layer: Layer,
    images: Iterable[NDArray[np.generic]],
    channel: int | None = None,
    *,
    cell: Sequence[int] | None = None,
    average: Average = "shares",
    report: Report | None = None,
) -> EffectiveField:
    """Average the influence on a cell over images, by gradients.

    Args:
        model: the model; its runtime has to compute gradients.
        layer: a layer of it, traced at the images' shape.
        images: inputs of the model, one example each; they are read one at a time.
        channel: the cell's channel. Without one, each image has a random sum of all channels, with
            signs of its own: the square of its gradient is, on average over signs, the sum of the
            squares of all channels' gradients.
        cell: the cell; default is the one in the middle of the grid.
        average: "shares" divides each image's influence (see ``Model.influence``, "gradient") by
            its sum, so that all images count alike. "positive sum" is the contribution score of
            Ding et al.: the positive part of the gradient of the sum of all positive channels,
            summed over the pixel's channels and averaged without division; it takes no channel.
        report: called with the number of images done, twice; it may raise to end the work.

    Raises:
        ModelError: the model cannot be run, its runtime computes no gradients, a gradient is not
            finite, or there is no image.
        IndexError: the layer has no such cell or channel.
        ValueError: for another average, or a channel with "positive sum".
    """
    if average not in get_args(Average) or (average == "positive sum" and channel is not None):
        raise ValueError(f"average={average!r} with channel={channel}: see effective_field")
    place = central_cell(layer) if cell is None else tuple(cell)
    at = layer.index(place, channel)
    mask, region = layer.mask_of(at), layer.region_of(at)
    total, used, still = np.zeros(mask.shape), 0, 0
    for number, image in enumerate(images):
        subject = Subject.of(model, layer, at, np.asarray(image))
        influence = within(mask, _of_image(model, subject, average, number), exact=False, name="")
        if influence.any():
            total += influence / influence.sum() if average == "shares" else influence
            used += 1
        else:
            still += 1
        if report is not None:
            report(used + still, used + still)
    if not used + still:
        raise ModelError("there is no image to average over")
    whole = float(total.sum())
    centre = tuple((a + b - 1) / 2 for a, b in zip(region.start, region.stop, strict=True))
    return EffectiveField(total / whole if whole else total, mask, centre, used, still)


def _of_image(model: Model, subject: Subject, average: Average, number: int) -> Values:
    """The influence on one image, over the input's spatial axes."""
    seed = np.zeros(subject.shape)
    chosen = seed[subject.at]
    if average == "positive sum":
        values = model.activations(
            subject.tensor, [subject.name], input=subject.source, feeds=subject.feeds
        )[subject.name]
        seed[subject.at] = np.asarray(values[subject.at]) > 0
    else:
        signs = np.random.default_rng(number).choice([-1.0, 1.0], np.shape(chosen))
        seed[subject.at] = signs if np.size(chosen) > 1 else 1.0
    gradient = gradient_of(model, subject, [seed])[0]
    if average == "positive sum":
        return np.asarray(np.maximum(gradient, 0).sum(subject.off_space))
    return np.asarray(np.sqrt((gradient**2).sum(subject.off_space)))


def _check_share(share: float) -> None:
    if not 0 < share <= 1:
        raise ValueError(f"a share is above 0 and at most 1, not {share}")
