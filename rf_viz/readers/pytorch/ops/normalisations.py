"""Normalisations by statistics of the input, or by stored ones."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from .. import dtypes
from ..site import Site, Untranslatable, fixed, rule

_MOST_FILLED = 2**24
"""The most numbers that stand for parameters that there are none of."""


def _filled(site: Site, value: float, shape: Sequence[int], dtype: int) -> str:
    if prod(shape) > _MOST_FILLED:
        raise Untranslatable
    return site.writer.constant(np.full(shape, value, dtypes.array_type(dtype)))


def _channels(site: Site, name: str) -> int:
    return fixed(site.shape(name)[1:2])[0]


def _parameter(site: Site, name: str, value: float, count: int) -> str:
    """Learned numbers, one a channel, or one number for all."""
    return site.optional(name) or _filled(site, value, [count], site.result.dtype)


def _stored(site: Site) -> str:
    """A batch normalisation by stored statistics."""
    count = _channels(site, "input")
    return site.add(
        "BatchNormalization",
        site.tensor("input"),
        _parameter(site, "weight", 1, count),
        _parameter(site, "bias", 0, count),
        site.tensor("running_mean"),
        site.tensor("running_var"),
        epsilon=site.real("eps", 1e-5),
        momentum=0.9,
    )


def _of_batch(site: Site) -> str:
    """A batch normalisation by the statistics of the batch.

    Written out: ONNX Runtime computes that of BatchNormalization's training mode otherwise.
    """
    dtype, rank, count = site.result.dtype, site.rank("input"), _channels(site, "input")
    axes = site.ints([a for a in range(rank) if a != 1])
    value = site.tensor("input")
    apart = site.add("Sub", value, site.add("ReduceMean", value, axes, keepdims=1))
    variance = site.add("ReduceMean", site.add("Mul", apart, apart), axes, keepdims=1)
    eps = site.scalar(site.real("eps", 1e-5), dtype)
    result = site.add("Div", apart, site.add("Sqrt", site.add("Add", variance, eps)))
    shape = [1, count, *[1] * (rank - 2)]
    for name, op in (("weight", "Mul"), ("bias", "Add")):
        if site.has(name):
            result = site.add(op, result, site.reshape(site.tensor(name), shape))
    return result


@rule("batch_norm", "native_batch_norm", "cudnn_batch_norm", "_native_batch_norm_legit",
      "_native_batch_norm_legit.no_stats", "_native_batch_norm_legit_functional",
      "_batch_norm_with_update")  # fmt: skip
def batch_norm(site: Site) -> list[str | None]:
    """Each channel less its mean, over its deviation."""
    if site.argument("training", "update" in site.target) or not site.has("running_mean"):
        return [_of_batch(site)]
    return [_stored(site)]


@rule("_native_batch_norm_legit_no_training", "_batch_norm_no_update")
def batch_norm_stored(site: Site) -> list[str | None]:
    """Each channel less its stored mean, over its stored deviation."""
    return [_stored(site)]


@rule("instance_norm")
def instance_norm(site: Site) -> str:
    """Each channel of each image less its mean, over its deviation."""
    if not site.flag("use_input_stats", True):
        return _stored(site)
    count = _channels(site, "input")
    return site.add(
        "InstanceNormalization",
        site.tensor("input"),
        _parameter(site, "weight", 1, count),
        _parameter(site, "bias", 0, count),
        epsilon=site.real("eps", 1e-5),
    )


@rule("layer_norm", "native_layer_norm")
def layer_norm(site: Site) -> list[str | None]:
    """The last axes less their mean, over their deviation."""
    shape = site.wholes("normalized_shape")
    outputs = 3 if "native" in site.target else 1
    return list(
        site.writer.add_many(
            "LayerNormalization",
            [
                site.tensor("input"),
                site.optional("weight") or _filled(site, 1, shape, site.result.dtype),
                site.optional("bias"),
            ],
            outputs,
            axis=-len(shape),
            epsilon=site.real("eps", 1e-5),
        )
    )


@rule("rms_norm", "_fused_rms_norm")
def rms_norm(site: Site) -> list[str | None]:
    """The last axes over the root of their mean square."""
    dtype, value = site.result.dtype, site.tensor("input")
    shape = site.wholes("normalized_shape")
    if not dtypes.is_floating(dtype):
        raise Untranslatable
    eps = site.real("eps", float(np.finfo(np.float32).eps))
    axes = site.ints(range(-len(shape), 0))
    squares = site.add("ReduceMean", site.add("Mul", value, value), axes, keepdims=1)
    root = site.add("Sqrt", site.add("Add", squares, site.scalar(eps, dtype)))
    result = site.add("Div", value, root)
    if site.has("weight"):
        result = site.add("Mul", result, site.tensor("weight"))
    return [result]


@rule("_weight_norm", "_weight_norm_interface")
def weight_norm(site: Site) -> list[str | None]:
    """A weight of a learned length."""
    rank, axis = site.rank("v"), site.axis(default=0, of="v")
    axes = site.ints([a for a in range(rank) if a != axis])
    length = site.add("ReduceL2", site.tensor("v"), axes, keepdims=1)
    return [site.add("Mul", site.tensor("v"), site.add("Div", site.tensor("g"), length)), length]


@rule("group_norm", "native_group_norm")
def group_norm(site: Site) -> list[str | None]:
    """Each group of channels less its mean, over its deviation."""
    count = _channels(site, "input")
    groups = site.whole("group" if "native" in site.target else "num_groups")
    if groups < 1 or count % groups:
        raise Untranslatable
    value = site.add(
        "GroupNormalization",
        site.tensor("input"),
        _parameter(site, "weight", 1, count),
        _parameter(site, "bias", 0, count),
        num_groups=groups,
        epsilon=site.real("eps", 1e-5),
    )
    return [value]
