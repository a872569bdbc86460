"""Convolution and pooling, channels last or first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....relation import (
    Edge,
    Output,
    Relation,
    Shape,
    Slide,
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
from ....relation.common.picks import taps_met, taps_met_back
from ...reading.values import DataDependent
from ..node import Node, operator
from .inputs import ranked


class AxisOrder(NamedTuple):
    """The order of a tensor's axes: which are space, and which are channels."""

    space: tuple[int, ...]
    channel: int


def axis_order(node: Node, rank: int) -> AxisOrder:
    """Return the order of the axes of images, by the node's ``data_format``.

    Raises DataDependent where it is none that is followed.
    """
    form = node.attribute("data_format") or "N" + "DHW"[5 - rank :] + "C"
    if len(form) != rank or not set(form) <= set("NCDHW") or form.count("C") != 1:
        raise DataDependent(f"{node.op} {node.name} is of the layout {form}")
    space = tuple(i for i, letter in enumerate(form) if letter not in "NC")
    return AxisOrder(space, form.index("C"))


def windows(
    node: Node,
    shape: Shape,
    axes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int] | None = None,
) -> tuple[Slide, ...]:
    """Return the windows along ``axes`` by the node's ``padding``.

    ``kernel`` has a number for each of ``axes``, ``stride`` and ``dilation`` one for every axis of
    the input, which is of ``shape``. Raises ModelError where a window does not fit.
    """
    padding = node.attribute("padding", "VALID")
    explicit = node.attribute("explicit_paddings") or (0,) * 2 * len(shape)
    if min(map(len, (stride, dilation or shape))) < len(shape) or len(explicit) < 2 * len(shape):
        raise ModelError(f"{node.op} {node.name!r} lacks numbers for some axes of {list(shape)}")
    slid = []
    for axis, k in zip(axes, kernel, strict=True):
        size, s, d = shape[axis], stride[axis], dilation[axis] if dilation else 1
        if min(k, s, d) < 1:
            raise ModelError(f"{node.op} {node.name!r} has windows of {k} by {s}: not valid")
        if padding == "SAME":
            window = same_slide(axis, size, k, s, d)
        else:
            window = slide(axis, size, k, s, d, (explicit[2 * axis], explicit[2 * axis + 1]))
        if window.out < 1:
            raise ModelError(
                f"{node.op} {node.name!r}: its kernel of {(k - 1) * d + 1} is larger than its "
                f"input of {size}, so the input size is too small for this model"
            )
        slid.append(window)
    return tuple(slid)


def taps(node: Node, weights: int, axes: Sequence[int]) -> NDArray[np.bool_] | None:
    """Return the kernel positions that count where some do not, in a weight-aware trace.

    ``axes`` are those of the weights that are not space.
    """
    if not node.weight_aware:
        return None
    values = node.value(weights)
    if values is None:
        return None
    used: NDArray[np.bool_] = np.any(values != 0, axis=tuple(axes))
    return None if used.all() else used


def _changed(shape: Shape, slid: Sequence[Slide], channel: int, channels: int) -> Shape:
    after = list(shape)
    for w in slid:
        after[w.axis] = w.out
    after[channel] = channels
    return tuple(after)


def _per_axis(node: Node, attribute: str, order: AxisOrder) -> tuple[int, ...]:
    """Strides or dilations, one for each axis; those of batch and channels must be 1."""
    numbers = node.attribute(attribute, ()) or (1,) * (len(order.space) + 2)
    if len(numbers) != len(order.space) + 2:
        raise ModelError(f"{node.op} {node.name!r} has {attribute} of {list(numbers)}: not valid")
    if numbers[0] != 1 or numbers[order.channel] != 1:
        raise DataDependent(f"{node.op} {node.name} steps over batches or channels")
    return tuple(numbers)


def _kernel_to(kernel: Shape, order: AxisOrder) -> tuple[Relation, Shape]:
    """Weights of (space, channels out) put where a tensor in that order has its axes."""
    out = len(kernel) - 1
    if order.channel == 1:
        turned = (out, *range(out))
        after = (1, *(kernel[i] for i in turned))
        return transpose(turned) + reshape(after[1:], after), after
    return reshape(kernel, (1, *kernel)), (1, *kernel)


@operator(
    "Conv", "Conv2D", "Conv3D", "DepthwiseConv2dNative",
    category="convolution", multiplies=True, weights=(1,),
)  # fmt: skip
def convolution(node: Node) -> Output:
    """Each element depends on its window, in all channels of its group.

    Weights are (space, channels in a group, channels out); depthwise (space, channels in,
    channels out of each).
    """
    shape, kernel = node.shape(0), node.shape(1)
    rank = len(shape)
    if len(kernel) != rank or rank < 3:
        raise ModelError(
            f"{node.op} {node.name!r} has weights of {list(kernel)} for an input of {list(shape)}"
        )
    if min(kernel) < 1:
        raise ModelError(f"{node.op} {node.name!r} has weights of {list(kernel)}: it is invalid")
    order = axis_order(node, rank)
    channels = shape[order.channel]
    depthwise = "Depthwise" in node.op
    out = kernel[-1] * channels if depthwise else kernel[-1]
    groups = channels if depthwise else channels // max(kernel[-2], 1)
    if kernel[-2] * (1 if depthwise else groups) != channels or not groups or out % groups:
        raise ModelError(
            f"{node.op} {node.name!r} expects {kernel[-2]} channels, its input has {channels}"
        )
    strides, dilations = (_per_axis(node, a, order) for a in ("strides", "dilations"))
    slid = windows(node, shape, order.space, kernel[:-2], strides, dilations)
    after = _changed(shape, slid, order.channel, out)
    edges = []
    if node.depends(0):
        used = taps(node, 1, (rank - 2, rank - 1))
        step = slides(slid) if used is None else Window(slid, used)
        before_mix = _changed(shape, slid, order.channel, channels)
        edges.append(Edge(0, (step, *channel_mix(before_mix, order.channel, groups, out))))
    if node.depends(1):
        flat = (*kernel[:-2], out)
        relation = reshape(kernel, flat) if depthwise else reduce(kernel, (rank - 2,), False)
        placed, wide = _kernel_to(flat, order)
        relation += placed + tuple(taps_met(w) for w in slid)
        edges.append(Edge(1, relation + _spread(wide, slid, after)))
    return Output(after, edges)


def _spread(wide: Shape, slid: Sequence[Slide], after: Shape) -> Relation:
    """A relation to the whole batch, from where the kernel's axes have become the output's."""
    before = list(wide)
    for w in slid:
        before[w.axis] = after[w.axis]
    return broadcast(tuple(before), after)


@operator(
    "Conv2DBackpropInput", "Conv2DBackpropInputV2", "Conv3DBackpropInput", "Conv3DBackpropInputV2",
    "DepthwiseConv2dNativeBackpropInput",
    category="convolution", multiplies=True, weights=(1,),
)  # fmt: skip
def transposed_convolution(node: Node) -> Output:
    """Each element depends on the positions whose windows it is in, in all channels of its group.

    Input 0 is the shape of the output, 1 the weights of the convolution that is transposed, 2 the
    data.
    """
    shape = ranked(node, 2, 3, or_more=True)
    rank = len(shape)
    kernel = ranked(node, 1, rank)
    order = axis_order(node, rank)
    after = _output_shape(node, order, rank)
    channels, out = shape[order.channel], after[order.channel]
    depthwise = "Depthwise" in node.op
    groups = out if depthwise else out // max(kernel[-2], 1)
    fits = kernel[-2] * (1 if depthwise else groups) == out and groups
    if len(kernel) != rank or not fits or kernel[-1] * (out if depthwise else 1) != channels:
        raise ModelError(
            f"{node.op} {node.name!r} has weights of {list(kernel)} from {list(shape)} "
            f"to {list(after)}: they do not fit"
        )
    strides, dilations = (_per_axis(node, a, order) for a in ("strides", "dilations"))
    slid = windows(node, after, order.space, kernel[:-2], strides, dilations)
    if any(w.out != shape[w.axis] for w in slid) or after[0] != shape[0]:
        raise ModelError(
            f"{node.op} {node.name!r} cannot make {list(after)} of {list(shape)}: "
            "the model does not work at this input size"
        )
    slid = tuple(w._replace(pad_varies=False) for w in slid)  # the output's size is no input's
    edges = []
    if node.depends(2):
        used = taps(node, 1, (rank - 2, rank - 1))
        step = slides_back(slid) if used is None else TransposedWindow(slid, used)
        edges.append(Edge(2, (*channel_mix(shape, order.channel, groups, out), step)))
    if node.depends(1):
        each = kernel[-2] if depthwise else out
        split = (*kernel[:-2], kernel[-2], groups, kernel[-1] // groups)
        if depthwise:
            relation = reduce(kernel, (rank - 1,), False)
        else:
            relation = reshape(kernel, split) + reduce(split, (rank,), False)
            turned = (*range(rank - 2), rank - 1, rank - 2)
            relation += transpose(turned)
            relation += reshape((*kernel[:-2], groups, kernel[-2]), (*kernel[:-2], out))
        placed, wide = _kernel_to((*kernel[:-2], each), order)
        relation += placed + tuple(taps_met_back(w) for w in slid)
        edges.append(Edge(1, relation + _spread(wide, slid, after)))
    return Output(after, edges)


def _output_shape(node: Node, order: AxisOrder, rank: int) -> Shape:
    """The output's shape: that of a tensor, or numbers, for all axes or for space only."""
    if node.op in ("Conv2DBackpropInputV2", "Conv3DBackpropInput"):
        return ranked(node, 0, rank)
    sizes = node.ints(0) or ()
    if len(sizes) == rank - 2:
        kernel = node.shape(1)
        full = list(node.shape(2))
        for axis, n in zip(order.space, sizes, strict=True):
            full[axis] = n
        full[order.channel] = kernel[-2]
        return tuple(full)
    if len(sizes) != rank:
        raise ModelError(f"{node.op} {node.name!r} is to make {list(sizes)} of {rank} axes")
    return tuple(node.shape(2)[0] if not axis and n < 0 else n for axis, n in enumerate(sizes))


@operator(
    "AvgPool", "AvgPool3D", "MaxPool", "MaxPool3D", "MaxPoolV2", "MaxPoolWithArgmax",
    category="pooling",
)  # fmt: skip
def pool(node: Node) -> Output | list[Output]:
    """Each element depends on its window, channel by channel.

    Windows may go along any axis; those along channels or the batch are no space.
    """
    shape = node.shape()
    rank = len(shape)
    order = axis_order(node, rank)
    if node.op == "MaxPoolV2":
        kernel, strides = node.ints(1) or (), node.ints(2) or ()
    else:
        kernel, strides = node.attribute("ksize", ()), node.attribute("strides", ())
    if len(kernel) != rank or len(strides) != rank:
        raise ModelError(f"{node.op} {node.name!r} has a window of {list(kernel)}: not valid")
    slid = windows(node, shape, order.space, [kernel[i] for i in order.space], strides)
    others = [i for i in range(rank) if i not in order.space and (kernel[i] > 1 or strides[i] > 1)]
    across = windows(node, shape, others, [kernel[i] for i in others], strides)
    after = list(shape)
    for w in (*slid, *across):
        after[w.axis] = w.out
    relation: Relation = (slides(slid),)
    if across:
        relation += (Window(across, spatial=False),)
    output = Output(tuple(after), [Edge(0, relation)])
    return [output, output] if node.op == "MaxPoolWithArgmax" else output


@operator("Dilation2D", category="pooling")
def dilation(node: Node) -> Output:
    """Each element depends on its window, channel by channel, and on the channel's weights.

    It is the largest of the window after the weights were added.
    """
    shape, kernel = ranked(node, 0, 4), ranked(node, 1, 3)
    strides, rates = (node.attribute(name, (1,) * 4) for name in ("strides", "rates"))
    slid = windows(node, shape, (1, 2), kernel[:2], strides, rates)
    after = _changed(shape, slid, 3, shape[3])
    edges = [Edge(0, (slides(slid),))]
    if node.depends(1):
        placed, wide = _kernel_to(kernel, AxisOrder((1, 2), 3))
        edges.append(
            Edge(1, placed + tuple(taps_met(w) for w in slid) + _spread(wide, slid, after))
        )
    return Output(after, edges)
