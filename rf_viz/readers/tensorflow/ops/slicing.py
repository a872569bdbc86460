"""Slices by begin and end, in all the forms that masks give them, and what puts slices in place."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....relation import IDENTITY, Edge, Output, Relation, Scatter, Shape
from ....relation.common.basic import everything, reduce, reshape
from ....relation.common.picks import cut
from ...reading.picks import put
from ...reading.values import DataDependent
from ..node import Node, operator
from .inputs import needed


@operator("Slice", "RiscSlice", "XlaDynamicSlice", category="layout")
def sliced(node: Node) -> Output:
    """A run of positions along each axis, from ``begin`` on.

    A size of -1 is all that is left. XLA moves a slice back inside.
    """
    shape, sizes = node.shape(), needed(node, 2)
    after, relation = [], IDENTITY
    for axis, (n, begin, size) in enumerate(zip(shape, needed(node, 1), sizes, strict=True)):
        count = n - begin if size == -1 else size
        if node.op.startswith("Xla"):
            begin = min(max(begin, 0), n - count)
        if begin < 0 or count < 0 or begin + count > n:
            raise ModelError(
                f"{node.op} {node.name!r} takes {count} positions from {begin} on of {n}: "
                "the model does not work at this input size"
            )
        relation += cut(axis, n, begin, 1, count)
        after.append(count)
    return Output(tuple(after), [Edge(0, relation)])


class _Part(NamedTuple):
    """A strided slice of one axis of the input: so many positions from ``start`` on.

    ``varies`` where another size would give another start.
    """

    start: int
    step: int
    number: int
    varies: bool = False


class _Strided(NamedTuple):
    """A strided slice: its parts, and the shape that comes out."""

    parts: tuple[_Part, ...]
    after: Shape

    @property
    def kept(self) -> Shape:
        """The shape before axes are dropped and new ones are put in."""
        return tuple(p.number for p in self.parts)

    def places(self, shape: Shape) -> NDArray[np.int64]:
        """Return the flat positions of the slice's elements in a tensor of ``shape``."""
        lines = (p.start + p.step * np.arange(p.number) for p in self.parts)
        whole = np.arange(prod(shape)).reshape(shape)
        return whole[np.ix_(*lines)].reshape(self.after)


def _strided(node: Node, shape: Shape, first: int) -> _Strided:
    """Begins, ends and strides are inputs ``first``, and the next two."""
    begins, ends, strides = (needed(node, first + i) for i in range(3))
    masks = {
        name: node.attribute(f"{name}_mask", 0)
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }

    def marked(name: str, i: int) -> bool:
        return bool(masks[name] >> i & 1)

    ellipses = sum(marked("ellipsis", i) for i in range(len(begins)))
    if not len(begins) == len(ends) == len(strides) or ellipses > 1:
        raise ModelError(
            f"{node.op} {node.name!r} slices from {list(begins)} to {list(ends)} "
            f"in steps of {list(strides)}: not valid"
        )
    named = [i for i in range(len(begins)) if not (marked("ellipsis", i) or marked("new_axis", i))]
    rest = len(shape) - len(named)
    if rest < 0:
        raise ModelError(f"{node.op} {node.name!r} slices more axes than {list(shape)} has")
    extents = iter(shape)
    parts: list[_Part] = []
    after: list[int] = []

    def whole(count: int, extents: Iterator[int]) -> None:
        for _ in range(count):
            n = next(extents)
            parts.append(_Part(0, 1, n))
            after.append(n)

    opened = False
    for i, step in enumerate(strides):
        if marked("ellipsis", i):
            whole(rest, extents)
            opened = True
        elif marked("new_axis", i):
            after.append(1)
        else:
            n = next(extents)
            if marked("shrink_axis", i):
                at = begins[i] + n if begins[i] < 0 else begins[i]
                if not 0 <= at < n:
                    raise ModelError(
                        f"{node.op} {node.name!r} takes position {begins[i]} of {n}: "
                        "the model does not work at this input size"
                    )
                parts.append(_Part(at, 1, 1, begins[i] < 0))
                continue
            begin = None if marked("begin", i) else begins[i]
            end = None if marked("end", i) else ends[i]
            start, stop, step = slice(begin, end, step).indices(n)
            count = len(range(start, stop, step))
            varies = start != (0 if begin is None else begin)
            parts.append(_Part(start, step, count, varies))
            after.append(count)
    if not opened:
        whole(rest, extents)
    return _Strided(tuple(parts), tuple(after))


@operator("StridedSlice", category="layout")
def strided_slice(node: Node) -> Output:
    """Every so many positions along each axis; single ones drop their axis."""
    shape = node.shape()
    somewhere = _somewhere(node, shape) if node.value(1) is None else None
    if somewhere is not None:
        return somewhere
    strided = _strided(node, shape, 1)
    if 0 in strided.after and strided.after != strided.kept:  # no elements to be reshaped
        return Output(strided.after, value=np.zeros(strided.after, np.int32))
    relation: Relation = IDENTITY
    for axis, (n, part) in enumerate(zip(shape, strided.parts, strict=True)):
        relation += cut(axis, n, part.start, part.step, part.number, part.varies)
    return Output(strided.after, [Edge(0, relation + reshape(strided.kept, strided.after))])


def _somewhere(node: Node, shape: Shape) -> Output | None:
    """One position along some axes, all along the others, where the positions are not known.

    None where other slices are taken.
    """
    if len(node.shape(1)) != 1:
        raise ValueError("its first positions are no list of numbers")
    single, whole = node.attribute("shrink_axis_mask", 0), node.attribute("begin_mask", 0)
    whole &= node.attribute("end_mask", 0)
    axes = [i for i in range(len(shape)) if single >> i & 1]
    others = [i for i in range(node.shape(1)[0]) if not single >> i & 1]
    new = node.attribute("ellipsis_mask", 0) or node.attribute("new_axis_mask", 0)
    if new or not axes or not all(whole >> i & 1 for i in others):
        return None
    after = tuple(n for i, n in enumerate(shape) if i not in axes)
    edges = [Edge(0, reduce(shape, tuple(axes), False))]
    edges += [Edge(i, everything(node.shape(i), after)) for i in (1, 2) if node.depends(i)]
    return Output(after, edges, f"which position {node.op} {node.name} takes is not known")


@operator("TensorStridedSliceUpdate", "StridedSliceAssign", category="layout")
def strided_update(node: Node) -> Output:
    """Input 4 put into a slice of input 0."""
    shape = node.shape()
    strided = _strided(node, shape, 1)
    if node.shape(4) != strided.after:
        raise DataDependent(f"{node.op} {node.name} repeats a value along its slice")
    return put(node, strided.places(shape), shape, 0, 4, adds=False)


@operator("StridedSliceGrad", category="layout")
def strided_slice_grad(node: Node) -> Output:
    """Input 4 put into a slice of zeros."""
    shape = needed(node, 0)
    return Output(shape, [Edge(4, (Scatter(shape, _strided(node, shape, 1).places(shape)),))])


@operator("XlaDynamicUpdateSlice", category="layout")
def dynamic_update(node: Node) -> Output:
    """Input 1 put into input 0 from the position on that input 2 holds, moved back inside."""
    shape, update = node.shape(0), node.shape(1)
    if len(update) != len(shape) or any(n > m for n, m in zip(update, shape, strict=True)):
        raise ModelError(f"{node.op} {node.name!r} puts {list(update)} into {list(shape)}")
    places = np.arange(prod(shape)).reshape(shape)
    for axis, (begin, n) in enumerate(zip(needed(node, 2), update, strict=True)):
        at = min(max(begin, 0), shape[axis] - n)
        places = places.take(range(at, at + n), axis=axis)
    return put(node, places, shape, 0, 1, adds=False)
