"""The effective receptive field: the average influence on a layer's central cell over many images.

See Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional
Neural Networks", NIPS 2016, and Ding, Zhang, Han and Ding, "Scaling Up Your Kernels to 31x31",
CVPR 2022.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..analysis.effective import EffectiveField, central_cell, centre_of
from ..errors import ModelError
from ..model import Model
from ..trace.network import Layer
from ..verify.experiment import Pixels
from .gradients import gradient_of
from .occlusion import Patches, by_occlusion
from .subject import Report, Subject, Values

Average = Literal["shares", "positive sum"]
"""How images are averaged: see ``effective_field``."""


class Averaging:
    """The average of influences on a cell, to which images are added one by one.

    ``layer``, ``cell`` and ``channel`` say whose field it is. Where ``shares`` is set, each image's
    influence is divided by its sum, so that all images count alike.

    Attributes:
        mask: the pixels that the cell depends on.
        total: the sum over images so far, an array over the input's spatial axes.
        images: how many images it is of.
        still: how many more had no influence at all.
    """

    def __init__(
        self, layer: Layer, cell: Sequence[int], channel: int | None, *, shares: bool = True
    ) -> None:
        self.mask = layer.mask(cell, channel)
        self._centre, self._shares = centre_of(layer, cell, channel), shares
        self.total, self.images, self.still = np.zeros(self.mask.shape), 0, 0

    def add(self, influence: Values) -> None:
        """Take the influence on one more image; what lies outside the mask is left out."""
        inside = np.where(self.mask, np.abs(influence), 0.0)
        whole = float(inside.sum())
        self.images, self.still = self.images + (whole > 0), self.still + (whole == 0)
        if whole:
            self.total += inside / whole if self._shares else inside

    def add_sum(self, total: Values, images: int, still: int) -> None:
        """Take a sum over further images, as another average of the same cell has it."""
        self.total += total
        self.images, self.still = self.images + images, self.still + still

    @property
    def field(self) -> EffectiveField:
        """The average so far."""
        whole = float(self.total.sum())
        influence = self.total / whole if whole else self.total
        return EffectiveField(influence, self.mask, self._centre, self.images, self.still)


def effective_field(
    model: Model,
    layer: Layer,
    images: Iterable[NDArray[np.generic]],
    channel: int | None = None,
    *,
    cell: Sequence[int] | None = None,
    method: Literal["gradient", "occlusion"] = "gradient",
    average: Average = "shares",
    report: Report | None = None,
) -> EffectiveField:
    """Average the influence on a cell over images.

    Args:
        model: the model.
        layer: a layer of it, traced at the images' shape.
        images: inputs of the model, one example each; they are read one at a time.
        channel: the cell's channel. Without one, each image has a random sum of all channels, with
            signs of its own: the square of its gradient is, on average over signs, the sum of the
            squares of all channels' gradients.
        cell: the cell; default is the one in the middle of the grid.
        method: "gradient" takes a runtime that computes gradients. "occlusion" takes any: 16
            patches lie along each side of the region, and the field is no finer than they are.
        average: "shares" divides each image's influence (see ``Model.influence``, "gradient") by
            its sum, so that all images count alike. "positive sum" is the contribution score of
            Ding et al.: the positive part of the gradient of the sum of all positive channels,
            summed over the pixel's channels and averaged without division; it takes no channel,
            and gradients.
        report: called with the number of images done, twice; it may raise to end the work.

    Raises:
        ModelError: the model cannot be run, its runtime computes no gradients, a gradient is not
            finite, or there is no image.
        IndexError: the layer has no such cell or channel.
        ValueError: for another method or average, or a channel or occlusion with "positive sum".
    """
    if method not in ("gradient", "occlusion"):
        raise ValueError(f"there is no method {method!r}: use gradient or occlusion")
    plain = channel is None and method == "gradient"
    if average not in get_args(Average) or (average == "positive sum" and not plain):
        raise ValueError(f"average={average!r} with channel={channel}: see effective_field")
    place = central_cell(layer) if cell is None else tuple(cell)
    at = layer.index(place, channel)
    averaging = Averaging(layer, place, channel, shares=average == "shares")
    patches = Patches.over(layer.region_of(at)) if method == "occlusion" else None
    number = 0
    for number, image in enumerate(images, 1):
        subject = Subject.of(model, layer, at, np.asarray(image))
        if average == "positive sum":
            averaging.add(_positive_sum(model, subject))
        else:
            averaging.add(of_image(model, subject, averaging.mask, patches, number))
        if report is not None:
            report(number, number)
    if not number:
        raise ModelError("there is no image to average over")
    return averaging.field


def of_image(
    model: Model, subject: Subject, mask: Pixels, patches: Patches | None, number: int
) -> Values:
    """The influence on one image, over the input's spatial axes, without its sign.

    By occlusion where there are ``patches``, else by the gradient. Of several elements the gradient
    is that of a random sum, with signs that the image's ``number`` settles.
    """
    if patches is not None:
        return np.abs(by_occlusion(model, subject, mask, patches))
    seed = np.zeros(subject.shape)
    chosen = np.shape(seed[subject.at])
    signs = np.random.default_rng(number).choice([-1.0, 1.0], chosen)
    seed[subject.at] = signs if chosen else 1.0
    gradient = gradient_of(model, subject, [seed])[0]
    return np.asarray(np.sqrt((gradient**2).sum(subject.off_space)))


def _positive_sum(model: Model, subject: Subject) -> Values:
    """The contribution scores of Ding et al. on one image."""
    values = model.activations(
        subject.tensor, [subject.name], input=subject.source, feeds=subject.feeds
    )[subject.name]
    seed = np.zeros(subject.shape)
    seed[subject.at] = np.asarray(values[subject.at]) > 0
    gradient = gradient_of(model, subject, [seed])[0]
    return np.asarray(np.maximum(gradient, 0).sum(subject.off_space))
