"""The rules that translate PyTorch's operators to ONNX, one module a family."""

from __future__ import annotations

from ..site import RULES
from . import (
    activations,
    attention,
    control_flow,
    convolutions,
    elementwise,
    generate,
    indexing,
    joins,
    linear,
    moves,
    normalisations,
    numbers,
    pools,
    quantised,
    recurrent,
    reductions,
    resize,
    same,
    slices,
)

__all__ = [
    "RULES",
    "activations",
    "attention",
    "control_flow",
    "convolutions",
    "elementwise",
    "generate",
    "indexing",
    "joins",
    "linear",
    "moves",
    "normalisations",
    "numbers",
    "pools",
    "quantised",
    "recurrent",
    "reductions",
    "resize",
    "same",
    "slices",
]
