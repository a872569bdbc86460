"""The part of a graph that leads to some of its nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def ancestors(graph_def: Any, names: Iterable[str], *, control: bool = False) -> Any:  # noqa: ANN401
    """A graph of what leads to these nodes, with the functions that it calls.

    With ``control`` also of what only has to run before, else nothing is left of that.
    """
    nodes = {node.name: node for node in graph_def.node}
    found: set[str] = set()
    todo = [name for name in names if name in nodes]
    while todo:
        name = todo.pop()
        if name in found or name not in nodes:
            continue
        found.add(name)
        todo.extend(
            reference.lstrip("^").partition(":")[0]
            for reference in nodes[name].input
            if control or reference[0] != "^"
        )
    part = type(graph_def)(
        node=[node for node in graph_def.node if node.name in found],
        versions=graph_def.versions,
    )
    part.library.function.extend(_called(part.node, graph_def.library))
    if not control:
        for node in part.node:
            kept = [reference for reference in node.input if reference[0] != "^"]
            if len(kept) < len(node.input):
                node.input[:] = kept
    return part


def _called(nodes: Iterable[Any], library: Any) -> list[Any]:  # noqa: ANN401
    """The functions that nodes call, and those that these call in turn."""
    functions = {function.signature.name: function for function in library.function}
    found: dict[str, Any] = {}
    todo = list(nodes)
    while todo:
        for name in _names(todo.pop()):
            if name in functions and name not in found:
                found[name] = functions[name]
                todo.extend(functions[name].node_def)
    return list(found.values())


def _names(node: Any) -> Iterator[str]:  # noqa: ANN401
    yield node.op
    for attribute in node.attr.values():
        if attribute.HasField("func"):
            yield attribute.func.name
        elif attribute.HasField("list"):
            yield from (function.name for function in attribute.list.func)
