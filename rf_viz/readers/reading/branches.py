"""Branches of which nobody knows before the run which one is taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...relation import Edge, Output
from ...relation.common.basic import everything
from .node import BaseNode
from .values import DataDependent, Value

Node = BaseNode[Any]


def either(
    node: Node, condition: Value, branches: Sequence[Sequence[Value]], count: int
) -> list[Output | Value]:
    """Describe the first ``count`` results of branches: each depends on all and on the condition.

    They replace the node's inputs. Raises DataDependent where their shapes differ.
    """
    node.inputs = [condition, *(value for values in branches for value in values[:count])]
    outputs: list[Output | Value] = []
    for i in range(count):
        shapes = {values[i].shape for values in branches}
        shape = branches[0][i].shape
        if shape is None or len(shapes) > 1:
            raise DataDependent(f"the shape of what {node.op} {node.name} makes is either of two")
        edges = [Edge(1 + i + number * count) for number in range(len(branches))]
        outputs.append(Output(shape, [Edge(0, everything(condition.shape or (), shape)), *edges]))
    return outputs


def truth(value: Value | None) -> bool | None:
    """Whether a tensor's first element is true; None where that is not known."""
    array = None if value is None else value.value()
    return None if array is None or not array.size else bool(array.reshape(-1)[0])
