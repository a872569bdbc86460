"""Influence by gradients, which the model's own framework works out.

The gradient says how the cell moves per unit of a small change. It is blind to what only a larger
change would show, such as a saturated unit (Sundararajan, Taly and Yan, ICML 2017).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import DefectError, ModelError
from ..model import Model
from ..verify.experiment import NOISE, Pixels
from .subject import Report, Subject, Values

_SEED_BYTES = 2**26
"""The most bytes that the seeds of one call may take."""


def gradients(model: Model, subject: Subject, report: Report | None = None) -> Iterator[Values]:
    """The gradient of each element of the subject in turn, in the input's shape.

    Raises ModelError where the runtime computes none, and where one is not finite.
    """
    elements = np.arange(int(np.prod(subject.shape))).reshape(subject.shape)[subject.at].reshape(-1)
    seed_bytes = 8 * int(np.prod(subject.shape))
    step = max(1, _SEED_BYTES // seed_bytes)
    for first in range(0, len(elements), step):
        numbers = elements[first : first + step]
        seeds = np.zeros((len(numbers), *subject.shape))
        seeds.reshape(len(numbers), -1)[np.arange(len(numbers)), numbers] = 1
        yield from gradient_of(model, subject, list(seeds))
        if report is not None:
            report(first + len(numbers), len(elements))


def gradient_of(
    model: Model, subject: Subject, seeds: Sequence[NDArray[np.float64]]
) -> list[Values]:
    """The gradients of sums over the subject's tensor, each in the input's shape.

    A seed weighs the elements of the tensor. Raises ModelError where the runtime computes none, and
    where one is not finite.
    """
    results = model.backpropagate(
        subject.tensor, subject.name, seeds, input=subject.source, feeds=subject.feeds
    )
    if not all(np.isfinite(gradient).all() for gradient in results):
        raise ModelError(
            f"the gradient of this cell of {subject.name} is not finite on this input, as at a "
            "square root of zero: use method='occlusion'"
        )
    return [np.asarray(gradient, np.float64) for gradient in results]


def by_gradient(
    model: Model, subject: Subject, times_input: bool = False, report: Report | None = None
) -> Values:
    """The influence of each pixel by the gradient, over the input's spatial axes.

    Without ``times_input`` it is the Euclidean norm of the gradient, taken over the pixel's
    channels and over all elements. With it, the product of gradient and input is summed over the
    pixel's channels; it keeps its sign where there is one element, else it is the norm over the
    elements. Pixels outside the mask are not left out yet (see ``within``).
    """
    total = np.zeros(subject.extent)
    count = 0
    for gradient in gradients(model, subject, report):
        if times_input:
            last = (gradient * subject.tensor).sum(subject.off_space)
            total += last**2
        else:
            total += (gradient**2).sum(subject.off_space)
        count += 1
    if times_input and count == 1:
        return np.asarray(last)
    return np.sqrt(total)


def within(mask: Pixels, influence: NDArray[np.floating], *, exact: bool, name: str) -> Values:
    """Leave out what lies outside the mask.

    ``exact`` says that the mask is exact and nothing was left out of it, so that whatever lies
    outside is float noise. Raises DefectError where it is more than that: then the mask is wrong.
    """
    beyond = np.abs(influence[~mask]).max(initial=0.0)
    if exact and beyond > NOISE * np.abs(influence).max(initial=0.0):
        raise DefectError(
            f"the gradient of {name} reaches pixels outside its region: that is a defect of "
            "RF-Viz itself, please report it"
        )
    return np.where(mask, influence, 0.0)
