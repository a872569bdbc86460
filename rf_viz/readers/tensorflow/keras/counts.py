"""How often the layers of a configuration are called, counted before the model is built."""

from __future__ import annotations

from typing import Any

MOST_CALLS = 10_000
"""The most calls of layers in one call of a model.

Keras's own networks have up to a thousand. Each takes milliseconds to build and to trace.
"""


def calls_of_layers(value: Any) -> int:  # noqa: ANN401
    """Count the calls of layers that a model makes, those of models within it each time.

    A model within another may be called several times, and so may one within that: some lines of a
    configuration stand for any number of calls. Raises RecursionError where they nest deeply.
    """
    if isinstance(value, list):
        return sum(map(calls_of_layers, value))
    if not isinstance(value, dict):
        return 0
    layers = value.get("layers")
    if not isinstance(layers, list):
        return sum(map(calls_of_layers, value.values()))
    return sum((1 + calls_of_layers(layer)) * _times(layer) for layer in layers)


def _times(layer: Any) -> int:  # noqa: ANN401
    """How often a model calls one of its layers."""
    nodes = layer.get("inbound_nodes") if isinstance(layer, dict) else None
    return max(len(nodes), 1) if isinstance(nodes, list) else 1
