"""Reductions, normalisations and whatever else sees a whole axis."""

from __future__ import annotations

from ....relation import Output
from ....relation.common.basic import normalise
from ...reading.operators import Operator
from ...tensorflow.node import Node
from ..node import Site, enter_renamed, operator
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


def _over_channels(node: Node) -> Output:
    """Each element depends on its own and on all along the last axis."""
    shape = node.shape()
    return Output(shape, normalise(0, shape, (len(shape) - 1,)))


_NORMALISATION = Operator(_over_channels, "normalisation")


@operator("SOFTMAX", like="Softmax")
def softmax(site: Site) -> TfOp:
    """A softmax; one of 16-bit integers has no weights of 0, so that masks hide nothing from it.

    LiteRT's table of exponentials ends at exp(-10) for these, which is a unit of its weights.
    """
    operator = _NORMALISATION if site.input(0).dtype == "int16" else None
    return TfOp("Softmax", (0,), same=False, operator=operator)


@operator("L2_NORMALIZATION", like="Softmax", category="normalisation")
def l2_normalisation(_: Site) -> TfOp:
    """Each vector divided by its length."""
    return TfOp("Softmax", (0,), same=False, operator=_NORMALISATION)


@operator("LOCAL_RESPONSE_NORMALIZATION", like="LRN")
def local_response(site: Site) -> TfOp:
    """A normalisation by the channels around each."""
    return TfOp("LRN", (0,), {"depth_radius": site.option("radius")})
