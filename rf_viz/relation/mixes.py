"""All to all: along some axes, or over everything."""

from __future__ import annotations

from collections.abc import Sequence

from .base import (
    Array,
    AxisMap,
    Factor,
    Labels,
    Semiring,
    Shape,
    combine,
    origins_of,
)


class Mix:
    """All to all along some axes: channels of a convolution, reductions, softmax, attention.

    ``before`` holds the input extents of ``axes``; ``after`` their output extents, or None
    where the axes stay what they are (a normalisation) rather than become new ones.
    """

    __slots__ = ("after", "axes", "before", "keep", "mixes")
    slides: tuple[int, ...] = ()
    blind: bool = False

    def __init__(self, axes: Sequence[int], before: Shape, after: Shape | None = None) -> None:
        self.axes = self.mixes = tuple(axes)
        self.before = before
        self.keep = after is None
        self.after = before if after is None else after

    def push(self, a: Array, ring: Semiring) -> Array:
        for axis, extent in zip(self.axes, self.before, strict=True):
            a = combine(a, axis, extent, ring)
        return a

    def pull(self, a: Array, ring: Semiring) -> Array:
        for axis, extent in zip(self.axes, self.after, strict=True):
            a = combine(a, axis, extent, ring)
        return a

    def label(self, labels: Labels) -> Labels:
        if self.keep:
            return labels
        out = list(labels)
        for axis, extent in zip(self.axes, self.after, strict=True):
            out[axis] = (Factor(origins_of(out[axis]) if extent == 1 else 0, extent),)
        return tuple(out)

    def affine(self, axis: int) -> AxisMap | str:
        if axis in self.axes:
            at = self.axes.index(axis)
            if max(self.before[at], self.after[at]) > 1:
                return "mixed"
        return AxisMap(axis, 1, 0, 1)


class Opaque:
    """Everything depends on everything: sound for an operation that nobody described."""

    __slots__ = ("after", "before", "mixes")
    slides: tuple[int, ...] = ()
    blind: bool = False

    def __init__(self, before: Shape, after: Shape) -> None:
        self.before, self.after = before, after
        self.mixes = tuple(range(len(before)))

    def push(self, a: Array, ring: Semiring) -> Array:
        return _all(a, self.before, len(self.after), ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        return _all(a, self.after, len(self.before), ring)

    def label(self, labels: Labels) -> Labels:
        if len(labels) != len(self.after):
            return tuple((Factor(0, n),) for n in self.after)
        return tuple(
            (Factor(origins_of(f), n),) for f, n in zip(labels, self.after, strict=True)
        )  # a map is still shown as a map; what its cells see does not depend on it

    def affine(self, axis: int) -> AxisMap | str:
        return "mixed"


def _all(a: Array, extents: Shape, rank: int, ring: Semiring) -> Array:
    for axis, extent in enumerate(extents):
        a = combine(a, axis, extent, ring)
    return a.reshape((1,) * rank)
