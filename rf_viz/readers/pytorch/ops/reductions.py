"""Sums, means, extremes and their places, along axes."""

from __future__ import annotations

from math import prod

from .. import dtypes
from ..site import Site, Untranslatable, fixed, rule

_REDUCTIONS = {
    "sum": "ReduceSum", "mean": "ReduceMean", "amax": "ReduceMax", "amin": "ReduceMin",
    "prod": "ReduceProd", "logsumexp": "ReduceLogSumExp",
}  # fmt: skip
_OVERLOADS = {
    "sum": ("default", "dim_IntList"), "mean": ("default", "dim"), "amax": ("default",),
    "amin": ("default",), "prod": ("default", "dim_int"), "logsumexp": ("default",),
}  # fmt: skip


def reduced(site: Site, op: str, value: str, axes: list[int], keep: bool) -> str:
    """A value reduced over some axes; over none it stays as it is."""
    if not axes:
        return site.add("Identity", value)
    return site.add(op, value, site.ints(axes), keepdims=int(keep))


def _reduction(name: str, op: str) -> None:
    @rule(*(f"{name}.{overload}" for overload in _OVERLOADS[name]))
    def apply(site: Site) -> str:
        value = site.operand("self", site.result.dtype)
        axes = site.axes() if site.rank() else []
        return reduced(site, op, value, axes, site.flag("keepdim"))


for _name, _op in _REDUCTIONS.items():
    _reduction(_name, _op)


@rule("max", "min")
def extreme(site: Site) -> str:
    """The largest or smallest number of all."""
    op = "ReduceMax" if ".max" in site.target else "ReduceMin"
    axes = list(range(site.rank()))
    if site.dtype() == dtypes.BOOL:
        value = reduced(site, op, site.cast(site.tensor("self"), dtypes.INT32), axes, False)
        return site.cast(value, dtypes.BOOL)
    return reduced(site, op, site.tensor("self"), axes, keep=False)


@rule("max.dim", "min.dim")
def extreme_and_place(site: Site) -> list[str | None]:
    """The largest or smallest number along an axis, and where it stands."""
    largest = ".max" in site.target
    axis, keep, value = site.axis(), site.flag("keepdim"), site.tensor("self")
    if not site.rank():
        raise Untranslatable
    best = site.add("ReduceMax" if largest else "ReduceMin", value, site.ints([axis]),
                    keepdims=int(keep))  # fmt: skip
    if len(site.results) < 2 or site.results[1] is None:
        return [best]
    op = "ArgMax" if largest else "ArgMin"
    return [best, site.add(op, value, axis=axis, keepdims=int(keep))]


@rule("argmax", "argmin")
def place(site: Site) -> str:
    """Where the largest or smallest number stands."""
    op = "ArgMax" if "argmax" in site.target else "ArgMin"
    if site.has("dim"):
        keep = int(site.flag("keepdim"))
        return site.add(op, site.tensor("self"), axis=site.axis(), keepdims=keep)
    flat = site.reshape(site.tensor("self"), [-1])
    result = site.add(op, flat, axis=0, keepdims=0)
    return site.reshape(result, [1] * site.rank()) if site.flag("keepdim") else result


@rule("any", "any.dim", "any.dims", "all", "all.dim", "all.dims")
def truth(site: Site) -> str:
    """Whether any or all numbers are other than 0."""
    op = "ReduceMax" if ".any" in site.target else "ReduceMin"
    number = site.cast(site.operand("self", dtypes.BOOL), dtypes.INT32)
    axes = site.axes() if site.rank() else []
    return site.cast(reduced(site, op, number, axes, site.flag("keepdim")), site.result.dtype)


def _deviation(site: Site) -> tuple[str, str, list[int]]:
    """The mean square distance from the mean, corrected; the mean; over which axes."""
    dtype, value = site.result.dtype, site.operand("self", site.result.dtype)
    axes = site.axes() if site.rank() else []
    mean = reduced(site, "ReduceMean", value, axes, keep=True)
    apart = site.add("Sub", value, mean)
    square = site.add("Mul", apart, apart)
    correction = site.argument("correction")
    if correction is None:
        correction = 1 if site.flag("unbiased", True) else 0
    if not isinstance(correction, int | float):
        raise Untranslatable
    keep = site.flag("keepdim")
    if correction == 0:
        return reduced(site, "ReduceMean", square, axes, keep), mean, axes
    total = reduced(site, "ReduceSum", square, axes, keep)
    sizes = [site.shape()[a] for a in axes]
    if None not in sizes:
        count = site.scalar(float(prod(fixed(sizes)) - correction), dtype)
    else:
        lengths = [site.add("Shape", value, start=a, end=a + 1) for a in axes]
        every = lengths[0] if len(lengths) == 1 else site.add("Concat", *lengths, axis=0)
        product = site.cast(site.add("ReduceProd", every, keepdims=0), dtype)
        count = site.add("Sub", product, site.scalar(float(correction), dtype))
    return site.add("Div", total, count), mean, axes


_SPREADS = tuple(
    f"{name}.{overload}"
    for name in ("var", "std", "var_mean", "std_mean")
    for overload in ("default", "dim", "correction")
)


@rule(*_SPREADS)
def spread(site: Site) -> list[str | None]:
    """The variance or the deviation, with the mean where that is asked for."""
    result, mean, axes = _deviation(site)
    if ".std" in site.target:
        result = site.add("Sqrt", result)
    if "_mean" not in site.target:
        return [result]
    if not site.flag("keepdim") and axes:
        mean = site.squeeze(mean, *axes)
    return [result, mean]


@rule("linalg_vector_norm", "norm.ScalarOpt_dim", "norm.Scalar", "norm.ScalarOpt_dim_dtype",
      "norm.ScalarOpt_dtype")  # fmt: skip
def norm(site: Site) -> str:
    """The length of vectors."""
    dtype, value = site.result.dtype, site.operand("self", site.result.dtype)
    order = site.real("ord", 2.0) if "linalg" in site.target else site.real("p", 2.0)
    axes, keep = (site.axes() if site.rank() else []), site.flag("keepdim")
    simple = {1.0: "ReduceL1", 2.0: "ReduceL2"}.get(order)
    if simple and axes:
        return reduced(site, simple, value, axes, keep)
    size = site.add("Abs", value)
    if order in (float("inf"), float("-inf")):
        return reduced(site, "ReduceMax" if order > 0 else "ReduceMin", size, axes, keep)
    if order == 0:
        there = site.cast(site.cast(value, dtypes.BOOL), dtype)
        return reduced(site, "ReduceSum", there, axes, keep)
    powers = site.add("Pow", size, site.scalar(order, dtype))
    total = reduced(site, "ReduceSum", powers, axes, keep)
    return site.add("Pow", total, site.scalar(1 / order, dtype))


@rule("cumsum")
def running_sum(site: Site) -> str:
    """The sum up to each position."""
    value = site.operand("self", site.result.dtype)
    if not site.rank():
        return site.add("Identity", value)
    return site.add("CumSum", value, site.scalar(site.axis(), dtypes.INT64))


@rule("topk", "sort", "sort.stable")
def order(site: Site) -> list[str | None]:
    """The largest or smallest numbers along an axis in order, and where they stood."""
    axis = site.axis(default=-1)
    if not site.rank():
        raise Untranslatable
    if "topk" in site.target:
        count, largest = site.count(site.argument("k")), site.flag("largest", True)
    else:
        size, largest = site.shape()[axis], site.flag("descending")
        count = site.add("Shape", site.tensor("self"), start=axis, end=axis + 1)
        if size is not None:
            count = site.ints([size])
    outputs = site.writer.add_many(
        "TopK", [site.tensor("self"), count], 2, axis=axis, largest=int(largest), sorted=1
    )
    return list(outputs)


@rule("msort")
def sorted_rows(site: Site) -> str:
    """The numbers along the first axis in order."""
    size = site.add("Shape", site.tensor("self"), start=0, end=1)
    if not site.rank():
        raise Untranslatable
    return site.writer.add_many("TopK", [site.tensor("self"), size], 2, axis=0, largest=0)[0]


@rule("argsort", "argsort.stable")
def places_in_order(site: Site) -> str:
    """Where the numbers along an axis stood before they are put in order."""
    places = order(site)[1]
    if places is None:
        raise Untranslatable
    return places
