"""Outputs that pick elements by position and put them in place, whatever the format.

Constant positions are followed exactly; computed ones may be any.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...relation import (
    Edge,
    Elements,
    Mix,
    Output,
    Relation,
    Scatter,
    Shape,
)
from ...relation.common.basic import (
    broadcast,
    everything,
    reduce,
    reshape,
)
from ...relation.common.picks import pick
from .node import BaseNode

Node = BaseNode[Any]
Positions = NDArray[np.int64]


def known(node: Node, i: int) -> NDArray[Any] | None:
    """The values of input ``i`` where they are constant.

    Where they are, but cannot be computed, what the node picks by them is only assumed.
    """
    value = node.inputs[i] if i < len(node.inputs) else None
    if value is None or value.tensor >= 0:
        return None
    values = value.value()
    if values is None and not value.fed:
        node.doubt = (
            f"input {i} of {node.op} {node.name} is constant, but could not be computed: "
            "assumed to pick any position"
        )
    return values


def counted(indices: NDArray[Any], size: int | Positions) -> Positions:
    """Indices along an axis of ``size``, none of them negative.

    Raises ModelError where they are no numbers.
    """
    if indices.dtype.kind not in "biuf":
        raise ModelError("positions are picked by what is no number: the graph is invalid")
    indices = np.asarray(indices, np.int64)
    return np.where(indices < 0, indices + size, indices)


def gathered(node: Node, axis: int, batch: int = 0) -> Output:
    """Positions of input 0 along an axis, by the indices that input 1 holds.

    The first ``batch`` axes are common to both.
    """
    shape, picked = node.shape(0), node.shape(1)
    size, new = shape[axis], picked[batch:]
    after = (*shape[:axis], *new, *shape[axis + 1 :])
    flat = (*shape[:axis], prod(new), *shape[axis + 1 :])
    edges = []
    if node.depends(0):
        indices = known(node, 1)
        relation: Relation
        if indices is None:
            relation = (Mix((axis,), (size,), (flat[axis],)),)
        elif batch:
            wide = (*picked[:batch], *(1,) * (axis - batch), prod(new))
            places = counted(indices, size).reshape(*wide, *(1,) * (len(shape) - axis - 1))
            numbers = np.arange(prod(shape)).reshape(shape)
            places = np.broadcast_to(places, flat)
            relation = (Elements(shape, np.take_along_axis(numbers, places, axis)),)
        else:
            relation = pick(axis, size, counted(indices, size).reshape(-1).tolist())
        edges.append(Edge(0, relation + reshape(flat, after)))
    if node.depends(1):
        wide = (*picked[:batch], *(1,) * (axis - batch), *new, *(1,) * (len(shape) - axis - 1))
        edges.append(Edge(1, reshape(picked, wide) + broadcast(wide, after)))
    return Output(after, edges)


def gathered_rows(node: Node, batch: int = 0) -> Output:
    """Slices of input 0, each at the position that a row of input 1 holds.

    The first ``batch`` axes are common to both.
    """
    shape, picked = node.shape(0), node.shape(1, least=1)
    depth = picked[-1]
    fits = 0 <= batch < len(picked) and batch + depth <= len(shape)
    if not fits or shape[:batch] != picked[:batch]:
        raise ModelError(
            f"{node.op} {node.name!r} cannot pick from {list(shape)} by indices of {list(picked)}"
        )
    rest = shape[batch + depth :]
    after = (*picked[:-1], *rest)
    edges = []
    if node.depends(0):
        indices = known(node, 1)
        if indices is not None:
            whole = np.arange(prod(shape)).reshape(*shape[: batch + depth], *rest)
            edges.append(Edge(0, (Elements(shape, whole[rows(indices, shape, batch)]),)))
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


def rows(indices: NDArray[Any], shape: Shape, batch: int = 0) -> tuple[Positions, ...]:
    """The leading positions that rows of indices stand for, one array for each axis.

    Raises ValueError where one lies outside a tensor of that shape.
    """
    depth = indices.shape[-1]
    extents = np.array(shape[batch : batch + depth])
    inner = counted(indices, extents)
    if not np.all((inner >= 0) & (inner < extents)):
        raise ValueError(f"an index lies outside of a tensor of {list(shape)}")
    grid = np.indices(indices.shape[:-1])
    return (*grid[:batch], *(inner[..., k] for k in range(depth)))


def scattered_rows(
    node: Node, shape: Shape, data: int | None, indices: int, updates: int, adds: bool
) -> Output:
    """Slices put at the rows of the indices: into input ``data``, or into zeros.

    With ``adds`` the elements that are already there still count.
    """
    rows_shape = node.shape(indices, least=1)
    depth = rows_shape[-1]
    if depth > len(shape):
        raise ModelError(
            f"{node.op} {node.name!r} cannot put values in {list(shape)} by indices of "
            f"{list(rows_shape)}"
        )
    rest = shape[depth:]
    values = known(node, indices)
    if values is not None:
        whole = np.arange(prod(shape)).reshape(shape)
        return put(node, whole[rows(values, shape)], shape, data, updates, adds)
    edges = [Edge(data)] if data is not None and node.depends(data) else []
    if node.depends(indices):
        edges.append(Edge(indices, everything(rows_shape, shape)))
    if node.depends(updates):
        wide = (*(1,) * depth, *rest)
        every = tuple(range(len(rows_shape) - 1))
        relation = reduce((*rows_shape[:-1], *rest), every, False)
        edges.append(Edge(updates, relation + reshape(rest, wide) + broadcast(wide, shape)))
    return Output(shape, edges)


def put(
    node: Node, places: Positions, shape: Shape, data: int | None, updates: int, adds: bool
) -> Output:
    """Updates put into a copy of input ``data``, or into zeros of that shape.

    ``places`` are flat positions, one for each element of the updates; negative for none.
    """
    edges = []
    if adds:
        edges = [] if data is None else [Edge(data)]
    else:
        places = _last_ones(places)
        if data is not None:
            kept = np.arange(prod(shape))
            kept[places[places >= 0]] = -1
            edges = [Edge(data, (Elements(shape, kept.reshape(shape)),))]
    edges.append(Edge(updates, (Scatter(shape, places),)))
    return Output(shape, [e for e in edges if node.depends(e.input)])


def _last_ones(places: Positions) -> Positions:
    """The positions with -1 for all but the last of several updates of the same place."""
    flat = places.reshape(-1)
    _, last = np.unique(flat[::-1], return_index=True)
    kept = np.full(flat.shape, -1)
    at = flat.size - 1 - last
    kept[at] = flat[at]
    return kept.reshape(places.shape)


def reversed_sequences(node: Node, time: int, batch: int) -> Output:
    """Input 0 with the first positions along ``time`` reversed.

    Input 1 says how many, for each element of the batch.
    """
    shape, lengths = node.shape(), known(node, 1)
    if lengths is not None:
        if lengths.shape != (shape[batch],):
            raise ModelError(
                f"{node.op} {node.name!r} has {list(lengths.shape)} lengths for {list(shape)}"
            )
        at = list(np.indices(shape))
        length = lengths.astype(np.int64)[at[batch]]
        at[time] = np.where(at[time] < length, length - 1 - at[time], at[time])
        return Output(shape, [Edge(0, (Elements(shape, np.ravel_multi_index(at, shape)),))])
    edges = [Edge(0, (Mix((time,), (shape[time],)),))] if node.depends(0) else []
    if node.depends(1):
        wide = tuple(n if i == batch else 1 for i, n in enumerate(shape))
        edges.append(Edge(1, reshape((shape[batch],), wide) + broadcast(wide, shape)))
    return Output(shape, edges)


def one_hot(node: Node, depth: int, axis: int) -> Output:
    """Input 0 spread along a new axis of ``depth``; other inputs hold the values for on and off."""
    indices = node.shape(0)
    after = (*indices[:axis], depth, *indices[axis:])
    edges = []
    if node.depends(0):
        wide = (*indices[:axis], 1, *indices[axis:])
        edges.append(Edge(0, reshape(indices, wide) + broadcast(wide, after)))
    for i in range(1, len(node.inputs)):
        if node.depends(i):
            values = node.shape(i)
            whole = reduce(values, tuple(range(len(values))), False)
            edges.append(Edge(i, whole + broadcast((), after)))
    return Output(after, edges)
