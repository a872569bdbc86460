"""A node of a TensorFlow graph, and the table of operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ...trace.tensors import Category
from ..reading.node import BaseNode
from ..reading.operators import Describe, Operator, Weights
from ..reading.values import Value
from .call import Call

DEAD = Value(None)
"""A tensor that is never computed: the other way of a ``Switch`` that is known to go one way."""


class Node(BaseNode[Call]):
    """One node of a TensorFlow graph.

    ``attribute`` gives bytes as text, types as their number in the enumeration DataType, shapes
    as tuples with -1 for any extent (None for any rank), tensors as messages, and functions by
    name.
    """

    __slots__ = ()


OPERATORS: dict[str, Operator] = {}
"""The table of operators, by name."""

D = TypeVar("D", bound=Describe)


def operator(
    *names: str,
    category: Category,
    multiplies: bool | None = False,
    weights: Weights = (),
    elementwise: bool = False,
    asks_shape_only: bool = False,
    asks_types_only: bool = False,
) -> Callable[[D], D]:
    """Enter a description into the table under one or more operator names (see ``Operator``)."""

    def enter(describe: D) -> D:
        entry = Operator(
            describe,
            category,
            multiplies,
            weights,
            elementwise,
            asks_shape_only,
            asks_types_only,
        )
        for name in names:
            OPERATORS[name] = entry
        return describe

    return enter
