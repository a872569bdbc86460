"""Biases and activations that are fused to operators of several families."""

from __future__ import annotations

from ..node import Site, Translate
from ..tf_op import TfOp, clipped

_ACTIVATIONS = {0: "", 1: "Relu", 2: "RELU_N1_TO_1", 3: "Relu6", 4: "Tanh", 5: "Sign"}
"""ActivationFunctionType of the schema."""


def activated(translate: Translate) -> Translate:
    """Add the activation that is fused to the operator to its translation."""

    def fused(site: Site) -> TfOp:
        tf_op, activation = translate(site), site.choice("fusedActivationFunction", _ACTIVATIONS)
        if activation == "RELU_N1_TO_1":
            return clipped(tf_op, -1, 1)
        return TfOp(activation, (tf_op,)) if activation else tf_op

    return fused


def biased(tf_op: TfOp, site: Site, i: int) -> TfOp:
    """Add input ``i`` along the channels where the operator has it."""
    return TfOp("BiasAdd", (tf_op, i), {"data_format": "NHWC"}) if site.has(i) else tf_op
