"""The tasks that a measurement of many layers consists of, each done in steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.effective import central_cell
from ..trace.network import Layer, Region
from ..verify.experiment import Pixels
from .effective import Averaging, of_image
from .occlusion import Box, Occlusion, Patches, filled, moves_of_each
from .pace import Pace
from .subject import Subject

_STEP = 0.5
"""Seconds that a step should take."""

Image = Callable[[], NDArray[np.generic]]
"""Makes an input of the model, one example."""

Run = Callable[..., Any]
"""Calls a function with the model and these arguments."""

Describe = Callable[[Layer, Sequence[Any], NDArray[Any]], Subject]
"""Describes elements of a layer on an input (see ``Subject``)."""


@dataclass(frozen=True)
class MeasuredSize:
    """The effective size of a layer's middle cell, over images with the model's own weights.

    Attributes:
        size: the side of the field, in pixels (see ``EffectiveField.size``).
        images: how many images it is the average over.
        patch: by occlusion the extents of the patches, in pixels: the size is no finer than they
            are. None by gradient.
    """

    size: float
    images: int
    patch: tuple[int, ...] | None = None


class Task(ABC):
    """A part of a measurement, which is done in steps.

    Attributes:
        layers: the layers that it measures.
        done, total: how much is done, and how much there is.
        results, problems: as ``DepthMeasurement`` has them.
    """

    def __init__(self, layers: Sequence[Layer], total: int) -> None:
        self.layers, self.total, self.done = tuple(layers), total, 0
        self.results: dict[str, MeasuredSize] = {}
        self.problems: dict[str, str] = {}

    @abstractmethod
    def work(self, run: Run) -> None:
        """Do the next step. Raises ModelError where it fails."""


class ByGradient(Task):
    """One layer, image by image."""

    def __init__(self, layer: Layer, images: Sequence[Image], describe: Describe) -> None:
        super().__init__([layer], len(images))
        self._images, self._describe = images, describe
        self._averaging: Averaging | None = None

    def work(self, run: Run) -> None:
        """Measure on the next image."""
        (layer,) = self.layers
        cell = central_cell(layer)
        if self._averaging is None:
            self._averaging = Averaging(layer, cell, None)
        subject = self._describe(layer, layer.index(cell), self._images[self.done]())
        number = self.done + 1
        self._averaging.add(run(of_image, subject, self._averaging.mask, None, number))
        self.done = number
        self.results |= _sizes({layer.name: self._averaging}, None)


class ByOcclusion(Task):
    """Layers of about the same region, image by image and patch by patch."""

    def __init__(
        self, layers: Sequence[Layer], images: Sequence[Image], most: int, describe: Describe
    ) -> None:
        region = _around([layer.region(central_cell(layer)) for layer in layers])
        across = round(most ** (1 / len(region.size)))
        self.patches = Patches.over(region, [max(1, ceil(n / across)) for n in region.size])
        super().__init__(layers, len(self.patches) * len(images))
        self._images, self._describe = images, describe
        self._averagings: dict[str, Averaging] = {}
        self._cells: list[_Cell] = []
        self._boxes: list[Box] = []
        self._image, self._covered, self._batch, self._pace = 0, 0, 0, Pace(_STEP)

    def work(self, run: Run) -> None:
        """Cover as many patches as take about a step's time."""
        if not self._averagings:
            self._averagings = {
                layer.name: Averaging(layer, central_cell(layer), None) for layer in self.layers
            }
            self._mask = np.any([own.mask for own in self._averagings.values()], axis=0)
            self._boxes = [box for box in self.patches if self._mask[box].any()]
        if not self._covered:
            tensor = self._images[self._image]()
            self._cells = [
                _Cell(self._describe(layer, layer.index(central_cell(layer)), tensor))
                for layer in self.layers
                if layer.name not in self.problems
            ]
        self._cover_next(run)
        if self._covered == len(self._boxes) or not self._cells:
            self._finish_image()
        self.done = self._image * len(self.patches) + self._covered

    def _cover_next(self, run: Run) -> None:
        boxes = self._boxes[self._covered : self._covered + self._pace.count]
        subjects = [cell.subject for cell in self._cells]
        cover = filled(subjects[0], "mean")
        with self._pace:
            answers, self._batch = run(
                moves_of_each, subjects, self._mask, cover, boxes, self._batch
            )
        for cell, answer in zip(self._cells, answers, strict=True):
            if isinstance(answer, str):
                self.problems[cell.subject.name] = answer
            else:
                cell.moves += answer
        self._cells = [cell for cell in self._cells if cell.subject.name not in self.problems]
        self._covered += len(boxes)

    def _finish_image(self) -> None:
        for cell in self._cells:
            averaging = self._averagings[cell.subject.name]
            averaging.add(_influence(averaging.mask, self.patches, self._boxes, cell.moves))
        own = {cell.subject.name: self._averagings[cell.subject.name] for cell in self._cells}
        self.results |= _sizes(own, self.patches.size)
        # Without a cell that is left there is nothing to measure on the other images either.
        self._image = self._image + 1 if self._cells else len(self._images)
        self._covered = 0


@dataclass
class _Cell:
    """A cell and its moves for the patches that were covered on one image."""

    subject: Subject
    moves: list[float] = field(default_factory=list)


def _influence(
    mask: Pixels, patches: Patches, boxes: Sequence[Box], moves: Sequence[float]
) -> NDArray[np.float64]:
    """The influence of each pixel by a cell's moves; patches outside of its mask move nothing."""
    occlusion = Occlusion(mask, patches)
    occlusion.add([move for box, move in zip(boxes, moves, strict=True) if mask[box].any()])
    return np.abs(occlusion.influence)


def _sizes(
    averagings: Mapping[str, Averaging], patch: tuple[int, ...] | None
) -> dict[str, MeasuredSize]:
    """The sizes of the fields so far, of those cells that anything has moved."""
    fields = {name: averaging.field for name, averaging in averagings.items()}
    return {name: MeasuredSize(f.size, f.images, patch) for name, f in fields.items() if f.images}


def _around(regions: Sequence[Region]) -> Region:
    """The smallest region that holds some others."""
    starts, stops = zip(*((region.start, region.stop) for region in regions), strict=True)
    start = tuple(min(along) for along in zip(*starts, strict=True))
    return Region(start, tuple(max(along) for along in zip(*stops, strict=True)))
