"""Relations of resizing: the pixels that interpolation reads, along one axis at a time.

Coordinates and kernels follow the ONNX specification of Resize, whose names for them are used; the
cubic kernel is R. Keys, "Cubic convolution interpolation for digital image processing", 1981. A
pixel whose interpolation weight is exactly zero does not count: changing it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import Relation, Slide, Taps
from .basic import slides
from .picks import checked_extent

Floats = NDArray[np.floating[Any]]


class Sampling(NamedTuple):
    """The way an output pixel is made of input pixels, in the terms of ONNX's Resize."""

    mode: str = "nearest"
    coordinates: str = "half_pixel"
    rounding: str = "round_prefer_floor"
    cubic_a: float = -0.75
    antialias: bool = False
    exclude_outside: bool = False


@lru_cache(maxsize=1024)
def resize(
    axis: int,
    size: int,
    out: int,
    scale: float,
    sampling: Sampling,
    roi: tuple[float, float] = (0.0, 1.0),
) -> Relation:
    """Resize an axis from ``size`` to ``out`` positions.

    ``scale`` is the nominal one, not always ``out / size``. ``roi`` is the part of the axis
    that ``tf_crop_and_resize`` shows.
    """
    if scale == 1 and out == size:  # runtimes copy then, whatever the ``roi``
        return ()
    checked_extent(out)
    crops = sampling.coordinates == "tf_crop_and_resize"
    if sampling.mode == "nearest":
        # As a runtime computes it, in single precision: rounding errors decide between pixels.
        x = _coordinates(np.arange(out, dtype=np.float32), size, scale, sampling, roi)
        taps = _ROUND[sampling.rounding](x, scale < 1).astype(np.int64)[:, None]
        counts = np.ones(taps.shape, bool)
    else:
        u, part = np.arange(out, dtype=np.float64), (_exact(roi[0]), _exact(roi[1]))
        x = _coordinates(u, size, _exact(scale), sampling, part)
        taps, counts = _interpolated(x, scale, sampling)
    inside = (taps >= 0) & (taps < size)
    if sampling.exclude_outside and sampling.mode == "cubic":
        counts = counts & inside
    if crops:
        counts = counts & ((x >= 0) & (x <= size - 1))[:, None]
    return resampled(axis, size, taps, counts, scale, "cropped and resized" if crops else "")


def resampled(
    axis: int,
    size: int,
    taps: NDArray[np.int64],
    counts: NDArray[np.bool_],
    scale: float,
    why: str = "",
) -> Relation:
    """Resample an axis of ``size`` positions by a table of the input pixels of each output.

    ``taps`` has a row of consecutive input pixels for each output pixel; those where ``counts`` is
    False do not count. Pixels outside repeat the pixel at the edge. ``why`` says why there is no
    closed form, if the ``scale`` is not the only reason.
    """
    inside = (taps >= 0) & (taps < size)
    window = _as_window(axis, size, taps, counts, inside, scale)
    if window is not None:
        return () if window.trivial else (slides((window,)),)
    clamped = np.where(counts, taps.clip(0, size - 1), -1)
    for k in range(1, clamped.shape[1]):
        repeated = (clamped[:, :k] == clamped[:, k : k + 1]).any(axis=1)
        clamped[repeated, k] = -1
    return (Taps(axis, size, clamped, slides=True, why=why or _reason(scale)),)


def _coordinates(
    u: Floats, size: int, scale: float, sampling: Sampling, roi: tuple[float, float]
) -> Floats:
    """The input coordinate of each output position, in the precision of ``u``."""
    out, kind, real = len(u), sampling.coordinates, u.dtype.type
    half, factor, last = real(0.5), real(scale), real(size - 1)
    x: Floats = (u + half) / factor - half
    if kind == "asymmetric":
        x = u / factor
    elif kind == "tf_half_pixel_for_nn":
        x = (u + half) / factor
    elif kind == "align_corners":
        x = u * last / real(max(out - 1, 1))
    elif kind == "pytorch_half_pixel" and out == 1:
        x = u
    elif kind == "half_pixel_symmetric":
        x += real(size) / 2 * (1 - real(out) / (factor * real(size)))
    elif kind == "tf_crop_and_resize":
        start, end = real(roi[0]), real(roi[1])
        if out == 1:
            x = u + half * (start + end) * last
        else:
            x = start * last + u * (end - start) * last / real(out - 1)
    return x


def _exact(number: float) -> float:
    """The simple fraction that a number in single precision stands for, if there is one."""
    simple = float(Fraction(number).limit_denominator(4096))
    return simple if np.float32(simple) == np.float32(number) else number


def _round(x: Floats, up: bool) -> Floats:
    """Round to nearest; ``up`` says where halves go, and values within rounding error of them."""
    below = np.floor(x)
    over = x - below - 0.5
    return below + np.where(np.abs(over) < 1e-6, up, over > 0)


_ROUND: dict[str, Callable[[Floats, bool], Floats]] = {
    "floor": lambda x, _: np.floor(x),
    "ceil": lambda x, _: np.ceil(x),
    "round_prefer_floor": lambda x, _: _round(x, False),
    "round_prefer_ceil": lambda x, _: _round(x, True),
    "simple": lambda x, shrinks: np.ceil(x) if shrinks else np.trunc(x),
}
"""How a coordinate becomes a pixel; the second argument says whether the axis shrinks."""


def _interpolated(
    x: Floats, scale: float, sampling: Sampling
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The pixels within the kernel's support around each coordinate, and which of them count."""
    stretch = 1 / _exact(scale) if sampling.antialias and scale < 1 else 1.0
    reach = stretch * (2 if sampling.mode == "cubic" else 1)
    checked_extent(len(x) * ceil(2 * reach))
    first = np.floor(x - reach + _NOISE).astype(np.int64) + 1
    taps = first[:, None] + np.arange(ceil(2 * reach))
    distance = np.abs(taps - x[:, None]) / stretch
    weight = _cubic(distance, sampling.cubic_a) if sampling.mode == "cubic" else 1 - distance
    return taps, (np.abs(weight) > _NOISE) & (distance < reach / stretch)


_NOISE = 1e-9
"""Above the rounding errors of double precision, below every weight that is not zero."""


def _cubic(t: Floats, a: float) -> Floats:
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return np.where(t <= 1, near, far)


def _as_window(
    axis: int,
    size: int,
    taps: NDArray[np.int64],
    counts: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    scale: float,
) -> Slide | None:
    """The sliding window that does the same, where all positions read alike."""
    if (
        not len(counts)
        or not (counts == counts[0]).all()
        or not (counts & inside).any(axis=1).all()
    ):
        return None
    used = np.flatnonzero(counts[0])
    strides = np.diff(taps[:, 0])
    stride = int(strides[0]) if len(strides) else max(1, round(1 / scale))
    if stride < 1 or (strides != stride).any() or (np.diff(used) != 1).any():
        return None
    start = int(taps[0, used[0]])
    return Slide(axis, size, len(taps), len(used), stride, 1, -start)


def _reason(scale: float) -> str:
    exact = _exact(scale)
    return f"upsampled by {exact:g}" if exact.is_integer() else f"resized by {exact:g}"
