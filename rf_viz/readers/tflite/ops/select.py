"""Operators that pick or place elements by index: gathers, scatters, segments, one-hot."""

from __future__ import annotations

from ..node import Site, enter_renamed, operator
from ..tf_op import TfOp, number

enter_renamed({
    "GATHER_ND": "GatherNd", "SCATTER_ND": "ScatterNd", "SEGMENT_SUM": "SegmentSum",
    "SPARSE_TO_DENSE": "SparseToDense", "UNIQUE": "Unique",
    "UNSORTED_SEGMENT_MAX": "UnsortedSegmentMax", "UNSORTED_SEGMENT_MIN": "UnsortedSegmentMin",
    "UNSORTED_SEGMENT_PROD": "UnsortedSegmentProd", "UNSORTED_SEGMENT_SUM": "UnsortedSegmentSum",
    "WHERE": "Where",
})  # fmt: skip
enter_renamed({"ONE_HOT": "OneHot"}, {"axis": "axis"})
enter_renamed(
    {"REVERSE_SEQUENCE": "ReverseSequence"}, {"seq_dim": "seqDim", "batch_dim": "batchDim"}
)


@operator("GATHER", like="GatherV2")
def gathered(site: Site) -> TfOp:
    """The slices along an axis that the second input names."""
    attributes = {"batch_dims": site.option("batchDims")}
    return TfOp("GatherV2", (0, 1, number(site.option("axis"))), attributes)


@operator("EMBEDDING_LOOKUP", like="GatherV2", category="attention, dense")
def embedded(site: Site) -> TfOp:
    """The rows of the second input that the first names."""
    return TfOp("GatherV2", (1, 0, number(0)), {"batch_dims": 0})
