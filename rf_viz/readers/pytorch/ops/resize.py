"""Images made larger or smaller, or sampled at points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import dtypes
from ..site import Site, Untranslatable, fixed, rule, sizes_of

_MODES = {"nearest": "nearest", "bilinear": "linear", "linear": "linear", "trilinear": "linear",
          "bicubic": "cubic"}  # fmt: skip


@rule(
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_nearest1d.vec",
    "upsample_nearest2d.vec", "upsample_nearest3d.vec", "_upsample_nearest_exact1d",
    "_upsample_nearest_exact2d", "_upsample_nearest_exact3d", "_upsample_nearest_exact1d.vec",
    "_upsample_nearest_exact2d.vec", "_upsample_nearest_exact3d.vec", "upsample_linear1d",
    "upsample_linear1d.vec", "upsample_bilinear2d", "upsample_bilinear2d.vec",
    "upsample_trilinear3d", "upsample_trilinear3d.vec", "upsample_bicubic2d",
    "upsample_bicubic2d.vec",
)  # fmt: skip
def resize(site: Site) -> str:
    """An image at another size, its pixels interpolated."""
    name = site.target.split(".")[-2]
    image = "input" if "input" in site.node.arguments else "self"
    spatial = site.rank(image) - 2
    mode = next(to for word, to in sorted(_MODES.items(), key=lambda m: -len(m[0])) if word in name)
    scales = _factors(site, spatial)
    if mode == "nearest":
        exact = "exact" in name
        rules = {
            "coordinate_transformation_mode": "half_pixel" if exact else "asymmetric",
            "nearest_mode": "round_prefer_ceil" if exact else "floor",
        }
    else:
        corners = site.flag("align_corners")
        rules = {"coordinate_transformation_mode": "align_corners" if corners else "half_pixel"}
    sizes = site.argument("output_size")
    after = sizes if sizes is not None else [*site.result.sizes[2:]]
    inputs = [site.tensor(image), "", ""]
    if scales is not None:
        inputs[2] = _scales(site, scales)
    else:
        front = site.add("Shape", site.tensor(image), start=0, end=2)
        if all(isinstance(n, int) for n in (*site.meta(image).sizes[:2], *after)):
            front = site.ints(fixed(site.shape(image)[:2]))
            inputs.append(site.ints([*fixed(site.shape(image)[:2]), *after]))
        else:
            inputs.append(site.add("Concat", front, site.counts(after), axis=0))
    return site.add(
        "Resize",
        *inputs,
        mode=mode,
        cubic_coeff_a=-0.75 if mode == "cubic" else None,
        **rules,
    )


def _factors(site: Site, spatial: int) -> list[float] | None:
    """The factors by which axes grow; None where sizes are told instead."""
    factors = site.argument("scale_factors")
    if factors is None:
        names = ("scales", "scales_d", "scales_h", "scales_w")
        factors = [site.argument(n) for n in names if site.has(n)]
    if len(factors) != spatial or not all(isinstance(s, int | float) and s > 0 for s in factors):
        return None
    return [float(s) for s in factors]


def _scales(site: Site, scales: list[float]) -> str:
    return site.writer.constant(np.array([1, 1, *scales], np.float32))


@rule("_upsample_bilinear2d_aa", "_upsample_bilinear2d_aa.vec", "_upsample_bicubic2d_aa",
      "_upsample_bicubic2d_aa.vec")  # fmt: skip
def resize_smoothly(site: Site) -> str:
    """An image at another size, each pixel a mean of all that it stands for.

    Written out, since ONNX rounds the windows and their weights otherwise.
    """
    image = "input" if "input" in site.node.arguments else "self"
    shape, sizes = site.static(image), fixed(sizes_of(site.result))
    if len(shape) != 4 or min(*shape, *sizes) < 1 or not dtypes.is_floating(site.dtype(image)):
        raise Untranslatable
    factors, value = _factors(site, 2) or [0.0, 0.0], site.tensor(image)
    for axis, factor in zip((2, 3), factors, strict=True):
        step = shape[axis] / sizes[axis] if not factor else 1 / factor
        if site.flag("align_corners"):
            step = (shape[axis] - 1) / (sizes[axis] - 1) if sizes[axis] > 1 else 0.0
        places, weights = _windows(shape[axis], sizes[axis], step, "bicubic" in site.target)
        wide = weights.reshape(*weights.shape, *[1] * (3 - axis)).astype(
            dtypes.array_type(site.dtype(image))
        )
        value = site.add("Gather", value, site.writer.constant(places), axis=axis)
        value = site.add("Mul", value, site.writer.constant(wide))
        value = site.add("ReduceSum", value, site.ints([axis + 1]), keepdims=0)
    return value


_NOTHING = 1e-9
"""The weight, in shares of 1, of a pixel on the very edge of a window."""


def _windows(
    before: int, after: int, step: float, cubic: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The pixels that each new pixel is a mean of, and their weights, in rows of equal length.

    As in aten/src/ATen/native/cpu/UpSampleKernel.cpp (``HelperInterpBase``). Short rows are filled
    up with one of their own pixels, which weighs nothing.
    """
    stretch = max(step, 1.0)
    reach = (2 if cubic else 1) * stretch
    rows = []
    for i in range(after):
        centre = step * (i + 0.5)
        first = max(int(centre - reach + 0.5), 0)
        places = np.arange(first, min(int(centre + reach + 0.5), before))
        weights = _weight(np.abs(places - centre + 0.5) / stretch, cubic)
        weights = weights / weights.sum()
        kept = np.abs(weights) > _NOTHING
        rows.append((places[kept], weights[kept]))
    longest = max(len(places) for places, _ in rows)
    filled = [(np.pad(p, (0, longest - len(p)), "edge"), np.pad(w, (0, longest - len(w))))
              for p, w in rows]  # fmt: skip
    return np.array([p for p, _ in filled], np.int64), np.array([w for _, w in filled])


def _weight(apart: NDArray[np.float64], cubic: bool) -> NDArray[np.float64]:
    """The weight of a pixel by its distance: a triangle, or a cubic spline with a = -0.5."""
    if not cubic:
        return np.maximum(1 - apart, 0)
    near = (1.5 * apart - 2.5) * apart * apart + 1
    far = ((-0.5 * apart + 2.5) * apart - 4) * apart + 2
    return np.where(apart < 1, near, np.where(apart < 2, far, 0))


@rule("grid_sampler_2d", "grid_sampler_3d", "grid_sampler", "cudnn_grid_sampler")
def sample(site: Site) -> str:
    """An image at points that another tensor says."""
    modes = {0: "linear", 1: "nearest", 2: "cubic"}
    paddings = {0: "zeros", 1: "border", 2: "reflection"}
    mode = modes.get(site.whole("interpolation_mode", 0))
    padding = paddings.get(site.whole("padding_mode", 0))
    if mode is None or padding is None:
        raise Untranslatable
    return site.add(
        "GridSample",
        site.tensor("input"),
        site.tensor("grid"),
        mode=mode,
        padding_mode=padding,
        align_corners=int(site.flag("align_corners")),
    )


@rule("affine_grid_generator")
def affine_grid(site: Site) -> str:
    """The points of an image, moved by matrices."""
    size = site.counts(site.argument("size"))
    return site.add(
        "AffineGrid", site.tensor("theta"), size, align_corners=int(site.flag("align_corners"))
    )
