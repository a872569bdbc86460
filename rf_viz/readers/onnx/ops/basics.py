"""Placeholder split to be reorganised."""

from __future__ import annotations

from math import prod

import numpy as np

from ....errors import ModelError
from ....operators import reshape, transpose
from ....relation import Edge, Output, Place
from ..node import Node, operator


@operator("Concat")
def concat(node: Node) -> Output:
    shapes = [node.shape(i) for i in range(len(node.inputs))]
    axis = node.axis(len(shapes[0]), 1)
    total = sum(s[axis] for s in shapes)
    start, edges = 0, []
    for i, s in enumerate(shapes):
        if node.depends(i):
            edges.append(Edge(i, (Place(axis, start, s[axis], total),)))
        start += s[axis]
    return Output((*shapes[0][:axis], total, *shapes[0][axis + 1 :]), edges)


@operator("Transpose")
def transposed(node: Node) -> Output:
    shape = node.shape()
    order = node.attribute("perm", tuple(reversed(range(len(shape)))))
    return Output(tuple(shape[i] for i in order), [Edge(0, transpose(order))])


@operator("Reshape")
def reshaped(node: Node) -> Output:
    shape = node.shape()
    target = node.attribute("shape") if node.opset < 5 else node.ints(1)
    assert target is not None
    zero = node.attribute("allowzero", 0)
    after = [shape[i] if n == 0 and not zero else n for i, n in enumerate(target)]
    if -1 in after:
        known = -prod(after)
        after[after.index(-1)] = prod(shape) // known if known else 0
    if prod(after) != prod(shape):
        raise ModelError(
            f"Reshape {node.name!r} cannot turn {list(shape)} into {list(target)}: "
            "the model is fixed to another input size"
        )
    return Output(tuple(after), [Edge(0, reshape(shape, tuple(after)))])


@operator("Flatten")
def flatten(node: Node) -> Output:
    shape = node.shape()
    axis = node.attribute("axis", 1) % (len(shape) + 1)
    after = (prod(shape[:axis]), prod(shape[axis:]))
    return Output(after, [Edge(0, reshape(shape, after))])


@operator("ConstantOfShape")
def constant_of_shape(node: Node) -> Output:
    shape = node.ints(0)
    assert shape is not None
    return Output(shape)


@operator("Constant")
def constant(node: Node) -> Output:
    import onnx

    value = node.attribute("value")
    array = onnx.numpy_helper.to_array(value)
    return Output(array.shape, value=array)


@operator("Shape")
def shape_of(node: Node) -> Output:
    shape = node.shape()
    part = shape[node.attribute("start", 0) : node.attribute("end", len(shape))]
    return Output((len(part),), value=np.array(part, np.int64))


@operator("Unsqueeze")
def unsqueeze(node: Node) -> Output:
    shape = node.shape()
    axes = node.attribute("axes") or node.ints(1)
    assert axes is not None
    rank = len(shape) + len(axes)
    left = iter(shape)
    new = {a % rank for a in axes}
    after = tuple(1 if i in new else next(left) for i in range(rank))
    return Output(after, [Edge(0, reshape(shape, after))])
