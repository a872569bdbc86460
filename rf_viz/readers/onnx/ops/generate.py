"""Operators that make tensors from shapes and constants, and tell shapes."""

from __future__ import annotations

from functools import partial
from math import prod

import numpy as np
from onnx import AttributeProto

from ....relation import Edge, Mix, Output
from ....relation.common.basic import broadcast, reduce, reshape
from ...reading.constants import LARGEST
from ...reading.outputs import arranged
from ...reading.values import Value
from ..constants import dense, initializer
from ..node import Node, operator

_TYPES = {
    "value_float": np.float32,
    "value_floats": np.float32,
    "value_int": np.int64,
    "value_ints": np.int64,
}


@operator("Constant", category="other")
def constant(node: Node) -> Output | Value:
    """A tensor written out in the file; it sees nothing."""
    if not node.proto.attribute:
        raise node.missing("attribute value")
    attribute = node.proto.attribute[0]
    if attribute.type == AttributeProto.TENSOR:
        return initializer(attribute.t, None)
    if attribute.type == AttributeProto.SPARSE_TENSOR:
        sparse = attribute.sparse_tensor
        return Value(tuple(sparse.dims), get=partial(dense, sparse))
    value = np.asarray(node.attribute(attribute.name), _TYPES.get(attribute.name, object))
    return Output(value.shape, value=value)


@operator("ConstantOfShape", category="other")
def constant_of_shape(node: Node) -> Output:
    """One number all over a shape; it sees nothing."""
    return Output(node.ints(0) or ())


@operator("Shape", category="layout", asks_shape_only=True)
def shape_of(node: Node) -> Output:
    """The extents of the input, or some of them; no value of it is read."""
    shape = node.shape()
    part = shape[node.attribute("start", 0) : node.attribute("end", len(shape))]
    return Output((len(part),), value=np.array(part, np.int64))


@operator("Size", category="other", asks_shape_only=True)
def size_of(node: Node) -> Output:
    """The number of the input's elements; no value of it is read."""
    return Output((), value=np.array(prod(node.shape()), np.int64))


@operator("Range", category="other")
def arrange(node: Node) -> Output:
    """Evenly spaced numbers between two that must be known."""
    return arranged(node)


@operator("RandomNormal", "RandomUniform", category="other")
def random(node: Node) -> Output:
    """Random numbers of a fixed shape; they see nothing."""
    return Output(node.required("shape"))


@operator("EyeLike", category="other", asks_shape_only=True)
def eye_like(node: Node) -> Output:
    """Ones on a diagonal of the input's shape; no value of the input is read."""
    rows, columns = shape = node.shape(axes=2)
    if rows * columns > LARGEST:
        return Output(shape)
    return Output(shape, value=np.eye(rows, columns, node.attribute("k", 0), np.float32))


@operator(
    "RandomNormalLike",
    "RandomUniformLike",
    category="other",
    asks_shape_only=True,
)
def like(node: Node) -> Output:
    """A tensor of the input's shape; no value of the input is read."""
    return Output(node.shape())


@operator("Multinomial", category="other")
def multinomial(node: Node) -> Output:
    """Samples drawn from rows of class scores; each sees all of its row."""
    batch, classes = node.shape()
    samples = node.attribute("sample_size", 1)
    return Output((batch, samples), [Edge(0, (Mix((1,), (classes,), (samples,)),))])


@operator("BlackmanWindow", "HammingWindow", "HannWindow", category="other")
def window_function(node: Node) -> Output:
    """The weights of a window of a given length; they see nothing."""
    return Output(node.ints(0) or ())


@operator("MelWeightMatrix", category="other")
def mel_weights(node: Node) -> Output:
    """A matrix of frequency bands; it sees nothing."""
    bins, length = node.required_int(0), node.required_int(1)
    return Output((length // 2 + 1, bins))


@operator("AffineGrid", category="other")
def affine_grid(node: Node) -> Output:
    """Every coordinate is made by its own row of the affine matrix."""
    (batch, rows, columns), size = node.shape(0), node.required_ints(1)
    after = (batch, *size[2:], rows)
    wide = (batch, *(1,) * rows, rows)
    relation = reduce((batch, rows, columns), (2,), False) + reshape((batch, rows), wide)
    return Output(after, [Edge(0, relation + broadcast(wide, after))])
