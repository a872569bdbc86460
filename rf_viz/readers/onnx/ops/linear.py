"""Products of tensors and transforms along an axis."""

from __future__ import annotations

import numpy as np

from ....errors import ModelError
from ....relation import Edge, Mix, Output, Relation, Shape, Slide, Window
from ....relation.common.basic import (
    broadcast,
    reduce,
    reshape,
    transpose,
)
from ....relation.common.products import (
    crop,
    einsum,
    frames,
    matmul,
    pairs,
)
from ...reading.masks import masked_product
from ...reading.outputs import parameter, product
from ...reading.values import DataDependent
from ..node import Node, operator


@operator("MatMul", category="attention, dense", multiplies=True, weights=(0, 1))
def matrices(node: Node) -> Output:
    """A product of matrices: each number sees a row of A and a column of B."""
    return product(node, (0, 1), matmul(node.shape(0), node.shape(1)))


@operator("MatMulInteger", category="attention, dense", multiplies=True, weights=(0, 1))
def integer_matrices(node: Node) -> Output:
    """A product of integer matrices, with zero points for A's rows and B's columns or for all."""
    output = product(node, (0, 1), matmul(node.shape(0), node.shape(1)))
    output.edges = [*output.edges, *zero_points(node, 2, 3, output.shape)]
    return output


@operator("QLinearMatMul", category="attention, dense", multiplies=True, weights=(0, 3))
def quantised_matrices(node: Node) -> Output:
    """A product of matrices with scales and zero points for A, B and the result."""
    output = product(node, (0, 3), matmul(node.shape(0), node.shape(3)))
    after = output.shape
    output.edges = [
        *output.edges,
        *zero_points(node, 1, 4, after),
        *zero_points(node, 2, 5, after),
        *zero_points(node, 6, 7, after),
    ]
    return output


def zero_points(node: Node, rows: int, columns: int, after: Shape) -> list[Edge]:
    """Edges to a quantisation parameter of A, input ``rows``, and one of B, ``columns``."""
    rank = len(after)
    edges: list[Edge] = []
    for i, axis in ((rows, max(rank - 2, 0)), (columns, max(rank - 1, 0))):
        if node.depends(i):
            shape = node.shape(i)
            if len(shape) > 1:  # one a row or column of every matrix: it broadcasts by itself
                edges.append(Edge(i, broadcast(shape, after)))
            elif rank:
                edges.extend(parameter(node, i, after, axis))
            else:
                edges.append(Edge(i, reshape(shape, ())))
    return edges


@operator("Gemm", category="attention, dense", multiplies=True, weights=(0, 1, 2))
def gemm(node: Node) -> Output:
    """A product of two matrices plus a third."""
    return general_product(node, 0, 1, 2)


def general_product(node: Node, a: int, b: int, c: int) -> Output:
    """A product of two matrices, each perhaps transposed, plus a third that broadcasts."""
    turns = [transpose((1, 0)) if node.attribute(t, 0) else () for t in ("transA", "transB")]
    shapes = [node.shape(a), node.shape(b)]
    if any(len(s) != 2 for s in shapes):
        raise ModelError(f"{node.op} {node.name!r} takes matrices, not {shapes[0]} and {shapes[1]}")
    turned = [s[::-1] if t else s for s, t in zip(shapes, turns, strict=True)]
    result = matmul(*turned)
    relations: list[Relation] = [t + r for t, r in zip(turns, result.relations, strict=True)]
    edges = [Edge(i, r) for i, r in zip((a, b), relations, strict=True) if node.depends(i)]
    if node.depends(c):
        edges.append(Edge(c, broadcast(node.shape(c), result.shape)))
    return masked_product(node, (a, b), turned_equation(node), Output(result.shape, edges))


def turned_equation(node: Node) -> str:
    """A product of matrices, each perhaps transposed, as an Einstein summation."""
    left = "...km" if node.attribute("transA", 0) else "...mk"
    right = "...nk" if node.attribute("transB", 0) else "...kn"
    return f"{left},{right}->...mn"


@operator("Einsum", category="attention, dense", multiplies=True, weights="any")
def summation(node: Node) -> Output:
    """A sum of products along the axes that its equation drops."""
    shapes = tuple(node.shape(i) for i in range(len(node.inputs)))
    equation = node.attribute("equation", "")
    return product(node, range(len(shapes)), einsum(equation, shapes), equation)


@operator("Det", category="other", multiplies=None)
def determinant(node: Node) -> Output:
    """One number per square matrix, which sees all of it."""
    shape = node.shape()
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ModelError(f"{node.op} {node.name!r} takes square matrices, not {list(shape)}")
    rank = len(shape)
    return Output(shape[:-2], [Edge(0, reduce(shape, (rank - 2, rank - 1), False))])


@operator("DFT", category="attention, dense", multiplies=None)
def fourier(node: Node) -> Output:
    """Frequencies along an axis: each sees all of it, up to the transform's length."""
    shape = node.shape()
    rank = len(shape)
    named = node.ints(2) if node.opset >= 20 else (node.attribute("axis", 1),)
    axis = node.count_axis(named[0] if named else -2, rank)
    if axis == rank - 1:
        raise ModelError(f"DFT {node.name!r} runs along the axis that holds a number's parts")
    size, onesided = shape[axis], node.attribute("onesided", 0)
    inverse = bool(onesided and node.attribute("inverse", 0))
    length = node.ints(1)
    n = length[0] if length else 2 * (size - 1) if inverse else size
    read = min(n // 2 + 1 if inverse else n, size)  # the rest of a longer transform is zeros
    out = n // 2 + 1 if onesided and not inverse else n
    after = (*shape[:axis], out, *shape[axis + 1 : -1], 1 if inverse else 2)
    relation = (
        *crop(axis, size, 0, read),
        Mix((axis, rank - 1), (read, shape[-1]), (out, after[-1])),
    )
    return Output(after, [Edge(0, relation)])


@operator("STFT", category="attention, dense", multiplies=None)
def short_time_fourier(node: Node) -> Output:
    """Frequencies of each frame, which see the frame's samples and all of the window."""
    shape = node.shape()
    if len(shape) == 2:
        shape = (*shape, 1)
    step, frame = node.required_int(1), node.ints(3)
    if len(shape) != 3:
        raise ModelError(f"STFT {node.name!r} takes a signal of 3 axes, not {list(shape)}")
    if step < 1:
        raise ModelError(f"STFT {node.name!r} has steps of {step}")
    length = frame[0] if frame else node.shape(2, axes=1)[0] if node.has(2) else shape[1]
    bins = length // 2 + 1 if node.attribute("onesided", 1) else length
    after = (shape[0], (shape[1] - length) // step + 1, bins, 2)
    edges = [Edge(0, reshape(node.shape(), shape) + frames(shape, length, step, bins))]
    if node.depends(2):
        whole = reduce(node.shape(2), (0,), True) + reshape((1,), (1,) * 4)
        edges.append(Edge(2, whole + broadcast((1,) * 4, after)))
    return Output(after, edges)


@operator("CausalConvWithState", category="convolution", multiplies=None, weights=(1, 2))
def causal_conv(node: Node) -> list[Output]:
    """Channel by channel, over the past state's positions followed by the input's."""
    shape, kernel = node.shape(axes=3), node.shape(1, axes=3)[2]
    length, past = shape[2], kernel - 1
    edges = [Edge(0, (Window((Slide(2, length, length, kernel, pad=past),)),))]
    state = [Edge(0, crop(2, length, length - past, past))]
    if node.has(3) and past:
        edges.append(Edge(3, (Window((Slide(2, past, length, kernel),)),)))
        state.append(Edge(3, crop(2, past, length, past)))
    if node.depends(1):
        weights = reduce(node.shape(1), (1, 2), False) + reshape((shape[1],), (1, shape[1], 1))
        edges.append(Edge(1, weights + broadcast((1, shape[1], 1), shape)))
    edges += parameter(node, 2, shape, 1)
    return [Output(shape, edges), Output((*shape[:2], past), state)]


@operator("RotaryEmbedding", category="attention, dense")
def rotary(node: Node) -> Output:
    """Each element of a head is turned together with one other."""
    if any(node.depends(i) for i in (1, 2, 3)):
        raise DataDependent(f"the angles of {node.op} {node.name} depend on the input")
    return rotated(node)


def rotated(node: Node) -> Output:
    """Turn each element of a head together with its partner, as the attributes pair them."""
    shape = node.shape(least=3)
    heads = node.attribute("num_heads", 0)
    width = shape[-1]
    size = width // heads if len(shape) == 3 and heads else width
    turned = node.attribute("rotary_embedding_dim", 0) or size
    table = np.stack([np.arange(width), np.full(width, -1)], axis=1)
    place = table[:, 0] % size
    if node.attribute("interleaved", 0):
        partner = place ^ 1
    else:
        partner = np.where(place < turned // 2, place + turned // 2, place - turned // 2)
    turns = place < turned
    table[turns, 1] = (table[:, 0] - place + partner)[turns]
    return Output(shape, [Edge(0, pairs(len(shape) - 1, width, table))])
