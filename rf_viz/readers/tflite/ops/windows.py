"""Convolution and pooling."""

from __future__ import annotations

from ..node import Site, operator
from ..tf_op import TfOp, ints
from .fused import activated, biased
from .quantised import data_of

_PADDING = {0: "SAME", 1: "VALID"}
"""Padding of the schema."""


def _strides(site: Site) -> tuple[int, ...]:
    return (1, site.option("strideH", 1), site.option("strideW", 1), 1)


def _padding(site: Site) -> str:
    return site.choice("padding", _PADDING)


def _convolution(op: str, kernel: TfOp, site: Site) -> TfOp:
    attributes = {
        "strides": _strides(site),
        "dilations": (1, site.option("dilationHFactor", 1), site.option("dilationWFactor", 1), 1),
        "padding": _padding(site),
        "data_format": "NHWC",
    }
    return biased(TfOp(op, (data_of(site), kernel), attributes), site, 2)


@operator("CONV_2D", like="Conv2D")
@activated
def convolution(site: Site) -> TfOp:
    """A convolution whose kernel's axes are (out, height, width, in)."""
    return _convolution("Conv2D", TfOp("Transpose", (1, ints(1, 2, 3, 0))), site)


@operator("DEPTHWISE_CONV_2D", like="DepthwiseConv2dNative")
@activated
def depthwise(site: Site) -> TfOp:
    """A convolution of each channel; the kernel's axes are (1, height, width, in * multiplier)."""
    _, height, width, out = site.shape(1, 4)
    channels = (site.input(0).shape or (0,))[-1]
    if not channels or out % channels:
        raise ValueError(f"it makes {out} channels of {channels}")
    kernel = TfOp("Reshape", (1, ints(height, width, channels, out // channels)))
    return _convolution("DepthwiseConv2dNative", kernel, site)


@operator("TRANSPOSE_CONV", like="Conv2DBackpropInput")
@activated
def transposed(site: Site) -> TfOp:
    """A transposed convolution whose kernel's axes are (out, height, width, in)."""
    kernel = TfOp("Transpose", (1, ints(1, 2, 0, 3)))
    attributes = {"strides": _strides(site), "padding": _padding(site), "data_format": "NHWC"}
    return biased(TfOp("Conv2DBackpropInput", (0, kernel, data_of(site, 2)), attributes), site, 3)


def _volumes(op: str, inputs: tuple[int, ...], bias: int, site: Site) -> TfOp:
    strides, dilations = (
        (1, *(site.option(name.format(axis), 1) for axis in "DHW"), 1)
        for name in ("stride{}", "dilation{}Factor")
    )
    attributes = {
        "strides": strides,
        "dilations": dilations,
        "padding": _padding(site),
        "data_format": "NDHWC",
    }
    return biased(TfOp(op, inputs, attributes), site, bias)


@operator("CONV_3D", like="Conv3D")
@activated
def volumes(site: Site) -> TfOp:
    """A convolution of volumes."""
    return _volumes("Conv3D", (0, 1), 2, site)


@operator("CONV_3D_TRANSPOSE", like="Conv3DBackpropInputV2")
@activated
def transposed_volumes(site: Site) -> TfOp:
    """A transposed convolution of volumes."""
    return _volumes("Conv3DBackpropInputV2", (0, 1, 2), 3, site)


def _pool(op: str, site: Site, *, same: bool = True) -> TfOp:
    attributes = {
        "ksize": (1, site.option("filterHeight", 1), site.option("filterWidth", 1), 1),
        "strides": _strides(site),
        "padding": _padding(site),
        "data_format": "NHWC",
    }
    return TfOp(op, (0,), attributes, same)


@operator("AVERAGE_POOL_2D", like="AvgPool")
@activated
def average_pool(site: Site) -> TfOp:
    """The mean of each window."""
    return _pool("AvgPool", site)


@operator("MAX_POOL_2D", like="MaxPool")
@activated
def max_pool(site: Site) -> TfOp:
    """The largest value of each window."""
    return _pool("MaxPool", site)


@operator("L2_POOL_2D", like="AvgPool")
@activated
def l2_pool(site: Site) -> TfOp:
    """The root of the mean square of each window, which depends on it as the mean does."""
    return _pool("AvgPool", site, same=False)
