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
from ...reading.masks import keeping
from ...reading.values import DataDependent
from ..node import Node, operator
from .inputs import needed, needed_number, ranked

Places = NDArray[np.int64]


class _Band(NamedTuple):
    """Diagonals ``low`` to ``high`` of a matrix; 0 is the main one, 1 the next above it.

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
        """The number of elements of the longest diagonal."""
        return min(self.rows + min(self.high, 0), self.columns - max(self.low, 0))

    def places(self) -> Places:
        """Return the flat position of each diagonal's elements, -1 for padding.

        One row for each diagonal, the highest first.
        """
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
    """The alignment of diagonals of unlike length in their rows: before version 3 at the left."""
    align = node.attribute("align") or ("RIGHT_LEFT" if node.op.endswith("V3") else "LEFT_LEFT")
    above, _, below = align.partition("_")
    return above == "RIGHT", below == "RIGHT"


def _diagonals(node: Node, i: int) -> tuple[int, int]:
    """The lowest and the highest diagonal meant; the main one where there is no such input."""
    diagonals = needed(node, i) if i and node.has(i) else (0,)
    if not diagonals:
        raise ModelError(f"{node.op} {node.name!r} names no diagonal")
    return diagonals[0], diagonals[-1]


def _band(node: Node, rows: int, columns: int, diagonals: tuple[int, int]) -> _Band:
    low, high = diagonals
    if not -rows < low <= high < max(columns, 1) and (rows, columns, low, high) != (0, 0, 0, 0):
        raise ModelError(
            f"{node.op} {node.name!r} takes diagonals {low} to {high} of {rows} x {columns}"
        )
    return _Band(rows, columns, low, high, _right(node))


def _everywhere(places: Places, lead: Shape, each: int) -> Places:
    """The same positions in each of several matrices of ``each`` elements."""
    first = np.arange(prod(lead)).reshape(*lead, *(1,) * places.ndim) * each
    return np.where(places < 0, -1, first + places)


@operator(
    "BatchMatrixDiagPart", "MatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3",
    category="layout",
)  # fmt: skip
def diagonal_part(node: Node) -> Output:
    """Each element is one of a diagonal, or the padding behind a short one."""
    shape = ranked(node, 0, 2, or_more=True)
    low, high = _diagonals(node, 1)
    band = _band(node, shape[-2], shape[-1], (low, high))
    places = _everywhere(band.places(), shape[:-2], shape[-2] * shape[-1])
    if low == high:
        places = places[..., 0, :]
    edges = [Edge(0, (Elements(shape, places),))]
    if node.depends(2):
        edges.append(Edge(2, broadcast((), places.shape)))
    return Output(places.shape, edges)


@operator("BatchMatrixDiag", "MatrixDiag", "MatrixDiagV2", "MatrixDiagV3", category="layout")
def diagonal_matrix(node: Node) -> Output:
    """Each element of the diagonals is one of the input; all others are zero, or input 4.

    What is not said of the size is as small as may be, and square where nothing is.
    """
    diagonals = ranked(node, 0, 1, or_more=True)
    low, high = _diagonals(node, 1)
    lead = diagonals[:-1] if low == high else diagonals[:-2]
    rows, columns = diagonals[-1] - min(high, 0), diagonals[-1] + max(low, 0)
    if node.has(2):
        size = needed_number(node, 2), needed_number(node, 3)
        if size == (-1, -1):
            rows = columns = max(rows, columns)
        rows, columns = (n if m == -1 else m for n, m in zip((rows, columns), size, strict=True))
    band = _band(node, rows, columns, (low, high))
    if band.longest != diagonals[-1]:
        raise ModelError(
            f"{node.op} {node.name!r} has diagonals of {diagonals[-1]} for {rows} x {columns}"
        )
    after = (*lead, rows, columns)
    places = _everywhere(band.places(), lead, rows * columns).reshape(diagonals)
    edges = [Edge(0, (Scatter(after, places),))]
    if node.depends(4):
        edges.append(Edge(4, broadcast((), after)))
    return Output(after, edges)


@operator(
    "BatchMatrixSetDiag", "MatrixSetDiag", "MatrixSetDiagV2", "MatrixSetDiagV3", category="layout"
)  # fmt: skip
def set_diagonal(node: Node) -> Output:
    """Each element of the diagonals is one of input 1, all others are those of input 0."""
    shape, diagonals = ranked(node, 0, 2, or_more=True), node.shape(1)
    low, high = _diagonals(node, 2)
    band = _band(node, shape[-2], shape[-1], (low, high))
    places = _everywhere(band.places(), shape[:-2], shape[-2] * shape[-1]).reshape(diagonals)
    kept = np.arange(prod(shape))
    kept[places[places >= 0]] = -1
    return Output(
        shape,
        [
            Edge(0, (Elements(shape, kept.reshape(shape)),)),
            Edge(1, (Scatter(shape, places),)),
        ],
    )


@operator("Diag", category="layout")
def tensor_diagonal(node: Node) -> Output:
    """Every element moves to where two of its own positions meet; all others are zero."""
    shape = node.shape()
    n = prod(shape)
    places = (np.arange(n) * (n + 1)).reshape(shape)
    return Output(shape * 2, [Edge(0, (Scatter(shape * 2, places),))])


@operator("DiagPart", category="layout")
def tensor_diagonal_part(node: Node) -> Output:
    """Each element is the one where two of its own positions meet."""
    shape = node.shape()
    half = shape[: len(shape) // 2]
    if shape != half * 2:
        raise ModelError(f"{node.op} {node.name!r} takes no diagonal of {list(shape)}")
    n = prod(half)
    return Output(half, [Edge(0, (Elements(shape, (np.arange(n) * (n + 1)).reshape(half)),))])


@operator("BatchMatrixBandPart", "MatrixBandPart", category="layout")
def band_part(node: Node) -> Output:
    """Each element near the main diagonal is kept, all others are zero.

    Inputs 1 and 2 say how many diagonals are kept below the main one and above it, -1 for all.
    """
    shape = ranked(node, 0, 2, or_more=True)
    low, high = needed_number(node, 1), needed_number(node, 2)
    row, column = np.indices(shape[-2:])
    kept = ((low < 0) | (row - column <= low)) & ((high < 0) | (column - row <= high))
    return keeping(node, shape, kept)


def _whole(node: Node) -> str:
    return f"{node.op} {node.name} is taken to see all of its matrix"


def _from_matrix(shape: Shape, after: Shape) -> Relation:
    """All of a matrix reaches all of what ``after`` has behind the leading axes."""
    lead = shape[:-2]
    wide = (*lead, *(1,) * (len(after) - len(lead)))
    whole = reduce(shape, (len(lead), len(lead) + 1), True)
    return whole + reshape((*lead, 1, 1), wide) + broadcast(wide, after)


@operator("SelfAdjointEigV2", "BatchSelfAdjointEigV2", "Eig", category="other", multiplies=None)
def eigenvalues(node: Node) -> list[Output]:
    """Every eigenvalue, and every element of the vectors, depends on all of its matrix."""
    shape = ranked(node, 0, 2, or_more=True)
    vectors = shape if node.attribute("compute_v", True) else (0,)
    outputs = []
    for after in (shape[:-1], vectors):
        edges = [] if after == (0,) else [Edge(0, _from_matrix(shape, after))]
        outputs.append(Output(after, edges, _whole(node)))
    return outputs


@operator("SelfAdjointEig", "BatchSelfAdjointEig", category="other", multiplies=None)
def eigenvalues_first(node: Node) -> Output:
    """Every element depends on all of its matrix.

    The eigenvalues are the first row, the vectors the others.
    """
    shape = ranked(node, 0, 2, or_more=True)
    after = (*shape[:-2], shape[-2] + 1, shape[-1])
    return Output(after, [Edge(0, _from_matrix(shape, after))], _whole(node))


@operator("Svd", "BatchSvd", category="other", multiplies=None)
def singular_values(node: Node) -> list[Output]:
    """Every singular value, and every element of the vectors, depends on all of its matrix."""
    shape = ranked(node, 0, 2, or_more=True)
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


@operator("Qr", category="other", multiplies=None)
def orthogonal(node: Node) -> list[Output]:
    """Every element of both factors depends on all of its matrix."""
    shape = ranked(node, 0, 2, or_more=True)
    *lead, rows, columns = shape
    few = rows if node.attribute("full_matrices") else min(rows, columns)
    return [
        Output(after, [Edge(0, _from_matrix(shape, after))], _whole(node))
        for after in ((*lead, rows, few), (*lead, few, columns))
    ]


@operator("Lu", category="other", multiplies=None)
def triangles(node: Node) -> list[Output]:
    """Every element of the factors, and of the permutation, depends on all of its matrix."""
    shape = ranked(node, 0, 2, or_more=True)
    return [
        Output(after, [Edge(0, _from_matrix(shape, after))], _whole(node))
        for after in (shape, shape[:-1])
    ]


@operator("Cholesky", "BatchCholesky", "RiscCholesky", category="other", multiplies=None)
def cholesky(node: Node) -> Output:
    """Every element of the factor depends on all of its symmetric matrix."""
    shape = ranked(node, 0, 2, or_more=True)
    return Output(shape, [Edge(0, _from_matrix(shape, shape))], _whole(node))


@operator(
    "BandedTriangularSolve", "BatchMatrixTriangularSolve", "MatrixTriangularSolve",
    "RiscTriangularSolve", "TridiagonalSolve",
    category="other", multiplies=None,
)  # fmt: skip
def solve_triangular(node: Node) -> Output:
    """Each column of the solution depends on its own right side, and on the whole matrix."""
    shape, after = node.shape(0), ranked(node, 1, 2, or_more=True)
    rank = len(after)
    if len(shape) != rank or shape[:-2] != after[:-2]:
        raise DataDependent(f"{node.op} {node.name} solves several at once")
    edges = [Edge(1, mix(after, (rank - 2,)))] if node.depends(1) else []
    if node.depends(0):
        edges.append(Edge(0, _from_matrix(shape, after)))
    return Output(after, edges, _whole(node))


@operator("MatrixSolveLs", "BatchMatrixSolveLs", category="other", multiplies=None)
def least_squares(node: Node) -> Output:
    """Each column of the solution depends on the whole matrix and on its own right side."""
    shape, right = (ranked(node, i, 2, or_more=True) for i in range(2))
    rank = len(right)
    after = (*right[:-2], shape[-1], right[-1])
    edges = [Edge(0, _from_matrix(shape, after))] if node.depends(0) else []
    if node.depends(1):
        column = Mix((rank - 2,), right[-2:-1], (shape[-1],))
        edges.append(Edge(1, (column,)))
    return Output(after, edges)


@operator(
    "MatrixDeterminant",
    "BatchMatrixDeterminant",
    "LogMatrixDeterminant",
    category="other",
    multiplies=None,
)
def determinant(node: Node) -> list[Output]:
    """Each determinant, its sign too, depends on all of its matrix."""
    shape = ranked(node, 0, 2, or_more=True)
    rank = len(shape)
    output = Output(shape[:-2], [Edge(0, reduce(shape, (rank - 2, rank - 1), False))])
    return [output, output]


@operator(
    "BatchMatrixInverse", "MatrixExponential", "MatrixInverse", "MatrixLogarithm",
    "MatrixSquareRoot",
    category="other", multiplies=None,
)  # fmt: skip
def matrix_function(node: Node) -> Output:
    """Every element depends on all of its matrix."""
    shape = ranked(node, 0, 2, or_more=True)
    return Output(shape, normalise(0, shape, (len(shape) - 2, len(shape) - 1)))


@operator("BatchMatrixSolve", "MatrixSolve", category="other", multiplies=None)
def solve(node: Node) -> Output:
    """Each column of the solution depends on the whole matrix and on its own right side."""
    after = ranked(node, 1, 2, or_more=True)
    rank = len(after)
    shape = ranked(node, 0, rank)
    matrix = reduce(shape, (rank - 2, rank - 1), True) + broadcast((*shape[:-2], 1, 1), after)
    column = (Mix((rank - 2,), after[-2:-1]),)
    return Output(after, [Edge(i, r) for i, r in enumerate((matrix, column)) if node.depends(i)])
