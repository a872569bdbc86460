"""See exactly which input pixels drive any cell of any layer of a neural network."""

from __future__ import annotations

import os
from typing import Any

from .errors import ModelError
from .model import Model
from .trace.closed_form import ReceptiveField
from .trace.network import Layer, Network, NetworkInput, Region


def load(
    source: str | os.PathLike[str] | bytes | Any,  # noqa: ANN401
    name: str | None = None,
    *,
    signature: str | None = None,
    training_ops: bool = False,
) -> Model:
    """Load a model from a file, from its bytes or from memory; the format is detected.

    ``source`` is a path (a folder for a SavedModel), the bytes of a whole file, a Keras model, an
    ``onnx.ModelProto``, or TensorFlow's ``Graph``, ``GraphDef`` or function. The content decides on
    the format, then the file's extension. A model whose weights lie in side files must be loaded by
    its path, from the folder that holds them all. ``name`` is what messages call the model; it
    defaults to the file's name. ``signature`` chooses between those of a model that has several
    (see ``Model.signatures``). With ``training_ops`` the gradients, optimisers and other operations
    are read that only train a TensorFlow graph. Raises ModelError for a source that cannot be read
    as a model; the message says what it is instead.
    """
    from .readers import open_model

    return open_model(source, name, signature, training_ops)


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
