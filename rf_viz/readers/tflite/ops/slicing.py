"""Slices by begin and end, in all the forms that masks give them."""

from __future__ import annotations

from ..node import Site, enter_renamed, operator
from ..tf_op import TfOp

enter_renamed({"SLICE": "Slice"})


@operator("STRIDED_SLICE", like="StridedSlice")
def strided_slice(site: Site) -> TfOp:
    """A slice with steps; with the option ``offset`` its ends are counted from its begins."""
    end = TfOp("AddV2", (1, 2)) if site.option("offset", False) else 2
    names = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    options = ("beginMask", "endMask", "ellipsisMask", "newAxisMask", "shrinkAxisMask")
    masks = {f"{n}_mask": site.option(o) for n, o in zip(names, options, strict=True)}
    return TfOp("StridedSlice", (0, 1, end, 3), masks)
