"""Resizing as TensorFlow does it, but for small integers, which LiteRT resizes in fixed point."""

from __future__ import annotations

from dataclasses import replace

from ...reading.operators import Operator
from ..fixed_point import resize_bilinear
from ..node import Site, called, enter_renamed, operator
from ..tf_op import TfOp

_OPTIONS = {"align_corners": "alignCorners", "half_pixel_centers": "halfPixelCenters"}

enter_renamed({"RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighbor"}, _OPTIONS)


@operator("RESIZE_BILINEAR", like="ResizeBilinear")
def bilinear(site: Site) -> TfOp:
    """A resizing in which a pixel sees up to four around its place."""
    tf_op = called("ResizeBilinear", _OPTIONS)(site)
    if site.input(0).dtype in ("int8", "int16"):
        return replace(tf_op, operator=Operator(resize_bilinear, "resize"))
    return tf_op
