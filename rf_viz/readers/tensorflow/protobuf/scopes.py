"""Scopes that TensorFlow's names are made of: ``block1/conv/BiasAdd`` lies in two."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

_CALLS = re.compile(r"((Stateful)?PartitionedCall(_\d+)?/)+")


def enclosing(node: str, scopes: Container[str]) -> str | None:
    """Return the innermost of the scopes that a node lies in; None where it lies in none."""
    scope, slash, _ = node.rpartition("/")
    while slash:
        if scope in scopes:
            return scope
        scope, slash, _ = scope.rpartition("/")
    return None


def without_calls(node: str) -> str:
    """Strip the calls of unnamed functions from a node's name."""
    return _CALLS.sub("", node) if _CALLS.match(node) else node


def shorten(
    nodes: Sequence[Any], arguments: Container[str], results: Iterable[str]
) -> tuple[str, ...]:
    """Strip the scopes that all of a function's nodes lie in, and return its results likewise.

    Nodes keep their names where one would be called like an argument.
    """
    names = {node.name for node in nodes}
    scope = common_scope(names)
    if not scope or any(name.removeprefix(scope) in arguments for name in names):
        return tuple(results)

    def short(reference: str) -> str:
        mark = "^" if reference.startswith("^") else ""
        name, colon, number = reference[len(mark) :].partition(":")
        return f"{mark}{name.removeprefix(scope)}{colon}{number}" if name in names else reference

    for node in nodes:
        node.name = node.name.removeprefix(scope)
        node.input[:] = [short(reference) for reference in node.input]
    return tuple(short(name) for name in results)


def common_scope(names: Iterable[str]) -> str:
    """Return the innermost scope that all names lie in, with its slash; empty if there is none."""
    first, *others = [name.split("/")[:-1] for name in names] or [[]]
    for other in others:
        same = 0
        while same < min(len(first), len(other)) and first[same] == other[same]:
            same += 1
        first = first[:same]
    return "".join(f"{part}/" for part in first)


class Names:
    """New names of nodes, all different, by the old ones."""

    def __init__(self) -> None:
        self.new: dict[str, str] = {}
        self._used: set[str] = set()

    def give(self, old: str, wanted: str) -> str:
        """Give a node the name wanted, with a number where another node has it already."""
        name, count = wanted, 0
        while name in self._used:
            count += 1
            name = f"{wanted}_{count}"
        self._used.add(name)
        self.new[old] = name
        return name

    def of(self, reference: str) -> str:
        """Translate a reference to a node's output, or to its having run, to the new name."""
        mark = "^" if reference.startswith("^") else ""
        node, colon, number = reference[len(mark) :].partition(":")
        return f"{mark}{self.new.get(node, node)}{colon}{number}"


def rename(graph_def: Any, wanted: Callable[[str], str], names: Names | None = None) -> Names:  # noqa: ANN401
    """Give the nodes of a graph other names; ``names`` are the names so far."""
    names = names or Names()
    for node in graph_def.node:
        if node.name not in names.new:
            names.give(node.name, wanted(node.name))
    for node in graph_def.node:
        node.name = names.new[node.name]
        for i, reference in enumerate(node.input):
            node.input[i] = names.of(reference)
        node.attr.pop("_class", None)  # where to put it, by the old names
    return names
