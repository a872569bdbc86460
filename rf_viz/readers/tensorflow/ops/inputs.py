"""Checks of a node's inputs and attributes that descriptions share."""

from __future__ import annotations

from typing import Any

from ....errors import ModelError
from ....relation import Shape
from ...reading.node import BaseNode
from ...reading.values import Value

Node = BaseNode[Any]


def needed(node: Node, i: int) -> tuple[int, ...]:
    """Return input ``i`` as ints.

    Raises DataDependent where they are not known, ModelError where the input is missing.
    """
    numbers = node.ints(i)
    if numbers is None:
        raise ModelError(f"{node.op} {node.name!r} lacks its input {i}: the graph is invalid")
    return numbers


def needed_number(node: Node, i: int) -> int:
    """Return input ``i``, or the first of its elements, as an int. Raises as ``needed``."""
    numbers = needed(node, i)
    if not numbers:
        raise ModelError(f"{node.op} {node.name!r} has an empty input {i}, where a number is due")
    return numbers[0]


def tensor(node: Node, i: int) -> Value:
    """Return input ``i`` as it is known so far. Raises ModelError where it is missing."""
    value = node.inputs[i] if i < len(node.inputs) else None
    if value is None:
        raise ModelError(f"{node.op} {node.name!r} lacks its input {i}: the graph is invalid")
    return value


def ranked(node: Node, i: int, rank: int, *, or_more: bool = False) -> Shape:
    """Return the shape of input ``i``, which must have so many axes. Raises ModelError."""
    shape = node.shape(i)
    if len(shape) < rank or (len(shape) > rank and not or_more):
        raise ModelError(
            f"{node.op} {node.name!r} cannot take a tensor of {list(shape)} as its input {i}"
        )
    return shape


def positive(node: Node, name: str, default: int) -> int:
    """Return an attribute that must be a number above 0. Raises ModelError."""
    number = int(node.attribute(name, default))
    if number < 1:
        raise ModelError(f"{node.op} {node.name!r} has a {name} of {number}: it must be positive")
    return number
