"""Operators that move elements and mix none: reshaping, joining, repeating, padding."""

from __future__ import annotations

from math import prod

from ....errors import ModelError
from ....relation import Edge, Output, Relation, Shape
from ....relation.common.basic import broadcast, reshape, transpose
from ....relation.common.blocks import depth_to_space, space_to_depth
from ....relation.common.picks import PadMode, tile
from ...reading import outputs
from ...reading.outputs import (
    broadcast_shape,
    concatenation,
    expanded,
    padding,
    squeezed,
)
from ..node import Node, operator

_PADDINGS: dict[str, PadMode] = {
    "constant": "constant",
    "reflect": "reflect",
    "edge": "edge",
    "wrap": "wrap",
}


@operator("Concat", category="join")
def concat(node: Node) -> Output:
    """All inputs one after another along an axis."""
    return concatenation(node, range(len(node.inputs)), node.attribute("axis", 1))


@operator("Transpose", category="layout")
def transposed(node: Node) -> Output:
    """The axes in another order."""
    shape = node.shape()
    order = node.attribute("perm") or tuple(range(len(shape)))[::-1]
    if sorted(order) != list(range(len(shape))):
        raise ModelError(f"Transpose {node.name!r} has the order {list(order)} for {list(shape)}")
    return Output(tuple([shape[i] for i in order]), [Edge(0, transpose(order))])


@operator("Reshape", category="layout")
def reshaped(node: Node) -> Output:
    """The elements in their order under another shape; 0 keeps an axis, -1 fits one."""
    shape = node.shape()
    target = node.required_ints(1)
    keeps = not node.attribute("allowzero", 0)
    if keeps and 0 in target[len(shape) :]:
        raise ModelError(f"Reshape {node.name!r} keeps an axis that {list(shape)} does not have")
    after = tuple([shape[i] if n == 0 and keeps else n for i, n in enumerate(target)])
    return outputs.reshaped(node, after)


def _as(shape: Shape, after: Shape) -> Output:
    return Output(after, [Edge(0, reshape(shape, after))])


@operator("Flatten", category="layout")
def flatten(node: Node) -> Output:
    """The elements in their order as a matrix."""
    shape = node.shape()
    axis = node.attribute("axis", 1)
    axis += len(shape) if axis < 0 else 0
    return _as(shape, (prod(shape[:axis]), prod(shape[axis:])))


@operator("Unsqueeze", category="layout")
def unsqueeze(node: Node) -> Output:
    """New axes of length 1."""
    axes = node.required("axes") if node.opset < 13 else node.required_ints(1)
    return expanded(node, axes)


@operator("Squeeze", category="layout")
def squeeze(node: Node) -> Output:
    """Axes of length 1 dropped."""
    axes = node.attribute("axes") if node.opset < 13 else node.ints(1)
    return squeezed(node, axes)


@operator("Expand", category="layout")
def expand(node: Node) -> Output:
    """The elements repeated along broadcast axes."""
    shape, target = node.shape(), node.required_ints(1)
    after = broadcast_shape(node, (shape, target))
    return Output(after, [Edge(0, broadcast(shape, after))])


@operator("Tile", category="layout")
def tiled(node: Node) -> Output:
    """The whole tensor repeated along each axis."""
    shape = node.shape()
    repeats = node.required_ints(1)
    relation: Relation = ()
    for axis, (n, r) in enumerate(zip(shape, repeats, strict=True)):
        relation += tile(axis, n, r)
    return Output(tuple(n * r for n, r in zip(shape, repeats, strict=True)), [Edge(0, relation)])


@operator("Pad", category="layout")
def padded(node: Node) -> Output:
    """The fill of constant padding is no input, but where it is computed from the input."""
    shape = node.shape()
    pads = node.required_ints(1) if node.opset >= 11 else node.required("pads")
    axes = tuple(range(len(shape)))
    if node.has(3):
        axes = tuple(node.count_axis(a, len(shape)) for a in node.ints(3) or ())
    if len(pads) != 2 * len(axes):
        raise ModelError(f"Pad {node.name!r} has {len(pads)} pads for {len(axes)} axes")
    mode = node.choice("mode", _PADDINGS, "constant")
    after, relation = padding(shape, axes, pads, mode)
    edges = [Edge(0, relation)]
    if mode == "constant" and node.depends(2):
        edges.append(Edge(2, broadcast(node.shape(2), after)))
        return Output(after, edges, "Pad fills with a computed value: assumed to reach every cell")
    return Output(after, edges)


@operator("CenterCropPad", category="layout")
def center_crop_pad(node: Node) -> Output:
    """The middle of the tensor, cropped or padded with zeros to the target extents."""
    shape, target = node.shape(), node.required_ints(1)
    axes = node.attribute("axes") or tuple(range(len(shape)))
    axes = tuple(node.count_axis(a, len(shape)) for a in axes)
    more = [n - shape[axis] for axis, n in zip(axes, target, strict=True)]
    front = [m // 2 if m > 0 else -(-m // 2) for m in more]
    pads = (*front, *(m - f for m, f in zip(more, front, strict=True)))
    after, relation = padding(shape, axes, pads)
    return Output(after, [Edge(0, relation)])


@operator("DepthToSpace", category="layout")
def to_space(node: Node) -> Output:
    """Channels dealt out to blocks of space."""
    n, channels, *size = node.shape(axes=4)
    block = _block(node)
    after = (n, channels // block ** len(size), *(s * block for s in size))
    return Output(after, [Edge(0, depth_to_space(node.shape(), block, 1, _blocks_first(node)))])


def _block(node: Node) -> int:
    block = int(node.required("blocksize"))
    if block < 1:
        raise ModelError(f"{node.op} {node.name!r} has blocks of {block}")
    return block


def _blocks_first(node: Node) -> bool:
    return bool(node.attribute("mode", "DCR") == "DCR")


@operator("SpaceToDepth", category="layout")
def to_depth(node: Node) -> Output:
    """Blocks of space stacked as channels."""
    n, channels, *size = node.shape(axes=4)
    block = _block(node)
    after = (n, channels * block ** len(size), *(s // block for s in size))
    return Output(after, [Edge(0, space_to_depth(node.shape(), block, 1, _blocks_first(node)))])
