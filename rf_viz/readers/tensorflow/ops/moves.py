"""Ops that move elements and mix none: reshaping, joining, cutting, repeating, padding."""

from __future__ import annotations

from math import prod

from ....errors import ModelError
from ....relation import IDENTITY, Edge, Output, Part, Relation, Shape
from ....relation.common.basic import broadcast, everything, reshape, transpose
from ....relation.common.picks import (
    PadMode,
    cut,
    pick,
    tile,
)
from ...reading.outputs import (
    broadcast_shape,
    concatenation,
    expanded,
    padding,
    reshaped,
    squeezed,
)
from ...reading.rows import check_items
from ..node import Node, operator
from .inputs import needed, needed_number, positive, ranked, tensor


@operator("Reshape", "RiscReshape", category="layout")
def reshape_to(node: Node) -> Output:
    """Elements keep their row-major order in the shape that input 1 holds."""
    return reshaped(node, needed(node, 1))


@operator("ExpandDims", category="layout")
def expand_dims(node: Node) -> Output:
    """Elements keep their order; there is a new axis of length 1."""
    return expanded(node, (needed_number(node, 1),))


@operator("Squeeze", "RiscSqueeze", category="layout")
def squeeze(node: Node) -> Output:
    """Elements keep their order; axes of length 1 are dropped."""
    axes = node.attribute("squeeze_dims") or None
    if axes:
        ranked(node, 0, 1, or_more=True)
    return squeezed(node, axes)


@operator("Transpose", "ConjugateTranspose", "RiscTranspose", category="layout")
def transposed(node: Node) -> Output:
    """Axes come in the order that input 1 holds."""
    shape = node.shape()
    order = tuple(node.count_axis(a, len(shape)) for a in needed(node, 1))
    if sorted(order) != list(range(len(shape))):
        raise ModelError(f"{node.op} {node.name!r} puts {list(shape)} in the order {list(order)}")
    return Output(tuple(shape[i] for i in order), [Edge(0, transpose(order))])


@operator("ConcatV2", "RiscConcat", category="join")
def concat(node: Node) -> Output:
    """The inputs one after another along the axis that the last of them holds."""
    last = len(node.inputs) - 1
    return concatenation(node, range(last), needed_number(node, last))


@operator("Concat", category="join")
def concat_axis_first(node: Node) -> Output:
    """The inputs one after another along the axis that the first of them holds."""
    return concatenation(node, range(1, len(node.inputs)), needed_number(node, 0))


@operator("ParallelConcat", category="join")
def concat_rows(node: Node) -> Output:
    """The inputs one after another along the first axis."""
    return concatenation(node, range(len(node.inputs)), 0)


@operator("Pack", category="join")
def pack(node: Node) -> Output:
    """Tensors of one shape, one after another along a new axis."""
    shape, count = node.shape(), len(node.inputs)
    axis = node.axis(len(shape) + 1)
    wide = (*shape[:axis], 1, *shape[axis:])
    if any(node.shape(i) != shape for i in range(count)):
        raise ModelError(f"Pack {node.name!r} takes tensors of one shape, not of several")
    return Output(
        (*shape[:axis], count, *shape[axis:]),
        [
            Edge(i, (*reshape(shape, wide), Part(axis, i, 1, count)))
            for i in range(count)
            if node.depends(i)
        ],
    )


@operator("Unpack", category="layout")
def unpack(node: Node) -> list[Output]:
    """Each output is the input at one position of an axis."""
    shape = ranked(node, 0, 1, or_more=True)
    axis = node.axis(len(shape))
    check_items(node, shape[axis])
    after, single = (*shape[:axis], *shape[axis + 1 :]), (*shape[:axis], 1, *shape[axis + 1 :])
    return [
        Output(after, [Edge(0, cut(axis, shape[axis], i, 1, 1) + reshape(single, after))])
        for i in range(shape[axis])
    ]


def _parts(node: Node, i: int, axis: int, sizes: Shape, equal: bool) -> list[Output]:
    """Input ``i`` cut along an axis. ``equal`` parts lie elsewhere at another input size."""
    shape = node.shape(i)
    if sum(sizes) != shape[axis] or min(sizes, default=0) < 0:
        raise ModelError(
            f"{node.op} {node.name!r} cannot cut an axis of {shape[axis]} into {list(sizes)}: "
            "the model does not work at this input size"
        )
    outputs, start = [], 0
    for n in sizes:
        relation = cut(axis, shape[axis], start, 1, n, equal and start > 0)
        outputs.append(Output((*shape[:axis], n, *shape[axis + 1 :]), [Edge(i, relation)]))
        start += n
    return outputs


@operator("Split", category="layout")
def split(node: Node) -> list[Output]:
    """Each output is one of so many equal parts of input 1 along the axis that input 0 holds."""
    shape, count = ranked(node, 1, 1, or_more=True), positive(node, "num_split", 1)
    axis = node.count_axis(needed_number(node, 0), len(shape))
    return _parts(node, 1, axis, (shape[axis] // count,) * count, True)


@operator("SplitV", category="layout")
def split_by_sizes(node: Node) -> list[Output]:
    """Each output is a part of input 0 of the size that input 1 holds.

    One of the sizes may be -1: what is left.
    """
    shape, sizes = ranked(node, 0, 1, or_more=True), list(needed(node, 1))
    axis = node.count_axis(needed_number(node, 2), len(shape))
    if -1 in sizes:
        sizes[sizes.index(-1)] = shape[axis] - sum(sizes) - 1
    return _parts(node, 0, axis, tuple(sizes), False)


@operator("EnsureShape", category="layout")
def ensured(node: Node) -> Output:
    """The input as it is. Where its shape depends on the data, this one is known; batches are 1."""
    value, declared = tensor(node, 0), node.attribute("shape")
    if value.shape is not None or value.tensor < 0 or not declared or -1 in declared[1:]:
        return Output(node.shape(), [Edge(0)])
    shape = (1, *declared[1:]) if declared[0] < 0 else declared
    why = f"{node.op} {node.name} tells a shape that depends on the data"
    return Output(shape, [Edge(0, everything((), shape))], why)


@operator("BroadcastTo", "RiscBroadcast", category="layout")
def broadcast_to(node: Node) -> Output:
    """The input repeated along axes of length 1 and new ones in front."""
    shape, after = node.shape(), needed(node, 1)
    if broadcast_shape(node, (shape, after)) != after:
        raise ModelError(f"{node.op} {node.name!r} cannot broadcast {list(shape)} to {list(after)}")
    return Output(after, [Edge(0, broadcast(shape, after))])


@operator("Tile", category="layout")
def tiled(node: Node) -> Output:
    """The input repeated so many times along each axis."""
    shape, repeats = node.shape(), needed(node, 1)
    relation: Relation = IDENTITY
    for axis, (n, r) in enumerate(zip(shape, repeats, strict=True)):
        relation += tile(axis, n, r)
    return Output(tuple(n * r for n, r in zip(shape, repeats, strict=True)), [Edge(0, relation)])


@operator("Pad", "PadV2", "RiscPad", category="layout")
def pad(node: Node) -> Output:
    """The input with a border that depends on nothing, unless its fill is computed."""
    after, relation = _padded(node)
    edges, why = [Edge(0, relation)], ""
    if node.depends(2):
        edges.append(Edge(2, broadcast(node.shape(2), after)))
        why = f"{node.op} {node.name} fills with a computed value: assumed to reach every cell"
    return Output(after, edges, why)


@operator("MirrorPad", category="layout")
def mirror_pad(node: Node) -> Output:
    """The input with a border that mirrors what lies inside."""
    after, relation = _padded(node, mirror_mode(node))
    return Output(after, [Edge(0, relation)])


def mirror_mode(node: Node) -> PadMode:
    """Return how MirrorPad and its kin go on beyond the edge."""
    return "symmetric" if node.attribute("mode", "REFLECT") == "SYMMETRIC" else "reflect"


def _padded(node: Node, mode: PadMode = "constant") -> tuple[Shape, Relation]:
    shape, pads = node.shape(), needed(node, 1)
    if len(pads) != 2 * len(shape):
        raise ModelError(f"{node.op} {node.name!r} has {len(pads)} pads for {len(shape)} axes")
    return padding(shape, tuple(range(len(shape))), pads[::2] + pads[1::2], mode)


@operator("Reverse", "ReverseV2", "RiscReverse", category="layout")
def reverse(node: Node) -> Output:
    """The input turned round along the axes named, or (Reverse) along those marked by true."""
    shape, numbers = node.shape(), needed(node, 1)
    axes = [i for i, yes in enumerate(numbers) if yes] if node.op == "Reverse" else numbers
    relation = IDENTITY
    for a in axes:
        axis = node.count_axis(a, len(shape))
        n = shape[axis]
        relation += cut(axis, n, n - 1, -1, n, varies=True)
    return Output(shape, [Edge(0, relation)])


@operator("Roll", category="layout")
def roll(node: Node) -> Output:
    """Round and round; what leaves at one end comes in at the other."""
    shape = ranked(node, 0, 1, or_more=True)
    by = dict.fromkeys(range(len(shape)), 0)
    for shift, axis in zip(needed(node, 1), needed(node, 2), strict=True):
        by[node.count_axis(axis, len(shape))] += shift
    relation = IDENTITY
    for axis, shift in by.items():
        n = shape[axis]
        if n and shift % n:
            relation += pick(axis, n, [(i - shift) % n for i in range(n)])
    return Output(shape, [Edge(0, relation)])


@operator("DataFormatVecPermute", category="layout")
def reordered(node: Node) -> Output:
    """One number (or pair) for each axis, or for each axis of space, in another order of axes."""
    shape = ranked(node, 0, 1, or_more=True)
    source, target = node.attribute("src_format", "NHWC"), node.attribute("dst_format", "NCHW")
    if shape[0] == len(source) - 2:
        source, target = ("".join(c for c in order if c not in "NC") for order in (source, target))
    return Output(shape, [Edge(0, pick(0, shape[0], [source.index(c) for c in target]))])


@operator("_ScopedAllocatorConcat", category="join")
def flattened(node: Node) -> Output:
    """All inputs but the first, each flattened, one after another."""
    shapes = [node.shape(i) for i in range(1, len(node.inputs))]
    sizes = [prod(s) for s in shapes]
    total, start, edges = sum(sizes), 0, []
    for i, (shape, n) in enumerate(zip(shapes, sizes, strict=True), 1):
        edges.append(Edge(i, (*reshape(shape, (n,)), Part(0, start, n, total))))
        start += n
    return Output((total,), [e for e in edges if node.depends(e.input)])
