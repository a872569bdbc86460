"""Influence by occlusion: patches of the input are covered, and the cell's move is measured.

It needs nothing but runs of the model, so it works with every runtime, and with quantised models.
See Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ModelError
from ..model import Model
from ..trace.network import Region
from ..verify.experiment import Pixels
from .subject import Report, Subject, Values

Filler = Literal["mean", "zero"] | ArrayLike
"""What covered pixels hold: the mean of the input along its spatial axes, zero, or given values
that broadcast to the input."""

PATCHES_ACROSS = 16
"""So many patches lie along each axis of a region where no size is chosen."""

MOST_PATCHES = 100_000

BATCHES = 8
_BATCH_BYTES = 2**26
"""The most examples in a batch, which stay in the processor's cache, and the most bytes that inputs
and outputs of one may take."""

_TOGETHER = 8
"""So many batches are run between two reports of how far the work is."""

_TOLERANCE = 1e-4
"""By how much of the largest value a batch may differ from single runs: sums in another order."""

Box = tuple[slice, ...]


@dataclass(frozen=True)
class Patches:
    """Patches that slide over a region, clipped at its end.

    Attributes:
        region: the region.
        size, stride: extents of a patch and steps from one to the next along each spatial axis.
    """

    region: Region
    size: tuple[int, ...]
    stride: tuple[int, ...]

    @classmethod
    def over(
        cls,
        region: Region,
        size: int | Sequence[int] | None = None,
        stride: int | Sequence[int] | None = None,
    ) -> Patches:
        """Choose patches; one number counts for all axes.

        By default there are 16 along each axis, side by side. Raises ValueError for sizes and
        strides below 1, for strides that leave gaps, and for more than 100,000 patches.
        """
        if size is None:
            size = [max(1, ceil(n / PATCHES_ACROSS)) for n in region.size]
        sizes = _along_axes(size, region)
        strides = sizes if stride is None else _along_axes(stride, region)
        if any(step > n for step, n in zip(strides, sizes, strict=True)):
            raise ValueError(f"a stride of {strides} leaves gaps between patches of {sizes}")
        patches = cls(region, sizes, strides)
        if len(patches) > MOST_PATCHES:
            raise ValueError(
                f"{len(patches):,} patches of {sizes} are too many: choose a larger size or stride"
            )
        return patches

    def _starts(self) -> list[range]:
        """Where patches start along each axis; the last one reaches the region's end."""
        ends = zip(self.region.start, self.region.stop, self.size, self.stride, strict=True)
        return [range(a, max(a + 1, b - n + step), step) for a, b, n, step in ends]

    def __len__(self) -> int:
        count = 1
        for starts in self._starts():
            count *= len(starts)
        return 0 if self.region.empty else count

    def __iter__(self) -> Iterator[Box]:
        if self.region.empty:
            return
        for starts in product(*self._starts()):
            ends = zip(starts, self.size, self.region.stop, strict=True)
            yield tuple(slice(a, min(a + n, stop)) for a, n, stop in ends)


@dataclass
class Occlusion:
    """A measurement by occlusion, to which covered patches are added as they come.

    Attributes:
        mask: the pixels that the cell depends on, over the input's spatial axes. All others count
            as zero, and are never covered.
        patches: the patches to cover.
        done: how many of them were covered.
    """

    mask: Pixels
    patches: Patches
    done: int = 0
    _sum: Values = field(init=False, repr=False)
    _covers: NDArray[np.int32] = field(init=False, repr=False)
    _boxes: list[Box] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sum = np.zeros(self.mask.shape)
        self._covers = np.zeros(self.mask.shape, np.int32)
        self._boxes = [box for box in self.patches if self.mask[box].any()]

    @property
    def total(self) -> int:
        """How many patches there are that hold pixels of the mask."""
        return len(self._boxes)

    @property
    def covered(self) -> Pixels:
        """The pixels that were covered so far."""
        return self._covers > 0

    def next_boxes(self, count: int) -> list[Box]:
        """Up to so many patches that are to be covered next."""
        return self._boxes[self.done : self.done + count]

    def add(self, moves: Sequence[float]) -> None:
        """Take the moves of the cell for the next patches, in their order."""
        for box, move in zip(self.next_boxes(len(moves)), moves, strict=True):
            self._sum[box] += move / np.count_nonzero(self.mask[box])
            self._covers[box] += 1
        self.done += len(moves)

    @property
    def influence(self) -> Values:
        """The influence of each pixel, over the input's spatial axes (see ``influence``).

        A patch's move is shared out evenly among its pixels of the mask; where patches overlap, a
        pixel has the mean of its shares. So the sum over patches that lie side by side is the sum
        of their moves. Pixels that no patch has covered yet count as zero.
        """
        return np.where(self.mask, self._sum / np.maximum(self._covers, 1), 0.0)


def filled(subject: Subject, filler: Filler) -> NDArray[Any]:
    """The input with every pixel covered. Raises ValueError for values that do not fit it."""
    tensor = subject.tensor
    if isinstance(filler, str):
        if filler not in ("mean", "zero"):
            raise ValueError(f"there is no filler {filler!r}: use mean, zero or values")
        if filler == "zero":
            return np.zeros_like(tensor)
        filler = tensor.mean(subject.spatial_axes, np.float64, keepdims=True)
    try:
        return np.broadcast_to(np.asarray(filler), tensor.shape).astype(tensor.dtype)
    except ValueError:
        raise ValueError(
            f"a filler of shape {np.shape(filler)} does not fit an input of {tensor.shape}"
        ) from None


def moves(
    model: Model,
    subject: Subject,
    mask: Pixels,
    cover: NDArray[Any],
    boxes: Sequence[Box],
    batch: int = 0,
) -> tuple[list[float], int]:
    """Cover each of some patches and measure how the cell moves.

    Args:
        model, subject: the cell, and the model that it is of.
        mask: the pixels that the cell depends on: only these are covered.
        cover: the input with every pixel covered (see ``filled``).
        boxes: the patches.
        batch: how many inputs to run at once, as an earlier call has returned it; 0 tries it out.

    Returns:
        For one element its value minus that with the patch covered, which is positive where the
        patch raises the value; for several elements the distance between their values before and
        after. And how many inputs are run at once: 1 where the model takes no batches, or where
        they do not give what single runs give.

    Raises ModelError where the model cannot be run, and where a value of the cell is not finite.
    """
    runs, batch = _covered_runs(model, [subject], mask, cover, boxes, batch)
    return _moves_of(subject, [run[0] for run in runs]), batch


def moves_of_each(
    model: Model,
    subjects: Sequence[Subject],
    mask: Pixels,
    cover: NDArray[Any],
    boxes: Sequence[Box],
    batch: int = 0,
) -> tuple[list[list[float] | str], int]:
    """Cover each of some patches and measure how each of several cells moves.

    The cells are of one network and on one input, so that one run of the model is enough for all of
    them. ``mask`` are the pixels that any of them depends on. Other arguments are as in ``moves``.

    Returns:
        For each cell its moves (see ``moves``), or why they cannot be measured. And how many inputs
        are run at once.

    Raises ModelError where the model cannot be run.
    """
    runs, batch = _covered_runs(model, subjects, mask, cover, boxes, batch)
    results: list[list[float] | str] = []
    for number, subject in enumerate(subjects):
        try:
            results.append(_moves_of(subject, [run[number] for run in runs]))
        except ModelError as error:
            results.append(str(error))
    return results, batch


def _covered_runs(
    model: Model,
    subjects: Sequence[Subject],
    mask: Pixels,
    cover: NDArray[Any],
    boxes: Sequence[Box],
    batch: int,
) -> tuple[list[list[Values]], int]:
    """The values of cells without any cover, and then for each patch that is covered.

    And how many inputs are run at once (see ``moves``).
    """
    first = subjects[0]
    inputs = [np.where(first.on_input(_part(mask, box)), cover, first.tensor) for box in boxes]
    still = _run(model, subjects, [first.tensor])
    if not inputs:
        return still, batch
    ready: list[list[Values]] = []
    if not batch:
        batch = _largest_batch(subjects)
        if batch > 1:
            ready = _batched(model, subjects, inputs[:batch])
            batch = batch if ready else 1
    while len(ready) < len(inputs):
        ready += _run(model, subjects, inputs[len(ready) : len(ready) + batch])
    return still + ready, batch


def _moves_of(subject: Subject, runs: Sequence[Values]) -> list[float]:
    """The moves of a cell: what its values without a cover, the first ones, are from the others.

    Raises ModelError where one is not finite.
    """
    still, *covered = runs
    if not np.isfinite(still).all():
        raise ModelError(
            f"the value of this cell of {subject.name} is not a finite number on this input, so "
            "its moves cannot be measured"
        )
    if not np.isfinite(covered).all():
        raise ModelError(
            f"the value of this cell of {subject.name} is not a finite number when a patch is "
            "covered, so its move cannot be measured: choose another filler"
        )
    if still.size == 1:
        return [float((still - now).sum()) for now in covered]
    return [float(np.linalg.norm(still - now)) for now in covered]


def by_occlusion(
    model: Model,
    subject: Subject,
    mask: Pixels,
    patches: Patches,
    filler: Filler = "mean",
    report: Report | None = None,
) -> Values:
    """The influence of each pixel by occlusion, over the input's spatial axes.

    It has a sign for one element (see ``moves``). Raises what ``filled`` and ``moves`` raise.
    """
    cover, occlusion, batch = filled(subject, filler), Occlusion(mask, patches), 0
    while boxes := occlusion.next_boxes(_TOGETHER * (batch or BATCHES)):
        heights, batch = moves(model, subject, mask, cover, boxes, batch)
        occlusion.add(heights)
        if report is not None:
            report(occlusion.done, occlusion.total)
    return occlusion.influence


def _along_axes(numbers: int | Sequence[int], region: Region) -> tuple[int, ...]:
    rank = len(region.start)
    along = (numbers,) * rank if isinstance(numbers, int) else tuple(numbers)
    if len(along) != rank or any(n < 1 for n in along):
        raise ValueError(f"{numbers!r} is not a size from 1 on for each of {rank} spatial axes")
    return along


def _part(mask: Pixels, box: Box) -> Pixels:
    part = np.zeros_like(mask)
    part[box] = mask[box]
    return part


def _largest_batch(subjects: Sequence[Subject]) -> int:
    """How many inputs fit in a batch; 1 where the first axes do not count examples."""
    first = subjects[0]
    if not all(s.shape and s.shape[0] == 1 == first.tensor.shape[0] for s in subjects):
        return 1
    if 0 in first.spatial_axes:
        return 1
    outputs = sum(int(np.prod(subject.shape)) for subject in subjects)
    return int(min(BATCHES, max(1, _BATCH_BYTES // (first.tensor.nbytes + 4 * outputs))))


def _batched(
    model: Model, subjects: Sequence[Subject], inputs: Sequence[NDArray[Any]]
) -> list[list[Values]]:
    """The cells' values for some inputs as a batch; none where single runs give others."""
    try:
        together = _run(model, subjects, inputs)
    except ModelError:
        return []
    alone = [_run(model, subjects, [one])[0] for one in (inputs[0], inputs[-1])]
    for number in range(len(subjects)):
        ends = [together[0][number], together[-1][number]]
        single = [run[number] for run in alone]
        if not np.isfinite(single).all():
            continue  # it cannot be measured, in batches or not
        room = _TOLERANCE * (float(np.abs(single).max()) or 1.0)
        if not np.abs(np.subtract(ends, single)).max() <= room:
            return []
    return together


def _run(
    model: Model, subjects: Sequence[Subject], inputs: Sequence[NDArray[Any]]
) -> list[list[Values]]:
    """Each cell's values for each of some inputs, which are run as one batch."""
    tensor = inputs[0] if len(inputs) == 1 else np.concatenate(inputs)
    source, feeds = subjects[0].source, subjects[0].feeds
    names = [subject.name for subject in subjects]
    values = model.activations(tensor, names, input=source, feeds=feeds)
    return [
        [_values_of(subject, values[subject.name], number, len(inputs)) for subject in subjects]
        for number in range(len(inputs))
    ]


def _values_of(subject: Subject, values: NDArray[Any], number: int, inputs: int) -> Values:
    """A cell's values for one input of a batch of so many. Raises ModelError for another shape."""
    count, *rest = subject.shape or (1,)
    if values.shape != ((count * inputs, *rest) if subject.shape else ()):
        raise ModelError(
            f"the model computes {subject.name} in the shape {list(values.shape)}, and it was "
            f"traced as {list(subject.shape)}"
        )
    own = values if inputs == 1 else values[number : number + 1]
    return np.asarray(own[subject.at], np.float64).reshape(-1)
