"""Convolution and pooling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....operators import channel_mix, extent, same_pads, slides
from ....relation import Edge, Output, Relation, Shape, Slide, Step, Window
from ..node import Node, operator


def _windows(node: Node, size: Shape, kernel: Shape) -> tuple[Slide, ...]:
    """The windows along the spatial axes, from 2 on, by the attributes that all forms share."""
    n = len(size)
    stride = node.attribute("strides", (1,) * n)
    dilation = node.attribute("dilations", (1,) * n)
    auto = node.attribute("auto_pad", "NOTSET")
    pads = node.attribute("pads", (0,) * 2 * n)
    ceil = bool(node.attribute("ceil_mode", 0))
    windows = []
    for i in range(n):
        k, s, d = kernel[i], stride[i], dilation[i]
        varies = False
        if auto in ("SAME_UPPER", "SAME_LOWER"):
            total, out, varies = same_pads(size[i], k, s, d)
            begin = total // 2 if auto == "SAME_UPPER" else total - total // 2
        else:
            begin, end = (pads[i], pads[n + i]) if auto == "NOTSET" else (0, 0)
            out = extent(size[i], k, s, d, begin + end, ceil=ceil)
            if ceil and (out - 1) * s >= size[i] + begin:
                out -= 1  # the last window would start in the padding at the end
        if out < 1:
            raise ModelError(
                f"{node.op} {node.name!r}: its kernel of {(k - 1) * d + 1} is larger than its "
                f"input of {size[i]}, so the input size is too small for this model"
            )
        windows.append(Slide(2 + i, size[i], out, k, s, d, begin, varies))
    return tuple(windows)


@operator("Conv", "ConvInteger", "QLinearConv")
def conv(node: Node) -> Output:
    shape = node.shape()
    weights = 3 if node.op == "QLinearConv" else 1
    kernel = node.shape(weights)
    if len(kernel) != len(shape) or len(shape) < 3:
        raise ModelError(
            f"{node.op} {node.name!r} has weights of {list(kernel)} for an input of {list(shape)}"
        )
    group = node.attribute("group", 1)
    if kernel[1] * group != shape[1]:
        raise ModelError(
            f"{node.op} {node.name!r} expects {kernel[1] * group} channels, its input has {shape[1]}"
        )
    windows = _windows(node, shape[2:], kernel[2:])
    after = (shape[0], kernel[0], *(w.out for w in windows))
    relation: Relation = ()
    if node.depends(0):
        step = _kernel(node, windows, weights)
        mixed = channel_mix((*shape[:2], *after[2:]), 1, group, kernel[0])
        relation = (step, *mixed)
    edges = [Edge(0, relation)] if node.depends(0) else []
    return Output(after, edges)


def _kernel(node: Node, windows: tuple[Slide, ...], weights: int) -> Step:
    if node.weight_aware:
        taps = used_taps(node.value(weights))
        if taps is not None and not taps.all():
            return Window(windows, taps)
    return slides(windows)


def used_taps(weights: NDArray[Any] | None) -> NDArray[np.bool_] | None:
    """Which positions of a kernel (out, in, *kernel) hold any weight that is not exactly zero."""
    return None if weights is None else np.asarray(weights != 0).any(axis=(0, 1))


@operator("MaxPool", "AveragePool", "LpPool")
def pool(node: Node) -> Output | list[Output]:
    shape = node.shape()
    kernel = node.attribute("kernel_shape")
    if kernel is None or len(kernel) != len(shape) - 2:
        raise ModelError(f"{node.op} {node.name!r} has no kernel shape that fits {list(shape)}")
    windows = _windows(node, shape[2:], kernel)
    after = (*shape[:2], *(w.out for w in windows))
    output = Output(after, [Edge(0, (slides(windows),))])
    return output if len(node.proto.output) == 1 else [output] * len(node.proto.output)
