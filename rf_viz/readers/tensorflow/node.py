"""A node of a TensorFlow graph, and the table of operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, Unpack

from ..reading.node import BaseNode
from ..reading.operators import Describe, Facts, Operator
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
    **facts: Unpack[Facts],
) -> Callable[[D], D]:
    """Enter a description into the table under one or more operator names.

    ``facts`` are what else is known of them (see ``Operator``).
    """

    def enter(describe: D) -> D:
        entry = Operator(describe, **facts)
        for name in names:
            OPERATORS[name] = entry
        return describe

    return enter
