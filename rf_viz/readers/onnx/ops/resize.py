"""Resizing by fixed factors."""

from __future__ import annotations

from math import floor, prod

import numpy as np

from ....errors import ModelError
from ....relation import IDENTITY, Edge, Mix, Output, Relation, Shape
from ....relation.common.basic import everything
from ....relation.common.resize import Sampling, resize
from ...reading.read_graph import LARGEST
from ...reading.values import DataDependent
from ..node import Node, operator

_MODES = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "cubic": "cubic"}
_SIMPLE = "simple"
"""How Upsample and the first Resize chose the nearest pixel."""

_COORDINATES = {
    name: name
    for name in (
        "align_corners",
        "asymmetric",
        "half_pixel",
        "half_pixel_symmetric",
        "pytorch_half_pixel",
        "tf_crop_and_resize",
        "tf_half_pixel_for_nn",
    )
}
_NEAREST = {name: name for name in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")}


@operator("Upsample", category="resize")
def upsample(node: Node) -> Output:
    """Each pixel from those around its place in the input, by fixed scales."""
    scales = node.required("scales") if node.opset < 9 else _floats(node, 1)
    return _by_scales(node, scales)


def _by_scales(node: Node, scales: tuple[float, ...]) -> Output:
    """Resize as it was before coordinates could be chosen."""
    shape = node.shape()
    after = tuple(_scaled(n, s) for n, s in zip(shape, scales, strict=True))
    sampling = Sampling(node.choice("mode", _MODES, "nearest"), "asymmetric", _SIMPLE)
    return Output(after, [Edge(0, _resized(shape, after, scales, sampling))])


@operator("Resize", category="resize")
def resized(node: Node) -> Output:
    """Each pixel from those around its place in the input, or in a region of it."""
    if node.opset < 11:
        return _by_scales(node, _floats(node, 1))
    shape = node.shape()
    sampling = Sampling(
        node.choice("mode", _MODES, "nearest"),
        node.choice("coordinate_transformation_mode", _COORDINATES, "half_pixel"),
        node.choice("nearest_mode", _NEAREST, "round_prefer_floor"),
        node.attribute("cubic_coeff_a", -0.75),
        bool(node.attribute("antialias", 0)),
        bool(node.attribute("exclude_outside", 0)),
    )
    axes = node.attribute("axes") or tuple(range(len(shape)))
    axes = tuple(node.count_axis(a, len(shape)) for a in axes)
    crops = sampling.coordinates == "tf_crop_and_resize"
    roi = None
    if not crops:
        roi = (*(0.0,) * len(axes), *(1.0,) * len(axes))
    elif not node.depends(1) and (value := node.value(1)) is not None:
        roi = tuple(value.reshape(-1).tolist())
        if len(roi) != 2 * len(axes):
            raise ModelError(f"Resize {node.name!r} has a region of {len(roi)} numbers")
    if 0 in shape:
        raise ModelError(f"Resize {node.name!r} cannot resize {list(shape)}: it is empty")
    scales, after = _sizes(node, shape, axes)
    if min(after, default=1) < 1 or prod(after) > LARGEST:
        raise ModelError(
            f"Resize {node.name!r} makes a tensor of {list(after)}: "
            "the model does not work at this input size"
        )
    if roi is not None:
        parts = [(0.0, 1.0)] * len(shape)
        for i, axis in enumerate(axes):
            parts[axis] = (roi[i], roi[len(axes) + i])
        return Output(after, [Edge(0, _resized(shape, after, scales, sampling, parts))])
    edges, why = [], ""
    if node.depends(0):
        touched = tuple(a for a in axes if (scales[a], after[a]) != (1, shape[a]))
        relation = (Mix(touched, _of(shape, touched), _of(after, touched)),)
        edges.append(Edge(0, relation))
    if node.depends(1):
        edges.append(Edge(1, everything(node.shape(1), after)))
        why = "Resize to a computed region is taken to depend on all its corners"
    return Output(after, edges, why)


def _of(shape: Shape, axes: Shape) -> Shape:
    return tuple(shape[a] for a in axes)


def _sizes(node: Node, shape: Shape, axes: Shape) -> tuple[tuple[float, ...], Shape]:
    """The nominal scale and the output extent of every axis."""
    scales, after = [1.0] * len(shape), list(shape)
    if _has(node, 3):
        sizes = node.required_ints(3)
        ratios = [n / shape[a] for a, n in zip(axes, sizes, strict=True)]
        policy = node.attribute("keep_aspect_ratio_policy", "stretch")
        for i, axis in enumerate(axes):
            if policy == "stretch":
                scales[axis], after[axis] = ratios[i], sizes[i]
            else:
                scales[axis] = min(ratios) if policy == "not_larger" else max(ratios)
                after[axis] = floor(scales[axis] * shape[axis] + 0.5)
        return tuple(scales), tuple(after)
    for axis, scale in zip(axes, _floats(node, 2), strict=True):
        scales[axis], after[axis] = scale, _scaled(shape[axis], scale)
    return tuple(scales), tuple(after)


def _has(node: Node, i: int) -> bool:
    """Tell whether an optional input is there. Older models leave it out by an empty one."""
    return node.has(i) and node.shape(i) != (0,)


def _floats(node: Node, i: int) -> tuple[float, ...]:
    value = node.value(i)
    if value is None:
        raise DataDependent(f"by how much {node.op} {node.name!r} resizes depends on the data")
    return tuple(value.reshape(-1).tolist())


def _scaled(n: int, scale: float) -> int:
    """The extent by a scale in single precision, whichever part of the image is shown."""
    return floor(np.float32(n) * np.float32(scale))


def _resized(
    shape: Shape,
    after: Shape,
    scales: tuple[float, ...],
    sampling: Sampling,
    parts: list[tuple[float, float]] | None = None,
) -> Relation:
    relation = IDENTITY
    if after == shape:  # runtimes copy then, whatever the scales
        return relation
    for axis, (n, out) in enumerate(zip(shape, after, strict=True)):
        part = (0.0, 1.0) if parts is None else parts[axis]
        relation += resize(axis, n, out, scales[axis], sampling, part)
    return relation
