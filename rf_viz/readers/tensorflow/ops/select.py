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
from ...reading.rows import check_items
from ...reading.values import DataDependent
from ..node import Node, operator
from .inputs import needed, needed_number, ranked, tensor


@operator("Gather", category="layout", weights="any")
@operator("ResourceGather", category="layout")
def gather_rows(node: Node) -> Output:
    """Each row is the one of input 0 that an index names."""
    batch = _batch_axes(node)
    shape = ranked(node, 0, batch + 1, or_more=True)
    _check_indices(node, 1, shape[batch : batch + 1])
    return gathered(node, batch, batch)


@operator("GatherV2", category="layout", weights="any")
@operator("RiscGather", category="layout")
def gather(node: Node) -> Output:
    """Each slice of input 0 along an axis is the one that an index names."""
    shape = ranked(node, 0, 1, or_more=True)
    axis = node.count_axis(needed_number(node, 2), len(shape))
    batch = _batch_axes(node, axis)
    _check_indices(node, 1, shape[axis : axis + 1])
    return gathered(node, axis, batch)


def _check_indices(node: Node, i: int, sizes: Shape) -> None:
    """Raise ModelError where constant indices in input ``i`` lie outside of axes.

    Their last axis runs over the axes, or they are all along a single one.
    """
    indices = known(node, i)
    if indices is None or not indices.size:
        return
    limits = np.array(sizes)
    if (indices < -limits).any() or (indices >= limits).any():
        raise ModelError(
            f"{node.op} {node.name!r} has indices outside of axes of {list(sizes)}: "
            "the model does not work at this input size"
        )


def _check_rows(node: Node, i: int, shape: Shape) -> None:
    """Raise ModelError where rows of indices in input ``i`` are no places of a tensor."""
    depth = ranked(node, i, 1, or_more=True)[-1]
    if depth > len(shape):
        raise ModelError(f"{node.op} {node.name!r} has {depth} indices for {list(shape)}")
    _check_indices(node, i, shape[:depth])


def _batch_axes(node: Node, most: int | None = None) -> int:
    """The number of leading axes that data and indices share. Raises ModelError."""
    batch, (shape, indices) = int(node.attribute("batch_dims", 0)), map(node.shape, range(2))
    common = batch + len(indices) if batch < 0 else batch
    if not 0 <= common <= len(indices) or (most is not None and common > most):
        raise ModelError(f"{node.op} {node.name!r} has {batch} axes of batches: not valid")
    if shape[:common] != indices[:common]:
        raise ModelError(f"{node.op} {node.name!r} takes data and indices of unlike batches")
    return common


@operator("GatherNd", "ResourceGatherNd", category="layout")
def gather_nd(node: Node) -> Output:
    """Each slice of input 0 is the one whose position a row of indices holds."""
    _check_rows(node, 1, node.shape(0))
    return gathered_rows(node)


@operator("ScatterNd", "RiscScatter", category="other")
def scatter_nd(node: Node) -> Output:
    """Slices put into zeros at positions that rows of indices hold; those of one place add up."""
    shape = needed(node, 2)
    _check_rows(node, 0, shape)
    return scattered_rows(node, shape, None, 0, 1, adds=True)


@operator("TensorScatterUpdate", "ScatterNdUpdate", category="other")
def scatter_update(node: Node) -> Output:
    """Slices put into input 0 at positions that rows of indices hold."""
    _check_rows(node, 1, node.shape())
    return scattered_rows(node, node.shape(), 0, 1, 2, adds=False)


@operator(
    "ScatterNdAdd", "ScatterNdMax", "ScatterNdMin", "ScatterNdNonAliasingAdd", "ScatterNdSub",
    "TensorScatterAdd", "TensorScatterMax", "TensorScatterMin", "TensorScatterSub",
    category="other",
)  # fmt: skip
def scatter_combined(node: Node) -> Output:
    """Slices combined with those of input 0 at positions that rows of indices hold."""
    _check_rows(node, 1, node.shape())
    return scattered_rows(node, node.shape(), 0, 1, 2, adds=True)


@operator("InplaceUpdate", "ScatterUpdate", category="other")
def rows_update(node: Node) -> Output:
    """Rows put into input 0 where the indices say."""
    return _rows(node, adds=False)


@operator(
    "InplaceAdd", "InplaceSub", "ScatterAdd", "ScatterDiv", "ScatterMax", "ScatterMin",
    "ScatterMul", "ScatterSub",
    category="other",
)  # fmt: skip
def rows_combined(node: Node) -> Output:
    """Rows combined with those of input 0 where the indices say."""
    return _rows(node, adds=True)


def _rows(node: Node, adds: bool) -> Output:
    """Rows of input 0 by the indices of input 1, combined with those of input 2."""
    shape, indices = ranked(node, 0, 1, or_more=True), known(node, 1)
    if indices is None:
        raise DataDependent(f"which rows {node.op} {node.name} changes depends on the data")
    whole = np.arange(prod(shape)).reshape(shape)
    _check_indices(node, 1, shape[:1])
    places = whole[np.asarray(indices, np.int64)]
    return put(node, places.reshape(node.shape(2)), shape, 0, 2, adds)


@operator("SparseToDense", category="other")
def sparse_to_dense(node: Node) -> Output:
    """Values put where the indices say; input 3 is everywhere else."""
    shape, indices = needed(node, 1), known(node, 0)
    if indices is None:
        raise DataDependent(f"where {node.op} {node.name} puts its values depends on the data")
    places = np.asarray(indices, np.int64)
    if places.ndim < 2:
        places = places.reshape(-1, 1)
    if places.shape[-1] != len(shape) or (places < 0).any() or (places >= shape).any():
        raise ModelError(f"{node.op} {node.name!r} has indices outside of {list(shape)}")
    flat = np.arange(prod(shape)).reshape(shape)[rows(places, shape)]
    edges = []
    if node.depends(2):
        values = node.shape(2)  # one for all, or one for each
        edges.append(Edge(2, (*broadcast(values, flat.shape), Scatter(shape, flat))))
    if node.depends(3):
        edges.append(Edge(3, broadcast((), shape)))
    return Output(shape, edges)


@operator("DynamicStitch", "ParallelDynamicStitch", category="other")
def stitch(node: Node) -> Output:
    """Rows put together by index: of several for one place the last one holds."""
    count = len(node.inputs) // 2
    indices = [known(node, i) for i in range(count)]
    if not count or any(at is None for at in indices):
        raise DataDependent(f"where {node.op} {node.name} puts its rows depends on the data")
    places = [np.asarray(at, np.int64) for at in indices]
    rest = node.shape(count)[places[0].ndim :]
    total = max((int(p.max()) + 1 for p in places if p.size), default=0)
    owner = np.full(total, -1)
    for i, at in enumerate(places):
        _check_indices(node, i, (total,))
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


@operator("DynamicPartition", category="other")
def partition(node: Node) -> list[Output]:
    """Each row goes to the output whose number is its label."""
    shape, numbers = node.shape(), known(node, 1)
    if numbers is None:
        raise DataDependent(f"how {node.op} {node.name} deals its rows depends on the data")
    labels = np.asarray(numbers)
    rest = shape[labels.ndim :]
    flat = (labels.size, *rest)
    outputs = []
    check_items(node, node.attribute("num_partitions", 1))
    for part in range(node.attribute("num_partitions", 1)):
        kept = np.flatnonzero(labels == part).tolist()
        relation = reshape(shape, flat) + pick(0, labels.size, kept)
        outputs.append(Output((len(kept), *rest), [Edge(0, relation)]))
    return outputs


@operator("OneHot", category="other")
def one_hot_of(node: Node) -> Output:
    """Each index is spread along a new axis; what on and off are reaches everything."""
    rank = len(node.shape())
    return one_hot(node, needed_number(node, 1), node.axis(rank + 1, -1))


@operator("LookupTableFind", "LookupTableFindV2", category="other")
def look_up(node: Node) -> Output:
    """What a table has for each key, or the default in input 2."""
    if tensor(node, 0).shape is None:
        raise DataDependent(f"what the keys of {node.op} {node.name} are is not known")
    shape = node.shape(1)
    edges = [Edge(1)] if node.depends(1) else []
    if node.depends(2):
        edges.append(Edge(2, broadcast(node.shape(2), shape)))
    return Output(shape, edges)


@operator("ReverseSequence", category="layout")
def reverse_sequence(node: Node) -> Output:
    """The first positions along an axis turned round, as many as each of the batch has."""
    shape = ranked(node, 0, 1, or_more=True)
    time, batch = (node.axis(len(shape), 0, name) for name in ("seq_dim", "batch_dim"))
    if ranked(node, 1, 1) != shape[batch : batch + 1]:
        raise ModelError(f"{node.op} {node.name!r} has not one length for each of its batch")
    lengths = known(node, 1)
    if lengths is not None and (
        lengths.dtype.kind not in "iu" or (lengths < 0).any() or (lengths > shape[time]).any()
    ):
        raise ModelError(f"{node.op} {node.name!r} has lengths beyond an axis of {shape[time]}")
    return reversed_sequences(node, time, batch)


@operator("RefSelect", category="other")
def choice(node: Node) -> Output:
    """One of several inputs, by the number that the first one holds."""
    shape = node.shape(1)
    if known(node, 0) is not None:
        number = node.required_int(0)
        if not 0 <= number < len(node.inputs) - 1:
            raise ModelError(f"{node.op} {node.name!r} chooses input {number} of those it has")
        return Output(shape, [Edge(1 + number)])
    edges = [Edge(i) for i in range(1, len(node.inputs))]
    return Output(shape, [Edge(0, broadcast((), shape)), *edges])


@operator("LowerBound", "UpperBound", category="other")
def bound(node: Node) -> Output:
    """The position of a value in its sorted row: it depends on the value and the whole row."""
    (batch, length), shape = ranked(node, 0, 2), ranked(node, 1, 2)
    row = reduce((batch, length), (1,), True) + broadcast((batch, 1), shape)
    return Output(shape, [Edge(0, row), Edge(1)])


@operator("InvertPermutation", category="other")
def inverse_order(node: Node) -> Output:
    """Every number depends on all of the permutation."""
    shape = ranked(node, 0, 1)
    return Output(shape, [Edge(0, (Mix((0,), shape),))])


@operator("UnravelIndex", category="other")
def unravel(node: Node) -> Output:
    """Each flat index becomes one position for each axis named."""
    shape, axes = node.shape(), ranked(node, 1, 1)
    wide, after = (1, *shape), (*axes, *shape)
    return Output(after, [Edge(0, reshape(shape, wide) + broadcast(wide, after))])


@operator(
    "ListDiff", "Unique", "UniqueV2", "UniqueWithCounts", "UniqueWithCountsV2", "Where",
    category="other",
)  # fmt: skip
def as_many_as_there_are(node: Node) -> list[Output]:
    """Tensors whose number of elements depends on values: worked out for constants only."""
    arrays = [known(node, i) for i in range(len(node.inputs))]
    if any(a is None for a in arrays) or node.op not in _BY_VALUES:
        raise DataDependent(f"how much {node.op} {node.name} finds depends on its input")
    inputs, function = _BY_VALUES[node.op]
    if len(arrays) != inputs:
        raise ModelError(f"{node.op} {node.name!r} takes {inputs} inputs, not {len(arrays)}")
    if node.op != "Where":
        for i in range(inputs):
            ranked(node, i, 1)
    return [Output(array.shape, value=array) for array in function(*arrays)]


def _unique(x: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """The distinct values as they first occur, which of these each one is, and how often."""
    _, first, inverse, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    place = np.argsort(order)
    return x[np.sort(first)], place[inverse.reshape(-1)], counts[order]


def _difference(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    at = np.flatnonzero(~np.isin(x, y))
    return x[at], at


_BY_VALUES: dict[str, tuple[int, Callable[..., Sequence[NDArray[Any]]]]] = {
    "ListDiff": (2, _difference),
    "Unique": (1, lambda x: _unique(x)[:2]),
    "UniqueWithCounts": (1, _unique),
    "Where": (1, lambda x: [np.argwhere(x)]),
}
"""How many inputs an op takes whose values alone tell its shape, and how it is computed."""


@operator(
    "SegmentMax", "SegmentMean", "SegmentMin", "SegmentProd", "SegmentSum", category="other"
)  # fmt: skip
def segment(node: Node) -> Output:
    """Each row depends on the rows of its segment; which these are must be known."""
    ids = known(node, 1)
    if ids is None:
        raise DataDependent(f"the segments of {node.op} {node.name} depend on the data")
    return _segments(node, int(np.max(ids, initial=-1)) + 1)


@operator(
    "SegmentMaxV2", "SegmentMinV2", "SegmentProdV2", "SegmentSumV2", "UnsortedSegmentMax",
    "UnsortedSegmentMin", "UnsortedSegmentProd", "UnsortedSegmentSum",
    category="other",
)  # fmt: skip
def counted_segments(node: Node) -> Output:
    """Each of so many rows depends on the rows of its segment; on all if these are computed."""
    return _segments(node, needed_number(node, 2))


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


@operator(
    "SparseSegmentMean", "SparseSegmentMeanWithNumSegments", "SparseSegmentSqrtN",
    "SparseSegmentSqrtNWithNumSegments", "SparseSegmentSum", "SparseSegmentSumWithNumSegments",
    category="other",
)  # fmt: skip
def sparse_segments(node: Node) -> Output:
    """Each row depends on those that input 1 picks for its segment, and on how they are picked.

    The segments must be known; rows that are picked by computed numbers may be any.
    """
    shape, ids, picked = ranked(node, 0, 1, or_more=True), known(node, 2), known(node, 1)
    if ids is None:
        raise DataDependent(f"the segments of {node.op} {node.name} depend on the data")
    counted = node.op.endswith("WithNumSegments")
    count = needed_number(node, 3) if counted else int(np.max(ids, initial=-1)) + 1
    numbers, rest = node.shape(1), shape[1:]
    if len(numbers) != 1 or ids.shape != numbers or ((ids < 0) | (ids >= count)).any():
        raise ModelError(f"{node.op} {node.name!r} does not name a segment for each row it picks")
    places = np.asarray(ids, np.int64).reshape(-1, *(1,) * len(rest)) * prod(rest)
    into = Scatter((count, *rest), places + np.arange(prod(rest)).reshape(rest))
    wide = (*numbers, *(1,) * len(rest))
    each = reshape(numbers, wide) + broadcast(wide, (*numbers, *rest))
    edges = [Edge(1, (*each, into))]
    if picked is None:
        edges.append(Edge(0, (Mix((0,), shape[:1], numbers), into)))
    else:
        _check_indices(node, 1, shape[:1])
        edges.append(Edge(0, (*pick(0, shape[0], picked.tolist()), into)))
    return Output((count, *rest), [e for e in edges if node.depends(e.input)])


@operator("Bincount", "DenseBincount", category="other")
def bincount(node: Node) -> Output:
    """The counts of each number in the whole first input, or in each of its rows."""
    shape, bins = node.shape(), needed_number(node, 1)
    rowwise = node.op == "DenseBincount" and len(shape) == 2
    after = (shape[0], bins) if rowwise else (bins,)
    edges = []
    for i in (0, 2):
        if node.depends(i):
            counted = node.shape(i)
            if rowwise:
                relation = reduce(counted, (1,), True) + broadcast((counted[0], 1), after)
            else:
                relation = everything(counted, after)
            edges.append(Edge(i, relation))
    return Output(after, edges)


@operator("HistogramFixedWidth", category="other")
def histogram(node: Node) -> Output:
    """Each count depends on all values and on their range."""
    after = (needed_number(node, 2),)
    return Output(after, [Edge(i, everything(node.shape(i), after)) for i in (0, 1)])


@operator("InTopK", "InTopKV2", category="other")
def in_top(node: Node) -> Output:
    """Whether each row's target is among its largest scores."""
    shape = node.shape()
    if len(shape) != 2:
        raise ModelError(f"{node.op} {node.name!r} takes rows of scores, not {list(shape)}")
    return Output(shape[:1], [Edge(0, reduce(shape, (1,), False)), Edge(1)])
