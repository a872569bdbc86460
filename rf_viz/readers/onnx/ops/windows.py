"""Convolution and pooling."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....relation import (
    Edge,
    Output,
    Relation,
    Shape,
    Slide,
    Step,
    Taps,
    TransposedWindow,
    Window,
)
from ....relation.common.basic import (
    broadcast,
    channel_mix,
    reduce,
    reshape,
    same_slide,
    slide,
    slides,
    slides_back,
    transpose,
)
from ....relation.common.picks import laid, taps_met, taps_met_back
from ...reading.outputs import parameter
from ..node import Node, operator

_PARAMETERS = {"ConvInteger": (2, 3), "QLinearConv": (1, 2, 4, 5, 6, 7, 8)}
"""Which inputs are biases, scales and zero points; elsewhere only the bias."""


_ZERO_POINT = {"ConvInteger": 3, "QLinearConv": 5}
"""The input that says which stored weight stands for zero, one or one a channel."""


def _windows(node: Node, size: Shape, kernel: Shape, pools: bool = False) -> tuple[Slide, ...]:
    """The windows along the spatial axes, from 2 on, by the attributes that all forms share.

    Where the stride is larger than the kernel, automatic padding of a pooling is negative.
    """
    n = len(size)
    stride, dilation = _per_axis(node, "strides", (1,) * n), _per_axis(node, "dilations", (1,) * n)
    auto = node.attribute("auto_pad", "NOTSET")
    pads = _per_axis(node, "pads", (0,) * 2 * n)
    ceil = bool(node.attribute("ceil_mode", 0))
    windows = []
    for i in range(n):
        k, s, d = kernel[i], stride[i], dilation[i]
        if auto in ("SAME_UPPER", "SAME_LOWER"):
            lower = auto == "SAME_LOWER"
            window = same_slide(2 + i, size[i], k, s, d, lower=lower, clamp=not pools)
        else:
            begin, end = (pads[i], pads[n + i]) if auto in ("NOTSET", "") else (0, 0)
            window = slide(2 + i, size[i], k, s, d, (begin, end), ceil=ceil)
            if -s < size[i] + begin + end - (k - 1) * d - 1 < 0:
                # Runtimes round towards zero, and so let one window in that is too large.
                window = window._replace(out=1)
        if window.out < 1:
            raise ModelError(
                f"{node.op} {node.name!r}: its kernel of {(k - 1) * d + 1} is larger than its "
                f"input of {size[i]}, so the input size is too small for this model"
            )
        windows.append(window)
    return tuple(windows)


def _per_axis(node: Node, name: str, default: Shape) -> Shape:
    """An attribute of one number for each axis, or side of one. Raises ModelError."""
    numbers: Shape = node.attribute(name, default)
    if len(numbers) != len(default):
        raise ModelError(
            f"{node.op} {node.name!r} has {name} of {list(numbers)}: they must be {len(default)}"
        )
    return numbers


@operator("Conv", category="convolution", multiplies=True, weights=(1, 2))
@operator("ConvInteger", category="convolution", multiplies=True, weights=(1,))
@operator("QLinearConv", category="convolution", multiplies=True, weights=(3, 8))
def conv(node: Node) -> Output:
    """A window over space, all to all within each group of channels."""
    shape = node.shape()
    weights = 3 if node.op == "QLinearConv" else 1
    kernel = node.shape(weights)
    group = _groups(node, shape, kernel)
    windows = _windows(node, shape[2:], kernel[2:])
    after = (shape[0], kernel[0], *[w.out for w in windows])
    edges = []
    if node.depends(0):
        taps = _taps(node, weights)
        step = slides(windows) if taps is None else Window(windows, taps)
        mixed = channel_mix((*shape[:2], *after[2:]), 1, group, kernel[0])
        edges.append(Edge(0, (step, *mixed)))
    if node.depends(weights):
        relation = reduce(kernel, (1,), False)
        relation += reshape((kernel[0], *kernel[2:]), (1, kernel[0], *kernel[2:]))
        relation += tuple(taps_met(w) for w in windows)
        edges.append(Edge(weights, relation + broadcast((1, *after[1:]), after)))
    for i in _PARAMETERS.get(node.op, (2,)):
        edges += parameter(node, i, after, 1)
    return Output(after, edges)


@operator("ConvTranspose", category="convolution", multiplies=True, weights=(1, 2))
def conv_transpose(node: Node) -> Output:
    """Each input laid on a window of the output, all to all within each group of channels."""
    shape, kernel = node.shape(0), node.shape(1)
    group = _groups(node, shape, kernel, transposed=True)
    windows = _transposed_windows(node, shape[2:], kernel[2:])
    after = (shape[0], kernel[1] * group, *[w.size for w in windows])
    edges = []
    if node.depends(0):
        taps = _taps(node, 1)
        step = slides_back(windows) if taps is None else TransposedWindow(windows, taps)
        edges.append(Edge(0, (*channel_mix(shape, 1, group, after[1]), step)))
    if node.depends(1):
        split = (group, kernel[0] // group, *kernel[1:])
        relation = reshape(kernel, split) + reduce(split, (1,), False)
        relation += reshape((group, *kernel[1:]), (1, after[1], *kernel[2:]))
        relation += tuple(taps_met_back(w) for w in windows)
        edges.append(Edge(1, relation + broadcast((1, *after[1:]), after)))
    return Output(after, edges + parameter(node, 2, after, 1))


def _transposed_windows(node: Node, size: Shape, kernel: Shape) -> tuple[Slide, ...]:
    """The windows of the convolution that is transposed: from the output's extents to ``size``."""
    n = len(size)
    stride, dilation = _per_axis(node, "strides", (1,) * n), _per_axis(node, "dilations", (1,) * n)
    auto = node.attribute("auto_pad", "NOTSET")
    pads = _per_axis(node, "pads", (0,) * 2 * n)
    more = _per_axis(node, "output_padding", (0,) * n)
    named = node.attribute("output_shape") or ()
    extents = named[-n:]  # batch and channels may come before them
    if extents and len(extents) != n:
        raise ModelError(f"{node.op} {node.name!r} has an output shape of {list(named)}")
    windows = []
    for i in range(n):
        k, s, d = kernel[i], stride[i], dilation[i]
        whole = (size[i] - 1) * s + more[i] + (k - 1) * d + 1
        if extents or auto in ("SAME_UPPER", "SAME_LOWER"):
            total = max(whole - (extents[i] if extents else size[i] * s), 0)
            begin = total // 2 if auto == "SAME_UPPER" else total - total // 2
            out = extents[i] if extents else whole - total
        else:
            begin, end = (pads[i], pads[n + i]) if auto in ("NOTSET", "") else (0, 0)
            out = whole - begin - end
        windows.append(Slide(2 + i, out, size[i], k, s, d, begin))
    return tuple(windows)


def _groups(node: Node, shape: Shape, kernel: Shape, transposed: bool = False) -> int:
    """The number of groups. Raises ModelError where the weights do not fit the input."""
    group = int(node.attribute("group", 1))
    if group < 1:
        raise ModelError(f"{node.op} {node.name!r} has {group} groups of channels")
    if len(kernel) != len(shape) or len(shape) < 3:
        raise ModelError(
            f"{node.op} {node.name!r} has weights of {list(kernel)} for an input of {list(shape)}"
        )
    channels = kernel[0] if transposed else kernel[1] * group
    if channels != shape[1]:
        raise ModelError(
            f"{node.op} {node.name!r} expects {channels} channels, its input has {shape[1]}"
        )
    if not transposed and kernel[0] % group:
        raise ModelError(
            f"{node.op} {node.name!r} makes {kernel[0]} channels in {group} groups of equal size"
        )
    return group


def _taps(node: Node, weights: int) -> NDArray[np.bool_] | None:
    """The kernel positions that count where some do not, in a weight-aware trace."""
    if not node.weight_aware:
        return None
    values, zero = node.value(weights), _ZERO_POINT.get(node.op)
    if values is None:
        return None
    nothing: NDArray[Any] | int | None = 0
    if zero is not None and node.has(zero):
        nothing = node.value(zero)
        if nothing is None:
            return None
        nothing = nothing.reshape(-1, *[1] * (values.ndim - 1))
    taps: NDArray[np.bool_] = np.any(values != nothing, axis=(0, 1))
    return None if taps.all() else taps


@operator("MaxPool", "AveragePool", "LpPool", category="pooling")
def pool(node: Node) -> Output | list[Output]:
    """A window over space, channel by channel; a second output, of positions, sees the same."""
    shape = node.shape()
    kernel = node.attribute("kernel_shape", ())
    if len(kernel) != len(shape) - 2:
        raise ModelError(f"{node.op} {node.name!r} has no kernel shape that fits {list(shape)}")
    windows = _windows(node, shape[2:], kernel, pools=True)
    after = (*shape[:2], *[w.out for w in windows])
    output = Output(after, [Edge(0, (slides(windows),))])
    return output if len(node.outputs) == 1 else [output] * len(node.outputs)


@operator("Col2Im", category="other")
def col2im(node: Node) -> Output:
    """A sum, for every pixel, over the blocks that cover it."""
    shape, image, block = node.shape(axes=3), node.required_ints(1), node.required_ints(2)
    n = len(image)
    if len(block) != n or min(block, default=0) < 1:
        raise ModelError(f"Col2Im {node.name!r} has blocks of {list(block)} in {list(image)}")
    windows = _windows(node, image, block)
    blocks = tuple(w.out for w in windows)
    channels = shape[1] // prod(block)
    split = (shape[0], channels, *block, *blocks)
    order = (0, 1, *(axis for i in range(n) for axis in (2 + i, 2 + n + i)))
    merged = (shape[0], channels, *(k * b for k, b in zip(block, blocks, strict=True)))
    relation: Relation = reshape(shape, split) + transpose(order)
    relation += reshape(tuple(split[i] for i in order), merged)
    return Output(
        (shape[0], channels, *image), [Edge(0, (*relation, *(_overlaps(w) for w in windows)))]
    )


def _overlaps(w: Slide) -> Step:
    """The entries (kernel position, block) of an axis that add up to each pixel."""
    block = laid(w)
    table = np.where(block >= 0, np.arange(w.kernel) * w.out + block, -1)
    return Taps(w.axis, w.kernel * w.out, table, why="blocks are put together")
