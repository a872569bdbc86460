"""Arrangements: how a layer's cells lie on the image, also in a row, as tokens and windows do.

Positions start at each grid that is a picture itself (the grid of patches) and are carried along
wherever elements only move. They move as the relations say: no shape is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain
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

_MOST = 2**24
"""The most cells or elements of a tensor whose positions are written out."""

_KEPT = 8
"""So many arrangements are kept."""


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


Positions = tuple[tuple[Array, Array], ...]
"""The position of a tensor's elements along each spatial axis, and the one after it.

As with bounds there is no position where the second is not above the first.
"""


class Arrangements:
    """The arrangements of a network's tensors, each worked out when it is first needed.

    ``of`` lists for each tensor the dependences that make it up.
    """

    def __init__(
        self,
        dependences: Sequence[Dependence],
        of: Sequence[tuple[int, ...]],
        spatial: Sequence[int],
    ) -> None:
        self._dependences, self._of, self._spatial = dependences, of, tuple(spatial)
        self._positions: list[Positions | None] = []
        self._latest: dict[tuple[int, ...], Arrangement | None] = {}

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
        """The bit set of input axes that each axis of a tensor runs along."""
        sets = [map(origins_of, self._dependences[number].labels) for number in numbers]
        return tuple(reduce(or_, bits) for bits in zip(*sets, strict=True))

    def arrangement(self, tensor: int, axes: Sequence[int], grid: Shape) -> Arrangement | None:
        """The arrangement of a tensor by number, whose cells are ``grid`` along ``axes``.

        None where their positions are not known or too many, or several share one. The latest ones
        are kept.
        """
        if prod(grid) > _MOST:
            return None
        numbers = self._of[tensor]
        if numbers not in self._latest:
            for oldest in list(self._latest)[: 1 - _KEPT]:
                del self._latest[oldest]
            self._latest[numbers] = self._find_arrangement(numbers, axes, grid)
        return self._latest[numbers]

    def _find_arrangement(
        self, numbers: tuple[int, ...], axes: Sequence[int], grid: Shape
    ) -> Arrangement | None:
        if _plain(self._along(numbers)):
            return Arrangement(np.arange(prod(grid), dtype=np.int32).reshape(grid))
        for number in range(len(self._positions), max(numbers) + 1):
            self._positions.append(self._find(number))
        positions = _together(self._positions[number] for number in numbers)
        return _arranged(_off_grid_combined(positions, axes), axes, grid) if positions else None

    def _find(self, number: int) -> Positions | None:
        dependence, along = self._dependences[number], self._along([number])
        axes = [axis for axis, origins in enumerate(along) if origins]
        positions = _together(self._carried(*edge) for edge in dependence.edges)
        if positions:
            positions = _off_grid_combined(positions, axes)
            positions = None if _torn(positions) else positions
        if dependence.context or number not in self._pictures:
            return positions
        # A picture counts rows and columns of its own, unless its cells were only moved (rolled,
        # flipped): then its cells keep the positions that they came from.
        own = tuple(
            _line(along.index(1 << axis) if 1 << axis in along else None, dependence.shape)
            for axis in self._spatial
        )
        if positions and not all(map(_same, positions, own)):
            moved = _arranged(positions, axes, tuple(dependence.shape[axis] for axis in axes))
            if moved and not moved.apart:
                return positions
        return tuple((line, line + 1) for line in own)

    def _carried(self, source: int, relation: Relation) -> Positions | None:
        """The positions of a dependence's elements after a relation; None where it mixes them."""
        positions = self._positions[source]
        for step in relation:
            if positions is None or step.stays:
                continue
            if step.slides or _mixes(step, positions):
                return None
            positions = tuple((step.push(a, MIN), step.push(b, MAX)) for a, b in positions)
        return None if positions is None or _torn(positions) else positions


def _plain(along: Sequence[int]) -> bool:
    """Whether each axis of a tensor runs along at most one axis of the image, all different."""
    used = [origins for origins in along if origins]
    return len(set(used)) == len(used) and all(o & (o - 1) == 0 for o in used)


def _mixes(step: Step, positions: Positions) -> bool:
    """Whether elements of different positions become one."""
    return any(a.shape[axis] > 1 for ends in positions for a in ends for axis in step.mixes)


def _torn(positions: Positions) -> bool:
    """Whether some elements have several positions at once."""
    return any(bool((stop - start > 1).any()) for start, stop in positions)


def _together(several: Iterable[Positions | None]) -> Positions | None:
    """The positions by several paths to the same tensor.

    None where no path has any, and where they are too many to be written out.
    """

    def union(one: Positions, two: Positions) -> Positions:
        return tuple(
            (np.minimum(a, c), np.maximum(b, d)) for (a, b), (c, d) in zip(one, two, strict=True)
        )

    present = [positions for positions in several if positions is not None]
    for ends in zip(*(chain(*positions) for positions in present), strict=True):
        if len(ends) > 1 and prod(np.broadcast_shapes(*(end.shape for end in ends))) > _MOST:
            return None
    return reduce(union, present) if present else None


def _off_grid_combined(positions: Positions, axes: Sequence[int]) -> Positions:
    """Positions combined along the tensor's other axes."""
    others = tuple(i for i in range(positions[0][0].ndim) if i not in axes)
    return tuple(
        (start.min(axis=others, keepdims=True), stop.max(axis=others, keepdims=True))
        for start, stop in positions
    )


def _line(axis: int | None, shape: Shape) -> NDArray[np.int32]:
    """Positions along an axis of a tensor; no axis at all is a single position."""
    line = np.arange(1 if axis is None else shape[axis], dtype=np.int32)
    return line.reshape([-1 if i == axis else 1 for i in range(len(shape))])


def _same(ends: tuple[Array, Array], line: NDArray[np.int32]) -> bool:
    return np.array_equal(ends[0], line) and np.array_equal(ends[1], line + 1)


def _arranged(positions: Positions, axes: Sequence[int], grid: Shape) -> Arrangement | None:
    """The picture that cells make up: a row or column for each position that differs.

    None unless every position in it is that of exactly one cell.
    """
    if _torn(positions):
        return None

    def by_cell(a: Array) -> Array:
        others = [i for i in range(a.ndim) if i not in axes]
        lengths = [a.shape[i] for i in axes]
        return np.broadcast_to(a.transpose([*axes, *others]).reshape(lengths), grid).reshape(-1)

    ends = [(by_cell(start), by_cell(stop)) for start, stop in positions]
    placed = np.logical_and.reduce([stop > start for start, stop in ends])
    cells = np.flatnonzero(placed)
    if not cells.size:
        return None
    lines = [np.unique(start[cells], return_inverse=True) for start, _ in ends]
    shape = tuple(len(values) for values, _ in lines)
    at = np.ravel_multi_index([ranks for _, ranks in lines], shape)
    if prod(shape) != cells.size or np.unique(at).size != cells.size:
        return None
    picture = np.empty(shape, np.int32)
    picture.reshape(-1)[at] = cells
    return Arrangement(picture, tuple(np.flatnonzero(~placed).tolist()))
