"""Marked elements of a tensor, as those that several arrays mark together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod

import numpy as np

from ..relation import OR, Array, Relation, check_room


class Marks:
    """The elements that all of some bool arrays mark; the arrays broadcast to the tensor.

    A cell is marked by one array for each axis. As long as axes are pulled one by one, no array of
    the whole tensor is made, which may have far more elements than the input.
    """

    def __init__(self, arrays: Sequence[Array]) -> None:
        self._arrays = tuple(arrays)

    def pull(self, relation: Relation) -> Marks:
        """Mark the elements at a relation's input that marked ones depend on.

        Raises TooLargeError.
        """
        arrays = self._arrays
        for step in reversed(relation):
            apart = _apart(arrays) if step.separable else [_together(arrays)]
            arrays = tuple(step.pull(array, OR) for array in apart)
        return Marks(arrays)

    def whole(self) -> Array:
        """All of the marks as one array, which broadcasts to the tensor. Raises TooLargeError."""
        return _together(self._arrays)


def _apart(arrays: Sequence[Array]) -> list[Array]:
    """The same marks, in arrays of which no two vary along one axis."""
    apart: list[Array] = []
    for array in arrays:
        axes = _varying(array)
        shared = [other for other in apart if axes & _varying(other)]
        apart = [other for other in apart if not axes & _varying(other)]
        apart.append(_together([*shared, array]))
    return apart


def _varying(array: Array) -> set[int]:
    return {axis for axis, n in enumerate(array.shape) if n > 1}


def _together(arrays: Sequence[Array]) -> Array:
    """What all of the arrays mark."""
    if len(arrays) == 1:
        return arrays[0]
    check_room(np.broadcast_shapes(*[array.shape for array in arrays]), arrays[0].dtype)
    # The smallest first: those that mark everything take no time.
    return reduce(np.logical_and, sorted(arrays, key=lambda array: prod(array.shape)))
