"""Products of tensors, transforms along an axis, and running sums."""

from __future__ import annotations

from ..node import Site, enter_renamed, operator
from ..tf_op import TfOp, ints
from .fused import activated, biased

enter_renamed({"BATCH_MATMUL": "BatchMatMulV2"}, {"adj_x": "adjX", "adj_y": "adjY"})
enter_renamed({"CUMSUM": "Cumsum"}, {"exclusive": "exclusive", "reverse": "reverse"})
enter_renamed({"RFFT2D": "RFFT2D"})


@operator("FULLY_CONNECTED", like="MatMul")
@activated
def fully_connected(site: Site) -> TfOp:
    """A product with weights whose axes are (out, in).

    All axes of the input but the last are merged, unless an option keeps them.
    """
    if site.option("keepNumDims"):
        product = TfOp("BatchMatMulV2", (0, 1), {"adj_x": False, "adj_y": True})
    else:
        _, columns = site.shape(1, 2)
        rows = TfOp("Reshape", (0, ints(-1, columns)))
        product = TfOp("MatMul", (rows, 1), {"transpose_a": False, "transpose_b": True})
    return biased(product, site, 2)
