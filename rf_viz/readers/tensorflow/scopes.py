"""The scopes that TensorFlow's names are made of: ``block1/conv/BiasAdd`` lies in two."""

from __future__ import annotations

from collections.abc import Container


def enclosing(node: str, scopes: Container[str]) -> str | None:
    """The innermost of the scopes that a node lies in."""
    scope, slash, _ = node.rpartition("/")
    while slash:
        if scope in scopes:
            return scope
        scope, slash, _ = scope.rpartition("/")
    return None
