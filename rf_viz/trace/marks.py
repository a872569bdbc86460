"""Marked elements of a tensor, as those that several arrays mark together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from math import prod

import numpy as np

from ..relation import OR, Array, Relation, Shape, check_room


class Marks:
    """The elements that all of some bool arrays mark; the arrays broadcast to the tensor.

    A cell is marked by one array for each axis. As long as axes are pulled one by one, no array of
    the whole tensor is made, which may have far more elements than the input.
    """

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.arrays = tuple(arrays)

    def pull(self, relation: Relation) -> Marks:
        """Mark the elements at a relation's input that marked ones depend on.

        Raises TooLargeError.
        """
        arrays = self.arrays
        for step in reversed(relation):
            apart = _apart(arrays) if step.separable else [_together(arrays)]
            arrays = tuple(step.pull(array, OR) for array in apart)
        return Marks(arrays)

    def union(self, other: Marks) -> Marks:
        """The elements that these arrays mark, or the others. Raises TooLargeError.

        Boxes of which one holds the other, or that differ along one axis alone, make a box.
        """
        ours, theirs = _by_axes(self.arrays), _by_axes(other.arrays)
        groups = ours.keys() | theirs.keys()
        if len(frozenset().union(*groups)) == sum(map(len, groups)):
            pairs = [(ours.get(axes, _ALL), theirs.get(axes, _ALL)) for axes in groups]
            unions = [a | b for a, b in pairs]
            if all(_same(a, union) for (a, _), union in zip(pairs, unions, strict=True)):
                return self
            if all(_same(b, union) for (_, b), union in zip(pairs, unions, strict=True)):
                return other
            if sum(not _same(a, b) for a, b in pairs) == 1:
                return Marks(unions)
        one, two = self.whole(), other.whole()
        check_room(np.broadcast_shapes(one.shape, two.shape), one.dtype)
        return Marks([one | two])

    def whole(self) -> Array:
        """All of the marks as one array, which broadcasts to the tensor. Raises TooLargeError."""
        return _together(self.arrays)


def _apart(arrays: Sequence[Array]) -> Sequence[Array]:
    """The same marks, in arrays of which no two vary along one axis."""
    if len(arrays) == 1:
        return arrays
    apart: list[tuple[frozenset[int], Array]] = []
    for array in arrays:
        axes = _varying(array.shape)
        shared = [other for theirs, other in apart if axes & theirs]
        if shared:
            apart = [(theirs, other) for theirs, other in apart if not axes & theirs]
            array = _together([*shared, array])
            axes = _varying(array.shape)
        apart.append((axes, array))
    return [array for _, array in apart]


_ALL: Array = np.ones((), bool)


def _by_axes(arrays: Sequence[Array]) -> dict[frozenset[int], Array]:
    """The same marks, in one array for each set of axes along which one varies; none overlap."""
    apart = {_varying(array.shape): array for array in _apart(arrays) if array.size > 1}
    fixed = [array for array in arrays if array.size == 1]
    return {**apart, frozenset(): _together(fixed)} if fixed else apart


def _same(a: Array, b: Array) -> bool:
    """Whether two arrays that broadcast to each other are the same."""
    return bool((a == b).all())


@lru_cache(maxsize=4096)
def _varying(shape: Shape) -> frozenset[int]:
    """The axes along which an array of this shape varies."""
    return frozenset(axis for axis, n in enumerate(shape) if n > 1)


def _together(arrays: Sequence[Array]) -> Array:
    """What all of the arrays mark."""
    if len(arrays) == 1:
        return arrays[0]
    check_room(np.broadcast_shapes(*[array.shape for array in arrays]), arrays[0].dtype)
    # The smallest first: those that mark everything take no time.
    return reduce(np.logical_and, sorted(arrays, key=lambda array: prod(array.shape)))
