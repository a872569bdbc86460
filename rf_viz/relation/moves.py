"""Steps that move or repeat elements and mix none: transposing, reshaping, broadcasting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import prod

import numpy as np

from .base import (
    Array,
    AxisIndex,
    AxisMap,
    Factor,
    Labels,
    Moves,
    NoMap,
    Semiring,
    Shape,
    check_room,
    check_shape,
    combine,
    origins_of,
    slim,
    spread,
)


class Transpose(Moves):
    """A permutation of axes: output axis ``i`` is input axis ``order[i]``."""

    __slots__ = ("inverse", "order")
    separable: bool = True

    def __init__(self, order: Sequence[int]) -> None:
        self.order = tuple(order)
        self.inverse = tuple(self.order.index(i) for i in range(len(self.order)))

    def push(self, a: Array, ring: Semiring) -> Array:
        """Transpose the array."""
        return a.transpose(self.order)

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Transpose the array back."""
        return a.transpose(self.inverse)

    def label(self, labels: Labels) -> Labels:
        """The labels in the new order."""
        return tuple(labels[i] for i in self.order)

    def shape(self, before: Shape) -> Shape:
        """The extents in the new order of axes."""
        if sorted(self.order) != list(range(len(before))):
            raise ValueError(f"axes {self.order} are not those of {before}")
        return tuple(before[i] for i in self.order)

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The identity, along the output axis that the input's axis becomes."""
        return AxisMap(self.inverse[axis], 1, 0, 1)


_REGROUPED = NoMap("regrouped", "rearranged into another grid")


class Reshape(Moves):
    """The same elements, in row-major order, in another shape.

    Raises ValueError where the numbers of elements differ, or an extent is negative.
    """

    __slots__ = ("after", "before", "groups")
    separable: bool = True

    def __init__(self, before: Shape, after: Shape) -> None:
        if prod(before) != prod(after) or min((*before, *after), default=0) < 0:
            raise ValueError(f"cannot reshape {before} to {after}")
        self.before, self.after = before, after
        self.groups = _axis_groups(before, after)

    def push(self, a: Array, ring: Semiring) -> Array:
        """Reshape the array, which stays short along whatever does not vary."""
        return _regroup(a, self.before, self.after, self.groups)

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Reshape the array back."""
        return _regroup(a, self.after, self.before, [(o, i) for i, o in self.groups])

    def label(self, labels: Labels) -> Labels:
        """Factors dealt out anew in row-major order, cut where needed."""
        return _dealt(labels, self.groups, self.after)

    def shape(self, before: Shape) -> Shape:
        """The output's shape, for the input's own."""
        check_shape(before, self.before)
        return self.after

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The identity, where the axis is neither cut nor merged with others."""
        index = self.follow_index(axis, 1, None)
        if index is None or index.extent is not None:
            return _REGROUPED
        return AxisMap(index.axis, 1, 0, 1)

    def follow_index(self, axis: int, inner: int, extent: int | None) -> AxisIndex | None:
        """The index within the output axis that holds this part of the axis; None if it is cut."""
        ins, outs = next(group for group in self.groups if axis in group[0])
        whole = self.before[axis] if extent is None else extent
        if whole == 1 and (len(ins), len(outs)) != (1, 1):
            return None  # nothing tells a single position from the other axes of length 1
        inner *= prod(self.before[i] for i in ins if i > axis)
        below = 1
        for o in reversed(outs):
            above = below * self.after[o]
            if below <= inner and inner * whole <= above and self.after[o] >= whole:
                if inner % below or above % (inner * whole):
                    return None
                alone = self.after[o] == whole
                return AxisIndex(o, inner // below, None if alone else whole)
            below = above
        return None


_Groups = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


def _regroup(
    a: Array,
    before: Shape,
    after: Shape,
    groups: Iterable[tuple[tuple[int, ...], tuple[int, ...]]],
) -> Array:
    """Reshape, writing out only those axes that are merged with ones along which it varies."""
    out = [1] * len(after)
    for ins, outs in groups:
        if len(ins) == len(outs) == 1:
            out[outs[0]] = a.shape[ins[0]]
            continue
        lengths = [a.shape[i] for i in ins]
        if max(lengths, default=1) == 1:
            continue
        if lengths != [before[i] for i in ins]:
            a = slim(a, ins)  # what does not vary need not be written out
            if max([a.shape[i] for i in ins]) == 1:
                continue
            for i in ins:
                a = spread(a, i, before[i])
        for o in outs:
            out[o] = after[o]
    check_room(out, a.dtype)  # what was spread is written out
    return a.reshape(out)


@lru_cache(maxsize=4096)
def _axis_groups(before: Shape, after: Shape) -> _Groups:
    """The finest partition of both shapes' axes into consecutive groups of equal product.

    All axes are one group where there are no elements at all.
    """
    if 0 in before or 0 in after:
        return ((tuple(range(len(before))), tuple(range(len(after)))),)
    groups: list[tuple[list[int], list[int]]] = []
    i = o = 0
    while i < len(before) or o < len(after):
        ins, outs, p, q = [], [], 1, 1
        if i < len(before):
            ins.append(i)
            p *= before[i]
            i += 1
        if o < len(after):
            outs.append(o)
            q *= after[o]
            o += 1
        while p != q:
            if p < q:
                ins.append(i)
                p *= before[i]
                i += 1
            else:
                outs.append(o)
                q *= after[o]
                o += 1
        if groups and (not ins or not outs):  # what is left are axes of length 1
            groups[-1][0].extend(ins)
            groups[-1][1].extend(outs)
        else:
            groups.append((ins, outs))
    return tuple((tuple(ins), tuple(outs)) for ins, outs in groups)


@lru_cache(maxsize=4096)
def _dealt(labels: Labels, groups: _Groups, after: Shape) -> Labels:
    """The origins of the axes of a reshaped tensor."""
    out: list[tuple[Factor, ...]] = [()] * len(after)
    for ins, outs in groups:
        factors = [f for i in ins for f in labels[i]]
        for o, share in zip(outs, _deal(factors, [after[o] for o in outs]), strict=True):
            out[o] = share
    return tuple(out)


def _deal(factors: list[Factor], extents: list[int]) -> list[tuple[Factor, ...]]:
    """Share consecutive factors out among axes of the given extents, cutting where needed."""
    left = [f for f in factors if f.extent > 1][::-1]
    shares: list[tuple[Factor, ...]] = []
    for extent in extents:
        share: list[Factor] = []
        need = extent
        while need > 1:
            if not left:
                return _undealt(factors, extents)
            f = left.pop()
            if need % f.extent == 0:
                share.append(f)
                need //= f.extent
            elif f.extent % need == 0:
                share.append(Factor(f.origins, need))
                left.append(Factor(f.origins, f.extent // need))
                need = 1
            else:
                return _undealt(factors, extents)
        shares.append(tuple(share))
    single = [f for f in factors if f.extent == 1 and f.origins]
    for i, share_ in enumerate(shares):
        if not share_:
            shares[i] = (single.pop(0),) if single and extents[i] == 1 else (Factor(0, extents[i]),)
    return shares


def _undealt(factors: list[Factor], extents: list[int]) -> list[tuple[Factor, ...]]:
    origins = origins_of(factors)
    return [(Factor(origins if e > 1 else 0, e),) for e in extents]


class Broadcast(Moves):
    """NumPy broadcasting: axes of length 1 are repeated, axes are added in front."""

    __slots__ = ("after", "before", "lead", "repeated")
    separable: bool = True

    def __init__(self, before: Shape, after: Shape) -> None:
        self.before, self.after = before, after
        self.lead = len(after) - len(before)
        self.repeated = tuple(
            (i, n)
            for i, n in enumerate(after)
            if n != 1 and (i < self.lead or before[i - self.lead] == 1)
        )

    def push(self, a: Array, ring: Semiring) -> Array:
        """Add the axes in front; repeated axes stay at length 1."""
        return a.reshape((1,) * self.lead + a.shape) if self.lead else a

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Combine along what was repeated."""
        for axis, extent in self.repeated:
            a = combine(a, axis, extent, ring)
        return a.reshape(a.shape[self.lead :]) if self.lead else a

    def label(self, labels: Labels) -> Labels:
        """The origins of the input's axes; repeated axes and those in front have none."""
        out = [(Factor(0, n),) for n in self.after[: self.lead]] + list(labels)
        for axis, extent in self.repeated:
            out[axis] = (Factor(0, extent),)
        return tuple(out)

    def shape(self, before: Shape) -> Shape:
        """The output's shape, for the input's own."""
        if np.broadcast_shapes(self.before, self.after) != self.after:
            raise ValueError(f"a tensor of {self.before} does not broadcast to {self.after}")
        check_shape(before, self.before)
        return self.after

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The identity along axes that are not repeated."""
        if any(axis + self.lead == repeated for repeated, _ in self.repeated):
            return NoMap("irregular", "one value is repeated along the axis")
        return AxisMap(axis + self.lead, 1, 0, 1)
