"""Small one-dimensional networks to learn from, traced by the core like any other model."""

from __future__ import annotations

from .example import Example, Links, Row, network, stack
from .layers import Conv, Fork, Layer, Transposed, Upsample

__all__ = [
    "Conv",
    "Example",
    "Fork",
    "Layer",
    "Links",
    "Row",
    "Transposed",
    "Upsample",
    "network",
    "stack",
]
