"""Shapes that a configuration tells of a layer's output in what it says of the next layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Config = dict[str, Any]


def shapes_of_inputs(config: Config) -> Iterator[tuple[str, int, Any]]:
    """Yield (layer, number of its output, shape) for what layers say that they were built on.

    Archives of Keras 2 and 3 keep with a layer the shape of its input. It is the shape of the
    output of the layer that it was called on, or of the one before it in a ``Sequential``.
    """
    pending: list[Any] = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            pending.extend(value.values())
            layers = value.get("layers")
            if isinstance(layers, list) and all(isinstance(layer, dict) for layer in layers):
                yield from _of_layers(layers)


def _of_layers(layers: list[Config]) -> Iterator[tuple[str, int, Any]]:
    """The same for the layers of one model."""
    before: Config = {}
    for layer in layers:
        build = layer.get("build_config")
        shape = build.get("input_shape") if isinstance(build, dict) else None
        calls = layer.get("inbound_nodes")
        if shape is not None and not calls:
            name = _name(before)
            if name is not None:
                yield name, 0, shape
        elif shape is not None and isinstance(calls, list):
            # [[[layer, number of its call, number of its output, other arguments]]]
            first = calls[0]
            if isinstance(first, list) and len(first) == 1 and isinstance(first[0], list):
                match first[0][:3]:
                    case [str(name), int(), int(number)]:
                        yield name, number, shape
        before = layer


def _name(layer: Config) -> str | None:
    """A layer's name."""
    inner = layer.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    return name if isinstance(name, str) else None
