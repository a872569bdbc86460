"""Operators that move elements and mix none: reshaping, joining, cutting, repeating, padding."""

from __future__ import annotations

from ..node import Site, enter_renamed, operator
from ..tf_op import TfOp, ints, number
from .fused import activated

_MIRROR = {0: "REFLECT", 1: "SYMMETRIC"}
"""MirrorPadMode of the schema."""

enter_renamed({
    "BATCH_TO_SPACE_ND": "BatchToSpaceND", "BROADCAST_TO": "BroadcastTo",
    "EXPAND_DIMS": "ExpandDims", "MATRIX_DIAG": "MatrixDiag", "MATRIX_SET_DIAG": "MatrixSetDiag",
    "PAD": "Pad", "PADV2": "PadV2", "REVERSE_V2": "ReverseV2",
    "SPACE_TO_BATCH_ND": "SpaceToBatchND", "TILE": "Tile", "TRANSPOSE": "Transpose",
})  # fmt: skip
enter_renamed(
    {"SPACE_TO_DEPTH": "SpaceToDepth", "DEPTH_TO_SPACE": "DepthToSpace"},
    {"block_size": "blockSize"},
)
enter_renamed({"SQUEEZE": "Squeeze"}, {"squeeze_dims": "squeezeDims"})
enter_renamed({"SPLIT": "Split", "SPLIT_V": "SplitV"}, {"num_split": "numSplits"})


@operator("CONCATENATION", like="ConcatV2")
@activated
def concatenation(site: Site) -> TfOp:
    """The inputs, joined along an axis that an option tells."""
    return TfOp("ConcatV2", (*site.every, number(site.option("axis"))))


@operator("PACK", like="Pack")
def packed(site: Site) -> TfOp:
    """The inputs, stacked along a new axis."""
    return TfOp("Pack", site.every, {"axis": site.option("axis"), "N": len(site.every)})


@operator("UNPACK", like="Unpack")
def unpacked(site: Site) -> TfOp:
    """The slices along an axis, each an output."""
    return TfOp("Unpack", (0,), {"axis": site.option("axis"), "num": site.outputs})


@operator("RESHAPE", like="Reshape")
def reshaped(site: Site) -> TfOp:
    """The elements in their order, in another shape.

    Old files tell the shape in an option, some of those that make a scalar as [0].
    """
    if site.has(1):
        return TfOp("Reshape", (0, 1))
    shape = site.option("newShape", ())
    return TfOp("Reshape", (0, ints(*(() if shape == (0,) else shape))))


@operator("MIRROR_PAD", like="MirrorPad")
def mirror_padded(site: Site) -> TfOp:
    """The input, padded by its own mirror image."""
    return TfOp("MirrorPad", (0, 1), {"mode": site.choice("mode", _MIRROR)})
