"""How a layer's cells lie on the image, even where they stand in a row, as tokens and windows do.

From each grid that is a picture itself (the grid of patches) positions are carried along wherever
elements only move. They move as the relations say: no shape is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import prod
from operator import or_

import numpy as np
from numpy.typing import NDArray

from ..relation import (
    MAX,
    MIN,
    Array,
    Relation,
    Shape,
    Step,
)
from ..relation.base import origins_of
from .dependences import Dependence


@dataclass(frozen=True, eq=False)
class Arrangement:
    """The picture that the cells of a layer make up together.

    Attributes:
        cells: an array of the picture's shape (rows and columns, for an image): the cell at each
            position, by its number in the flattened grid.
        apart: the numbers of the cells that have no position, such as a class token.
    """

    cells: NDArray[np.int32]
    apart: tuple[int, ...] = ()

    @property
    def shape(self) -> Shape:
        """The picture's shape."""
        return self.cells.shape


Spots = tuple[tuple[Array, Array], ...]
"""The position of a tensor's elements along each spatial axis, and the one after it.

As with bounds there is no position where the second is not above the first.
"""


class Arrangements:
    """The arrangements of a network's tensors, worked out as far as they are needed.

    ``of`` lists for each tensor the dependences that make it up.
    """

    def __init__(
        self,
        dependences: Sequence[Dependence],
        of: Sequence[tuple[int, ...]],
        spatial: Sequence[int],
    ) -> None:
        self._dependences, self._of, self._spatial = dependences, of, tuple(spatial)
        self._spots: list[Spots | None] = []

    @cached_property
    def _pictures(self) -> set[int]:
        """The dependences that run along all axes of a tensor that is a picture itself."""
        pictures: set[int] = set()
        for numbers in self._of:
            along = self._along(numbers)
            if _plain(along):
                pictures.update(n for n in numbers if self._along([n]) == along)
        return pictures

    def _along(self, numbers: Sequence[int]) -> tuple[int, ...]:
        """For each axis of a tensor the bit set of input axes that it runs along."""
        sets = [map(origins_of, self._dependences[number].labels) for number in numbers]
        return tuple(reduce(or_, bits) for bits in zip(*sets, strict=True))

    def arrangement(self, tensor: int, axes: Sequence[int], grid: Shape) -> Arrangement | None:
        """The arrangement of a tensor by number, whose cells are ``grid`` along ``axes``.

        None where their positions are not known, or several share one.
        """
        numbers = self._of[tensor]
        if _plain(self._along(numbers)):
            return Arrangement(np.arange(prod(grid), dtype=np.int32).reshape(grid))
        for number in range(len(self._spots), max(numbers) + 1):
            self._spots.append(self._find(number))
        spots = _together(self._spots[number] for number in numbers)
        return _arranged(_off_grid_combined(spots, axes), axes, grid) if spots else None

    def _find(self, number: int) -> Spots | None:
        dependence, along = self._dependences[number], self._along([number])
        axes = [axis for axis, origins in enumerate(along) if origins]
        spots = _together(self._carried(*edge) for edge in dependence.edges)
        if spots:
            spots = _off_grid_combined(spots, axes)
            spots = None if _torn(spots) else spots
        if dependence.context or number not in self._pictures:
            return spots
        # A picture counts rows and columns of its own, unless its cells were only moved (rolled,
        # flipped): then what becomes of them lies where they came from.
        own = tuple(
            _line(along.index(1 << axis) if 1 << axis in along else None, dependence.shape)
            for axis in self._spatial
        )
        if spots and not all(map(_same, spots, own)):
            moved = _arranged(spots, axes, tuple(dependence.shape[axis] for axis in axes))
            if moved and not moved.apart:
                return spots
        return tuple((line, line + 1) for line in own)

    def _carried(self, source: int, relation: Relation) -> Spots | None:
        """The positions of a dependence's elements behind a relation; None where it mixes them."""
        spots = self._spots[source]
        for step in relation:
            if spots is None or step.stays:
                continue
            if step.slides or _mixes(step, spots):
                return None
            spots = tuple((step.push(a, MIN), step.push(b, MAX)) for a, b in spots)
        return None if spots is None or _torn(spots) else spots


def _plain(along: Sequence[int]) -> bool:
    """Whether every axis of a tensor runs along one of the image's at most, and none two do."""
    used = [origins for origins in along if origins]
    return len(set(used)) == len(used) and all(o & (o - 1) == 0 for o in used)


def _mixes(step: Step, spots: Spots) -> bool:
    """Whether elements of different positions become one."""
    return any(a.shape[axis] > 1 for ends in spots for a in ends for axis in step.mixes)


def _torn(spots: Spots) -> bool:
    """Whether some elements are in several positions at once."""
    return any(bool((stop - start > 1).any()) for start, stop in spots)


def _together(all_spots: Iterable[Spots | None]) -> Spots | None:
    """The positions by several paths to the same tensor; None where none has any."""

    def union(one: Spots, two: Spots) -> Spots:
        return tuple(
            (np.minimum(a, c), np.maximum(b, d)) for (a, b), (c, d) in zip(one, two, strict=True)
        )

    present = [spots for spots in all_spots if spots is not None]
    return reduce(union, present) if present else None


def _off_grid_combined(spots: Spots, axes: Sequence[int]) -> Spots:
    """All positions along the tensor's other axes together."""
    others = tuple(i for i in range(spots[0][0].ndim) if i not in axes)
    return tuple(
        (start.min(axis=others, keepdims=True), stop.max(axis=others, keepdims=True))
        for start, stop in spots
    )


def _line(axis: int | None, shape: Shape) -> NDArray[np.int32]:
    """Positions along an axis of a tensor; no axis at all is a single position."""
    line = np.arange(1 if axis is None else shape[axis], dtype=np.int32)
    return line.reshape([-1 if i == axis else 1 for i in range(len(shape))])


def _same(ends: tuple[Array, Array], line: NDArray[np.int32]) -> bool:
    return np.array_equal(ends[0], line) and np.array_equal(ends[1], line + 1)


def _arranged(spots: Spots, axes: Sequence[int], grid: Shape) -> Arrangement | None:
    """The picture that cells make up, with as many rows and columns as they have different ones.

    None unless every position in it is that of exactly one cell.
    """
    if _torn(spots):
        return None

    def by_cell(a: Array) -> Array:
        others = [i for i in range(a.ndim) if i not in axes]
        lengths = [a.shape[i] for i in axes]
        return np.broadcast_to(a.transpose([*axes, *others]).reshape(lengths), grid).reshape(-1)

    ends = [(by_cell(start), by_cell(stop)) for start, stop in spots]
    placed = np.logical_and.reduce([stop > start for start, stop in ends])
    cells = np.flatnonzero(placed)
    if not cells.size:
        return None
    lines = [np.unique(start[cells], return_inverse=True) for start, _ in ends]
    shape = tuple(len(positions) for positions, _ in lines)
    at = np.ravel_multi_index([ranks for _, ranks in lines], shape)
    if prod(shape) != cells.size or np.unique(at).size != cells.size:
        return None
    picture = np.empty(shape, np.int32)
    picture.reshape(-1)[at] = cells
    return Arrangement(picture, tuple(np.flatnonzero(~placed).tolist()))
