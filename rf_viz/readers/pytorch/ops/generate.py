"""Tensors that depend on shapes only: filled, counted, random."""

from __future__ import annotations

from math import prod

import numpy as np

from .. import dtypes
from ..program import Argument, Name
from ..site import Site, Untranslatable, fixed, rule, sizes_of

_MOST_COUNTED = 2**20
"""The longest row of numbers that is written out."""


def _size(site: Site) -> Argument:
    size = next((site.argument(n) for n in ("size", "shape") if n in site.node.arguments), None)
    if not isinstance(size, list):
        raise Untranslatable
    return size


def _value(site: Site, default: float) -> str:
    name = "fill_value" if site.has("fill_value") else "value"
    if site.is_tensor(name):
        return site.operand(name, site.result.dtype)
    return site.scalar(site.argument(name, default), site.result.dtype)


_FILLS = {"zeros": 0, "ones": 1, "empty": 0, "full": 0}


@rule(
    "zeros", "ones", "empty.memory_format", "full", "new_zeros", "new_ones", "new_empty",
    "new_full", "empty_strided", "new_empty_strided", "empty_permuted",
)  # fmt: skip
def filled(site: Site) -> str:
    """One number in a shape."""
    op = site.target.removeprefix("aten.").removeprefix("new_")
    fill = _FILLS[op.partition(".")[0].partition("_")[0]]
    return site.add("Expand", _value(site, fill), site.counts(_size(site)))


@rule("zeros_like", "ones_like", "empty_like", "full_like")
def filled_like(site: Site) -> str:
    """One number in the shape of another tensor."""
    fill = _FILLS[site.target.removeprefix("aten.").partition("_")[0]]
    value, shape = _value(site, fill), site.shape()
    if None in shape:
        return site.add("Expand", value, site.add("Shape", site.tensor("self")))
    return site.add("Expand", value, site.ints([n for n in shape if n is not None]))


@rule("scalar_tensor")
def number(site: Site) -> str:
    """A number as a tensor without axes."""
    value = next(iter(site.node.arguments.values()))
    return site.add("Identity", site.scalar(value, site.result.dtype))


@rule("arange", "arange.start", "arange.start_step")
def count(site: Site) -> str:
    """Numbers at a fixed step."""
    dtype = site.result.dtype
    start, end, step = site.argument("start", 0), site.argument("end"), site.argument("step", 1)
    if all(isinstance(n, int | float) for n in (start, end, step)):
        many = (end - start) / step if step else 0
        if many <= _MOST_COUNTED:
            row = np.arange(start, end, step) if step else np.zeros(0)
            return site.add("Identity", site.writer.constant(row.astype(dtypes.array_type(dtype))))
    return site.add("Range", *(site.scalar(n, dtype) for n in (start, end, step)))


@rule("linspace", "logspace")
def steps(site: Site) -> str:
    """Numbers at equal distances between two others."""
    many = site.whole("steps")
    if not 0 <= many <= _MOST_COUNTED:
        raise Untranslatable
    if isinstance(site.argument("end"), Name) or isinstance(site.argument("start"), Name):
        return _steps_to(site, many)
    row = np.linspace(site.real("start"), site.real("end"), many)
    if "logspace" in site.target:
        row = site.real("base", 10.0) ** row
    return site.add(
        "Identity", site.writer.constant(row.astype(dtypes.array_type(site.result.dtype)))
    )


def _steps_to(site: Site, many: int) -> str:
    """Numbers at equal distances between two others that are computed."""
    dtype = site.result.dtype
    if "logspace" in site.target or not dtypes.is_floating(dtype):
        raise Untranslatable
    start, end = (site.scalar(site.argument(name), dtype) for name in ("start", "end"))
    shares = np.linspace(0, 1, many).astype(dtypes.array_type(dtype))
    return site.add(
        "Add", start, site.add("Mul", site.add("Sub", end, start), site.writer.constant(shares))
    )


@rule("tril_indices", "triu_indices")
def triangle(site: Site) -> str:
    """The rows and columns of what lies on one side of a diagonal."""
    rows, columns, shift = site.whole("row"), site.whole("col"), site.whole("offset", 0)
    if not 0 <= rows * columns <= _MOST_COUNTED:
        raise Untranslatable
    indices = np.tril_indices if "tril" in site.target else np.triu_indices
    places = np.array(indices(rows, shift, columns), dtypes.array_type(site.result.dtype))
    return site.add("Identity", site.writer.constant(places))


@rule("eye", "eye.m")
def unit(site: Site) -> str:
    """The unit matrix."""
    rows = site.whole("n")
    columns = site.whole("m", rows)
    if not 0 <= rows * columns <= _MOST_COUNTED:
        raise Untranslatable
    matrix = np.eye(rows, columns, dtype=dtypes.array_type(site.result.dtype))
    return site.add("Identity", site.writer.constant(matrix))


@rule(
    "rand", "randn", "rand_like", "randn_like", "bernoulli.p", "uniform", "normal",
    "normal_functional", "randint", "randint.low", "randint_like", "randint_like.low_dtype",
)  # fmt: skip
def random(site: Site) -> str:
    """Random numbers; which ones differs from PyTorch's at any rate."""
    op, dtype = site.target.split(".")[1], site.result.dtype
    if op.startswith("randint"):
        low, high = site.real("low", 0.0), site.real("high")
        spread = site.add("Mul", _random(site), site.scalar(high - low, dtypes.FLOAT))
        return site.cast(
            site.add("Floor", site.add("Add", spread, site.scalar(low, dtypes.FLOAT))), dtype
        )
    normal = "randn" in op or "normal" in op
    return site.cast(_random(site, "RandomNormal" if normal else "RandomUniform"), dtype)


@rule("bernoulli")
def draw(site: Site) -> str:
    """Ones by chance, as likely as the tensor says."""
    dtype = site.result.dtype
    drawn = site.cast(_random(site), dtype)
    return site.cast(site.add("Less", drawn, site.operand("self", dtype)), dtype)


def _random(site: Site, kind: str = "RandomUniform") -> str:
    """Random numbers in the result's shape. Raises Untranslatable where an axis of it is free."""
    shape = fixed(sizes_of(site.result))
    if prod(shape) > 2**28:
        raise Untranslatable
    return site.add(kind, shape=list(shape), seed=0.0)
