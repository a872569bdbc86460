"""See exactly which input pixels drive any cell of any layer of a neural network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import ModelError
    from .model import Model
    from .trace.closed_form import ReceptiveField
    from .trace.network import Layer, Network, NetworkInput, Region
else:
    _HOMES = {
        "Layer": "trace.network",
        "Model": "model",
        "ModelError": "errors",
        "Network": "trace.network",
        "NetworkInput": "trace.network",
        "ReceptiveField": "trace.closed_form",
        "Region": "trace.network",
    }

    def __getattr__(name: str) -> Any:  # noqa: ANN401
        """Import a public class when it is first used: the command line is there at once."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOMES})


def load(
    source: str | os.PathLike[str] | bytes | Any,  # noqa: ANN401
    name: str | Any | None = None,  # noqa: ANN401
    *,
    example: Any = None,  # noqa: ANN401
    signature: str | None = None,
    training_ops: bool = False,
) -> Model:
    """Load a model from a file, from its bytes or from memory; the format is detected.

    ``source`` is a path (a folder for a SavedModel), the bytes of a whole file, a Keras model, an
    ``onnx.ModelProto``, TensorFlow's ``Graph``, ``GraphDef`` or function, or PyTorch's ``Module``,
    ``ExportedProgram`` or ``ONNXProgram``. The content decides on the format, then the file's
    extension. A model whose weights lie in side files must be loaded by
    its path, from the folder that holds them all. ``name`` is what messages call the model; it
    defaults to the file's name. ``signature`` chooses between those of a model that has several
    (see ``Model.signatures``). With ``training_ops`` the gradients, optimisers and other operations
    are read that only train a TensorFlow graph.

    A module of PyTorch needs an ``example`` of its input, here or in the place of ``name``: a
    tensor or a shape, a tuple of those for several inputs, or a dictionary for inputs by name. The
    module is read as it computes in evaluation mode, and left as it was.

    Raises ModelError for a source that cannot be read as a model; the message says what it is
    instead.
    """
    from .readers import open_model

    if name is not None and not isinstance(name, str):
        name, example = None, name
    return open_model(source, name, signature, training_ops, example)


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
