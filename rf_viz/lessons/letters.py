"""What the letters stand for that describe the layers of a network."""

from __future__ import annotations

from .example import Example
from .layers import Conv, Transposed
from .worked import paths


def letters(example: Example) -> str:
    """Say what the letters in the rows of a network stand for, those that occur."""
    layers = [stage.layer for path in paths(example) for stage in path]
    plain_ones = [layer for layer in layers if isinstance(layer, Conv)]
    parts = ["k kernel"]
    if any(layer.stride > 1 for layer in layers):
        parts.append("s stride")
    if any(layer.dilation > 1 for layer in plain_ones):
        parts.append("d dilation")
    written = [str(layer) for layer in plain_ones]
    if any("p = " in about and "q = " not in about for about in written):
        parts.append("p padding at both ends")
    if any("q = " in about for about in written):
        parts.append("where there is a q, p is the padding before and q the padding after")
    if any(isinstance(layer, Transposed) and layer.padding != (0, 0) for layer in layers):
        parts.append("in a transposed convolution, p is what is cut off at both ends")
    return "; ".join(parts)
