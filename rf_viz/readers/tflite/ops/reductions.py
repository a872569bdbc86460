"""Reductions, normalisations and whatever else sees a whole axis."""

from __future__ import annotations

from ..node import Site, enter_alike, enter_renamed, operator
from ..tf_op import TfOp

enter_renamed(
    {
        "MEAN": "Mean",
        "SUM": "Sum",
        "REDUCE_PROD": "Prod",
        "REDUCE_MAX": "Max",
        "REDUCE_MIN": "Min",
        "REDUCE_ANY": "Any",
        "REDUCE_ALL": "All",
    },
    {"keep_dims": "keepDims"},
)
enter_renamed({"ARG_MAX": "ArgMax", "ARG_MIN": "ArgMin", "TOPK_V2": "TopKV2"})
enter_renamed({"LOG_SOFTMAX": "LogSoftmax"})
enter_alike({"SOFTMAX": "Softmax"})
enter_alike({"L2_NORMALIZATION": "Softmax"}, category="normalisation")


@operator("LOCAL_RESPONSE_NORMALIZATION", like="LRN")
def local_response(site: Site) -> TfOp:
    """A normalisation by the channels around each."""
    return TfOp("LRN", (0,), {"depth_radius": site.option("radius")})
