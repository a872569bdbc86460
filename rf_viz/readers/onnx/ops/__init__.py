"""The table of ONNX operators, one module a family; importing it fills ``node.OPERATORS``."""

from . import basics, elementwise, windows

__all__ = ["basics", "elementwise", "windows"]
