"""Convolutions and their transposes."""

from __future__ import annotations

from ..site import Site, Untranslatable, rule


@rule("conv1d", "conv2d", "conv3d", "conv1d.padding", "conv2d.padding", "conv3d.padding")
def convolve(site: Site) -> str:
    """Windows of the input times a kernel."""
    spatial = site.rank("weight") - 2
    strides = site.each("stride", spatial, 1)
    dilations = site.each("dilation", spatial, 1)
    padding = site.argument("padding", 0)
    if isinstance(padding, str):
        pads = _named_padding(site, padding, dilations)
    else:
        pads = site.each("padding", spatial, 0) * 2
    return _conv(site, strides, pads, dilations, site.whole("groups", 1))


def _named_padding(site: Site, padding: str, dilations: list[int]) -> list[int]:
    """What "same" and "valid" stand for: the greater half of the padding comes behind."""
    if padding != "same":
        return [0] * (2 * len(dilations))
    kernel = site.static("weight")[2:]
    total = [d * (k - 1) for d, k in zip(dilations, kernel, strict=True)]
    before = [t // 2 for t in total]
    return before + [t - b for t, b in zip(total, before, strict=True)]


def _conv(
    site: Site, strides: list[int], pads: list[int], dilations: list[int], groups: int
) -> str:
    spatial, image = len(strides), site.tensor("input")
    single = site.rank("input") == spatial + 1  # without a batch
    result = site.add(
        "Conv",
        site.unsqueeze(image, 0) if single else image,
        site.tensor("weight"),
        site.optional("bias"),
        strides=strides,
        pads=pads,
        dilations=dilations,
        group=groups,
    )
    return site.squeeze(result, 0) if single else result


@rule("conv_transpose1d", "conv_transpose2d.input", "conv_transpose3d.input")
def convolve_back(site: Site) -> str:
    """Numbers spread over windows by a kernel."""
    spatial = site.rank("weight") - 2
    return _transposed(site, *(
        site.each(name, spatial, default)
        for name, default in (
            ("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1),
        )
    ))  # fmt: skip


def _transposed(
    site: Site,
    strides: list[int],
    padding: list[int],
    output_padding: list[int],
    dilations: list[int],
) -> str:
    spatial, image = len(strides), site.tensor("input")
    single = site.rank("input") == spatial + 1
    result = site.add(
        "ConvTranspose",
        site.unsqueeze(image, 0) if single else image,
        site.tensor("weight"),
        site.optional("bias"),
        strides=strides,
        pads=padding * 2,
        output_padding=output_padding,
        dilations=dilations,
        group=site.whole("groups", 1),
    )
    return site.squeeze(result, 0) if single else result


@rule("convolution", "_convolution", "_convolution.deprecated", "convolution_overrideable")
def any_convolution(site: Site) -> str:
    """A convolution or its transpose."""
    spatial = site.rank("weight") - 2
    strides, padding = site.each("stride", spatial, 1), site.each("padding", spatial, 0)
    dilations = site.each("dilation", spatial, 1)
    if site.flag("transposed"):
        output_padding = site.each("output_padding", spatial, 0)
        return _transposed(site, strides, padding, output_padding, dilations)
    return _conv(site, strides, padding * 2, dilations, site.whole("groups", 1))


@rule("mkldnn_convolution", "cudnn_convolution")
def library_convolution(site: Site) -> str:
    """A convolution of one library, whose arguments are those of the general one."""
    if not {"self", "weight", "padding", "stride", "dilation"} <= site.node.arguments.keys():
        raise Untranslatable
    spatial = site.rank("weight") - 2
    return site.add(
        "Conv",
        site.tensor("self"),
        site.tensor("weight"),
        site.optional("bias"),
        strides=site.each("stride", spatial),
        pads=site.each("padding", spatial) * 2,
        dilations=site.each("dilation", spatial),
        group=site.whole("groups", 1),
    )
