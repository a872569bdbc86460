"""Products of tensors, transforms along an axis, and running sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....errors import ModelError
from ....relation import IDENTITY, Edge, Mix, Output, Relation, Shape, Slide, Taps, Window
from ....relation.common.basic import broadcast, reshape, transpose
from ....relation.common.picks import checked_extent, pick
from ....relation.common.products import (
    Product,
    crop,
    einsum,
    matmul,
    scan,
)
from ...reading.outputs import parameter, product
from ...reading.values import DataDependent
from ..node import Node, operator
from .inputs import needed, needed_number, positive, ranked


def turned_product(node: Node, a: int, b: int, turn_a: bool, turn_b: bool) -> Output:
    """A product of the matrices in two inputs, each perhaps with its last two axes swapped."""
    shapes, turns = [], []
    for i, turn in ((a, turn_a), (b, turn_b)):
        shape = node.shape(i)
        if len(shape) < 2:
            raise ModelError(f"{node.op} {node.name!r} takes matrices, not {list(shape)}")
        order = (*range(len(shape) - 2), len(shape) - 1, len(shape) - 2)
        turns.append(transpose(order) if turn else ())
        shapes.append((*shape[:-2], shape[-1], shape[-2]) if turn else shape)
    plain = matmul(shapes[0], shapes[1])
    relations = tuple(t + r for t, r in zip(turns, plain.relations, strict=True))
    left, right = "...km" if turn_a else "...mk", "...nk" if turn_b else "...kn"
    result = Product(plain.shape, relations)
    return product(node, (a, b), result, f"{left},{right}->...mn")


@operator("MatMul", category="attention, dense", multiplies=True, weights=(0, 1))
@operator("SparseMatMul", "RiscDot", "_MklMatMul", category="attention, dense", multiplies=True)
def matrices(node: Node) -> Output:
    """Each element depends on a row of one matrix and a column of the other."""
    return transposed_product(node, 0, 1)


def transposed_product(node: Node, a: int, b: int) -> Output:
    """A product of the matrices in two inputs, by ``transpose_a`` and ``transpose_b``."""
    turn_a, turn_b = (bool(node.attribute(t)) for t in ("transpose_a", "transpose_b"))
    return turned_product(node, a, b, turn_a, turn_b)


@operator(
    "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3",
    category="attention, dense", multiplies=True, weights=(0, 1),
)  # fmt: skip
def batches(node: Node) -> Output:
    """Each element depends on a row and a column of the matrices in its place of the batch."""
    return turned_product(node, 0, 1, bool(node.attribute("adj_x")), bool(node.attribute("adj_y")))


@operator("_FusedMatMul", category="attention, dense", multiplies=True, weights=(0, 1, 2))
def fused_matrices(node: Node) -> Output:
    """A product, and what is added to it: a bias, another tensor."""
    return with_arguments(node, transposed_product(node, 0, 1), range(2, len(node.inputs)))


def with_arguments(node: Node, output: Output, numbers: Sequence[int], channel: int = -1) -> Output:
    """The output after further inputs were joined in: one number a channel, or like the output."""
    after = output.shape
    axis = channel % len(after)
    edges = [*output.edges]
    for i in numbers:
        if node.depends(i):
            shape = node.shape(i)
            if shape == after:
                edges.append(Edge(i))
            else:
                edges += parameter(node, i, after, axis)
    return Output(after, edges, output.assumed)


@operator(
    "Einsum", "XlaEinsum", category="attention, dense", multiplies=True, weights="any"
)  # fmt: skip
@operator("_MklEinsum", category="attention, dense", multiplies=True)
def summation(node: Node) -> Output:
    """Each element depends on those whose labels agree with its own, along all that is summed."""
    shapes = tuple(node.shape(i) for i in range(len(node.inputs)))
    equation = node.attribute("equation", "")
    return product(node, range(len(shapes)), einsum(equation, shapes), equation)


@operator("SparseTensorDenseMatMul", category="attention, dense", multiplies=True)
def sparse_product(node: Node) -> Output:
    """Each element depends on the rows of a dense matrix that its row of a sparse one names.

    The sparse matrix is (indices, values, shape), and constant.
    """
    sparse = needed(node, 2)
    indices = None if node.depends(0) else node.value(0)
    dense = ranked(node, 3, 2)
    if len(sparse) != 2:
        raise ModelError(f"{node.op} {node.name!r} takes a matrix, not {list(sparse)}")
    if indices is None or node.depends(1):
        raise DataDependent(f"the matrix of {node.op} {node.name} depends on the data")
    if indices.ndim != 2 or indices.shape[1] != 2:
        raise ModelError(f"{node.op} {node.name!r} has indices of {list(indices.shape)}")
    if node.attribute("adjoint_a"):
        sparse, indices = sparse[::-1], indices[:, ::-1]
    turn = transpose((1, 0)) if node.attribute("adjoint_b") else IDENTITY
    turned = dense[::-1] if turn else dense
    after = (sparse[0], turned[1])
    if not node.depends(3):
        return Output(after)
    if sparse[1] != turned[0] or (indices < 0).any() or (indices >= sparse).any():
        raise ModelError(
            f"{node.op} {node.name!r} cannot multiply {list(sparse)} by {list(turned)}"
        )
    seen: list[list[int]] = [[] for _ in range(checked_extent(sparse[0]))]
    for row, column in indices.tolist():
        seen[row].append(column)
    wide = max(1, *map(len, seen))
    table = np.array([s + [-1] * (wide - len(s)) for s in seen])
    return Output(after, [Edge(3, (*turn, Taps(0, turned[0], table, why="a sparse matrix")))])


@operator("TridiagonalMatMul", category="attention, dense", multiplies=True)
def tridiagonal_product(node: Node) -> Output:
    """Each element depends on its own and the two next to it in its column.

    Inputs: the diagonals above, on and below the main one, each of (..., 1, M), and what they
    multiply, (..., M, N). The last element of the first and the first of the last do not count.
    """
    after = ranked(node, 3, 2, or_more=True)
    axis, m = len(after) - 2, after[-2]
    edges = []
    for i in range(3):
        if node.depends(i):
            turned = (*after[:-2], m, 1)
            order = (*range(axis), axis + 1, axis)
            outside = {0: m - 1, 2: 0}.get(i)
            used = pick(axis, m, [-1 if at == outside else at for at in range(m)])
            edges.append(Edge(i, transpose(order) + used + broadcast(turned, after)))
    if node.depends(3):
        near = (Window((Slide(axis, m, m, 3, pad=1),), spatial=False),)
        edges.append(Edge(3, near))
    return Output(after, edges)


@operator("Cumprod", "Cumsum", "CumulativeLogsumexp", category="other")
def cumulative(node: Node) -> Output:
    """Each position depends on those before it along an axis, or on those after it."""
    shape = node.shape()
    axis = node.count_axis(needed_number(node, 1), len(shape))
    if not shape:
        raise ModelError(f"{node.op} {node.name!r} runs along no axis: its input is one number")
    relation = scan(
        axis,
        shape[axis],
        reverse=bool(node.attribute("reverse")),
        exclusive=bool(node.attribute("exclusive")),
        spatial=False,
    )
    return Output(shape, [Edge(0, relation)])


_DIMENSIONS = {"": 1, "2D": 2, "3D": 3}
"""How many axes a Fourier transform is along, by how its name ends."""


@operator(
    "BatchFFT", "BatchFFT2D", "BatchFFT3D", "BatchIFFT", "BatchIFFT2D", "BatchIFFT3D", "FFT",
    "FFT2D", "FFT3D", "IFFT", "IFFT2D", "IFFT3D", "RiscFft",
    category="attention, dense", multiplies=None,
)  # fmt: skip
def fourier(node: Node) -> Output:
    """Every frequency depends on every position along the last axes."""
    count = _DIMENSIONS.get(node.op.lower().rpartition("fft")[2].upper(), 1)
    shape = ranked(node, 0, count, or_more=True)
    axes = range(len(shape) - count, len(shape))
    return _transformed(shape, [(a, shape[a], shape[a]) for a in axes])


@operator(
    "RFFT", "RFFT2D", "RFFT3D", "IRFFT", "IRFFT2D", "IRFFT3D",
    category="attention, dense", multiplies=None,
)  # fmt: skip
def real_fourier(node: Node) -> Output:
    """Every frequency depends on every position along the last axes."""
    lengths = needed(node, 1)
    shape = ranked(node, 0, len(lengths), or_more=True)
    axes = tuple(range(len(shape) - len(lengths), len(shape)))
    return _real(node, shape, lengths, axes)


@operator(
    "FFTND", "IFFTND", "RFFTND", "IRFFTND", category="attention, dense", multiplies=None
)  # fmt: skip
def fourier_along(node: Node) -> Output:
    """Every frequency depends on every position along the axes that input 2 names.

    The real one of these comes last.
    """
    shape, lengths = node.shape(), needed(node, 1)
    axes = tuple(node.count_axis(a, len(shape)) for a in needed(node, 2))
    return _real(node, shape, lengths, axes)


def _real(node: Node, shape: Shape, lengths: Shape, axes: Shape) -> Output:
    """The axes of a real transform: the last one holds only half of its frequencies."""
    changes = []
    for axis, n in zip(axes, lengths, strict=True):
        used = out = n
        if axis == axes[-1] and node.op.startswith("RFFT"):
            out = n // 2 + 1
        elif axis == axes[-1] and node.op.startswith("IRFFT"):
            used = n // 2 + 1
        changes.append((axis, used, out))
    return _transformed(shape, changes)


def _transformed(shape: Shape, changes: Sequence[tuple[int, int, int]]) -> Output:
    """All to all along some axes, each (axis, how many positions count, how many come out).

    A longer transform than the axis goes on with zeros.
    """
    relation: Relation = IDENTITY
    after = list(shape)
    for axis, counted, out in changes:
        size = shape[axis]
        used = min(counted, size)
        relation += (*crop(axis, size, 0, used), Mix((axis,), (used,), (out,)))
        after[axis] = out
    return Output(tuple(after), [Edge(0, relation)])


@operator("AudioSpectrogram", category="other", multiplies=None)
def spectrogram(node: Node) -> Output:
    """Every frequency depends on all samples of its window but the first.

    The input is (samples, channels). Hann's weights are 0 at the first sample.
    """
    (samples, channels), size = ranked(node, 0, 2), positive(node, "window_size", 1)
    step = positive(node, "stride", 1)
    count = (samples - size) // step + 1 if samples >= size else 0
    bins = (1 << max(size - 1, 0).bit_length()) // 2 + 1
    relation = (
        Window((Slide(0, samples, count, max(size - 1, 1), step, pad=-1),)),
        *transpose((1, 0)),
        *reshape((channels, count), (channels, count, 1)),
        *broadcast((channels, count, 1), (channels, count, bins)),
    )
    return Output((channels, count, bins), [Edge(0, relation)])


@operator("Mfcc", category="other")
def cepstrum(node: Node) -> Output:
    """Each coefficient of a spectrum depends on its frequencies; which, depends on the limits."""
    shape = ranked(node, 0, 3)
    out = node.attribute("dct_coefficient_count", 13)
    relation = (Mix((2,), shape[2:], (out,)),)
    why = f"{node.op} {node.name} is taken to see all frequencies"
    return Output((*shape[:2], out), [Edge(0, relation)], why)
