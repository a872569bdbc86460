"""A node of a TensorFlow graph, and the table of operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..reading.node import BaseNode
from ..reading.values import DataDependent, Outputs, Value

if TYPE_CHECKING:
    from .program import Call  # noqa: F401  (named as a string below)

__all__ = ["DEAD", "OPERATORS", "DataDependent", "Describe", "Node", "Outputs", "Value", "operator"]


DEAD = Value(None)
"""What is never computed: the other way of a ``Switch`` that is known to go one way."""


class Node(BaseNode["Call"]):
    """One node of a TensorFlow graph.

    ``attribute`` gives bytes as text, types as their number in the enumeration DataType, shapes
    as tuples with -1 for any extent (None for any rank), tensors as messages, and functions by
    name.
    """

    __slots__ = ()


Describe = Callable[[Node], Outputs]

OPERATORS: dict[str, Describe] = {}
"""The table of operators, by name."""


D = TypeVar("D", bound=Describe)


def operator(*names: str) -> Callable[[D], D]:
    """Enter a description into the table under one or more operator names."""

    def enter(describe: D) -> D:
        for name in names:
            OPERATORS[name] = describe
        return describe

    return enter
