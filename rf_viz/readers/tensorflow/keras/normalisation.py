"""Layers that normalise by statistics of their data, which Keras computes on when it makes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_DERIVED = ("mean", "variance")


@contextmanager
def normalised_anew(model: Any) -> Iterator[None]:  # noqa: ANN401
    """Let a model's ``Normalization`` layers derive their factors from their variables meanwhile.

    Keras derives them once, when a layer is made or loaded, and so before a file's values are read.
    """
    import keras

    changed = []
    try:
        for layer in {id(x): x for x in model._flatten_layers()}.values():
            if isinstance(layer, keras.layers.Normalization) and hasattr(layer, "adapt_mean"):
                changed.append((layer, [getattr(layer, name) for name in _DERIVED]))
                layer.finalize_state()
        yield
    finally:
        for layer, values in changed:
            for name, value in zip(_DERIVED, values, strict=True):
                setattr(layer, name, value)
