"""Operators that pick elements by position: slices, gathers, scatters, masks."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import ModelError
from ....relation import IDENTITY, Edge, Elements, Mix, Output, Relation, Scatter, Shape
from ....relation.common.basic import (
    broadcast,
    everything,
    reduce,
    reshape,
)
from ....relation.common.picks import cut, pick
from ...reading.values import DataDependent
from ..fold import evaluate
from ..node import Node, operator

Positions = NDArray[np.int64]


@operator("Slice", category="layout")
def sliced(node: Node) -> Output:
    shape = node.shape()
    if node.opset < 10:
        starts, ends = node.attribute("starts"), node.attribute("ends")
        axes, steps = node.attribute("axes"), None
    else:
        starts, ends, axes, steps = (node.ints(i) for i in range(1, 5))
    axes = axes or tuple(range(len(starts)))
    after, relation = list(shape), IDENTITY
    for i, axis in enumerate(axes):
        axis = node.count_axis(axis, len(shape))
        part = slice(starts[i], ends[i], steps[i] if steps else 1)
        start, stop, step = part.indices(shape[axis])
        count = len(range(start, stop, step))
        relation += cut(axis, shape[axis], start, step, count, start != starts[i])
        after[axis] = count
    return Output(tuple(after), [Edge(0, relation)])


@operator("Split", category="layout")
def split(node: Node) -> list[Output]:
    shape = node.shape()
    axis = node.axis(len(shape))
    size, parts = shape[axis], len(node.outputs)
    asked = node.attribute("split") if node.opset < 13 else node.ints(1)
    each = -(-size // node.attribute("num_outputs", parts))
    sizes = asked or (*[each] * (parts - 1), size - each * (parts - 1))
    if sum(sizes) != size or min(sizes) < 0:
        raise ModelError(
            f"Split {node.name!r} cannot cut an axis of {size} into {list(sizes)}: "
            "the model does not work at this input size"
        )
    outputs, start = [], 0
    for n in sizes:
        after = (*shape[:axis], n, *shape[axis + 1 :])
        outputs.append(
            Output(after, [Edge(0, cut(axis, size, start, 1, n, not asked and start > 0))])
        )
        start += n
    return outputs


@operator("Gather", category="layout", weights="any")
def gather(node: Node) -> Output:
    shape, picked = node.shape(0), node.shape(1)
    axis = node.axis(len(shape))
    size = shape[axis]
    after = (*shape[:axis], *picked, *shape[axis + 1 :])
    edges = []
    if node.depends(0):
        flat = (*shape[:axis], prod(picked), *shape[axis + 1 :])
        indices = None if node.depends(1) else node.value(1)
        relation: Relation
        if indices is None:
            relation = (Mix((axis,), (size,), (flat[axis],)),)
        else:
            relation = pick(axis, size, _counted(indices, size).reshape(-1).tolist())
        edges.append(Edge(0, relation + reshape(flat, after)))
    if node.depends(1):
        wide = (1,) * axis + picked + (1,) * (len(shape) - axis - 1)
        edges.append(Edge(1, reshape(picked, wide) + broadcast(wide, after)))
    return Output(after, edges)


def _counted(indices: NDArray[Any], size: int | Positions) -> Positions:
    """Indices along an axis of ``size``, none of them negative."""
    indices = np.asarray(indices, np.int64)
    return np.where(indices < 0, indices + size, indices)


@operator("GatherElements", category="layout")
def gather_elements(node: Node) -> Output:
    shape, after = node.shape(0), node.shape(1)
    axis = node.axis(len(shape))
    indices = None if node.depends(1) else node.value(1)
    edges = []
    if node.depends(0):
        if indices is not None:
            positions = _along(_counted(indices, shape[axis]), axis)
            edges.append(Edge(0, (Elements(shape, np.ravel_multi_index(positions, shape)),)))
        else:
            relation: Relation = (Mix((axis,), (shape[axis],), (after[axis],)),)
            for i, n in enumerate(shape):
                if i != axis:
                    relation += cut(i, n, 0, 1, after[i])
            edges.append(Edge(0, relation))
    if node.depends(1):
        edges.append(Edge(1))
    return Output(after, edges)


def _along(indices: Positions, axis: int) -> tuple[Positions, ...]:
    """The full positions that GatherElements and ScatterElements mean by their indices."""
    grid = np.indices(indices.shape)
    return tuple(indices if i == axis else grid[i] for i in range(indices.ndim))


@operator("GatherND", category="layout")
def gather_nd(node: Node) -> Output:
    shape, picked = node.shape(0), node.shape(1)
    batch, depth = node.attribute("batch_dims", 0), picked[-1]
    rest = shape[batch + depth :]
    after = (*picked[:-1], *rest)
    edges = []
    indices = None if node.depends(1) else node.value(1)
    if node.depends(0):
        if indices is not None:
            positions = _rows(indices, shape, batch)
            whole = np.arange(prod(shape)).reshape(*shape[: batch + depth], *rest)
            edges.append(Edge(0, (Elements(shape, whole[positions]),)))
        else:
            axes = tuple(range(batch, batch + depth))
            wide = (*shape[:batch], *(1,) * (len(picked) - 1 - batch), *rest)
            relation = reduce(shape, axes, False)
            relation += reshape((*shape[:batch], *rest), wide) + broadcast(wide, after)
            edges.append(Edge(0, relation))
    if node.depends(1):
        wide = (*picked[:-1], *(1,) * len(rest))
        relation = reduce(picked, (len(picked) - 1,), False)
        edges.append(Edge(1, relation + reshape(picked[:-1], wide) + broadcast(wide, after)))
    return Output(after, edges)


def _rows(indices: NDArray[Any], shape: Shape, batch: int = 0) -> tuple[Positions, ...]:
    """The leading positions that GatherND and ScatterND mean by the rows of their indices."""
    depth = indices.shape[-1]
    inner = _counted(indices, np.array(shape[batch : batch + depth]))
    grid = np.indices(indices.shape[:-1])
    return (*grid[:batch], *(inner[..., k] for k in range(depth)))


@operator("ScatterElements", "Scatter", category="other")
def scatter_elements(node: Node) -> Output:
    shape, given = node.shape(0), node.shape(1)
    axis = node.axis(len(shape))
    indices = None if node.depends(1) else node.value(1)
    if indices is not None:
        positions = _along(_counted(indices, shape[axis]), axis)
        return _scattered(node, np.ravel_multi_index(positions, shape), 2)
    edges = [Edge(0)] if node.depends(0) else []
    for i in (1, 2):
        if node.depends(i):
            relation: Relation = (Mix((axis,), (given[axis],), (shape[axis],)),)
            for k, n in enumerate(given):
                if k != axis:
                    relation += pick(k, n, [*range(n), *[-1] * (shape[k] - n)])
            edges.append(Edge(i, relation))
    return Output(shape, edges)


@operator("ScatterND", category="other")
def scatter_nd(node: Node) -> Output:
    shape, given = node.shape(0), node.shape(1)
    depth = given[-1]
    rest = shape[depth:]
    indices = None if node.depends(1) else node.value(1)
    if indices is not None:
        whole = np.arange(prod(shape)).reshape(shape)
        return _scattered(node, whole[_rows(indices, shape)], 2)
    edges = [Edge(0)] if node.depends(0) else []
    wide = (*(1,) * depth, *rest)
    if node.depends(1):
        edges.append(Edge(1, everything(given, shape)))
    if node.depends(2):
        rows = tuple(range(len(given) - 1))
        relation = reduce((*given[:-1], *rest), rows, False)
        edges.append(Edge(2, relation + reshape(rest, wide) + broadcast(wide, shape)))
    return Output(shape, edges)


def _scattered(node: Node, places: Positions, updates: int) -> Output:
    """Updates put into a copy of the data; ``places`` are flat positions, one for each update."""
    shape = node.shape(0)
    edges = []
    if node.attribute("reduction", "none") != "none":
        edges = [Edge(0)]
    else:
        places = _last_ones(places)
        kept = np.arange(prod(shape))
        kept[places[places >= 0]] = -1
        edges = [Edge(0, (Elements(shape, kept.reshape(shape)),))]
    edges.append(Edge(updates, (Scatter(shape, places),)))
    return Output(shape, [e for e in edges if node.depends(e.input)])


def _last_ones(places: Positions) -> Positions:
    """Of several updates of the same place the last one holds; the others get -1."""
    flat = places.reshape(-1)
    _, last = np.unique(flat[::-1], return_index=True)
    kept = np.full(flat.shape, -1)
    at = flat.size - 1 - last
    kept[at] = flat[at]
    return kept.reshape(places.shape)


@operator("TensorScatter", category="other")
def tensor_scatter(node: Node) -> Output:
    """Each batch item's updates go to consecutive positions of its cache."""
    shape, given = node.shape(0), node.shape(1)
    axis = node.axis(len(shape), -2)
    starts = np.zeros(shape[0], np.int64) if not node.has(2) else node.value(2)
    if node.depends(2):
        starts = None
    if starts is not None:
        positions = list(np.indices(given))
        positions[axis] += np.asarray(starts).reshape(-1, *(1,) * (len(given) - 1))
        if node.attribute("mode", "linear") == "circular":
            positions[axis] %= shape[axis]
        return _scattered(node, np.ravel_multi_index(tuple(positions), shape), 1)
    edges = [Edge(0)] if node.depends(0) else []
    if node.depends(1):
        edges.append(Edge(1, (Mix((axis,), (given[axis],), (shape[axis],)),)))
    if node.depends(2):
        wide = (shape[0], *(1,) * (len(shape) - 1))
        edges.append(Edge(2, reshape((shape[0],), wide) + broadcast(wide, shape)))
    return Output(shape, edges)


@operator("Compress", category="other")
def compress(node: Node) -> Output:
    shape, condition = node.shape(), node.value(1)
    if condition is None or node.depends(1):
        raise DataDependent(f"Compress {node.name!r} keeps what its condition says")
    positions = np.flatnonzero(condition).tolist()
    named = node.attribute("axis")
    count = prod(shape) if named is None else shape[node.axis(len(shape))]
    if positions and positions[-1] >= count:
        raise ModelError(f"Compress {node.name!r} keeps position {positions[-1]} of {count}")
    if named is None:
        size = prod(shape)
        relation = reshape(shape, (size,)) + pick(0, size, positions)
        return Output((len(positions),), [Edge(0, relation)])
    axis = node.axis(len(shape))
    after = (*shape[:axis], len(positions), *shape[axis + 1 :])
    return Output(after, [Edge(0, pick(axis, shape[axis], positions))])


@operator("Trilu", category="other")
def trilu(node: Node) -> Output:
    shape = node.shape()
    diagonal = node.value(1) if node.has(1) else np.int64(0)
    if diagonal is None:
        edges = [Edge(i, () if i == 0 else everything(node.shape(i), shape)) for i in (0, 1)]
        edges = [e for e in edges if node.depends(e.input)]
        return Output(shape, edges, "Trilu's diagonal is computed: assumed to keep everything")
    row, column = np.indices(shape[-2:])
    distance = column - row - int(np.asarray(diagonal).reshape(()))
    kept = distance >= 0 if node.attribute("upper", 1) else distance <= 0
    if kept.all():
        return Output(shape, [Edge(0)])
    index = np.where(kept, np.arange(prod(shape)).reshape(shape), -1)
    return Output(shape, [Edge(0, (Elements(shape, index),))])


@operator("ReverseSequence", category="layout")
def reverse_sequence(node: Node) -> Output:
    shape = node.shape()
    time, batch = node.axis(len(shape), 0, "time_axis"), node.axis(len(shape), 1, "batch_axis")
    lengths = None if node.depends(1) else node.value(1)
    if lengths is not None:
        at = list(np.indices(shape))
        length = np.asarray(lengths)[at[batch]]
        at[time] = np.where(at[time] < length, length - 1 - at[time], at[time])
        return Output(shape, [Edge(0, (Elements(shape, np.ravel_multi_index(at, shape)),))])
    edges = [Edge(0, (Mix((time,), (shape[time],)),))] if node.depends(0) else []
    if node.depends(1):
        wide = tuple(n if i == batch else 1 for i, n in enumerate(shape))
        edges.append(Edge(1, reshape((shape[batch],), wide) + broadcast(wide, shape)))
    return Output(shape, edges)


@operator("OneHot", category="other")
def one_hot(node: Node) -> Output:
    indices, depth = node.shape(0), node.ints(1)
    axis = node.axis(len(indices) + 1, -1)
    assert depth is not None
    after = (*indices[:axis], depth[0], *indices[axis:])
    edges = []
    if node.depends(0):
        wide = (*indices[:axis], 1, *indices[axis:])
        edges.append(Edge(0, reshape(indices, wide) + broadcast(wide, after)))
    if node.depends(2):
        edges.append(Edge(2, reduce((2,), (0,), False) + broadcast((), after)))
    return Output(after, edges)


@operator("NonZero", "Unique", category="other")
def as_many_as_found(node: Node) -> list[Output]:
    """The shape depends on the values, so constants are worked out at once."""
    if not any(node.depends(i) for i in range(len(node.inputs))):
        values = [evaluate(node, name) for name in node.outputs]
        if not any(v is None for v in values):
            return [Output(v.shape, value=v) for v in values if v is not None]
    raise DataDependent(f"how much {node.op} {node.name!r} finds depends on its input")
