"""Images made larger or smaller, or sampled at points."""

from __future__ import annotations

from ..site import Site, Untranslatable, fixed, rule

_MODES = {"nearest": "nearest", "bilinear": "linear", "linear": "linear", "trilinear": "linear",
          "bicubic": "cubic"}  # fmt: skip


@rule(
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_nearest1d.vec",
    "upsample_nearest2d.vec", "upsample_nearest3d.vec", "_upsample_nearest_exact1d",
    "_upsample_nearest_exact2d", "_upsample_nearest_exact3d", "_upsample_nearest_exact1d.vec",
    "_upsample_nearest_exact2d.vec", "_upsample_nearest_exact3d.vec", "upsample_linear1d",
    "upsample_linear1d.vec", "upsample_bilinear2d", "upsample_bilinear2d.vec",
    "upsample_trilinear3d", "upsample_trilinear3d.vec", "upsample_bicubic2d",
    "upsample_bicubic2d.vec", "_upsample_bilinear2d_aa", "_upsample_bilinear2d_aa.vec",
    "_upsample_bicubic2d_aa", "_upsample_bicubic2d_aa.vec",
)  # fmt: skip
def resize(site: Site) -> str:
    """An image at another size, its pixels interpolated."""
    name = site.target.split(".")[-2]
    image = "input" if "input" in site.node.arguments else "self"
    spatial = site.rank(image) - 2
    mode = next(to for word, to in sorted(_MODES.items(), key=lambda m: -len(m[0])) if word in name)
    scales = site.argument("scale_factors")
    if scales is None:
        names = ("scales", "scales_d", "scales_h", "scales_w")
        listed = [site.argument(n) for n in names if site.has(n)]
        scales = listed if len(listed) == spatial else None
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
    if scales is not None and all(isinstance(s, int | float) and s > 0 for s in scales):
        inputs[2] = _scales(site, [float(s) for s in scales])
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
        cubic_coeff_a=-0.75 if mode == "cubic" and not name.endswith("_aa") else None,
        antialias=1 if name.endswith("_aa") else None,
        **rules,
    )


def _scales(site: Site, scales: list[float]) -> str:
    import numpy as np

    return site.writer.constant(np.array([1, 1, *scales], np.float32))


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
