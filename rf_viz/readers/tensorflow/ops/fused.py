"""Ops that TensorFlow's own rewriting makes of several: convolutions with all that follows."""

from __future__ import annotations

from ....errors import ModelError
from ....relation import Edge, Output, Relation, Shape, Window
from ....relation.common.basic import channel_mix, slides
from ...reading.outputs import padding
from ..node import Node, operator
from .inputs import needed, ranked
from .linear import with_arguments
from .moves import mirror_mode
from .resize import resize
from .windows import axis_order, convolution, taps, windows


@operator(
    "_FusedConv2D", "_FusedDepthwiseConv2dNative",
    category="convolution", multiplies=True, weights=(1, 2),
)  # fmt: skip
@operator(
    "_FusedConv3D", "_MklNativeFusedConv2D", "_MklNativeFusedConv3D",
    "_MklNativeFusedDepthwiseConv2dNative",
    category="convolution", multiplies=True,
)  # fmt: skip
def fused_convolution(node: Node) -> Output:
    """A convolution, then its bias, its normalisation, and a tensor that is added to it."""
    output = convolution(node)
    channel = axis_order(node, len(output.shape)).channel
    return with_arguments(node, output, range(2, len(node.inputs)), channel)


@operator("FusedPadConv2D", category="convolution", multiplies=True, weights=(2,))
def padded_convolution(node: Node) -> Output:
    """A convolution of the image continued beyond its edges by mirroring."""
    shape, relation = _mirrored(node, ranked(node, 0, 4), needed(node, 1))
    return _convolved(node, shape, relation, 2)


@operator("FusedResizeAndPadConv2D", category="convolution", multiplies=None, weights=(3,))
def resized_convolution(node: Node) -> Output:
    """A convolution of the image resized, then continued beyond its edges by mirroring."""
    resized = resize(node)
    (edge,) = resized.edges
    shape, relation = _mirrored(node, resized.shape, needed(node, 2))
    return _convolved(node, shape, edge.relation + relation, 3)


def _mirrored(node: Node, shape: Shape, pads: Shape) -> tuple[Shape, Relation]:
    axes = tuple(range(len(shape)))
    return padding(shape, axes, pads[::2] + pads[1::2], mirror_mode(node))


def _convolved(node: Node, shape: Shape, before: Relation, weights: int) -> Output:
    """Input 0, after it became of ``shape``, convolved with constant weights."""
    kernel = ranked(node, weights, 4)
    if kernel[2] != shape[3]:
        raise ModelError(f"{node.op} {node.name!r} expects {kernel[2]} channels, not {shape[3]}")
    slid = windows(node, shape, (1, 2), kernel[:2], node.attribute("strides", (1,) * 4))
    used = taps(node, weights, (2, 3))
    size = tuple(w.out for w in slid)
    mixed = channel_mix((shape[0], *size, shape[3]), 3, 1, kernel[3])
    step = slides(slid) if used is None else Window(slid, used)
    return Output((shape[0], *size, kernel[3]), [Edge(0, (*before, step, *mixed))])
