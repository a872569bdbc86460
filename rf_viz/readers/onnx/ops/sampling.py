"""Operators that read an image where other tensors say: grids, regions of interest, offsets."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....relation import Edge, Elements, Mix, Output, Relation, Scatter, Shape
from ....relation.common.basic import (
    broadcast,
    channel_mix,
    everything,
    reduce,
    reshape,
)
from ...reading.outputs import parameter
from ...reading.picks import known
from ..node import MICROSOFT, Node, operator

_MODES = {
    "linear": "linear",
    "bilinear": "linear",
    "cubic": "cubic",
    "bicubic": "cubic",
    "nearest": "nearest",
}

Floats = NDArray[Any]
Places = NDArray[np.int64]


@operator("GridSample", category="other")
@operator("GridSample", domain=MICROSOFT, category="other")
def grid_sample(node: Node) -> Output:
    """Each pixel from those around its place in the grid; from all where that is computed."""
    shape, grid = node.shape(0, least=3), node.shape(1)
    if len(grid) != len(shape) or grid[-1] != len(shape) - 2 or grid[0] != shape[0]:
        raise ModelError(
            f"GridSample {node.name!r} has a grid of {list(grid)} for an input of {list(shape)}"
        )
    after = (*shape[:2], *grid[1:-1])
    space = tuple(range(2, len(shape)))
    edges = []
    places = known(node, 1)
    if node.depends(0) and places is not None:
        edges += [Edge(0, relation) for relation in _sampled(node, shape, places)]
    elif node.depends(0):
        edges.append(Edge(0, (Mix(space, shape[2:], grid[1:-1]),)))
    if node.depends(1):
        wide = (grid[0], 1, *grid[1:-1])
        relation = reduce(grid, (len(grid) - 1,), False) + reshape(grid[:-1], wide)
        edges.append(Edge(1, relation + broadcast(wide, after)))
    return Output(after, edges)


def _sampled(node: Node, shape: Shape, grid: Floats) -> list[Relation]:
    """Relations that a constant grid reads by: one for each tap of the interpolation."""
    mode = node.choice("mode", _MODES, "linear")
    padding = node.attribute("padding_mode", "zeros")
    aligned = bool(node.attribute("align_corners", 0))
    by_axis = [
        _taps(grid[..., -1 - i].astype(np.float32), n, mode, padding, aligned)
        for i, n in enumerate(shape[2:])
    ]
    batch, channel = np.ogrid[: shape[0], : shape[1]]
    images = (batch * shape[1] + channel).reshape(*shape[:2], *(1,) * (len(shape) - 2))
    relations: list[Relation] = []
    for taps in product(*by_axis):
        place = np.zeros(grid.shape[:-1], np.int64)
        for n, tap in zip(shape[2:], taps, strict=True):
            place = np.where((tap < 0) | (place < 0), -1, place * n + tap)
        if (place >= 0).any():
            place = place[:, None]
            index = np.where(place < 0, -1, images * prod(shape[2:]) + place)
            relations.append((Elements(shape, index),))
    return relations


def _taps(x: Floats, size: int, mode: str, padding: str, aligned: bool) -> list[Places]:
    """The positions along an axis that are read for normalised coordinates, -1 for none."""
    at = (x + 1) / 2 * (size - 1) if aligned else ((x + 1) * size - 1) / 2
    if mode != "cubic":
        at = _inside(at, size, padding, aligned)
    if mode == "nearest":
        return [_read(np.rint(at), size, padding, aligned)]
    low = np.floor(at)
    part = at - low
    if mode == "linear":
        offsets = {0: part < 1, 1: part > 0}
    else:
        offsets = {-1: part > 0, 0: part < 1, 1: part > 0, 2: part > 0}
    return [
        np.where(counts, _read(low + k, size, padding, aligned), -1)
        for k, counts in offsets.items()
    ]


def _read(at: Floats, size: int, padding: str, aligned: bool) -> Places:
    """The position that is read for a whole coordinate; -1 where it is padding."""
    at = _inside(at, size, padding, aligned)
    return np.where((at >= 0) & (at < size), at, -1).astype(np.int64)


def _inside(at: Floats, size: int, padding: str, aligned: bool) -> Floats:
    """Coordinates brought into the image, as far as the padding does that."""
    if padding == "border":
        return at.clip(0, size - 1)
    if padding == "reflection":
        low, span = (0.0, size - 1.0) if aligned else (-0.5, float(size))
        if span == 0:
            return np.zeros_like(at)
        away = np.abs(at - low) % (2 * span)
        return (np.where(away > span, 2 * span - away, away) + low).clip(0, size - 1)
    return at


@operator("RoiAlign", category="other")
@operator("MaxRoiPool", category="pooling")
def regions_of_interest(node: Node) -> Output:
    """A pooled image of each region, which may lie anywhere in any image of the batch."""
    shape, rois = node.shape(0, axes=4), node.shape(1, axes=2)
    size = node.attribute("pooled_shape") or (
        node.attribute("output_height", 1),
        node.attribute("output_width", 1),
    )
    after = (rois[0], shape[1], *size)
    wide = (rois[0], 1, 1, 1)
    edges = []
    if node.depends(0):
        edges.append(Edge(0, (Mix((0, 2, 3), (shape[0], *shape[2:]), (rois[0], *size)),)))
    for i in range(1, len(node.inputs)):
        if node.depends(i):
            own = reduce(rois, (1,), False) if i == 1 else ()
            edges.append(Edge(i, own + reshape((rois[0],), wide) + broadcast(wide, after)))
    fixed = node.depends(0) and not node.depends(1) and node.value(1) is not None
    why = f"{node.op} of fixed regions is taken to read the whole image" if fixed else ""
    return Output(after, edges, why)


@operator("DeformConv", category="convolution", multiplies=None, weights=(1, 3))
def deform_conv(node: Node) -> Output:
    """A convolution whose taps the offsets may move anywhere in the image."""
    shape = node.shape(0, least=3)
    kernel, offsets = node.shape(1, axes=len(shape)), node.shape(2, axes=len(shape))
    group, moved = node.attribute("group", 1), node.attribute("offset_group", 1)
    after = (shape[0], kernel[0], *offsets[2:])
    if min(group, moved) < 1:
        raise ModelError(f"DeformConv {node.name!r} has {min(group, moved)} groups")
    space = tuple(range(2, len(shape)))
    edges = []
    if node.depends(0):
        spread = Mix(space, shape[2:], after[2:])
        edges.append(Edge(0, (spread, *channel_mix((*shape[:2], *after[2:]), 1, group, kernel[0]))))
    if node.depends(1):
        whole = reduce(kernel, tuple(range(1, len(kernel))), False)
        wide = (1, kernel[0], *(1,) * len(space))
        edges.append(Edge(1, whole + reshape((kernel[0],), wide) + broadcast(wide, after)))
    shared = group if moved % group == 0 else moved if group % moved == 0 else 1
    for i in (2, 4):
        if node.depends(i):
            edges.append(Edge(i, channel_mix(node.shape(i), 1, shared, kernel[0])))
    edges += parameter(node, 3, after, 1)
    why = ""
    if node.depends(0) and not node.depends(2) and node.value(2) is not None:
        why = "DeformConv by fixed offsets is taken to read the whole image"
    elif shared == 1 and min(moved, group) > 1 and (node.depends(2) or node.depends(4)):
        why = "DeformConv's groups of offsets do not match its groups of channels"
    return Output(after, edges, why)


@operator("MaxUnpool", category="pooling")
def max_unpool(node: Node) -> Output:
    """Values put back where they came from; anywhere if the positions are computed."""
    shape = node.shape()
    after = node.ints(2)
    if after is None:
        kernel = node.required("kernel_shape")
        n = len(kernel)
        stride = node.attribute("strides", (1,) * n)
        pads = node.attribute("pads", (0,) * 2 * n)
        if len(pads) != 2 * n:
            raise ModelError(f"MaxUnpool {node.name!r} has {len(pads)} pads for {n} axes")
        after = (
            *shape[:2],
            *[
                (size - 1) * s + k - pads[i] - pads[n + i]
                for i, (size, s, k) in enumerate(zip(shape[2:], stride, kernel, strict=True))
            ],
        )
    places = known(node, 1)
    if places is not None and not node.has(2):  # runtimes differ on what an output shape moves
        places = places.astype(np.int64)
        if places.size and not -1 <= places.min() <= places.max() < prod(after):
            raise ModelError(f"MaxUnpool {node.name!r} puts values outside of {list(after)}")
        return Output(after, [Edge(0, (Scatter(after, places),))])
    edges = [Edge(i, everything(node.shape(i), after)) for i in (0, 1) if node.depends(i)]
    return Output(after, edges, "MaxUnpool puts its values wherever the data says")
