"""See exactly which input pixels drive any cell of any layer of a neural network."""

from __future__ import annotations

import os
from typing import Any

from .errors import ModelError
from .model import Model
from .trace.closed_form import ReceptiveField
from .trace.network import Layer, Network, NetworkInput, Region


def load(source: str | os.PathLike[str] | bytes | Any, name: str | None = None) -> Model:  # noqa: ANN401
    """Load a model from a file or its bytes; the format is found by content and extension.

    A Keras model or a function of TensorFlow may be given as it is in memory. Bytes are a whole
    model: one whose weights lie in side files is loaded by path, from the folder that holds them
    all. ``name`` is what to call the model in messages. Raises ModelError for what is not a model
    that can be read, saying what it is instead.
    """
    from .readers import open_model

    return open_model(source, name)


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
