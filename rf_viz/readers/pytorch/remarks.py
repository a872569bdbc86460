"""What is worth knowing of an exported program itself: that it is in training mode."""

from __future__ import annotations

from collections.abc import Sequence

from ...model import Remark
from ...relation import Shape
from ..foreign.advice import install, quoted, zeros
from ..onnx.remarks import in_training_mode
from .program import Graph

_NORMALISE = "batch_norm"
_FLAGS = {_NORMALISE: ("training", "5"), "dropout": ("train", "2")}
"""The arguments that say whether operators with such names train: by name, and by position."""


def remarks(trains: Sequence[str], name: str, shape: Shape) -> tuple[Remark, ...]:
    """Say whether a program is in training mode; ``shape`` is that of its input."""
    if not trains:
        return ()
    call = f"torch.export.export(model.eval(), ({zeros(shape)},))"
    line = install(f"import torch; torch.export.save({call}, {quoted(name)})", "torch")
    return (in_training_mode(name, trains.count(_NORMALISE), line),)


def kinds_in_training(graph: Graph) -> tuple[str, ...]:
    """List the kind of each operator that is in training mode, those of subgraphs too."""
    kinds: list[str] = []
    for node in graph.nodes:
        arguments = node.arguments
        for kind, flags in _FLAGS.items():
            # Without stored statistics there are no others than those of what is fed.
            stored = kind != _NORMALISE or arguments.get("running_mean", arguments.get("3"))
            if kind in node.target and stored and any(arguments.get(f) is True for f in flags):
                kinds.append(kind)
        for argument in arguments.values():
            if isinstance(argument, Graph):
                kinds += kinds_in_training(argument)
    return tuple(kinds)
