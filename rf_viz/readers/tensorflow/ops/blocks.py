"""Ops that move blocks of pixels into channels or the batch, and back; patches."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from ....errors import ModelError
from ....relation import Edge, Output, Relation, Shape
from ....relation.common.basic import reshape, transpose
from ....relation.common.blocks import (
    batch_to_space,
    cropped,
    depth_to_space,
    patches,
    space_to_batch,
    space_to_depth,
)
from ....relation.regrids import last_spread
from ....trace.tensors import Tensor
from ...reading.values import Value
from ..node import Node, operator
from .inputs import needed, positive, ranked
from .windows import windows


@operator("DepthToSpace", category="layout")
def to_space(node: Node) -> Output:
    """Each channel of a block's worth becomes one pixel of a block."""
    return _in_axis_order(node, depth_to_space, lambda n, b: (n[0] // (b * b), n[1] * b, n[2] * b))


@operator("SpaceToDepth", category="layout")
def to_depth(node: Node) -> Output:
    """Each pixel of a block becomes channels of one pixel."""
    return _in_axis_order(node, space_to_depth, lambda n, b: (n[0] * b * b, n[1] // b, n[2] // b))


def _in_axis_order(
    node: Node,
    relate: Callable[[Shape, int, int], Relation],
    resized: Callable[[Shape, int], Shape],
) -> Output:
    """For channels last, first, and first in vectors of four (NCHW_VECT_C).

    ``resized`` maps (channels, height, width) to what they become.
    """
    block = positive(node, "block_size", 1)
    order = node.attribute("data_format", "NHWC")
    if order == "NHWC":
        shape = ranked(node, 0, 4)
        channels, *size = resized((shape[3], shape[1], shape[2]), block)
        return Output((shape[0], *size, channels), [Edge(0, relate(shape, block, 3))])
    if order == "NCHW":
        shape = ranked(node, 0, 4)
        return Output((shape[0], *resized(shape[1:], block)), [Edge(0, relate(shape, block, 1))])
    n, outer, high, wide, inner = ranked(node, 0, 5)
    flat = (n, outer * inner, high, wide)
    after = (n, *resized(flat[1:], block))
    split = (n, after[1] // inner, inner, *after[2:])
    relation = (
        *transpose((0, 1, 4, 2, 3)),
        *reshape((n, outer, inner, high, wide), flat),
        *relate(flat, block, 1),
        *reshape(after, split),
        *transpose((0, 1, 3, 4, 2)),
    )
    return Output((n, split[1], *after[2:], inner), [Edge(0, relation)])


@operator("SpaceToBatchND", category="layout")
def to_batch(node: Node) -> Output:
    """The pixels of each block go to different images of the batch."""
    return _to_batch(node, needed(node, 1), needed(node, 2))


@operator("SpaceToBatch", category="layout")
def to_batch_2d(node: Node) -> Output:
    """The pixels of each square block go to different images of the batch."""
    block = node.attribute("block_size", 1)
    return _to_batch(node, (block, block), needed(node, 1))


def _to_batch(node: Node, blocks: Shape, pads: Shape) -> Output:
    shape = _blocked(node, blocks, pads)
    before, behind = pads[::2], pads[1::2]
    extents = zip(shape[1:], before, behind, blocks, strict=False)
    inner = [(n + front + back) // b for n, front, back, b in extents]
    after = (shape[0] * prod(blocks), *inner, *shape[len(blocks) + 1 :])
    return Output(after, [Edge(0, space_to_batch(shape, blocks, before, behind))])


def _blocked(node: Node, blocks: Shape, pads: Shape) -> Shape:
    """Input 0's shape, which has an axis for each block. Raises ModelError."""
    shape = node.shape()
    if len(pads) != 2 * len(blocks) or len(shape) <= len(blocks) or min(blocks, default=1) < 1:
        raise ModelError(
            f"{node.op} {node.name!r} has blocks of {list(blocks)} and pads of {list(pads)} "
            f"for a tensor of {list(shape)}: not valid"
        )
    return shape


@operator("BatchToSpaceND", category="layout")
def from_batch(node: Node) -> Output:
    """Images of the batch become the pixels of one image's blocks."""
    return _from_batch(node, needed(node, 1), needed(node, 2))


@operator("BatchToSpace", category="layout")
def from_batch_2d(node: Node) -> Output:
    """Images of the batch become the pixels of one image's square blocks."""
    block = node.attribute("block_size", 1)
    return _from_batch(node, (block, block), needed(node, 1))


def _from_batch(node: Node, blocks: Shape, crops: Shape) -> Output:
    """A convolution of images that were spread over the batch is a dilated one of the image."""
    shape = _blocked(node, blocks, crops)
    before, behind = crops[::2], crops[1::2]
    extents = zip(shape[1:], before, behind, blocks, strict=False)
    inner = [n * b - front - back for n, front, back, b in extents]
    after = (shape[0] // prod(blocks), *inner, *shape[len(blocks) + 1 :])
    spread = _since_spread(node, blocks)
    if spread is not None:
        source, relation, whole = spread
        node.inputs = [source]
        return Output(after, [Edge(0, relation + cropped(whole, before, behind))])
    return Output(after, [Edge(0, batch_to_space(shape, blocks, before, behind))])


def _since_spread(node: Node, blocks: Shape) -> tuple[Value, Relation, Shape] | None:
    """Find where the same blocks were spread over the batch.

    Returns the tensor that was spread, how the one that is put together again depends on it,
    and the shape of that one before it is cropped; None where that cannot be said.
    """
    tensors = node.reading.tensors
    value = node.inputs[0]
    number = -1 if value is None else value.tensor
    path: list[Tensor] = []
    while number > 0:
        tensor = tensors[number]
        if len(tensor.sources) != 1 or tensor.assumed:
            return None
        path.append(tensor)
        (source,) = tensor.sources
        number = source.tensor
        spread = last_spread(source.relation)
        if spread is None:
            continue
        if spread.blocks != blocks:
            return None
        since: Relation = ()
        for later in reversed(path[:-1]):
            since += tuple(later.sources[0].relation)
        dilated = spread.dilated(since)
        if dilated is None:
            return None
        relation: Relation = source.relation[:-1] + dilated
        last = path[0].shape
        n = len(blocks) + 1
        inner = (size * block for size, block in zip(last[1:], blocks, strict=False))
        whole = (last[0] // prod(blocks), *inner, *last[n:])
        return Value(tensors[number].shape, number), relation, whole
    return None


@operator("ExtractImagePatches", "ExtractVolumePatches", category="layout")
def extract_patches(node: Node) -> Output:
    """The pixels in each window, all their channels, become the channels of one pixel."""
    shape = node.shape()
    rank = len(shape)
    kernel, strides = node.attribute("ksizes", ()), node.attribute("strides", ())
    rates = node.attribute("rates")
    if len(kernel) != rank or len(strides) != rank or kernel[0] != 1 or kernel[-1] != 1:
        raise ModelError(f"{node.op} {node.name!r} has patches of {list(kernel)}: not valid")
    slid = windows(node, shape, range(1, rank - 1), kernel[1:-1], strides, rates)
    after = (shape[0], *(w.out for w in slid), shape[-1] * prod(kernel))
    return Output(after, [Edge(0, patches(shape, slid))])
