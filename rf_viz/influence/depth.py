"""The effective size over depth: that of many layers' middle cells, measured in few runs.

By gradient each layer and image is a backward pass. By occlusion one run with a covered patch tells
the moves of all cells at once, so layers of about the same region share their patches.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..analysis.diagnosis import before_pooling
from ..analysis.effective import central_cell
from ..errors import ModelError
from ..model import Model
from ..trace.network import Layer, Network
from .depth_tasks import ByGradient, ByOcclusion, Describe, Image, MeasuredSize, Run, Task
from .subject import Report, Subject

MOST_LAYERS = 24
"""So many layers are measured at most."""

_COARSE, _FINE = 64, 256
"""The patches that lie over a region, at first and in the end."""

_STILL = "no pixel moves the middle cell on these inputs"


def widening(net: Network, most: int = MOST_LAYERS) -> list[Layer]:
    """The layers before the pooling that combine positions of the image, in execution order.

    There the region can widen; all others, such as activations, pass on what their inputs see. Of
    more than ``most`` layers it is so many, evenly spread, with the first and the last of them.
    """
    layers = [
        layer
        for layer, before in zip(net.layers, before_pooling(net), strict=True)
        if before
        and layer.extents
        and layer.combined[0]
        and not layer.region(central_cell(layer)).empty
    ]
    if len(layers) <= most:
        return layers
    return [layers[int(number)] for number in np.rint(np.linspace(0, len(layers) - 1, most))]


class DepthMeasurement:
    """A measurement of the effective sizes of many layers, which is done in steps.

    Attributes:
        results: the sizes so far, by the layers' names; coarse ones are replaced by finer ones.
        problems: why layers could not be measured, by their names.
        total: how much there is to do.
    """

    def __init__(self, first: Sequence[Task], later: Sequence[Task] = ()) -> None:
        self._tasks, self._later = deque([*first, *later]), set(later)
        self.total = sum(task.total for task in self._tasks)
        self.results: dict[str, MeasuredSize] = {}
        self.problems: dict[str, str] = {}
        self._finished = 0

    @classmethod
    def by_gradient(
        cls, layers: Sequence[Layer], images: Sequence[Image], describe: Describe | None = None
    ) -> DepthMeasurement:
        """Measure by the gradient, as ``effective_field`` does, the layers one after the other."""
        return cls([ByGradient(layer, images, describe or Subject.unstopped) for layer in layers])

    @classmethod
    def by_occlusion(
        cls,
        layers: Sequence[Layer],
        images: Sequence[Image],
        describe: Describe | None = None,
        *,
        coarse_first: bool = True,
    ) -> DepthMeasurement:
        """Measure by occlusion, layers of about the same region at a time, the smallest first.

        With ``coarse_first`` large patches on the first image come before all others.
        """
        make = partial(ByOcclusion, describe=describe or Subject.unstopped)
        fine = [make(group, images, _FINE) for group in _alike(layers)]
        if not coarse_first:
            return cls(fine)
        coarse = [make(task.layers, images[:1], _COARSE) for task in fine]
        pairs = list(zip(coarse, fine, strict=True))
        # Small regions are covered pixel by pixel at once.
        first = [b if a.patches.size == b.patches.size else a for a, b in pairs]
        return cls(first, [task for task in fine if task not in first])

    @property
    def running(self) -> bool:
        """Whether there is more to do."""
        return bool(self._tasks)

    @property
    def first_round(self) -> bool:
        """Whether some layer still waits for its first size."""
        return bool(self._tasks) and self._tasks[0] not in self._later

    @property
    def done(self) -> int:
        """How much is done of ``total``."""
        return self._finished + (self._tasks[0].done if self._tasks else 0)

    def work(self, run: Run) -> None:
        """Do the next step.

        Raises ModelError where it fails; the same step is tried again then, unless it is left out
        (see ``leave_out``).
        """
        task = self._tasks[0]
        task.work(run)
        self.results |= task.results
        self.problems |= task.problems
        for name in task.results:
            if self.problems.get(name) == _STILL:
                del self.problems[name]
        if task.done >= task.total:
            self._end(task)
            for layer in task.layers:
                if layer.name not in self.results:
                    self.problems.setdefault(layer.name, _STILL)

    def leave_out(self, why: str) -> None:
        """Leave out the layers that the next step is about, which cannot be measured."""
        names = {layer.name for layer in self._tasks[0].layers}
        for name in names - self.problems.keys():
            self.problems[name] = why
        for task in list(self._tasks):
            if names >= {layer.name for layer in task.layers}:
                self._end(task)

    def _end(self, task: Task) -> None:
        """Drop a task, and the averages that it holds."""
        self._finished += task.total
        self._tasks.remove(task)
        self._later.discard(task)


def _alike(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Groups of layers whose middle cells see about as much, the smallest regions first.

    Along each axis the sides differ by up to a factor of two, as far as regions are square.
    """
    groups: list[list[Layer]] = []
    room = 0.0
    regions = {layer: layer.region(central_cell(layer)) for layer in layers}
    for layer in sorted(layers, key=lambda layer: prod(regions[layer].size), reverse=True):
        extent = prod(regions[layer].size)
        if not groups or extent < room:
            groups.append([])
            room = extent / 2 ** len(regions[layer].size)
        groups[-1].append(layer)
    return groups[::-1]


def effective_sizes(
    model: Model,
    net: Network,
    images: Iterable[NDArray[np.generic]],
    *,
    layers: Sequence[Layer] | None = None,
    method: Literal["gradient", "occlusion"] = "gradient",
    report: Report | None = None,
) -> dict[str, MeasuredSize]:
    """Measure the effective sizes of the middle cells of many layers over images.

    Args:
        model: the model.
        net: how it was traced, at the images' shape.
        images: inputs of the model, one example each.
        layers: layers whose middle cells see something; by default those of ``widening``.
        method: "gradient" takes a runtime that computes gradients. "occlusion" takes any.
        report: called with how much is done and how much there is; it may raise to end the work.

    Returns:
        The sizes by the layers' names, in their order; without layers that nothing moves or that
        cannot be measured.

    Raises:
        ModelError: no layer can be measured, or there is no image.
        ValueError: for another method.
    """
    if method not in ("gradient", "occlusion"):
        raise ValueError(f"there is no method {method!r}: use gradient or occlusion")
    chosen = widening(net) if layers is None else list(layers)
    makers = [partial(np.asarray, image) for image in images]
    if not makers:
        raise ModelError("there is no image to average over")
    describe = partial(Subject.of, model)
    if method == "gradient":
        measurement = DepthMeasurement.by_gradient(chosen, makers, describe)
    else:
        measurement = DepthMeasurement.by_occlusion(chosen, makers, describe, coarse_first=False)
    while measurement.running:
        try:
            measurement.work(lambda function, *arguments: function(model, *arguments))
        except ModelError as error:
            measurement.leave_out(str(error))
        if report is not None:
            report(measurement.done, measurement.total)
    if measurement.problems and not measurement.results:
        raise ModelError(next(iter(measurement.problems.values())))
    return {x.name: measurement.results[x.name] for x in chosen if x.name in measurement.results}
