"""Ops that pick or place elements by index: gathers, scatters, partitions, one-hot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....relation import Edge, Mix, Output, Scatter, Shape
from ....relation.common.basic import (
    broadcast,
    everything,
    reduce,
    reshape,
)
from ....relation.common.picks import pick
from ...reading.picks import (
    gathered,
    gathered_rows,
    known,
    one_hot,
    put,
    reversed_sequences,
    rows,
    scattered_rows,
)
from ...reading.values import DataDependent
from ..node import Node, operator
from .moves import needed


@operator("Gather", "ResourceGather")
def gather_rows(node: Node) -> Output:
    return gathered(node, 0, node.attribute("batch_dims", 0))


@operator("GatherV2", "RiscGather")
def gather(node: Node) -> Output:
    axis = node.count_axis(needed(node, 2)[0], len(node.shape()))
    batch = node.attribute("batch_dims", 0)
    return gathered(node, axis, batch + len(node.shape(1)) if batch < 0 else batch)


@operator("GatherNd", "ResourceGatherNd")
def gather_nd(node: Node) -> Output:
    return gathered_rows(node)


@operator("ScatterNd")
def scatter_nd(node: Node) -> Output:
    """Updates of one place add up."""
    return scattered_rows(node, needed(node, 2), None, 0, 1, adds=True)


@operator("RiscScatter")
def risc_scatter(node: Node) -> Output:
    return scattered_rows(node, needed(node, 2), None, 0, 1, adds=True)


@operator("TensorScatterUpdate", "ScatterNdUpdate")
def scatter_update(node: Node) -> Output:
    return scattered_rows(node, node.shape(), 0, 1, 2, adds=False)


@operator(
    "ScatterNdAdd", "ScatterNdMax", "ScatterNdMin", "ScatterNdNonAliasingAdd", "ScatterNdSub",
    "TensorScatterAdd", "TensorScatterMax", "TensorScatterMin", "TensorScatterSub",
)  # fmt: skip
def scatter_combined(node: Node) -> Output:
    return scattered_rows(node, node.shape(), 0, 1, 2, adds=True)


@operator("InplaceUpdate", "ScatterUpdate")
def rows_update(node: Node) -> Output:
    return _rows(node, adds=False)


@operator(
    "InplaceAdd", "InplaceSub", "ScatterAdd", "ScatterDiv", "ScatterMax", "ScatterMin",
    "ScatterMul", "ScatterSub",
)  # fmt: skip
def rows_combined(node: Node) -> Output:
    return _rows(node, adds=True)


def _rows(node: Node, adds: bool) -> Output:
    """Rows of input 0 by the indices of input 1, combined with those of input 2."""
    shape, at = node.shape(0), known(node, 1)
    if at is None:
        raise DataDependent(f"which rows {node.op} {node.name} changes depends on the data")
    whole = np.arange(prod(shape)).reshape(shape)
    places = whole[np.asarray(at, np.int64)]
    return put(node, places.reshape(node.shape(2)), shape, 0, 2, adds)


@operator("SparseToDense")
def sparse_to_dense(node: Node) -> Output:
    """Values put where the indices say; input 3 is everywhere else."""
    shape, at = needed(node, 1), known(node, 0)
    if at is None:
        raise DataDependent(f"where {node.op} {node.name} puts its values depends on the data")
    places = np.asarray(at, np.int64)
    if places.ndim < 2:
        places = places.reshape(-1, 1)
    flat = np.arange(prod(shape)).reshape(shape)[rows(places, shape)]
    edges = []
    if node.depends(2):
        values = node.shape(2)  # one for all, or one for each
        edges.append(Edge(2, (*broadcast(values, flat.shape), Scatter(shape, flat))))
    if node.depends(3):
        edges.append(Edge(3, broadcast((), shape)))
    return Output(shape, edges)


@operator("DynamicStitch", "ParallelDynamicStitch")
def stitch(node: Node) -> Output:
    """Rows put together by index: of several for one place the last one holds."""
    count = len(node.inputs) // 2
    indices = [known(node, i) for i in range(count)]
    if any(at is None for at in indices):
        raise DataDependent(f"where {node.op} {node.name} puts its rows depends on the data")
    places = [np.asarray(at, np.int64) for at in indices]
    rest = node.shape(count)[places[0].ndim :]
    total = max((int(p.max()) + 1 for p in places if p.size), default=0)
    owner = np.full(total, -1)
    for i, at in enumerate(places):
        owner[at.reshape(-1)] = i
    shape: Shape = (total, *rest)
    edges = []
    for i, at in enumerate(places):
        if not node.depends(count + i):
            continue
        line = at.reshape(-1)
        last = np.full(total, -1)
        last[line] = np.arange(len(line))
        from_here = np.where(owner == i, last, -1).tolist()
        flat = (len(line), *rest)
        relation = reshape(node.shape(count + i), flat) + pick(0, len(line), from_here)
        edges.append(Edge(count + i, relation))
    return Output(shape, edges)


@operator("DynamicPartition")
def partition(node: Node) -> list[Output]:
    shape, at = node.shape(), known(node, 1)
    if at is None:
        raise DataDependent(f"how {node.op} {node.name} deals its rows depends on the data")
    labels = np.asarray(at)
    rest = shape[labels.ndim :]
    flat = (labels.size, *rest)
    outputs = []
    for part in range(node.attribute("num_partitions", 1)):
        kept = np.flatnonzero(labels == part).tolist()
        relation = reshape(shape, flat) + pick(0, labels.size, kept)
        outputs.append(Output((len(kept), *rest), [Edge(0, relation)]))
    return outputs


@operator("OneHot")
def one_hot_of(node: Node) -> Output:
    rank = len(node.shape())
    return one_hot(node, needed(node, 1)[0], node.axis(rank + 1, -1))


@operator("ReverseSequence")
def reverse_sequence(node: Node) -> Output:
    rank = len(node.shape())
    return reversed_sequences(node, node.axis(rank, 0, "seq_dim"), node.axis(rank, 0, "batch_dim"))


@operator("RefSelect")
def choice(node: Node) -> Output:
    """One of several inputs, by the number that the first one holds."""
    shape = node.shape(1)
    at = known(node, 0)
    if at is not None:
        return Output(shape, [Edge(1 + int(at))])
    edges = [Edge(i) for i in range(1, len(node.inputs))]
    return Output(shape, [Edge(0, broadcast((), shape)), *edges])


@operator("LowerBound", "UpperBound")
def bound(node: Node) -> Output:
    """Where each value would stand in its sorted row."""
    (batch, length), shape = node.shape(0), node.shape(1)
    row = reduce((batch, length), (1,), True) + broadcast((batch, 1), shape)
    return Output(shape, [Edge(0, row), Edge(1)])


@operator("InvertPermutation")
def inverse_order(node: Node) -> Output:
    shape = node.shape()
    return Output(shape, [Edge(0, (Mix((0,), shape),))])


@operator("UnravelIndex")
def unravel(node: Node) -> Output:
    """One position for each axis named."""
    shape, axes = node.shape(), node.shape(1)
    wide, after = (1, *shape), (*axes, *shape)
    return Output(after, [Edge(0, reshape(shape, wide) + broadcast(wide, after))])


@operator("ListDiff", "Unique", "UniqueV2", "UniqueWithCounts", "UniqueWithCountsV2", "Where")
def as_many_as_found(node: Node) -> list[Output]:
    """The shape depends on the values; those of constants are found at once."""
    values = [known(node, i) for i in range(len(node.inputs))]
    if any(v is None for v in values) or node.op not in _FOUND:
        raise DataDependent(f"how much {node.op} {node.name} finds depends on its input")
    return [Output(found.shape, value=found) for found in _FOUND[node.op](*values)]


def _unique(x: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """In the order in which they first occur, where each was found, and how often."""
    _, first, inverse, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    place = np.argsort(order)
    return x[np.sort(first)], place[inverse.reshape(-1)], counts[order]


def _difference(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    at = np.flatnonzero(~np.isin(x, y))
    return x[at], at


_FOUND: dict[str, Callable[..., Sequence[NDArray[Any]]]] = {
    "ListDiff": _difference,
    "Unique": lambda x: _unique(x)[:2],
    "UniqueWithCounts": _unique,
    "Where": lambda x: [np.argwhere(x)],
}


@operator("SegmentMax", "SegmentMean", "SegmentMin", "SegmentProd", "SegmentSum")
def segment(node: Node) -> Output:
    """Rows of one segment together; which they are must be known."""
    ids = known(node, 1)
    if ids is None:
        raise DataDependent(f"the segments of {node.op} {node.name} depend on the data")
    return _segments(node, int(np.max(ids, initial=-1)) + 1)


@operator(
    "SegmentMaxV2", "SegmentMinV2", "SegmentProdV2", "SegmentSumV2", "UnsortedSegmentMax",
    "UnsortedSegmentMin", "UnsortedSegmentProd", "UnsortedSegmentSum",
)  # fmt: skip
def counted_segments(node: Node) -> Output:
    return _segments(node, needed(node, 2)[0])


def _segments(node: Node, count: int) -> Output:
    shape, ids = node.shape(), known(node, 1)
    inner = node.shape(1)
    rest = shape[len(inner) :]
    flat, after = (prod(inner), *rest), (count, *rest)
    relation = reshape(shape, flat)
    edges = []
    if ids is not None:
        places = np.asarray(ids, np.int64).reshape(-1, *(1,) * len(rest)) * prod(rest)
        places = np.where(places < 0, -1, places + np.arange(prod(rest)).reshape(rest))
        edges.append(Edge(0, (*relation, Scatter(after, places))))
    else:
        edges.append(Edge(0, (*relation, Mix((0,), flat[:1], (count,)))))
        if node.depends(1):
            edges.append(Edge(1, everything(inner, after)))
    return Output(after, [e for e in edges if node.depends(e.input)])


@operator("Bincount", "DenseBincount")
def bincount(node: Node) -> Output:
    """How often each number occurs in all of the first input, or in each of its rows."""
    shape, bins = node.shape(), needed(node, 1)[0]
    rowwise = node.op == "DenseBincount" and len(shape) == 2
    after = (shape[0], bins) if rowwise else (bins,)
    edges = []
    for i in (0, 2):
        if node.depends(i):
            given = node.shape(i)
            if rowwise:
                one = reduce(given, (1,), True) + broadcast((given[0], 1), after)
            else:
                one = everything(given, after)
            edges.append(Edge(i, one))
    return Output(after, edges)


@operator("HistogramFixedWidth")
def histogram(node: Node) -> Output:
    after = (needed(node, 2)[0],)
    return Output(after, [Edge(i, everything(node.shape(i), after)) for i in (0, 1)])


@operator("InTopK", "InTopKV2")
def in_top(node: Node) -> Output:
    """Whether each row's target is among its largest scores."""
    shape = node.shape()
    if len(shape) != 2:
        raise ModelError(f"{node.op} {node.name!r} takes rows of scores, not {list(shape)}")
    return Output(shape[:1], [Edge(0, reduce(shape, (1,), False)), Edge(1)])
