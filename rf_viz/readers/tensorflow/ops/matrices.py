"""Ops on the diagonals and triangles of matrices, and what takes matrices apart."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....relation import Edge, Elements, Mix, Output, Relation, Scatter, Shape
from ....relation.common.basic import (
    broadcast,
    mix,
    normalise,
    reduce,
    reshape,
)
from ...reading.outputs import SELF
from ...reading.values import DataDependent
from ..node import Node, operator
from .moves import needed

Places = NDArray[np.int64]


class _Band(NamedTuple):
    """Diagonals ``low`` to ``high`` of a matrix; 0 is the main one, those above it count on.

    ``right`` says which of two, those above and those below it, end at the right where they are
    shorter than the longest.
    """

    rows: int
    columns: int
    low: int
    high: int
    right: tuple[bool, bool]

    @property
    def longest(self) -> int:
        return min(self.rows + min(self.high, 0), self.columns - max(self.low, 0))

    def places(self) -> Places:
        """The flat position of each diagonal's elements (the highest first), -1 for padding."""
        table = np.full((self.high - self.low + 1, self.longest), -1)
        for m, d in enumerate(range(self.high, self.low - 1, -1)):
            length = min(self.columns - max(d, 0), self.rows + min(d, 0))
            above, below = self.right
            at_right = (d >= 0 and above) or (d <= 0 and below)
            start = self.longest - length if at_right else 0
            n = np.arange(length)
            table[m, start : start + length] = (n + max(-d, 0)) * self.columns + n + max(d, 0)
        return table


def _right(node: Node) -> tuple[bool, bool]:
    """How diagonals of unlike length lie in their rows: before version 3 all at the left."""
    align = node.attribute("align") or ("RIGHT_LEFT" if node.op.endswith("V3") else "LEFT_LEFT")
    above, _, below = align.partition("_")
    return above == "RIGHT", below == "RIGHT"


def _diagonals(node: Node, i: int) -> tuple[int, int]:
    """The lowest and the highest diagonal meant; the main one where there is no such input."""
    given = needed(node, i) if i and node.has(i) else (0,)
    return given[0], given[-1]


def _band(node: Node, rows: int, columns: int, diagonals: tuple[int, int]) -> _Band:
    low, high = diagonals
    if not -rows < low <= high < max(columns, 1) and (rows, columns, low, high) != (0, 0, 0, 0):
        raise ModelError(
            f"{node.op} {node.name!r} takes diagonals {low} to {high} of {rows} x {columns}"
        )
    return _Band(rows, columns, low, high, _right(node))


def _everywhere(places: Places, lead: Shape, each: int) -> Places:
    """The same places in each of several matrices of ``each`` elements."""
    first = np.arange(prod(lead)).reshape(*lead, *(1,) * places.ndim) * each
    return np.where(places < 0, -1, first + places)


@operator("BatchMatrixDiagPart", "MatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3")
def diagonal_part(node: Node) -> Output:
    shape = node.shape()
    low, high = _diagonals(node, 1)
    band = _band(node, shape[-2], shape[-1], (low, high))
    places = _everywhere(band.places(), shape[:-2], shape[-2] * shape[-1])
    if low == high:
        places = places[..., 0, :]
    edges = [Edge(0, (Elements(shape, places),))]
    if node.depends(2):
        edges.append(Edge(2, broadcast((), places.shape)))
    return Output(places.shape, edges)


@operator("BatchMatrixDiag", "MatrixDiag", "MatrixDiagV2", "MatrixDiagV3")
def diagonal_matrix(node: Node) -> Output:
    """Zeros, or input 4, but on some diagonals. What is not said of the size is as small as may
    be, and square where nothing is."""
    given = node.shape()
    low, high = _diagonals(node, 1)
    lead = given[:-1] if low == high else given[:-2]
    rows, columns = given[-1] - min(high, 0), given[-1] + max(low, 0)
    if node.has(2):
        asked = needed(node, 2)[0], needed(node, 3)[0]
        if asked == (-1, -1):
            rows = columns = max(rows, columns)
        rows, columns = (n if m == -1 else m for n, m in zip((rows, columns), asked, strict=True))
    band = _band(node, rows, columns, (low, high))
    if band.longest != given[-1]:
        raise ModelError(
            f"{node.op} {node.name!r} has diagonals of {given[-1]} for {rows} x {columns}"
        )
    after = (*lead, rows, columns)
    places = _everywhere(band.places(), lead, rows * columns).reshape(given)
    edges = [Edge(0, (Scatter(after, places),))]
    if node.depends(4):
        edges.append(Edge(4, broadcast((), after)))
    return Output(after, edges)


@operator("BatchMatrixSetDiag", "MatrixSetDiag", "MatrixSetDiagV2", "MatrixSetDiagV3")
def set_diagonal(node: Node) -> Output:
    shape, given = node.shape(0), node.shape(1)
    low, high = _diagonals(node, 2)
    band = _band(node, shape[-2], shape[-1], (low, high))
    places = _everywhere(band.places(), shape[:-2], shape[-2] * shape[-1]).reshape(given)
    kept = np.arange(prod(shape))
    kept[places[places >= 0]] = -1
    return Output(
        shape,
        [
            Edge(0, (Elements(shape, kept.reshape(shape)),)),
            Edge(1, (Scatter(shape, places),)),
        ],
    )


@operator("Diag")
def tensor_diagonal(node: Node) -> Output:
    """Every element where two of its own positions meet."""
    shape = node.shape()
    n = prod(shape)
    places = (np.arange(n) * (n + 1)).reshape(shape)
    return Output(shape * 2, [Edge(0, (Scatter(shape * 2, places),))])


@operator("DiagPart")
def tensor_diagonal_part(node: Node) -> Output:
    shape = node.shape()
    half = shape[: len(shape) // 2]
    n = prod(half)
    return Output(half, [Edge(0, (Elements(shape, (np.arange(n) * (n + 1)).reshape(half)),))])


@operator("BatchMatrixBandPart", "MatrixBandPart")
def band_part(node: Node) -> Output:
    """So many diagonals below the main one and above it; -1 is all of them."""
    shape = node.shape()
    low, high = needed(node, 1)[0], needed(node, 2)[0]
    row, column = np.indices(shape[-2:])
    kept = ((low < 0) | (row - column <= low)) & ((high < 0) | (column - row <= high))
    if kept.all():
        return Output(shape, SELF)
    index = np.where(kept, np.arange(prod(shape)).reshape(shape), -1)
    return Output(shape, [Edge(0, (Elements(shape, index),))])


def _whole(node: Node) -> str:
    return f"{node.op} {node.name} is taken to see all of its matrix"


def _from_matrix(shape: Shape, after: Shape) -> Relation:
    """All of a matrix reaches all of what ``after`` has behind the leading axes."""
    lead = shape[:-2]
    wide = (*lead, *(1,) * (len(after) - len(lead)))
    whole = reduce(shape, (len(lead), len(lead) + 1), True)
    return whole + reshape((*lead, 1, 1), wide) + broadcast(wide, after)


@operator("SelfAdjointEigV2", "BatchSelfAdjointEigV2", "Eig")
def eigenvalues(node: Node) -> list[Output]:
    shape = node.shape()
    vectors = shape if node.attribute("compute_v", True) else (0,)
    outputs = []
    for after in (shape[:-1], vectors):
        edges = [] if after == (0,) else [Edge(0, _from_matrix(shape, after))]
        outputs.append(Output(after, edges, _whole(node)))
    return outputs


@operator("SelfAdjointEig", "BatchSelfAdjointEig")
def eigenvalues_first(node: Node) -> Output:
    """The eigenvalues are the first row, the vectors the others."""
    shape = node.shape()
    after = (*shape[:-2], shape[-2] + 1, shape[-1])
    return Output(after, [Edge(0, _from_matrix(shape, after))], _whole(node))


@operator("Svd", "BatchSvd")
def singular_values(node: Node) -> list[Output]:
    shape = node.shape()
    *lead, rows, columns = shape
    few = min(rows, columns)
    left, right = ((rows, few), (columns, few))
    if node.attribute("full_matrices"):
        left, right = (rows, rows), (columns, columns)
    shapes: list[Shape] = [(*lead, few), (*lead, *left), (*lead, *right)]
    if not node.attribute("compute_uv", True):
        shapes[1:] = [(0,), (0,)]
    return [
        Output(s, [] if s == (0,) else [Edge(0, _from_matrix(shape, s))], _whole(node))
        for s in shapes
    ]


@operator("Qr")
def orthogonal(node: Node) -> list[Output]:
    shape = node.shape()
    *lead, rows, columns = shape
    few = rows if node.attribute("full_matrices") else min(rows, columns)
    return [
        Output(after, [Edge(0, _from_matrix(shape, after))], _whole(node))
        for after in ((*lead, rows, few), (*lead, few, columns))
    ]


@operator("Lu")
def triangles(node: Node) -> list[Output]:
    shape = node.shape()
    return [
        Output(after, [Edge(0, _from_matrix(shape, after))], _whole(node))
        for after in (shape, shape[:-1])
    ]


@operator("Cholesky", "BatchCholesky", "RiscCholesky")
def cholesky(node: Node) -> Output:
    """Of a symmetric matrix, of which the lower triangle is read."""
    shape = node.shape()
    return Output(shape, [Edge(0, _from_matrix(shape, shape))], _whole(node))


@operator(
    "BandedTriangularSolve", "BatchMatrixTriangularSolve", "MatrixTriangularSolve",
    "RiscTriangularSolve", "TridiagonalSolve",
)  # fmt: skip
def solve_triangular(node: Node) -> Output:
    """Each column of the solution sees its own column, and of the matrix no one says what."""
    shape, after = node.shape(0), node.shape(1)
    rank = len(after)
    if len(shape) != rank or shape[:-2] != after[:-2]:
        raise DataDependent(f"{node.op} {node.name} solves several at once")
    edges = [Edge(1, mix(after, (rank - 2,)))] if node.depends(1) else []
    if node.depends(0):
        edges.append(Edge(0, _from_matrix(shape, after)))
    return Output(after, edges, _whole(node))


@operator("MatrixSolveLs", "BatchMatrixSolveLs")
def least_squares(node: Node) -> Output:
    """Each column of the solution sees the whole matrix and its own column of what is given."""
    shape, given = node.shape(0), node.shape(1)
    rank = len(given)
    after = (*given[:-2], shape[-1], given[-1])
    edges = [Edge(0, _from_matrix(shape, after))] if node.depends(0) else []
    if node.depends(1):
        column = Mix((rank - 2,), given[-2:-1], (shape[-1],))
        edges.append(Edge(1, (column,)))
    return Output(after, edges)


@operator("MatrixDeterminant", "BatchMatrixDeterminant", "LogMatrixDeterminant")
def determinant(node: Node) -> list[Output]:
    shape = node.shape()
    rank = len(shape)
    output = Output(shape[:-2], [Edge(0, reduce(shape, (rank - 2, rank - 1), False))])
    return [output, output]


@operator(
    "BatchMatrixInverse", "MatrixExponential", "MatrixInverse", "MatrixLogarithm",
    "MatrixSquareRoot",
)  # fmt: skip
def matrix_function(node: Node) -> Output:
    """Every element of a matrix sees all of it."""
    shape = node.shape()
    return Output(shape, normalise(0, shape, (len(shape) - 2, len(shape) - 1)))


@operator("BatchMatrixSolve", "MatrixSolve")
def solve(node: Node) -> Output:
    """Each column of the solution sees the whole matrix and its own column of what is given."""
    shape, after = node.shape(0), node.shape(1)
    rank = len(after)
    matrix = reduce(shape, (rank - 2, rank - 1), True) + broadcast((*shape[:-2], 1, 1), after)
    column = (Mix((rank - 2,), after[-2:-1]),)
    return Output(after, [Edge(i, r) for i, r in enumerate((matrix, column)) if node.depends(i)])
