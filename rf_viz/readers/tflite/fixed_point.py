"""Resizing as LiteRT does it on small integers: positions are counted in steps of 1/1024 pixel.

The steps are rounded, so at some sizes an output pixel that lies right on an input pixel is told
to lie a little beside it, and then sees that one's neighbour too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ModelError
from ...relation import IDENTITY, Edge, Output, Relation
from ...relation.common.picks import checked_extent
from ...relation.common.resize import resampled
from ..reading.node import BaseNode
from ..reading.values import DataDependent

_STEPS = 1024
"""The steps that a pixel is counted in."""


def resize_bilinear(node: BaseNode[Any]) -> Output:
    """Every pixel depends on up to four near its place, as steps of 1/1024 pixel tell."""
    shape, size = node.shape(), node.ints(1)
    if size is None or len(shape) != 4 or len(size) != 2 or min(size) < 1:
        raise ModelError(f"{node.op} {node.name!r} cannot resize {list(shape)} to {size}")
    relation: Relation = IDENTITY
    for axis, out in enumerate(size, 1):
        relation += _along(node, axis, shape[axis], out)
    return Output((shape[0], *size, shape[3]), [Edge(0, relation)])


def _along(node: BaseNode[Any], axis: int, size: int, out: int) -> Relation:
    aligned = node.attribute("align_corners") and out > 1
    over, under = (size - 1, out - 1) if aligned else (size, out)
    scale = (_STEPS * over + under // 2) // under
    shift = scale // 2 - _STEPS // 2 if node.attribute("half_pixel_centers") else 0
    place = np.arange(checked_extent(out)) * scale + shift
    low = np.maximum(place // _STEPS, 0)
    if low.max() >= size:
        raise DataDependent(
            f"{node.op} {node.name} reads beyond the end of its rows: its steps are too coarse "
            "to make so many pixels of so few"
        )
    beyond = place - _STEPS * low
    counts = np.stack([np.ones(out, bool), beyond > 0], axis=1)
    return resampled(axis, size, low[:, None] + np.arange(2), counts, under / max(over, 1))
