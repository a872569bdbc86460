"""Resizing as TensorFlow does it: by the ratio of sizes, with or without aligned corners.

The cubic kernel is R. Keys, "Cubic convolution interpolation for digital image processing", 1981;
the other kernels of ScaleAndTranslate are the usual ones of image resampling.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....relation import IDENTITY, Edge, Output, Relation
from ....relation.common.picks import checked_extent
from ....relation.common.resize import resampled
from ...reading.values import DataDependent
from ..node import Node, operator
from .inputs import needed, ranked

Floats = NDArray[Any]
Taps = tuple[NDArray[np.int64], NDArray[np.bool_]]
"""For each output pixel the input pixels that are read, and which of them count."""

_NOISE = 1e-6
"""Above the rounding errors of coordinates in single precision."""

_STEPS = 1024
"""Bicubic weights are looked up at so many places between two pixels."""


class _Axis(NamedTuple):
    """An axis of ``size`` pixels resized to ``out``."""

    size: int
    out: int
    aligned: bool
    half: bool

    @property
    def ratio(self) -> tuple[int, int]:
        """Input pixels to an output pixel, as a fraction (numerator, denominator)."""
        if self.aligned and self.out > 1:
            return self.size - 1, self.out - 1
        return self.size, self.out

    def exact(self) -> Floats:
        """Return where in the input each output pixel lies."""
        over, under = self.ratio
        u = np.arange(self.out, dtype=np.float64)
        return (u + 0.5) * over / under - 0.5 if self.half else u * over / under

    def single(self, shift: float) -> Floats:
        """Return ``exact`` as single precision has it: its rounding decides between pixels.

        ``shift`` is subtracted where centres lie at half pixels.
        """
        over, under = self.ratio
        scale = np.float32(over) / np.float32(under)
        u = np.arange(self.out, dtype=np.float32)
        if self.half:
            return (u + np.float32(0.5)) * scale - np.float32(shift)
        return u * scale


def _nearest(axis: _Axis) -> Taps:
    x = axis.single(0)
    at = np.floor(x + np.float32(0.5)) if axis.aligned else np.floor(x)
    taps = at.clip(0, axis.size - 1).astype(np.int64)[:, None]
    return taps, np.ones(taps.shape, bool)


def _linear(axis: _Axis) -> Taps:
    x = axis.exact()
    low = np.floor(x + _NOISE)
    part = x - low
    counts = np.stack([part < 1, part > _NOISE], axis=1)
    return low.astype(np.int64)[:, None] + np.arange(2), counts


def _cubic(axis: _Axis) -> Taps:
    """The table of cubic interpolation.

    With centres at half pixels, pixels outside do not count; else they repeat the edge.
    """
    x = axis.single(0.5)
    low = np.floor(x)
    place = np.rint((x - low) * _STEPS)
    taps = low.astype(np.int64)[:, None] + np.arange(-1, 3)
    between = (place > 0) & (place < _STEPS)
    counts = np.stack([between, place < _STEPS, place > 0, between], axis=1)
    if axis.half:
        counts &= (taps >= 0) & (taps < axis.size)
    return taps, counts


def _area(axis: _Axis) -> Taps:
    """Every pixel that an output pixel covers."""
    over, under = axis.ratio
    u = np.arange(axis.out, dtype=np.float64)
    first = np.floor(u * over / under + _NOISE).astype(np.int64)
    last = np.ceil((u + 1) * over / under - _NOISE).astype(np.int64)
    taps = first[:, None] + np.arange(max(1, int((last - first).max(initial=1))))
    return taps, taps < np.maximum(last, first + 1)[:, None]


_METHODS: dict[str, Callable[[_Axis], Taps]] = {
    "ResizeArea": _area,
    "ResizeBicubic": _cubic,
    "ResizeNearestNeighbor": _nearest,
}
"""How each op interpolates; what is in none of these is bilinear."""


@operator(
    "ResizeArea", "ResizeBicubic", "ResizeBilinear", "ResizeNearestNeighbor", category="resize"
)  # fmt: skip
def resize(node: Node) -> Output:
    """Every pixel depends on those near its place in the image, channel by channel."""
    shape, size = node.shape(), needed(node, 1)
    if len(shape) != 4 or len(size) != 2 or min(size) < 1:
        raise ModelError(f"{node.op} {node.name!r} cannot resize {list(shape)} to {list(size)}")
    relation: Relation = IDENTITY
    for i, out in enumerate(size, 1):
        axis = _Axis(
            shape[i],
            checked_extent(out),
            bool(node.attribute("align_corners", node.attribute("resize_align_corners"))),
            bool(node.attribute("half_pixel_centers")),
        )
        over, under = axis.ratio
        if over != under or axis.size != out:
            taps, counts = _METHODS.get(node.op, _linear)(axis)
            relation += resampled(i, axis.size, taps, counts, under / max(over, 1))
    return Output((shape[0], *size, shape[3]), [Edge(0, relation)])


def _lanczos(radius: int) -> Callable[[Floats], Floats]:
    """A window of sines, whose zeros are not quite 0 in single precision."""

    def kernel(x: Floats) -> Floats:
        angle = np.maximum(x, np.float32(1e-3)) * np.float32(np.pi)
        part = angle / np.float32(radius)
        return np.where(x <= radius, np.sin(angle) * np.sin(part) / (angle * part), 0)

    return kernel


def _keys(x: Floats) -> Floats:
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _mitchell(x: Floats) -> Floats:
    near = (7 * x / 6 - 2) * x * x + 8 / 9
    far = ((-7 * x / 18 + 2) * x - 10 / 3) * x + 16 / 9
    return np.where(x < 1, near, np.where(x < 2, far, 0))


_KERNELS: dict[str, tuple[float, Callable[[Floats], Floats]]] = {
    "box": (1, lambda x: np.where(x <= 0.5, 1, 0)),
    "gaussian": (1.5, lambda x: np.where(x < 1.5, np.exp(-2 * x * x), 0)),
    "keyscubic": (2, _keys),
    "lanczos1": (1, _lanczos(1)),
    "lanczos3": (3, _lanczos(3)),
    "lanczos5": (5, _lanczos(5)),
    "mitchellcubic": (2, _mitchell),
    "triangle": (1, lambda x: np.maximum(1 - x, 0)),
}
"""How far each kernel reaches, in pixels of the coarser side, and its weights by distance."""

_NOTHING = 1e-11
"""Smaller weights do not matter, even for a pixel that is thousands of times another."""


@operator("ScaleAndTranslate", category="resize")
def scale_and_translate(node: Node) -> Output:
    """Every pixel depends on those that its kernel covers; one outside the image on nothing.

    The kernel grows with the pixels where an image is made smaller (antialiasing).
    """
    shape, size = ranked(node, 0, 4), needed(node, 1)
    scales, moves = node.value(2), node.value(3)
    if scales is None or moves is None:
        raise DataDependent(f"by how much {node.op} {node.name} scales depends on the data")
    kind = node.attribute("kernel_type", "lanczos3")
    if kind not in _KERNELS:
        raise ModelError(f"{node.op} {node.name!r} has a kernel {kind!r}, which is not known")
    if len(size) != 2 or scales.shape != (2,) or moves.shape != (2,) or (scales <= 0).any():
        raise ModelError(f"{node.op} {node.name!r} scales by {scales.tolist()}: not valid")
    relation: Relation = IDENTITY
    for i, (out, scale, move) in enumerate(
        zip(size, scales.tolist(), moves.tolist(), strict=True), 1
    ):
        taps, counts = _spans(shape[i], out, scale, move, kind, node.attribute("antialias", True))
        relation += resampled(i, shape[i], taps, counts, scale)
    return Output((shape[0], *size, shape[3]), [Edge(0, relation)])


def _spans(size: int, out: int, scale: float, move: float, kind: str, antialias: bool) -> Taps:
    """Work out which pixels count, in the single precision in which TensorFlow does.

    Its rounding decides whether a pixel at a zero of the kernel has a small weight.
    """
    one, half = np.float32(1), np.float32(0.5)
    radius, kernel = _KERNELS[kind]
    inverse = one / np.float32(scale)
    stretch = max(inverse, one) if antialias else one
    at = (np.arange(checked_extent(out), dtype=np.float32) + half) * inverse
    at += -inverse * np.float32(move)
    reach = np.float32(radius) * stretch
    first = np.ceil(at - reach - half).astype(np.int64)
    last = np.floor(at + reach - half).astype(np.int64)
    width = 2 * int(np.ceil(reach)) + 1
    checked_extent(out * width)
    taps = first[:, None] + np.arange(width)
    distances = np.abs(taps.astype(np.float32) + half - at[:, None]) * (one / stretch)
    weights = kernel(distances)
    seen = ((at >= 0) & (at <= size))[:, None] & (taps <= last[:, None])
    return taps, (np.abs(weights) > _NOTHING) & seen & (taps >= 0) & (taps < size)
