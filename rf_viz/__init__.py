"""See exactly which input pixels drive any cell of any layer of a neural network."""

from __future__ import annotations

import os

from .closed_form import ReceptiveField
from .errors import ModelError
from .model import Model
from .network import Layer, Network, NetworkInput, Region


def load(source: str | os.PathLike[str] | bytes, name: str | None = None) -> Model:
    """Load a model from a file or its bytes; the format is found by content and extension."""
    from .readers import onnx

    return onnx.load(source, name)


__all__ = [
    "Layer",
    "Model",
    "ModelError",
    "Network",
    "NetworkInput",
    "ReceptiveField",
    "Region",
    "load",
]
