"""Sequences of tensors and optional ones: followed item by item."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....errors import ModelError
from ....relation import Edge, Output, Shape
from ....relation.common.basic import reshape, transpose
from ....relation.common.products import concatenated, crop
from ...reading.rows import check_items, one_row, row_tensor, rows
from ...reading.values import DataDependent, Filled, Outputs, Value
from ..node import Node, operator


def items(node: Node, i: int = 0) -> list[Value]:
    """The items of a sequence. Raises DataDependent where they are not known one by one."""
    sequence = node.inputs[i] if i < len(node.inputs) else None
    if sequence is not None and sequence.rows is not None:
        return rows(node, sequence.rows)
    if sequence is None or sequence.items is None:
        raise DataDependent(f"the items of the sequence that {node.op} {node.name} takes")
    return list(sequence.items)


def _position(node: Node, i: int, count: int) -> int:
    place = node.required_int(i) if node.has(i) else count
    if not -count <= place <= count:
        raise ModelError(f"{node.op} {node.name!r} takes item {place} of {count}")
    return place + count if place < 0 else place


@operator("SequenceEmpty", category="other")
def empty(node: Node) -> Value:
    """A sequence without items."""
    return Value(None, items=[])


@operator("SequenceConstruct", category="other")
def construct(node: Node) -> Value:
    """A sequence of the inputs."""
    return Value(None, items=[v for v in node.inputs if v is not None])


@operator("SequenceInsert", category="other")
def insert(node: Node) -> Value:
    """The sequence with one more item."""
    filled = node.inputs[0]
    if isinstance(filled, Filled) and not node.has(2) and node.inputs[1] is not None:
        return filled.put(None, node.inputs[1])
    sequence, item = items(node), node.inputs[1]
    if item is not None:
        sequence.insert(_position(node, 2, len(sequence)), item)
    return Value(None, items=sequence)


@operator("SequenceErase", category="other")
def erase(node: Node) -> Value:
    """The sequence with one item less."""
    sequence = items(node)
    place = _position(node, 1, len(sequence)) if node.has(1) else len(sequence) - 1
    del sequence[place]
    return Value(None, items=sequence)


@operator("SequenceAt", category="other")
def at(node: Node) -> Output | Value:
    """One item of the sequence."""
    if row_tensor(node, 0) is not None:
        return one_row(node, 0, 1)
    sequence = items(node)
    return sequence[_position(node, 1, len(sequence))]


@operator("SequenceLength", category="other")
def length(node: Node) -> Output:
    """The number of items, which is known."""
    whole = row_tensor(node, 0)
    count = len(items(node)) if whole is None or not whole.shape else whole.shape[0]
    return Output((), value=np.array(count, np.int64))


@operator("SplitToSequence", category="layout")
def split(node: Node) -> Value:
    """A sequence of consecutive parts of an axis."""
    shape = node.shape()
    axis = node.axis(len(shape))
    size = shape[axis]
    lengths = node.ints(1)
    single = lengths is None
    if lengths is None or not node.shape(1):
        length = lengths[0] if lengths else 1
        if length < 1:
            raise ModelError(f"{node.op} {node.name!r} cuts {size} into parts of {length}")
        check_items(node, -(-size // length))
    if lengths is None:
        sizes = [1] * size
    elif node.shape(1):
        sizes = list(lengths)
    else:
        sizes = [min(lengths[0], size - start) for start in range(0, size, lengths[0])]
    if sum(sizes) != size:
        raise ModelError(f"{node.op} {node.name!r} cuts {size} into {sizes}")
    drop = single and not node.attribute("keepdims", 1)
    parts: list[Value] = []
    start = 0
    for i, n in enumerate(sizes):
        after: Shape = (*shape[:axis], n, *shape[axis + 1 :])
        relation = crop(axis, size, start, n)
        if drop:
            relation += reshape(after, (*shape[:axis], *shape[axis + 1 :]))
            after = (*shape[:axis], *shape[axis + 1 :])
        parts.append(node.add(f"{node.outputs[0]}[{i}]", Output(after, [Edge(0, relation)])))
        start += n
    return Value(None, items=parts)


@operator("ConcatFromSequence", category="join")
def concat(node: Node) -> Output:
    """The items one after another along an axis, which may be a new one."""
    whole = row_tensor(node, 0)
    if whole is not None and whole.shape:
        return _joined_rows(node, whole, whole.shape)
    sequence = items(node)
    shapes: list[Shape] = []
    for item in sequence:
        if item.shape is None:
            raise DataDependent(f"the shapes of what {node.op} {node.name} concatenates")
        shapes.append(item.shape)
    axis = node.attribute("axis", 0)
    new = bool(node.attribute("new_axis", 0))
    rank = len(shapes[0]) + new
    axis = node.count_axis(axis, rank)
    return stack(node, sequence, shapes, axis) if new else _join(node, sequence, shapes, axis)


def _joined_rows(node: Node, whole: Value, shape: Shape) -> Output:
    """The rows of a tensor one after another along an axis of theirs, or a new one."""
    new = bool(node.attribute("new_axis", 0))
    axis = node.count_axis(node.attribute("axis", 0), len(shape) - 1 + new)
    order = (*range(1, axis + 1), 0, *range(axis + 1, len(shape)))
    turned = tuple(shape[i] for i in order)
    node.inputs = [whole]
    if new:
        return Output(turned, [Edge(0, transpose(order))])
    after = (*turned[:axis], turned[axis] * turned[axis + 1], *turned[axis + 2 :])
    return Output(after, [Edge(0, transpose(order) + reshape(turned, after))])


def stack(node: Node, values: Sequence[Value], shapes: Sequence[Shape], axis: int) -> Output:
    """Tensors of one shape, one after another along a new axis. They become the inputs."""
    wide = [(*s[:axis], 1, *s[axis:]) for s in shapes]
    output = _join(node, values, wide, axis)
    output.edges = [
        Edge(i, reshape(s, w) + e.relation)
        for i, (s, w, e) in enumerate(zip(shapes, wide, output.edges, strict=True))
    ]
    return output


def _join(node: Node, values: Sequence[Value], shapes: Sequence[Shape], axis: int) -> Output:
    if len({(*s[:axis], *s[axis + 1 :]) for s in shapes}) != 1:
        raise ModelError(f"{node.op} {node.name!r} cannot join {' and '.join(map(str, shapes))}")
    node.inputs = values
    total = sum(s[axis] for s in shapes)
    return Output(
        (*shapes[0][:axis], total, *shapes[0][axis + 1 :]),
        [Edge(i, relation) for i, relation in enumerate(concatenated(shapes, axis))],
    )


@operator("Optional", category="other")
def optional(node: Node) -> Value:
    """The input as it is; without one a sequence of no items."""
    value = node.inputs[0] if node.inputs else None
    return Value(None, items=[]) if value is None else value


@operator("OptionalHasElement", category="other")
def has_element(node: Node) -> Output:
    """Whether the optional holds anything; the answer is known without running the model."""
    value = node.inputs[0] if node.inputs else None
    full = value is not None and (value.shape is not None or bool(value.items))
    return Output((), value=np.array(full))


@operator("OptionalGetElement", category="other")
def get_element(node: Node) -> Outputs:
    """The tensor or sequence in it."""
    value = node.inputs[0]
    if value is None:
        raise ModelError(f"{node.op} {node.name!r} takes what is not there")
    return value
