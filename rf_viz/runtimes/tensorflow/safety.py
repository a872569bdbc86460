"""The judgement of which graphs may be run: those of operators that compute from tensors only.

A graph is a program, and a stranger's. Some operators read or write files, reach the network, start
servers or call Python. So only those run that are listed (see ``operators``), in the graph and in
every function that it brings along. TensorFlow itself refuses functions that have an operator's
name, and calls of functions that are not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .operators import CHANGES, LASTING, OPERATORS
from .substitutes import SUBSTITUTED

_HOLDING = {
    "Const": "dtype",
    "DeserializeManySparse": "dtype",
    "DeserializeSparse": "dtype",
    "HostConst": "dtype",
    "ParseTensor": "out_type",
}
"""Operators that make a tensor of what a file holds, with the attribute of its type."""

_FORGED = {20, 21}
"""DataType's DT_RESOURCE and DT_VARIANT: handles, and objects such as lists. Those that a file
holds instead of making them can point nowhere, and take the process down."""


def may_run(graph_def: Any) -> str:  # noqa: ANN401  (protobuf messages have no types)
    """Say in words why this graph is not run; empty if it may be run.

    Loads TensorFlow only where there is something to say.
    """
    own = {function.signature.name for function in graph_def.library.function}
    for node in _nodes(graph_def):
        if node.op not in OPERATORS and node.op not in own and node.op not in SUBSTITUTED:
            return _why_not(node)
        if node.op in _HOLDING and _is_forged(node):
            return (
                f"{node.op} ({node.name}) holds a handle or an object where numbers or texts "
                "belong, so it is not run; what the cells see holds all the same"
            )
    return ""


def leaves_something(graph_def: Any) -> bool:  # noqa: ANN401
    """Tell whether a run may leave something of its inputs in the session, for the next to see.

    Tables that the graph itself fills are filled before every run, from constants.
    """
    return any(node.op in CHANGES for node in graph_def.node) or any(
        node.op in LASTING for function in graph_def.library.function for node in function.node_def
    )


def _is_forged(node: Any) -> bool:  # noqa: ANN401
    """Tell whether a node makes a handle or an object of what the file holds.

    A type that is not written at the node could be any.
    """
    kind = node.attr[_HOLDING[node.op]].type if _HOLDING[node.op] in node.attr else 0
    held = node.attr["value"].tensor.dtype if "value" in node.attr else 0
    return kind in {0, *_FORGED} or held in _FORGED


def _why_not(node: Any) -> str:  # noqa: ANN401
    """Say why a node is not run."""
    from tensorflow.python.framework import op_def_registry

    if op_def_registry.get(node.op) is not None:
        return (
            f"{node.op} ({node.name}) is not among the operators that RF-Viz runs, since it may do "
            "more than compute from tensors; what the cells see holds all the same"
        )
    if "reason" in node.attr:
        return str(node.attr["reason"].s.decode("utf-8", "replace"))  # a reader's stand-in
    return f"{node.op} ({node.name}) is not an operator of TensorFlow's own"


def _nodes(graph_def: Any) -> Iterator[Any]:  # noqa: ANN401
    """All nodes of a graph and of its functions."""
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def
