"""Which functions of a TensorFlow graph's library a part of it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def called(nodes: Iterable[Any], functions: Mapping[str, Any]) -> list[Any]:
    """The functions (by name) that these nodes call, and those that these call in turn."""
    found: dict[str, Any] = {}
    todo = list(nodes)
    while todo:
        node = todo.pop()
        names = [node.op, *(f.name for a in node.attr.values() for f in _named(a))]
        for name in names:
            if name in functions and name not in found:
                found[name] = functions[name]
                todo.extend(found[name].node_def)
    return list(found.values())


def _named(attribute: Any) -> list[Any]:  # noqa: ANN401
    """The functions that an attribute names."""
    kind = attribute.WhichOneof("value")
    return [attribute.func] if kind == "func" else list(attribute.list.func)
