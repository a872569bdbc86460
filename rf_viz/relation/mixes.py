"""Steps that mix all to all: along some axes, or over everything."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from .base import (
    Array,
    AxisMap,
    BaseStep,
    Factor,
    Labels,
    NoMap,
    Pairs,
    Semiring,
    Shape,
    check_shape,
    combine,
    origins_of,
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


class Opaque(BaseStep):
    """The dependence of every output on every input: sound for any unknown operation."""

    __slots__ = ("after", "before", "mixes", "stays")
    blind: bool = False

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
