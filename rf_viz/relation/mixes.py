"""Steps that mix all to all: along some axes, or over everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from .base import (
    SUM,
    Array,
    AxisMap,
    BaseStep,
    Factor,
    Labels,
    NoMap,
    Pairs,
    Semiring,
    Shape,
    check_room,
    check_shape,
    combine,
    origins_of,
    slim,
    with_extents,
)

_MIXED = NoMap("mixed", "mixed all to all")


class Mix(BaseStep):
    """All to all along some axes: channels of a convolution, reductions, softmax, attention.

    ``before`` holds the input extents of ``axes``; ``after`` their output extents, or None
    where the axes stay what they are (a normalisation) rather than become new ones.
    """

    __slots__ = ("after", "axes", "before", "mixes", "stays")
    blind: bool = False
    separable: bool = True

    def __init__(self, axes: Sequence[int], before: Shape, after: Shape | None = None) -> None:
        self.axes = self.mixes = tuple(axes)
        self.before = before
        self.stays = after is None
        self.after = before if after is None else after

    def push(self, a: Array, ring: Semiring) -> Array:
        """Combine along the mixed axes, which keep length 1."""
        for axis, extent in zip(self.axes, self.before, strict=True):
            a = combine(a, axis, extent, ring)
        return a

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Combine along the mixed axes, which keep length 1."""
        for axis, extent in zip(self.axes, self.after, strict=True):
            a = combine(a, axis, extent, ring)
        return a

    def label(self, labels: Labels) -> Labels:
        """Axes that stay keep their origins; new ones have none, unless of a single position."""
        if self.stays:
            return labels
        out = list(labels)
        for axis, extent in zip(self.axes, self.after, strict=True):
            out[axis] = (Factor(origins_of(out[axis]) if extent == 1 else 0, extent),)
        return tuple(out)

    def shape(self, before: Shape) -> Shape:
        """The shape with the mixed axes as long as they come out."""
        return with_extents(before, zip(self.axes, self.before, self.after, strict=True))

    def pairs(self) -> Pairs | None:
        """Every output is made of all that is mixed."""
        return Pairs(prod(self.before), 1, True)

    def affine(self, axis: int) -> AxisMap | NoMap:
        """No map along a mixed axis, unless it is a single position before and after."""
        if axis in self.axes:
            at = self.axes.index(axis)
            if max(self.before[at], self.after[at]) > 1:
                return _MIXED
        return AxisMap(axis, 1, 0, 1)

    def leaves(self, axis: int) -> bool:
        """Whether the axis is none of those mixed."""
        return axis not in self.axes

    def unites(self, axis: int) -> bool:
        """Whether the axis is mixed."""
        return axis in self.axes


class MaskedMix(BaseStep):
    """A mix along one axis of those positions that a constant mask marks, as attention has it.

    ``before`` is the input's shape, and ``mask``, of the same rank, holds True where an input
    counts. The axis comes out with length 1. Along any other axis the input, the mask or both may
    have length 1, and they are broadcast: each ``row`` of the output then has a mask of its own,
    and sees its own positions. ``row`` is None where all rows see the same ones.
    """

    _LARGEST = 2**22  # elements that are worked on at a time

    def __init__(self, before: Shape, axis: int, mask: NDArray[np.bool_]) -> None:
        self.before, self.axis = before, axis
        wide = np.broadcast_shapes(mask.shape, before)
        mask = slim(mask)
        self.mask = np.broadcast_to(
            mask, [*mask.shape[:axis], before[axis], *mask.shape[axis + 1 :]]
        )
        self.after: Shape = (*wide[:axis], 1, *wide[axis + 1 :])
        self.blind = not self.mask.any(axis=axis).all()
        others = [i for i, n in enumerate(self.mask.shape) if n > 1 and i != axis]
        alike = {i: (wide[i] != before[axis], abs(i - axis)) for i in others}
        self.row = min(others, key=alike.__getitem__, default=None)
        self.mixes = (axis,) if self.row is None else ()
        self.slides = () if self._reach is None else (axis,)

    @cached_property
    def _reach(self) -> tuple[int, int] | None:
        """The first and last position seen by a row, from the row's own on.

        None where the rows do not all see the same positions relative to their own.
        """
        if self.row is None or self.mask.size != self.mask.shape[self.row] * self.before[self.axis]:
            return None
        table = np.moveaxis(self.mask, (self.row, self.axis), (0, 1))
        table = table.reshape(table.shape[:2])
        if not np.array_equal(table[1:, 1:], table[:-1, :-1]):
            return None
        seen = np.r_[np.flatnonzero(table[0]), -np.flatnonzero(table[:, 0])]
        return (int(seen.min()), int(seen.max())) if seen.size else None

    def push(self, a: Array, ring: Semiring) -> Array:
        """Combine the marked positions of each row."""
        axis = self.axis
        if a.shape[axis] == 1:
            check_room(np.broadcast_shapes(a.shape, self.after), a.dtype)
            count = self.mask.sum(axis=axis, keepdims=True)
            if ring is SUM:
                counted: Array = a * count
                return counted
            return np.where(count > 0, a, np.array(ring.zero, a.dtype))
        return self._in_parts(a, ring, [axis])

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Combine the rows that see a position."""
        repeated = [i for i, n in enumerate(self.before) if n < self.after[i]]
        return self._in_parts(a, ring, repeated)

    def _in_parts(self, a: Array, ring: Semiring, axes: Sequence[int]) -> Array:
        """Combine what the mask leaves of an array along axes, a part of it at a time."""
        total: Array | None = None
        done: list[Array] = []
        shape = np.broadcast_shapes(a.shape, self.mask.shape)
        check_room([1 if i in axes else n for i, n in enumerate(shape)], a.dtype)
        cut = max(range(len(shape)), key=shape.__getitem__)
        for part in self._parts(cut, shape):
            values = np.where(_part(self.mask, part), _part(a, part), np.array(ring.zero, a.dtype))
            for axis in axes:
                if shape[axis] > 1:
                    values = ring.plus.reduce(values, axis=axis, keepdims=True)
                else:
                    values = combine(values, axis, max(self.before[axis], self.after[axis]), ring)
            if cut not in axes:
                done.append(values)
            else:
                total = values if total is None else ring.plus(total, values)
        return np.concatenate(done, axis=cut) if total is None else total

    def _parts(self, cut: int, shape: Shape) -> Iterator[tuple[slice, ...]]:
        each = max(1, self._LARGEST * shape[cut] // max(prod(shape), 1))
        for start in range(0, max(shape[cut], 1), each):
            yield tuple(
                slice(start, start + each) if i == cut else slice(None) for i in range(len(shape))
            )

    def label(self, labels: Labels) -> Labels:
        """The rows run along the mixed axis, besides what they run along themselves."""
        out = [
            (Factor(origins_of(f), n),) if n != m else f
            for f, n, m in zip(labels, self.after, self.before, strict=True)
        ]
        if self.row is not None:
            mixed, own = labels[self.axis], labels[self.row]
            if [f.extent for f in mixed] == [f.extent for f in own]:
                out[self.row] = tuple(
                    Factor(f.origins | g.origins, f.extent) for f, g in zip(mixed, own, strict=True)
                )
            elif self.before[self.row] == 1 and self.after[self.row] == self.before[self.axis]:
                out[self.row] = mixed
            else:
                origins = origins_of((*mixed, *own))
                out[self.row] = (Factor(origins, self.after[self.row]),)
        keeps = self.row is None and self.before[self.axis] == 1
        out[self.axis] = (Factor(origins_of(labels[self.axis]) if keeps else 0, 1),)
        return tuple(out)

    def shape(self, before: Shape) -> Shape:
        """The output's shape, for the input's own."""
        check_shape(before, self.before)
        return self.after

    def pairs(self) -> Pairs | None:
        """Every output is multiplied by all that is mixed, masked or not."""
        return Pairs(self.before[self.axis], 1, True)

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The window that all rows see relative to their own position, if they all see the same."""
        if axis != self.axis or self.before[axis] == 1 == self.after[self.row or 0]:
            return AxisMap(axis, 1, 0, 1)
        if self.row is None:
            return _MIXED
        rows, size = self.after[self.row], self.before[axis]
        if self._reach is None or self._reach[0] <= 1 - rows or self._reach[1] >= size - 1:
            return NoMap("irregular", "a mask tells what each position sees")
        first, last = self._reach
        return AxisMap(self.row, 1, first, last - first + 1)


def _part(a: Array, part: Sequence[slice]) -> Array:
    """A part of an array, whole along axes of length 1."""
    index = (s if n > 1 else slice(None) for s, n in zip(part, a.shape, strict=True))
    return a[tuple(index)]


class Opaque(BaseStep):
    """The dependence of every output on every input: sound for any unknown operation."""

    __slots__ = ("after", "before", "mixes", "stays")
    blind: bool = False
    separable: bool = True

    def __init__(self, before: Shape, after: Shape) -> None:
        self.before, self.after = before, after
        self.mixes = tuple(range(len(before)))
        self.stays = before == after

    def push(self, a: Array, ring: Semiring) -> Array:
        """Combine everything."""
        return _all(a, self.before, len(self.after), ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Combine everything."""
        return _all(a, self.after, len(self.before), ring)

    def label(self, labels: Labels) -> Labels:
        """Axes keep their origins by position, if there are as many: a map then shows as a map."""
        if len(labels) != len(self.after):
            return tuple((Factor(0, n),) for n in self.after)
        return tuple(
            (Factor(origins_of(f), n),) for f, n in zip(labels, self.after, strict=True)
        )  # a map is still shown as a map; what its cells see does not depend on it

    def shape(self, before: Shape) -> Shape:
        """The output's shape, for the input's own."""
        check_shape(before, self.before)
        return self.after

    def affine(self, axis: int) -> AxisMap | NoMap:
        """No map: everything is mixed."""
        return _MIXED

    def unites(self, axis: int) -> bool:
        """True: every output sees everything."""
        return True


def _all(a: Array, extents: Shape, rank: int, ring: Semiring) -> Array:
    for axis, extent in enumerate(extents):
        a = combine(a, axis, extent, ring)
    return a.reshape((1,) * rank)
