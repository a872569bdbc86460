"""PyTorch's own operators that ONNX has no counterpart of: element by element."""

from __future__ import annotations

from ....relation import Output
from ...reading.outputs import SELF
from ..node import ATEN, Node, operator


@operator(
    "angle", "conj", "digamma", "erfinv", "i0", "lgamma", "mvlgamma", "polygamma", "signbit",
    "sinc", "special_airy_ai", "special_bessel_j0", "special_bessel_j1", "special_entr",
    "special_erfcx", "special_i0e", "special_i1", "special_i1e", "special_log_ndtr",
    "special_ndtr", "special_ndtri", "special_spherical_bessel_j0",
    domain=ATEN,
    category="other",
    elementwise=True,
)  # fmt: skip
def unary(node: Node) -> Output:
    """Every element by itself."""
    return Output(node.shape(), SELF)
