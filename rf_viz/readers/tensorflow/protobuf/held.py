"""Weights of a graph, kept apart from it so that it is read without any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ....runtimes.tensorflow.graph_names import maker
from ...reading.values import Value

_RESOURCE = 20
"""The type of handles."""


class Constant(Value):
    """Constant that a function captured from the program around it; it is no variable."""

    __slots__ = ()


class Weight(NamedTuple):
    """Weight that a node stands for: its values, and their type as a number of DataType."""

    value: Value
    kind: int


def hold(graph_def: Any, weights: Mapping[str, Weight]) -> dict[str, Value]:  # noqa: ANN401
    """Make placeholders of the variables of a flat graph, by node name; returns their values.

    Of a handle its readers pass the value on, as an ``Identity``. One that something else takes,
    such as a loop, stays the handle of a variable.
    """
    readers: dict[str, list[Any]] = {}
    for node in graph_def.node:
        for reference in node.input:
            readers.setdefault(maker(reference), []).append(node)
    held: dict[str, Value] = {}
    for node in graph_def.node:
        weight = weights.get(node.name)
        if weight is None:
            continue
        if node.op == "VarHandleOp" or node.attr["dtype"].type == _RESOURCE:
            reads = _reads(node.name, readers)
            for read in reads or ():
                read.op = "Identity"
                read.attr.clear()
                read.attr["T"].type = weight.kind
            node.op = "VarHandleOp" if reads is None else "Placeholder"
        else:
            node.op = "Placeholder"
        held[node.name] = weight.value
        node.attr.clear()
        node.attr["dtype"].type = weight.kind
        if node.op == "VarHandleOp":  # handles of one name, or of none, lead to one variable
            node.attr["shared_name"].s = node.name.encode()
        shape = node.attr["shape"].shape
        shape.SetInParent()
        for n in weight.value.shape or ():
            shape.dim.add(size=n)
    return held


def _reads(handle: str, readers: Mapping[str, list[Any]]) -> list[Any] | None:
    """The nodes that a handle reaches by being passed on, if all of them read it."""
    reads, pending = [], [handle]
    while pending:
        for node in readers.get(pending.pop(), []):
            if node.op not in ("Identity", "ReadVariableOp"):
                return None
            reads.append(node)
            if node.op == "Identity":
                pending.append(node.name)
    return reads


def filled(graph_def: Any, held: Mapping[str, Value]) -> Any:  # noqa: ANN401
    """Return the graph with the values of its placeholders in their places, to be run.

    Raises ModelError where its file does not give them.
    """
    if not held:
        return graph_def
    graph = type(graph_def)()
    graph.CopyFrom(graph_def)
    for node in graph.node:
        if node.op == "VarHandleOp" or node.name not in held:
            continue
        value = held[node.name].value()
        if value is None:
            continue
        kind = node.attr["dtype"].type
        node.op = "Const"
        node.attr.clear()
        tensor = node.attr["value"].tensor
        node.attr["dtype"].type = tensor.dtype = kind
        for n in np.shape(value):
            tensor.tensor_shape.dim.add(size=n)
        tensor.tensor_content = np.ascontiguousarray(value).tobytes()
    return graph
