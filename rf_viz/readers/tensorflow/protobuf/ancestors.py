"""Cutting out the part of a graph that leads to some of its nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ....runtimes.tensorflow.graph_names import called_functions, maker


def ancestors(graph_def: Any, names: Iterable[str], *, control: bool = False) -> Any:  # noqa: ANN401
    """Return a graph of what leads to these nodes, with the functions that it calls.

    With ``control`` also of what only has to run before, else nothing is left of that.
    """
    nodes = {node.name: node for node in graph_def.node}
    kept: set[str] = set()
    pending = [name for name in names if name in nodes]
    while pending:
        name = pending.pop()
        if name in kept or name not in nodes:
            continue
        kept.add(name)
        pending.extend(
            maker(reference)
            for reference in nodes[name].input
            if control or not reference.startswith("^")
        )
    part = type(graph_def)(
        node=[node for node in graph_def.node if node.name in kept],
        versions=graph_def.versions,
    )
    functions = {function.signature.name: function for function in graph_def.library.function}
    part.library.function.extend(called_functions(part.node, functions))
    if not control:
        for node in part.node:
            data = [reference for reference in node.input if not reference.startswith("^")]
            if len(data) < len(node.input):
                node.input[:] = data
    return part
