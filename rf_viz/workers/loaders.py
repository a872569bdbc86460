"""The functions by which workers load models."""

from __future__ import annotations

from pathlib import Path

from .. import load
from ..errors import ModelError
from ..model import Model


def load_file(
    content: Path | bytearray, name: str, signature: str | None, training_ops: bool
) -> Model:
    """Read a model from a file or from its content, as ``rf_viz.load``. Raises ModelError."""
    return load(content, name, signature=signature, training_ops=training_ops)


def load_alone(path: Path, name: str, signature: str | None, training_ops: bool) -> Model:
    """Read a model from a file's content, whatever is beside it. Raises ModelError."""
    try:
        content = bytearray(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{name} is no longer on the server: upload it again") from error
    return load_file(content, name, signature, training_ops)


def load_network(library: str, name: str, trained: bool) -> Model:
    """Build a network that a library has by name. Raises ModelError.

    ``library`` is "keras", or one of ``readers.pytorch.networks.LIBRARIES``.
    """
    if library == "keras":
        from ..readers.tensorflow.keras import applications

        return applications.load(name, trained=trained)
    from ..readers.pytorch import networks

    return networks.load(library, name, trained=trained)
