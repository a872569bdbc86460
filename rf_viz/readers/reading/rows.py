"""Lists whose items are the rows of one tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...relation import Edge, Output, Relation, Shape, Taps
from ...relation.common.basic import everything, reduce, reshape
from .node import BaseNode
from .values import DataDependent, Value

Node = BaseNode[Any]


MOST_ITEMS = 2**14
"""The most parts that one operation cuts a tensor into; sequences have some hundred steps."""


def check_items(node: Node, count: int) -> None:
    """Raise DataDependent where an operation has too many parts to tell them apart."""
    if count > MOST_ITEMS:
        raise DataDependent(f"{node.op} {node.name} makes {count:,} parts, too many to tell apart")


def row_tensor(node: Node, i: int) -> Value | None:
    """Return the tensor whose rows are the items of a list; None if they are held one by one."""
    value = node.inputs[i] if i < len(node.inputs) else None
    return None if value is None else value.rows


def rows(node: Node, whole: Value) -> list[Value]:
    """Return the rows of a tensor, each an item that depends on its own row."""
    shape = whole.shape or ()
    check_items(node, shape[0])
    after = shape[1:]
    if whole.tensor < 0:
        return [_constant_row(whole, at, after) for at in range(shape[0])]
    inputs, node.inputs = node.inputs, [whole]
    try:
        return [
            node.add(f"{node.name}[{at}]", Output(after, [Edge(0, _row(shape, at))]))
            for at in range(shape[0])
        ]
    finally:
        node.inputs = inputs


def one_row(node: Node, i: int, place: int) -> Output:
    """Describe the row whose number input ``place`` holds, or any row where it is not known.

    The node's inputs are replaced. Raises ModelError where there is no such row.
    """
    whole = row_tensor(node, i)
    shape = None if whole is None else whole.shape
    if whole is None or not shape:
        raise DataDependent(f"the items of the list that {node.op} {node.name} takes")
    number = node.inputs[place]
    position = node.known_int(place)
    node.inputs = [whole, number]
    after = shape[1:]
    if position is None:
        any_row = reduce(shape, (0,), True) + reshape((1, *after), after)
        why = f"which item {node.op} {node.name} takes is not known: assumed to be any"
        edges = [Edge(0, any_row)]
        if node.depends(1):
            edges.append(Edge(1, everything((number and number.shape) or (), after)))
        return Output(after, edges, why)
    if not -shape[0] <= position < shape[0]:
        raise ModelError(f"{node.op} {node.name!r} takes item {position} of {shape[0]}")
    return Output(after, [Edge(0, _row(shape, position % shape[0]))])


def _row(shape: Shape, at: int) -> Relation:
    """The relation from a tensor to one of its rows."""
    step = Taps(0, shape[0], np.array([[at]]), slides=True, why="single positions are taken")
    return (step, *reshape((1, *shape[1:]), shape[1:]))


def _constant_row(value: Value, at: int, after: Shape) -> Value:
    def row() -> NDArray[Any] | None:
        array = value.value()
        return None if array is None else array[at]

    return Value(after, get=row, after=(value,))
