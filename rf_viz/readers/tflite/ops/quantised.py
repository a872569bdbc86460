"""Quantisation, which maps element by element, and that of images by their extremes."""

from __future__ import annotations

from ....relation import Output
from ....relation.common.basic import normalise
from ...reading.node import BaseNode
from ...reading.operators import Operator
from ..call import Call
from ..node import Site, enter_alike, enter_renamed
from ..tf_op import TfOp

enter_renamed({"DEQUANTIZE": "Identity"}, category="other")
enter_alike({"FAKE_QUANT": "Identity", "QUANTIZE": "Identity"}, category="other")


def data_of(site: Site, i: int = 0) -> int | TfOp:
    """Return the data of a convolution, its input ``i``, quantised where LiteRT does that.

    With a kernel of whole numbers and data of real ones ("dynamic range"), the kernel scales each
    image by its smallest and largest values (EvalHybrid of conv.cc and transpose_conv.cc in
    tensorflow/lite/kernels).
    """
    data, kernel = site.input(i), site.input(1)
    if kernel.quantised is None or "float" in kernel.dtype or "float" not in data.dtype:
        return i
    return TfOp("Identity", (i,), same=False, operator=Operator(_by_extremes, "other"))


def _by_extremes(node: BaseNode[Call]) -> Output:
    """Every element scaled by the extremes of its image."""
    shape = node.shape()
    return Output(shape, normalise(0, shape, tuple(range(1, len(shape)))))
