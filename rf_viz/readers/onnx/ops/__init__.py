"""The table of ONNX operators, one module a family; importing them fills ``OPERATORS``."""

from ..node import OPERATORS
from . import (
    attention,
    classical,
    control_flow,
    elementwise,
    generate,
    linear,
    microsoft,
    moves,
    opaque,
    quantised,
    recurrent,
    reductions,
    resize,
    sampling,
    select,
    sequence,
    windows,
)

__all__ = [
    "OPERATORS",
    "attention",
    "classical",
    "control_flow",
    "elementwise",
    "generate",
    "linear",
    "microsoft",
    "moves",
    "opaque",
    "quantised",
    "recurrent",
    "reductions",
    "resize",
    "sampling",
    "select",
    "sequence",
    "windows",
]
