"""Operators that pick elements by position: slices, gathers, scatters, masks."""

from __future__ import annotations

from math import prod

import numpy as np

from ....errors import ModelError
from ....relation import IDENTITY, Edge, Elements, Mix, Output, Relation
from ....relation.common.basic import broadcast, everything, reshape
from ....relation.common.picks import cut, pick
from ...reading.masks import keeping
from ...reading.picks import (
    Positions,
    counted,
    gathered,
    gathered_rows,
    known,
    one_hot,
    put,
    reversed_sequences,
    scattered_rows,
)
from ...reading.values import DataDependent
from ..fold import evaluate
from ..node import Node, operator


@operator("Slice", category="layout")
def sliced(node: Node) -> Output:
    """Positions of each axis at a fixed step; a negative one flips it."""
    shape = node.shape()
    if node.opset < 10:
        starts, ends = node.required("starts"), node.required("ends")
        axes, steps = node.attribute("axes"), None
    else:
        starts, ends = node.required_ints(1), node.required_ints(2)
        axes, steps = node.ints(3), node.ints(4)
    axes = axes or tuple(range(len(starts)))
    if len({len(starts), len(ends), len(axes), len(steps or axes)}) > 1:
        raise ModelError(
            f"Slice {node.name!r} has {len(starts)} starts, {len(ends)} ends, {len(axes)} axes "
            f"and {len(steps or axes)} steps"
        )
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
    """Consecutive parts of an axis."""
    shape = node.shape()
    axis = node.axis(len(shape))
    size, parts = shape[axis], len(node.outputs)
    named = node.attribute("split") if node.opset < 13 else node.ints(1)
    count = node.attribute("num_outputs", parts)
    if count < 1:
        raise ModelError(f"Split {node.name!r} makes {count} parts")
    each = -(-size // count)
    sizes = named or (*[each] * (parts - 1), size - each * (parts - 1))
    if sum(sizes) != size or min(sizes) < 0:
        raise ModelError(
            f"Split {node.name!r} cannot cut an axis of {size} into {list(sizes)}: "
            "the model does not work at this input size"
        )
    outputs, start = [], 0
    for n in sizes:
        after = (*shape[:axis], n, *shape[axis + 1 :])
        outputs.append(
            Output(after, [Edge(0, cut(axis, size, start, 1, n, not named and start > 0))])
        )
        start += n
    return outputs


@operator("Gather", category="layout", weights="any")
def gather(node: Node) -> Output:
    """Positions along an axis; any of it where the indices are computed."""
    return gathered(node, node.axis(len(node.shape())))


@operator("GatherElements", category="layout")
def gather_elements(node: Node) -> Output:
    """An element of its own line for each index; any of the line where they are computed."""
    shape = node.shape(0)
    after = node.shape(1, axes=len(shape))
    axis = node.axis(len(shape))
    indices = known(node, 1)
    edges = []
    if node.depends(0):
        if indices is not None:
            positions = _along(counted(indices, shape[axis]), axis)
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
    """A slice for each row of indices; any of the indexed axes where they are computed."""
    return gathered_rows(node, node.attribute("batch_dims", 0))


@operator("ScatterElements", "Scatter", category="other")
def scatter_elements(node: Node) -> Output:
    """Elements put into their own line of a copy; anywhere in it where indices are computed."""
    shape = node.shape(0)
    places = node.shape(1, axes=len(shape))
    axis = node.axis(len(shape))
    beyond = [i for i, n in enumerate(shape) if places[i] > n and i != axis]
    if node.shape(2) != places or beyond:
        raise ModelError(
            f"{node.op} {node.name!r} puts elements of {list(node.shape(2))} at {list(places)} "
            f"places of {list(shape)}"
        )
    indices = known(node, 1)
    if indices is not None:
        positions = _along(counted(indices, shape[axis]), axis)
        flat = np.ravel_multi_index(positions, shape)
        return put(node, flat, shape, 0, 2, _adds(node))
    edges = [Edge(0)] if node.depends(0) else []
    for i in (1, 2):
        if node.depends(i):
            relation: Relation = (Mix((axis,), (places[axis],), (shape[axis],)),)
            for k, n in enumerate(places):
                if k != axis:
                    relation += pick(k, n, [*range(n), *[-1] * (shape[k] - n)])
            edges.append(Edge(i, relation))
    return Output(shape, edges)


def _adds(node: Node) -> bool:
    """Tell whether an update is combined with what is there, rather than put in its place."""
    return bool(node.attribute("reduction", "none") != "none")


@operator("ScatterND", category="other")
def scatter_nd(node: Node) -> Output:
    """Slices put where the rows of indices say, into a copy of the data."""
    return scattered_rows(node, node.shape(), 0, 1, 2, _adds(node))


@operator("TensorScatter", category="other")
def tensor_scatter(node: Node) -> Output:
    """Each batch item's updates go to consecutive positions of its cache."""
    shape, updates = node.shape(0), node.shape(1)
    axis = node.axis(len(shape), -2)
    if len(updates) != len(shape):
        raise ModelError(f"TensorScatter {node.name!r} puts {list(updates)} into {list(shape)}")
    starts = known(node, 2) if node.has(2) else np.zeros(shape[0], np.int64)
    if starts is not None:
        positions = list(np.indices(updates))
        positions[axis] += np.asarray(starts, np.int64).reshape(-1, *(1,) * (len(updates) - 1))
        if node.attribute("mode", "linear") == "circular":
            positions[axis] %= shape[axis]
        flat = np.ravel_multi_index(tuple(positions), shape)
        return put(node, flat, shape, 0, 1, adds=False)
    edges = [Edge(0)] if node.depends(0) else []
    if node.depends(1):
        edges.append(Edge(1, (Mix((axis,), (updates[axis],), (shape[axis],)),)))
    if node.depends(2):
        wide = (shape[0], *(1,) * (len(shape) - 1))
        edges.append(Edge(2, reshape((shape[0],), wide) + broadcast(wide, shape)))
    return Output(shape, edges)


@operator("Compress", category="other")
def compress(node: Node) -> Output:
    """The positions of an axis, or of all elements, that a constant condition keeps."""
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
    """The elements on one side of a diagonal; the others see nothing."""
    shape = node.shape()
    diagonal = node.value(1) if node.has(1) else np.int64(0)
    if diagonal is None:
        edges = [Edge(i, () if i == 0 else everything(node.shape(i), shape)) for i in (0, 1)]
        edges = [e for e in edges if node.depends(e.input)]
        return Output(shape, edges, "Trilu's diagonal is computed: assumed to keep everything")
    row, column = np.indices(shape[-2:])
    distance = column - row - int(np.asarray(diagonal).reshape(()))
    kept = distance >= 0 if node.attribute("upper", 1) else distance <= 0
    return keeping(node, shape, kept)


@operator("ReverseSequence", category="layout")
def reverse_sequence(node: Node) -> Output:
    """The first positions of each sequence turned round; any of it where lengths are computed."""
    rank = len(node.shape())
    return reversed_sequences(
        node, node.axis(rank, 0, "time_axis"), node.axis(rank, 1, "batch_axis")
    )


@operator("OneHot", category="other")
def one_hot_of(node: Node) -> Output:
    """Each index spread along a new axis; the values for on and off reach everything."""
    return one_hot(node, node.required_int(1), node.axis(len(node.shape(0)) + 1, -1))


@operator("NonZero", "Unique", category="other")
def data_dependent_size(node: Node) -> list[Output]:
    """Elements whose number depends on the values, so constants are computed right away."""
    if not any(node.depends(i) for i in range(len(node.inputs))):
        values = [evaluate(node, name) for name in node.outputs]
        if not any(v is None for v in values):
            return [Output(v.shape, value=v) for v in values if v is not None]
    raise DataDependent(f"how much {node.op} {node.name!r} finds depends on its input")
