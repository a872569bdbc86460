"""The table of ONNX operators, one module a family; importing it fills ``node.OPERATORS``."""

from . import (
    attention,
    basics,
    control_flow,
    elementwise,
    linear,
    recurrent,
    reductions,
    sequence,
    windows,
)

__all__ = [
    "attention",
    "basics",
    "control_flow",
    "elementwise",
    "linear",
    "recurrent",
    "reductions",
    "sequence",
    "windows",
]
