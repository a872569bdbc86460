"""What a survey keeps of one layer: each channel's strongest cells, and how its values lie.

The tallies of successive images merge: that of all images is the merger of those of chunks, in the
order of the images. Sums are taken in that order too, so the result is the same to the last bit
however many processes have worked on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bins import BINS, histogram

_BLOCK = 2**15
"""So many values are counted at once: their copies stay in the processor's cache."""


@dataclass(frozen=True)
class Tally:
    """The strongest cells of a layer's channels, and sums over the values of all cells.

    All arrays have the channels as their first axis.

    Attributes:
        values: the strongest cells' values, the highest first; -inf where there are fewer.
            One cell of each image; equal values keep the order of images, then that of cells.
        images: the numbers of the images that these cells are of, -1 where there are fewer.
        cells: the cells' numbers in the flattened grid.
        count: how many values are finite; all that follows is of these.
        invalid: how many are not.
        low, high: the smallest and the largest value.
        total, squares: the sums of the values, and of their squares.
        positive: how many values are above zero.
        fired: in how many images some value is.
        histogram: how many values lie in each bin, see ``bins``.
    """

    values: NDArray[np.float32]
    images: NDArray[np.int64]
    cells: NDArray[np.int64]
    count: NDArray[np.int64]
    invalid: NDArray[np.int64]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    total: NDArray[np.float64]
    squares: NDArray[np.float64]
    positive: NDArray[np.int64]
    fired: NDArray[np.int64]
    histogram: NDArray[np.int64]

    def merged(self, later: Tally) -> Tally:
        """The tally of this one's images and of later ones."""
        top = self.values.shape[1]
        return Tally(
            *_strongest(
                np.concatenate([self.values, later.values], axis=1),
                np.concatenate([self.images, later.images], axis=1),
                np.concatenate([self.cells, later.cells], axis=1),
                top,
            ),
            count=self.count + later.count,
            invalid=self.invalid + later.invalid,
            low=np.minimum(self.low, later.low),
            high=np.maximum(self.high, later.high),
            total=self.total + later.total,
            squares=self.squares + later.squares,
            positive=self.positive + later.positive,
            fired=self.fired + later.fired,
            histogram=self.histogram + later.histogram,
        )

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The arrays by their names, each after a prefix."""
        return {f"{prefix}{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str) -> Tally:
        """The tally that such arrays are of. Raises KeyError where one is missing."""
        return cls(**{field.name: arrays[f"{prefix}{field.name}"] for field in fields(cls)})


class Count:
    """A tally while images are counted, one after the other."""

    def __init__(self, channels: int, top: int, blind: NDArray[np.bool_] | None = None) -> None:
        """Begin with no image.

        ``blind`` marks the cells that see nothing of an image, (channels, cells) or (1, cells):
        they are never the strongest.
        """
        self._top, self._blind = top, blind
        self._best: list[tuple[NDArray[np.float32], int, NDArray[np.int64]]] = []
        self._count = np.zeros(channels, np.int64)
        self._invalid = np.zeros(channels, np.int64)
        self._low = np.full(channels, np.inf, np.float32)
        self._high = np.full(channels, -np.inf, np.float32)
        self._total = np.zeros(channels)
        self._squares = np.zeros(channels)
        self._positive = np.zeros(channels, np.int64)
        self._fired = np.zeros(channels, np.int64)
        self._histogram = np.zeros((channels, BINS), np.int64)

    def add(self, values: NDArray[np.float32], image: int) -> None:
        """Count an image's values, (channels, cells); images come in their order."""
        values = np.ascontiguousarray(values)
        cells = values.argmax(axis=1)
        high = values[np.arange(len(values)), cells]
        low = values.min(axis=1)
        # A maximum and a minimum are no finite numbers where any value is none.
        whole = bool(np.isfinite(high).all() and np.isfinite(low).all())
        self._add_sums(values, low, high) if whole else self._add_finite(values)
        if not whole or self._blind is not None:
            usable = values if whole else np.where(np.isfinite(values), values, -np.inf)
            if self._blind is not None:
                usable = np.where(self._blind, -np.inf, usable)
            cells = usable.argmax(axis=1)
            high = usable[np.arange(len(values)), cells]
        self._best.append((high, image, cells))

    def tally(self) -> Tally:
        """The tally of the images so far."""
        channels = len(self._count)
        values = np.full((channels, self._top + len(self._best)), -np.inf, np.float32)
        images = np.full(values.shape, -1, np.int64)
        cells = np.zeros(values.shape, np.int64)
        for column, (high, image, at) in enumerate(self._best):
            values[:, column], cells[:, column] = high, at
            images[:, column] = np.where(np.isneginf(high), -1, image)
        return Tally(
            *_strongest(values, images, cells, self._top),
            self._count,
            self._invalid,
            self._low,
            self._high,
            self._total,
            self._squares,
            self._positive,
            self._fired,
            self._histogram,
        )

    def _add_sums(
        self, values: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32]
    ) -> None:
        """Count an image all of whose values are finite."""
        self._count += values.shape[1]
        np.minimum(self._low, low, out=self._low)
        np.maximum(self._high, high, out=self._high)
        self._fired += high > 0
        step = max(1, _BLOCK // values.shape[1])
        for start in range(0, len(values), step):
            rows = slice(start, start + step)
            exact = values[rows].astype(np.float64)
            self._total[rows] += exact.sum(axis=1)
            self._squares[rows] += np.einsum("ij,ij->i", exact, exact)
            self._positive[rows] += np.count_nonzero(values[rows] > 0, axis=1)
            self._histogram[rows] += histogram(values[rows])

    def _add_finite(self, values: NDArray[np.float32]) -> None:
        """Count the finite values of an image, channel by channel."""
        for channel, row in enumerate(values):
            finite = row[np.isfinite(row)]
            self._invalid[channel] += len(row) - len(finite)
            if not len(finite):
                continue
            exact = finite.astype(np.float64)
            self._count[channel] += len(finite)
            self._low[channel] = min(self._low[channel], finite.min())
            self._high[channel] = max(self._high[channel], finite.max())
            self._total[channel] += exact.sum()
            self._squares[channel] += exact @ exact
            self._positive[channel] += np.count_nonzero(finite > 0)
            self._fired[channel] += finite.max() > 0
            self._histogram[channel] += histogram(finite[None])[0]


def _strongest(
    values: NDArray[np.float32], images: NDArray[np.int64], cells: NDArray[np.int64], top: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """The strongest of each row, the highest first; equal ones keep their order."""
    order = np.argsort(-values, axis=1, kind="stable")[:, :top]
    return (
        np.take_along_axis(values, order, axis=1),
        np.take_along_axis(images, order, axis=1),
        np.take_along_axis(cells, order, axis=1),
    )
