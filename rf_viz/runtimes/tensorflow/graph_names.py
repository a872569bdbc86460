"""Names in TensorFlow graphs: of variables, of a node's inputs, of the functions that it calls.

Works on messages of any protobuf classes, and needs no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

PLACEHOLDERS = ("Placeholder", "PlaceholderV2")
"""Operators that a person feeds."""

VARIABLES = ("VarHandleOp", "Variable", "VariableV2")
"""Operators whose values a graph does not hold."""


def maker(reference: str) -> str:
    """Name of the node that makes a tensor, or that a control input waits for."""
    return reference.lstrip("^").partition(":")[0]


def data_inputs(node: Any) -> list[str]:  # noqa: ANN401  (protobuf messages have no types)
    """Names of the tensors that a node reads, in order; output 0 of node n is called n."""
    return [name.removesuffix(":0") for name in node.input if not name.startswith("^")]


def called_functions(nodes: Iterable[Any], functions: Mapping[str, Any]) -> list[Any]:
    """Functions (by name) that nodes call, and those that these call in turn."""
    called: dict[str, Any] = {}
    pending = list(nodes)
    while pending:
        for name in _names_of_functions(pending.pop()):
            if name in functions and name not in called:
                called[name] = functions[name]
                pending.extend(called[name].node_def)
    return list(called.values())


def _names_of_functions(node: Any) -> Iterator[str]:  # noqa: ANN401
    """List what may be a function's name: a node's operator, and what its attributes name."""
    yield node.op
    for attribute in node.attr.values():
        if attribute.HasField("func"):
            yield attribute.func.name
        else:
            yield from (function.name for function in attribute.list.func)
