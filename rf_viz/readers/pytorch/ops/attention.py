"""Attention."""

from __future__ import annotations

from math import sqrt

import numpy as np

from .. import dtypes
from ..site import Site, Untranslatable, fixed, rule


@rule(
    "scaled_dot_product_attention", "_scaled_dot_product_flash_attention_for_cpu",
    "_scaled_dot_product_flash_attention", "_scaled_dot_product_efficient_attention",
    "_scaled_dot_product_attention_math", "_scaled_dot_product_cudnn_attention",
)  # fmt: skip
def attend(site: Site) -> list[str | None]:
    """A mean of values, weighted by how well their keys match a query."""
    dtype, rank = site.result.dtype, site.rank("query")
    if rank < 2 or site.rank("key") != rank:
        raise Untranslatable
    query, key, value = (site.tensor(name) for name in ("query", "key", "value"))
    if rank > 2 and site.shape("query")[-3] != site.shape("key")[-3]:
        key, value = (_repeated(site, name) for name in ("key", "value"))
    scale = site.argument("scale")
    if scale is None:
        scale = 1 / sqrt(fixed(site.shape("query")[-1:])[0])
    turned = site.transpose(key, [*range(rank - 2), rank - 1, rank - 2])
    scores = site.add("MatMul", query, turned)
    scores = site.add("Mul", scores, site.scalar(scale, dtype))
    bias = next((n for n in ("attn_mask", "attn_bias") if site.has(n)), "")
    if bias:
        scores = site.add("Add", scores, _bias(site, bias, dtype))
    if site.flag("is_causal"):
        scores = site.add("Add", scores, _causal(site, dtype))
    return [site.add("MatMul", site.add("Softmax", scores, axis=-1), value)]


def _repeated(site: Site, name: str) -> str:
    """Keys or values, each head repeated for the queries that share it."""
    shape, heads = list(site.static(name)), fixed(site.shape("query")[-3:-2])[0]
    if not shape[-3] or heads % shape[-3]:
        raise Untranslatable
    times, axis = heads // shape[-3], len(shape) - 2
    wide = [*shape[:axis], times, *shape[axis:]]
    spread = site.add("Expand", site.unsqueeze(site.tensor(name), axis), site.ints(wide))
    return site.reshape(spread, [*shape[:-3], heads, *shape[-2:]])


def _bias(site: Site, name: str, dtype: int) -> str:
    """What a mask adds to the scores."""
    if site.dtype(name) != dtypes.BOOL:
        return site.operand(name, dtype)
    nothing, all_of_it = site.scalar(0.0, dtype), site.scalar(float("-inf"), dtype)
    return site.add("Where", site.tensor(name), nothing, all_of_it)


def _causal(site: Site, dtype: int) -> str:
    """What keeps queries from keys that come later."""
    rows, columns = site.shape("query")[-2], site.shape("key")[-2]
    if rows is not None and columns is not None and rows * columns <= 2**24:
        later = ~np.tri(rows, columns, dtype=np.bool_)
        return site.writer.constant(np.where(later, -np.inf, 0).astype(dtypes.array_type(dtype)))
    size = [
        site.add("Slice", site.add("Shape", site.tensor(name)), site.ints([-2]), site.ints([-1]))
        for name in ("query", "key")
    ]
    shape = site.add("Concat", *size, axis=0)
    ones = site.add("Expand", site.scalar(float("-inf"), dtype), shape)
    return site.add("Trilu", ones, site.scalar(1, dtypes.INT64), upper=1)
