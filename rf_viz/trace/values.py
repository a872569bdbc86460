"""Values over a tensor during a walk: written out, or as the parts of a concatenation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..relation import (
    FAR,
    Array,
    Mix,
    Semiring,
    Step,
    blank,
    check_room,
    combine,
    slim,
)

Rings = tuple[Semiring, ...]


class Plain:
    """Arrays over one tensor, written out, one for each semiring.

    ``may_be_empty`` says that some elements may see nothing. With bounds, an element sees nothing
    where that is so along any one of the input's axes.
    """

    __slots__ = ("arrays", "may_be_empty")

    def __init__(self, arrays: tuple[Array, ...], may_be_empty: bool = False) -> None:
        self.arrays = arrays
        self.may_be_empty = may_be_empty

    @property
    def merged(self) -> Plain:
        """These values, of which there is one part only."""
        return self

    def step(self, step: Step, rings: Rings) -> Plain:
        """The values after a step."""
        arrays = self.arrays
        if self.may_be_empty and _entangled(arrays):
            arrays = _canonical(arrays)
        arrays = tuple([step.push(a, r) for a, r in zip(arrays, rings, strict=True)])
        may_be_empty = (self.may_be_empty or step.blind) and _has_empty(arrays, rings)
        return Plain(arrays, may_be_empty)

    def combine(self, axis: int, extent: int, rings: Rings) -> Plain:
        """The values combined along an axis of this extent, which keeps length 1."""
        arrays = self.arrays
        if all(a.shape[axis] == 1 for a in arrays):
            return self
        if self.may_be_empty and _entangled(arrays):
            arrays = _canonical(arrays)
        arrays = tuple([combine(a, axis, extent, r) for a, r in zip(arrays, rings, strict=True)])
        return Plain(arrays, self.may_be_empty and _has_empty(arrays, rings))

    def union(self, other: Plain, rings: Rings) -> Plain:
        """The union with other values over the same tensor."""
        ours, theirs = self.arrays, other.arrays
        if ours is theirs:
            return self
        untangle = len(rings) > 2 and (self.may_be_empty or other.may_be_empty)
        if untangle:
            ours, theirs = _canonical(ours), _canonical(theirs)
        arrays = tuple([_both(a, b, r) for a, b, r in zip(ours, theirs, rings, strict=True)])
        if untangle:
            arrays = tuple(slim(a) for a in arrays)
        may_be_empty = (self.may_be_empty or other.may_be_empty) and _has_empty(arrays, rings)
        return Plain(arrays, may_be_empty)

    def plain(self, rings: Rings) -> Plain:
        """These values, which are written out already."""
        return self

    def select(self, index: Sequence[slice], rings: Rings) -> Plain:
        """The part at ``index``, one slice for each axis."""
        return Plain(
            tuple(
                a[tuple(s if n > 1 else slice(None) for s, n in zip(index, a.shape, strict=True))]
                for a in self.arrays
            ),
            self.may_be_empty,
        )


class Stack:
    """A concatenation along ``axis``, of parts that are worked out when they are needed.

    Most steps need only ``merged``, the union along the axis. A stack is made ``of`` parts, (start,
    stop, values) each, or by a ``step`` that leaves the axis alone.
    """

    __slots__ = ("_before", "_pieces", "_worked_out", "axis", "extent", "merged")

    def __init__(
        self,
        axis: int,
        extent: int,
        merged: Plain,
        pieces: Sequence[Piece] = (),
        before: tuple[Stack, Step] | None = None,
    ) -> None:
        self.axis, self.extent, self.merged = axis, extent, merged
        self._pieces, self._before = pieces, before
        self._worked_out: list[tuple[int, int, Plain]] | None = None

    @classmethod
    def of(cls, axis: int, extent: int, parts: Iterable[Piece], rings: Rings) -> Stack:
        """The concatenation of these parts, in order."""
        pieces: list[Piece] = []
        merged: Plain | None = None
        for start, stop, part in parts:
            if isinstance(part, Stack) and part.axis == axis:
                pieces.append((start, stop, part))
                whole = part.merged
            else:
                plain = part.plain(rings)
                pieces.append((start, stop, plain))
                whole = plain.combine(axis, stop - start, rings)
            merged = whole if merged is None else merged.union(whole, rings)
        assert merged is not None
        return cls(axis, extent, merged, pieces)

    def parts(self, rings: Rings) -> list[tuple[int, int, Plain]]:
        """The parts along the axis, in order, those of nested stacks too."""
        if self._worked_out is None:
            # It is kept once it is whole: another thread may ask for it meanwhile.
            parts: list[tuple[int, int, Plain]] = []
            # Not by recursion: stacks may lie in stacks as deep as the network is. ``steps`` are
            # those still to take, as (next, (the one after, ...)).
            pending: list[tuple[int, int, Plain | Stack, Any]] = [(0, self.extent, self, None)]
            while pending:
                start, stop, part, steps = pending.pop()
                if isinstance(part, Plain):
                    while steps is not None:
                        step, steps = steps
                        part = part.step(step, rings)
                    parts.append((start, stop, part))
                elif part._before is not None and not part._worked_out:
                    before, step = part._before
                    pending.append((start, stop, before, (step, steps)))
                else:
                    for first, last, piece in reversed(part._worked_out or part._pieces):
                        pending.append((start + first, start + last, piece, steps))
            self._worked_out = parts
        return self._worked_out

    def step(self, step: Step, rings: Rings) -> Plain | Stack:
        """The values after a step: still a stack where the step leaves the axis alone."""
        if step.unites(self.axis):
            return self.merged.step(step, rings)
        if step.leaves(self.axis):
            merged = self.merged.step(step, rings)
            return Stack(self.axis, self.extent, merged, before=(self, step))
        return self.plain(rings).step(step, rings)

    def combine(self, axis: int, extent: int, rings: Rings) -> Values:
        """The values combined along an axis of this extent, which keeps length 1."""
        return self.merged if axis == self.axis else self.step(Mix((axis,), (extent,), (1,)), rings)

    def select(self, index: Sequence[slice], rings: Rings) -> Values:
        """The part at ``index``, one slice for each axis."""
        along = index[self.axis]
        if along != slice(None):
            first, last, stride = along.indices(self.extent)
            for start, stop, part in self.parts(rings):
                if stride == 1 and start <= first and last <= stop:
                    within = slice(first - start, last - start)
                    return part.select(
                        [*index[: self.axis], within, *index[self.axis + 1 :]], rings
                    )
            return self.plain(rings).select(index, rings)
        parts = [(b, e, p.select(index, rings)) for b, e, p in self.parts(rings)]
        return Stack.of(self.axis, self.extent, parts, rings)

    def plain(self, rings: Rings) -> Plain:
        """The values written out along the axis."""
        parts = self.parts(rings)
        arrays = []
        for i, ring in enumerate(rings):
            shapes = [p.arrays[i].shape for _, _, p in parts]
            shape = [max(lengths) for lengths in zip(*shapes, strict=True)]
            shape[self.axis] = self.extent
            out = blank(shape, ring, parts[0][2].arrays[i].dtype)
            for start, stop, part in parts:
                out[(slice(None),) * self.axis + (slice(start, stop),)] = part.arrays[i]
            arrays.append(out)
        covered = sum(stop - start for start, stop, _ in parts)
        return Plain(
            tuple(arrays), covered < self.extent or any(p.may_be_empty for _, _, p in parts)
        )


Values = Plain | Stack

Piece = tuple[int, int, Values]
"""The values from a start up to (not including) a stop along the axis of a stack."""


def _has_empty(arrays: tuple[Array, ...], rings: Rings) -> bool:
    return any(bool((a == r.zero).any()) for a, r in zip(arrays, rings, strict=True))


def _entangled(arrays: tuple[Array, ...]) -> bool:
    """Whether the bounds along two input axes vary along the same tensor axis."""
    if len(arrays) <= 2:
        return False
    varying = [
        {axis for axis, n in enumerate(np.broadcast_shapes(low.shape, high.shape)) if n > 1}
        for low, high in zip(arrays[::2], arrays[1::2], strict=True)
    ]
    return len(set().union(*varying)) < sum(map(len, varying))


def _canonical(arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    """Bounds whose empty cells are empty along every input axis."""
    if len(arrays) <= 2:
        return arrays
    check_room(np.broadcast_shapes(*[a.shape for a in arrays]), arrays[0].dtype)
    empty = arrays[0] >= arrays[1]
    for low, high in zip(arrays[2::2], arrays[3::2], strict=True):
        empty = empty | (low >= high)
    if not empty.any():
        return arrays
    return tuple(
        np.where(empty, FAR if i % 2 == 0 else 0, a).astype(a.dtype) for i, a in enumerate(arrays)
    )


def _both(a: Array, b: Array, ring: Semiring) -> Array:
    """The union of two arrays: one of them itself, where it holds the other and is smaller."""
    if a is b:
        return a
    check_room(np.broadcast_shapes(a.shape, b.shape), a.dtype)
    union: Array = ring.plus(a, b)
    for one in (a, b):
        if one.size < union.size and bool((union == one).all()):
            return one
    return union
