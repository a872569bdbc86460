"""The table of ONNX operators, one module a family; importing it fills ``node.OPERATORS``."""

from . import (
    attention,
    basics,
    classical,
    control_flow,
    elementwise,
    linear,
    microsoft,
    opaque,
    quantised,
    recurrent,
    reductions,
    sequence,
    windows,
)

__all__ = [
    "attention",
    "basics",
    "classical",
    "control_flow",
    "elementwise",
    "linear",
    "microsoft",
    "opaque",
    "quantised",
    "recurrent",
    "reductions",
    "sequence",
    "windows",
]
