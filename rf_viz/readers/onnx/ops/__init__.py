"""The table of ONNX operators, one module a family; importing it fills ``node.OPERATORS``."""

from . import (
    attention,
    classical,
    control_flow,
    elementwise,
    generate,
    layout,
    linear,
    microsoft,
    opaque,
    quantised,
    recurrent,
    reductions,
    resize,
    select,
    sequence,
    windows,
)

__all__ = [
    "attention",
    "classical",
    "control_flow",
    "elementwise",
    "generate",
    "layout",
    "linear",
    "microsoft",
    "opaque",
    "quantised",
    "recurrent",
    "reductions",
    "resize",
    "select",
    "sequence",
    "windows",
]
