"""Ops that read an image where other tensors say: boxes and projections."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....relation import Edge, Elements, Mix, Output, Relation, Shape
from ....relation.common.basic import broadcast, reduce, reshape
from ...reading.picks import known
from ..node import Node, operator
from .inputs import needed, ranked

Floats = NDArray[Any]
Places = NDArray[np.int64]


def _read(shape: Shape, image: Places, rows: list[Places], columns: list[Places]) -> list[Relation]:
    """One relation for each pair of taps; -1 is no pixel. All broadcast to (n, rows, columns)."""
    relations: list[Relation] = []
    channels = np.arange(shape[3])
    for row, column in product(rows, columns):
        at = (image * shape[1] + row) * shape[2] + column
        at = np.where((row < 0) | (column < 0) | (image < 0), -1, at)[..., None]
        if (at >= 0).any() or not relations:
            relations.append((Elements(shape, np.where(at < 0, -1, at * shape[3] + channels)),))
    return relations


@operator("CropAndResize", category="resize")
def crop_and_resize(node: Node) -> Output:
    """Every pixel depends on those near its place in a box of the image, and on the box.

    Boxes are (top, left, bottom, right), each in the image that input 2 names. Those that are
    computed may lie anywhere.
    """
    shape, size = ranked(node, 0, 4), needed(node, 3)
    count, corners = ranked(node, 1, 2)
    if len(size) != 2 or min(size) < 1 or corners != 4:
        raise ModelError(f"{node.op} {node.name!r} cannot make boxes of {list(size)}")
    after = (count, *size, shape[3])
    edges = []
    boxes, images = known(node, 1), known(node, 2)
    if node.depends(0) and boxes is not None and images is not None:
        nearest = node.attribute("method", "bilinear") == "nearest"
        at = np.asarray(images, np.int64).reshape(-1, 1, 1)
        at = np.where((at >= 0) & (at < shape[0]), at, -1)
        rows = _box(boxes[:, 0::2], shape[1], size[0], nearest)
        columns = _box(boxes[:, 1::2], shape[2], size[1], nearest)
        relations = _read(
            shape, at, [r[:, :, None] for r in rows], [c[:, None, :] for c in columns]
        )
        edges += [Edge(0, r) for r in relations]
    elif node.depends(0):
        edges.append(Edge(0, (Mix((0, 1, 2), shape[:3], (count, *size)),)))
    wide = (count, 1, 1, 1)
    for i in (1, 2):
        if node.depends(i):
            own = reduce(node.shape(i), (1,), False) if i == 1 else ()
            edges.append(Edge(i, own + reshape((count,), wide) + broadcast(wide, after)))
    return Output(after, edges)


def _box(ends: Floats, size: int, out: int, nearest: bool) -> list[Places]:
    """The taps along one axis of every box: (boxes, out); -1 outside the image."""
    start, stop = (e[:, None].astype(np.float32) for e in ends.T)
    last = np.float32(size - 1)
    if out > 1:
        step = (stop - start) * last / np.float32(out - 1)
        x = start * last + np.arange(out, dtype=np.float32) * step
    else:
        x = np.float32(0.5) * (start + stop) * last
    inside = (x >= 0) & (x <= last)
    if nearest:
        return [np.where(inside, np.floor(x + np.float32(0.5)), -1).astype(np.int64)]
    low = np.floor(x)
    taps = [np.where(inside, low, -1), np.where(inside & (x > low), low + 1, -1)]
    return [t.astype(np.int64) for t in taps]


@operator("ExtractGlimpse", "ExtractGlimpseV2", category="resize")
def glimpse(node: Node) -> Output:
    """Every image is cut out around its offset; what lies outside the image is noise.

    Offsets that are computed may lie anywhere.
    """
    shape, size = ranked(node, 0, 4), needed(node, 1)
    if len(size) != 2 or min(size) < 1 or node.shape(2) != (shape[0], 2):
        raise ModelError(f"{node.op} {node.name!r} cannot cut {list(size)} out of {list(shape)}")
    after = (shape[0], *size, shape[3])
    edges = []
    offsets = known(node, 2)
    if node.depends(0) and offsets is not None:
        along = [
            _glimpsed(node, offsets[:, i, None].astype(np.float32), shape[1 + i], size[i])
            for i in (0, 1)
        ]
        image = np.arange(shape[0]).reshape(-1, 1, 1)
        rows, columns = [along[0][:, :, None]], [along[1][:, None, :]]
        edges += [Edge(0, r) for r in _read(shape, image, rows, columns)]
    elif node.depends(0):
        edges.append(Edge(0, (Mix((1, 2), shape[1:3], size),)))
    if node.depends(2):
        wide = (shape[0], 1, 1, 1)
        own = reduce((shape[0], 2), (1,), False) + reshape((shape[0],), wide)
        edges.append(Edge(2, own + broadcast(wide, after)))
    return Output(after, edges)


def _glimpsed(node: Node, offsets: Floats, size: int, out: int) -> Places:
    """The places along an axis that are cut out at each offset, -1 outside the image.

    The first version always takes an offset for the middle of what it cuts out, the second only
    one that is centred and normalised.
    """
    centred, normalised = node.attribute("centered", True), node.attribute("normalized", True)
    first_version = node.op == "ExtractGlimpse"
    x = offsets * np.float32(size) if normalised else offsets
    if centred:
        x = (x / np.float32(2) if normalised or first_version else x) + np.float32(size / 2)
    if first_version or (centred and normalised):
        x = x - np.float32(out / 2)
    places = np.trunc(x).astype(np.int64) + np.arange(out)
    return np.where((places >= 0) & (places < size), places, -1)


@operator("ImageProjectiveTransformV2", "ImageProjectiveTransformV3", category="other")
def projective(node: Node) -> Output:
    """Every pixel depends on those near its place in the image, and on the transform.

    Output pixel (x, y) reads the input at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k),
    k = c0 x + c1 y + 1, for transforms (a0, a1, a2, b0, b1, b2, c0, c1), one for each image or
    one for all. Those that are computed may read anywhere.
    """
    shape, size, coefficients = ranked(node, 0, 4), needed(node, 2), ranked(node, 1, 2)
    if len(size) != 2 or min(size) < 1 or coefficients[1] != 8:
        raise ModelError(f"{node.op} {node.name!r} cannot make images of {list(size)}")
    after = (shape[0], *size, shape[3])
    edges = []
    transforms = known(node, 1)
    if node.depends(0) and transforms is not None:
        edges += [Edge(0, r) for r in _projected(node, shape, size, transforms)]
    elif node.depends(0):
        edges.append(Edge(0, (Mix((1, 2), shape[1:3], size),)))
    if node.depends(1):
        wide = (coefficients[0], 1, 1, 1)
        own = reduce(coefficients, (1,), False) + reshape(coefficients[:1], wide)
        edges.append(Edge(1, own + broadcast(wide, after)))
    if node.depends(3):
        edges.append(Edge(3, broadcast((), after)))
    return Output(after, edges)


def _projected(node: Node, shape: Shape, size: Shape, transforms: Floats) -> list[Relation]:
    t = [np.float32(c).reshape(-1, 1, 1) for c in transforms.astype(np.float32).T]
    y, x = np.ogrid[: np.float32(size[0]), : np.float32(size[1])]
    y, x = y.astype(np.float32), x.astype(np.float32)
    k = t[6] * x + t[7] * y + np.float32(1)
    with np.errstate(all="ignore"):
        places = [
            (t[3] * x + t[4] * y + t[5]) / k,
            (t[0] * x + t[1] * y + t[2]) / k,
        ]
    full = (shape[0], *size)
    real = np.broadcast_to(k != 0, full)
    mode = node.attribute("fill_mode", "CONSTANT")
    nearest = node.attribute("interpolation", "NEAREST") == "NEAREST"
    # A place beside a whole pixel may be on either side of it, as the runtime rounds.
    value = node.inputs[1]
    rounded = value is not None and value.rounded
    slack = np.float32(5e-7 * max(*shape[1:3], *size) if rounded else 0)
    taps: list[list[Floats]] = []
    for n, at in zip(shape[1:3], places, strict=True):
        at = _filled(np.broadcast_to(np.where(real, at, -9), full), n, mode)
        if nearest:
            taps.append([np.where(real, near, -1) for near in _nearest(at, slack)])
        else:
            low, end = np.floor(at - slack), at + slack
            further = [k for k in (1, 2) if (end > low + k - 1).any()]
            taps.append([np.where(real, low, -1)])
            taps[-1] += [np.where(real & (end > low + k - 1), low + k, -1) for k in further]
    rows, columns = (
        [np.where((tap >= 0) & (tap < n), tap, -1).astype(np.int64) for tap in along]
        for n, along in zip(shape[1:3], taps, strict=True)
    )
    image = np.arange(shape[0]).reshape(-1, 1, 1)
    return _read(shape, image, rows, columns)


def _nearest(at: Floats, slack: np.float32) -> list[Floats]:
    """The nearest whole coordinates: one, or both where rounding may give either."""
    low, high = (
        np.trunc(moved + np.copysign(np.float32(0.5), moved)) for moved in (at - slack, at + slack)
    )
    return [low] if np.array_equal(low, high) else [low, high]


def _filled(at: Floats, size: int, mode: str) -> Floats:
    """Coordinates brought into an axis, as far as the mode does that."""
    if mode == "CONSTANT":
        return at
    if mode == "REFLECT" and size > 1:
        twice = np.float32(2 * size)
        below = np.where(at < 0, -at - 1, at) % twice
        at = np.where(below >= size, twice - below - 1, below)
    elif mode == "WRAP" and size > 1:
        span = np.float32(size - 1)
        below = at + size * (np.trunc(-at / span) + 1)
        above = at - size * np.trunc(at / span)
        at = np.where(at < 0, below, np.where(at > span, above, at))
    return at.clip(0, np.float32(size - 1))
