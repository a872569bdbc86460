"""Layers that ``keras.applications`` defines for its own networks and that no other module names."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .layer_settings import accepted

_MODULES = {
    "LayerScale": "convnext",
    "StochasticDepth": "convnext",
    "CustomScaleLayer": "inception_resnet_v2",
}
"""The classes, and the modules of ``keras.applications`` in which Keras keeps them."""


def application_layer(kind: str, settings: Collection[str]) -> Any | None:  # noqa: ANN401
    """Return the class of that name, if these are the names of its settings; None otherwise.

    People give classes of their own the same names: theirs have other settings.
    """
    if kind not in _MODULES:
        return None
    from importlib import import_module

    cls = getattr(import_module(f"keras.src.applications.{_MODULES[kind]}"), kind, None)
    if cls is None:
        return None
    takes = accepted(cls)
    needs = {n for n, p in takes.items() if p.default is p.empty}
    return cls if needs <= set(settings) <= takes.keys() else None
