"""Cost: a layer's multiply-adds, read off its relation.

A convolution or a product of matrices multiplies once for each pair of an output element and an
input element that it depends on, taps that fall on padding included. So the relation tells how
often, whatever the framework. By the usual convention a multiply-add is two operations: GFLOPs = 2
* multiply-adds / 1e9.
"""

from __future__ import annotations

from math import prod

from ..relation import pairs_of
from .tensors import Tensor


def multiply_adds(tensor: Tensor) -> int | None:
    """The number of multiply-adds that compute a tensor; None where that cannot be told.

    Only products that are summed count: arithmetic element by element, pooling, normalisation and
    resizing count 0. ``tensor.multiplies`` says which operators count; where it is None the
    operator multiplies, but not once for each pair.
    """
    if tensor.multiplies is None:
        return None
    if not tensor.multiplies:
        return None if tensor.assumed else 0
    pairs = [pairs_of(source.relation) for source in tensor.sources]
    outputs = prod(tensor.shape)
    # Biases, scales and ranges may depend on the input too: they meet each output once.
    counts = [outputs * p.inputs // p.outputs if p.combines else 0 for p in pairs if p is not None]
    return max(counts, default=None)
