"""Pools: the largest, or the mean, of windows."""

from __future__ import annotations

from math import prod

from ..site import Site, Untranslatable, fixed, rule, sizes_of

_MOST_PARTS = 64
"""The most windows along an axis that are told one by one."""


def _spatial(site: Site) -> int:
    """The number of axes that windows slide along, which the operator's name says."""
    return int(site.target.partition("pool")[2].lstrip("ing")[0])


def _batched(site: Site, value: str, spatial: int) -> tuple[str, bool]:
    """The input with a batch, and whether it had none."""
    single = site.rank() == spatial + 1
    return (site.unsqueeze(value, 0) if single else value), single


@rule(
    "max_pool1d", "max_pool2d", "max_pool3d", "max_pool1d_with_indices", "max_pool2d_with_indices",
    "max_pool3d_with_indices",
)  # fmt: skip
def largest(site: Site) -> list[str | None]:
    """The largest number of each window, and where in the plane it lies."""
    spatial = _spatial(site)
    kernel = site.each("kernel_size", spatial)
    strides = site.each("stride", spatial) if site.argument("stride") else kernel
    value, single = _batched(site, site.tensor("self"), spatial)
    outputs = site.writer.add_many(
        "MaxPool",
        [value],
        2 if len([r for r in site.results if r]) > 1 else 1,
        kernel_shape=kernel,
        strides=strides,
        pads=site.each("padding", spatial, 0) * 2,
        dilations=site.each("dilation", spatial, 1),
        ceil_mode=int(site.flag("ceil_mode")),
    )
    if len(outputs) > 1:  # ONNX counts through all planes, PyTorch within each
        plane = prod(fixed(site.shape()[-spatial:]))
        outputs[1] = site.add("Mod", outputs[1], site.ints([plane]))
    return [site.squeeze(o, 0) if single else o for o in outputs]


@rule("avg_pool1d", "avg_pool2d", "avg_pool3d")
def mean(site: Site) -> str:
    """The mean of each window."""
    spatial = _spatial(site)
    kernel = site.each("kernel_size", spatial)
    strides = site.each("stride", spatial) if site.argument("stride") else kernel
    divisor = site.argument("divisor_override")
    value, single = _batched(site, site.tensor("self"), spatial)
    pads, rounded_up = site.each("padding", spatial, 0) * 2, site.flag("ceil_mode")
    if divisor is not None and rounded_up:  # ONNX divides windows beyond the padding by less
        before, after = (fixed(s[-spatial:]) for s in (site.shape(), sizes_of(site.result)))
        for i, (n, m) in enumerate(zip(before, after, strict=True)):
            pads[spatial + i] = max((m - 1) * strides[i] + kernel[i] - n - pads[i], 0)
        pads = [0, 0, *pads[:spatial], 0, 0, *pads[spatial:]]
        value = site.add("Pad", value, site.ints(pads))
        pads, rounded_up = [0] * (2 * spatial), False
    result = site.add(
        "AveragePool",
        value,
        kernel_shape=kernel,
        strides=strides,
        pads=pads,
        ceil_mode=int(rounded_up),
        count_include_pad=int(divisor is not None or site.flag("count_include_pad", True)),
    )
    if divisor is not None:
        if not isinstance(divisor, int) or divisor == 0:
            raise Untranslatable
        factor = site.scalar(prod(kernel) / divisor, site.dtype())
        result = site.add("Mul", result, factor)
    return site.squeeze(result, 0) if single else result


def _adaptive(site: Site, op: str, pool: str, over_all: str) -> str:
    """Windows of such sizes that a certain number of them covers each axis."""
    spatial = _spatial(site)
    wanted = site.argument("output_size")
    wanted = list(wanted) if isinstance(wanted, list) else [wanted] * spatial
    if len(wanted) != spatial or not all(n is None or isinstance(n, int) for n in wanted):
        raise Untranslatable
    before, rank = site.shape()[-spatial:], site.rank()
    value, single = _batched(site, site.tensor("self"), spatial)
    if all(n == 1 for n in wanted):
        result = site.add(over_all, value)
        return site.squeeze(result, 0) if single else result
    after = fixed([n if n is not None else before[i] for i, n in enumerate(wanted)])
    if min(after) < 1:
        raise Untranslatable
    if all(n is not None and n % m == 0 for n, m in zip(before, after, strict=True)):
        kernel = [n // m for n, m in zip(fixed(before), after, strict=True)]
        result = site.add(pool, value, kernel_shape=kernel, strides=kernel)
        return site.squeeze(result, 0) if single else result
    if max(after) > _MOST_PARTS:
        raise Untranslatable
    value = site.tensor("self")
    for i, (n, m) in enumerate(zip(before, after, strict=True)):
        value = _pooled_axis(site, op, value, rank - spatial + i, n, m)
    return value


def _pooled_axis(site: Site, op: str, value: str, axis: int, length: int | None, count: int) -> str:
    """One axis pooled over a number of windows that are as even as whole numbers allow."""
    if length is None:
        open_length = site.add("Gather", site.add("Shape", value), site.ints([axis]), axis=0)

    def divided(factor: int, rounding: int) -> str:
        if length is not None:
            return site.ints([(length * factor + rounding) // count])
        product = site.add("Mul", open_length, site.ints([factor]))
        rounded = site.add("Add", product, site.ints([rounding]))
        return site.add("Div", rounded, site.ints([count]))

    parts = [
        site.add(
            op,
            site.add("Slice", value, divided(i, 0), divided(i + 1, count - 1), site.ints([axis])),
            site.ints([axis]),
            keepdims=1,
        )
        for i in range(count)
    ]
    return site.add("Concat", *parts, axis=axis)


@rule(
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "_adaptive_avg_pool2d",
    "_adaptive_avg_pool3d",
)  # fmt: skip
def adaptive_mean(site: Site) -> str:
    """The means of so many windows that cover the image."""
    return _adaptive(site, "ReduceMean", "AveragePool", "GlobalAveragePool")


@rule("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
def adaptive_largest(site: Site) -> str:
    """The largest numbers of so many windows that cover the image."""
    return _adaptive(site, "ReduceMax", "MaxPool", "GlobalMaxPool")
