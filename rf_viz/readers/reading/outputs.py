"""Outputs that the tables of all formats describe alike, by numbers rather than attributes.

Nodes that break their operator's rules get a ModelError that names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod
from typing import Any

from ...errors import ModelError
from ...relation import (
    IDENTITY,
    Edge,
    Output,
    Relation,
    Shape,
)
from ...relation.common.basic import broadcast, reduce, reshape
from ...relation.common.picks import PadMode, pad
from ...relation.common.products import Product, concatenated
from .masks import masked_join, masked_product, masked_reduction
from .node import BaseNode
from .values import DataDependent

Node = BaseNode[Any]

SELF = (Edge(0),)
"""Every element by itself."""


def joined(node: Node, inputs: Sequence[int]) -> Output:
    """Element by element from the inputs of these numbers, broadcast to one shape."""
    shapes = [node.shape(i) for i in inputs]
    if not shapes:
        raise node.missing("inputs")
    after = shapes[0]
    if any(shape != after for shape in shapes):
        after = broadcast_shape(node, shapes)
    output = Output(
        after,
        [
            Edge(i, broadcast(shape, after))
            for i, shape in zip(inputs, shapes, strict=True)
            if node.depends(i)
        ],
    )
    return masked_join(node, inputs, output) if output.edges else output


def broadcast_shape(node: Node, shapes: Sequence[Shape]) -> Shape:
    """The shape that all broadcast to. Raises ModelError where they do not."""
    rank = max(map(len, shapes))
    after = [1] * rank
    for shape in shapes:
        for i, n in enumerate(shape, rank - len(shape)):
            if n != 1:
                if after[i] not in (1, n):
                    raise ModelError(
                        f"{node.op} {node.name!r} cannot combine shapes "
                        f"{' and '.join(str(list(s)) for s in shapes)}: "
                        "the model does not work at this input size"
                    )
                after[i] = n
    return tuple(after)


def arranged(node: Node) -> Output:
    """Numbers from input 0 up to input 1, in steps of input 2; no value of them is made.

    Raises DataDependent where one of the three is not known.
    """
    numbers = []
    for i in range(3):
        value = node.value(i)
        if value is None:
            raise DataDependent(f"how long {node.op} {node.name!r} is depends on the data")
        if value.size != 1 or value.dtype.kind not in "iuf":
            raise ModelError(f"{node.op} {node.name!r} takes one number as its input {i}")
        numbers.append(value.item())
    start, limit, step = numbers
    if not step:
        raise ModelError(f"{node.op} {node.name!r} has steps of 0")
    return Output((max(0, ceil((limit - start) / step)),))


def parameter(node: Node, i: int, after: Shape, axis: int) -> list[Edge]:
    """Edges to a parameter in input ``i``, such as a scale or a bias; none if it is constant.

    It holds one number for each position along ``axis`` of the output, or a single one. Raises
    ModelError where its shape does not fit the output's, ``after``.
    """
    if not node.depends(i):
        return []
    shape = node.shape(i)
    if not 0 <= axis < len(after) or shape not in ((), (1,), (after[axis],)):
        raise ModelError(
            f"{node.op} {node.name!r} has parameters of {list(shape)} for a tensor of {list(after)}"
        )
    wide = (1,) * axis + (shape or (1,)) + (1,) * (len(after) - axis - 1)
    return [Edge(i, reshape(shape, wide) + broadcast(wide, after))]


def concatenation(node: Node, inputs: Sequence[int], axis: int) -> Output:
    """The inputs of these numbers one after another along an axis."""
    shapes = [node.shape(i) for i in inputs]
    if not shapes:
        raise node.missing("inputs")
    first = shapes[0]
    axis = node.count_axis(axis, len(first))
    for shape in shapes:
        if len(shape) != len(first) or shape[:axis] + shape[axis + 1 :] != (
            first[:axis] + first[axis + 1 :]
        ):
            raise ModelError(
                f"{node.op} {node.name!r} cannot join shapes "
                f"{' and '.join(str(list(s)) for s in shapes)} along axis {axis}: "
                "the model does not work at this input size"
            )
    edges = [
        Edge(i, relation)
        for i, relation in zip(inputs, concatenated(shapes, axis), strict=True)
        if node.depends(i)
    ]
    total = sum(shape[axis] for shape in shapes)
    return Output((*first[:axis], total, *first[axis + 1 :]), edges)


def reshaped(node: Node, target: Shape) -> Output:
    """Input 0 under another shape, of which one extent may be -1."""
    shape, after = node.shape(), list(target)
    if -1 in after:
        rest = -prod(after)
        after[after.index(-1)] = prod(shape) // rest if rest else 0
    if prod(after) != prod(shape):
        raise ModelError(
            f"{node.op} {node.name!r} cannot turn {list(shape)} into {list(target)}: "
            "the model is fixed to another input size"
        )
    return Output(tuple(after), [Edge(0, reshape(shape, tuple(after)))])


def expanded(node: Node, axes: Sequence[int]) -> Output:
    """Input 0 with new axes of length 1 in these places of the output."""
    shape = node.shape()
    rank = len(shape) + len(axes)
    new = {node.count_axis(a, rank) for a in axes}
    if len(new) != len(axes):
        raise ModelError(f"{node.op} {node.name!r} names an axis twice: {list(axes)}")
    left = iter(shape)
    after = tuple([1 if i in new else next(left) for i in range(rank)])
    return Output(after, [Edge(0, reshape(shape, after))])


def squeezed(node: Node, axes: Sequence[int] | None) -> Output:
    """Input 0 without these axes of length 1; without all such if None."""
    shape = node.shape()
    if axes is None:
        gone = {i for i, n in enumerate(shape) if n == 1}
    else:
        gone = {node.count_axis(a, len(shape)) for a in axes}
    if any(shape[i] != 1 for i in gone):
        raise ModelError(
            f"{node.op} {node.name!r} cannot drop axes {sorted(gone)} of {list(shape)}: "
            "the model does not work at this input size"
        )
    after = tuple(n for i, n in enumerate(shape) if i not in gone)
    return Output(after, [Edge(0, reshape(shape, after))])


def reduction(node: Node, axes: Sequence[int], keep: bool) -> Output:
    """Input 0 reduced over axes, which stay with length 1 or go."""
    shape = node.shape()
    over = tuple(sorted({node.count_axis(a, len(shape)) for a in axes}))
    after = tuple(1 if i in over else n for i, n in enumerate(shape) if keep or i not in over)
    relation = masked_reduction(node, over, keep)
    return Output(after, [Edge(0, reduce(shape, over, keep) if relation is None else relation)])


def padding(
    shape: Shape, axes: Shape, pads: Shape, mode: PadMode = "constant"
) -> tuple[Shape, Relation]:
    """The padded shape, and the relation; ``pads`` are all those in front, then all behind."""
    after, relation = list(shape), IDENTITY
    for axis, before, behind in zip(axes, pads, pads[len(axes) :], strict=False):
        after[axis] += before + behind
        relation += pad(axis, shape[axis], before, behind, mode)
    return tuple(after), relation


def product(node: Node, numbers: Sequence[int], result: Product, equation: str = "") -> Output:
    """The product of the inputs of these numbers; constants among them get no edge.

    ``equation`` says what is multiplied with what, as an Einstein summation; by default they are
    matrices, as in ``numpy.matmul``.
    """
    output = Output(result.shape, [e for e in result.edges(*numbers) if node.depends(e.input)])
    if not equation and all(len(node.shape(i)) > 1 for i in numbers):
        equation = "...mk,...kn->...mn"
    return masked_product(node, numbers, equation, output) if equation else output
