"""Elements picked or put by indices that are tensors themselves."""

from __future__ import annotations

from math import prod

import numpy as np

from .. import dtypes
from ..program import Name
from ..site import Site, Untranslatable, fixed, rule


def _indices(site: Site) -> list[str | None]:
    """The names of a list of indices; None for axes that are kept."""
    indices = site.argument("indices")
    if not isinstance(indices, list):
        raise Untranslatable
    return [i.name if isinstance(i, Name) else None for i in indices]


_MASKS = (dtypes.BOOL, dtypes.UINT8)


def _chosen(site: Site) -> tuple[list[int], list[str], int]:
    """The axes that are indexed, the indices as whole numbers, and their most axes.

    A mask stands for the places of what is true in it, along as many axes as it has.
    """
    axes, values, rank, axis = list[int](), list[str](), 0, 0
    for name in _indices(site):
        meta = site.meta_of(name) if name is not None else None
        if name is None or meta is None:
            axis += 1
        elif meta.dtype in _MASKS:
            mask, count = site.cast_from(site.value(name), meta.dtype, dtypes.BOOL), len(meta.sizes)
            if not count:
                raise Untranslatable
            places = site.add("NonZero", mask)
            rows = (site.ints([i]) for i in range(count))
            values += [site.reshape(site.add("Gather", places, row), [-1]) for row in rows]
            axes += range(axis, axis + count)
            rank, axis = max(rank, 1), axis + count
        else:
            values.append(site.cast_from(site.value(name), meta.dtype, dtypes.INT64))
            axes.append(axis)
            rank, axis = max(rank, len(meta.sizes)), axis + 1
    return axes, values, rank


def _rows(site: Site, values: list[str], rank: int) -> str:
    """Several indices, which have ``rank`` axes in common, as rows of one tensor."""
    if len(values) > 1:
        shape = values[0]
        for value in values[1:]:  # the sum has the shape that all are broadcast to
            shape = site.add("Add", shape, value)
        whole = site.add("Shape", shape)
        values = [site.add("Expand", value, whole) for value in values]
    return site.add("Concat", *(site.unsqueeze(v, rank) for v in values), axis=rank)


@rule("index.Tensor", "_unsafe_index.Tensor")
def index(site: Site) -> str:
    """Elements at indices along one or several axes."""
    axes, chosen, count = _chosen(site)
    value, rank = site.tensor("self"), site.rank()
    if not axes:
        raise Untranslatable
    if len(axes) == 1:
        return site.add("Gather", value, chosen[0], axis=axes[0])
    rows = _rows(site, chosen, count)
    order = [*axes, *(a for a in range(rank) if a not in axes)]
    if order != list(range(rank)):
        value = site.transpose(value, order)
    result = site.add("GatherND", value, rows)
    if axes != list(range(axes[0], axes[-1] + 1)) or axes[0] == 0:
        return result  # apart from each other, their common axes come first
    after = rank - len(axes)
    kept = list(range(count, count + after))
    back = [*kept[: axes[0]], *range(count), *kept[axes[0] :]]
    return site.transpose(result, back)


@rule("index_put", "_unsafe_index_put", "_index_put_impl")
def put(site: Site) -> str:
    """Numbers put, or added, at indices."""
    names = _indices(site)
    dtype, adds = site.dtype(), site.flag("accumulate")
    value, rank = site.tensor("self"), site.rank()
    masks = [(i, n) for i, n in enumerate(names) if n and site.meta_of(n).dtype == dtypes.BOOL]
    single = not site.is_tensor("values") or prod(fixed(site.shape("values"))) == 1
    if len(masks) == 1 and names.count(None) == len(names) - 1 and single and not adds:
        return _put_masked(site, masks[0][1], masks[0][0])
    axes, chosen, count = _chosen(site)
    if not axes:
        raise Untranslatable
    rows = _rows(site, chosen, count)
    kept = [a for a in range(rank) if a not in axes]
    order = [*axes, *kept]
    moved = value if order == list(range(rank)) else site.transpose(value, order)
    updates = site.operand("values", dtype)
    adjacent = axes == list(range(axes[0], axes[-1] + 1)) and axes[0] > 0
    front = axes[0] if adjacent else 0
    common = site.add("Shape", rows, start=0, end=count)
    sizes = [site.add("Shape", value, start=a, end=a + 1) for a in kept]
    whole = [*sizes[:front], common, *sizes[front:]]
    shape = site.add("Concat", *whole, axis=0) if len(whole) > 1 else common
    updates = site.add("Expand", updates, shape)
    if front:
        ways = [*range(front, front + count), *range(front),
                *range(front + count, count + len(kept))]  # fmt: skip
        updates = site.transpose(updates, ways)
    result = site.add("ScatterND", moved, rows, updates, reduction="add" if adds else "none")
    if order == list(range(rank)):
        return result
    return site.transpose(result, [order.index(a) for a in range(rank)])


def _put_masked(site: Site, mask: str, axis: int) -> str:
    """One number where a mask is true."""
    wide, rank = site.scope.value(mask), len(site.meta_of(mask).sizes)
    if site.rank() > axis + rank:
        wide = site.unsqueeze(wide, *range(rank, site.rank() - axis))
    number = site.reshape(site.operand("values", site.dtype()), [1])
    return site.add("Where", wide, number, site.tensor("self"))


@rule("gather", "take_along_dim")
def gather(site: Site) -> str:
    """An element of its own line for each index."""
    name = "index" if site.has("index") else "indices"
    if not site.rank() or not site.rank(name):
        raise Untranslatable
    places = site.operand(name, dtypes.INT64)
    if "take_along" in site.target and not site.has("dim"):
        flat = site.reshape(site.tensor("self"), [-1])
        return site.add("Gather", flat, site.reshape(places, [-1]), axis=0)
    if "take_along" in site.target and (
        _around(site.shape(), site.axis()) != _around(site.shape(name), site.axis())
    ):
        return _gathered_widely(site, places)
    return site.add("GatherElements", site.tensor("self"), places, axis=site.axis())


def _gathered_widely(site: Site, places: str) -> str:
    """The same where the tensor or the indices are broadcast along the other axes."""
    axis, shape, other = site.axis(), site.static(), site.static("indices")
    if len(shape) != len(other):
        raise Untranslatable
    wide = [max(n, m) if 0 not in (n, m) else 0 for n, m in zip(shape, other, strict=True)]
    value = site.add(
        "Expand", site.tensor("self"), site.ints([*wide[:axis], shape[axis], *wide[axis + 1 :]])
    )
    places = site.add("Expand", places, site.ints([*wide[:axis], other[axis], *wide[axis + 1 :]]))
    return site.add("GatherElements", value, places, axis=axis)


def _around(shape: tuple[int | None, ...], axis: int) -> list[int | None]:
    return [*shape[:axis], *shape[axis + 1 :]]


_WAYS = {"sum": "add", "prod": "mul", "amax": "max", "amin": "min", "add": "add",
         "multiply": "mul"}  # fmt: skip


@rule("scatter.src", "scatter.value", "scatter_add", "scatter_reduce.two", "scatter.reduce",
      "scatter.value_reduce")  # fmt: skip
def scatter(site: Site) -> str:
    """Elements put into their own line of a copy."""
    dtype, places = site.dtype(), site.operand("index", dtypes.INT64)
    if not site.rank() or not site.rank("index"):
        raise Untranslatable
    if site.has("src"):
        updates = site.operand("src", dtype)
        if site.shape("src") != site.shape("index"):
            shape, axes = site.static("index"), list(range(site.rank("index")))
            starts = site.ints([0] * len(shape))
            updates = site.add("Slice", updates, starts, site.ints(shape), site.ints(axes))
    else:
        number = site.scalar(site.argument("value"), dtype)
        updates = site.add("Expand", number, site.add("Shape", places))
    way = "sum" if "scatter_add" in site.target else site.argument("reduce")
    if way is not None and (way not in _WAYS or not site.flag("include_self", True)):
        raise Untranslatable
    return site.add(
        "ScatterElements",
        site.tensor("self"),
        places,
        updates,
        axis=site.axis(),
        reduction=_WAYS[way] if way else "none",
    )


@rule("index_add", "index_copy", "index_fill.int_Scalar", "index_fill.int_Tensor")
def put_along(site: Site) -> str:
    """Slices put, or added, at positions of an axis."""
    dtype, axis, rank = site.dtype(), site.axis(), site.rank()
    if not rank:
        raise Untranslatable
    order = [axis, *(a for a in range(rank) if a != axis)]
    moved = site.transpose(site.tensor("self"), order)
    places = site.reshape(site.operand("index", dtypes.INT64), [-1, 1])
    if site.has("source"):
        updates = site.transpose(site.operand("source", dtype), order)
        if site.argument("alpha", 1) != 1:
            updates = site.add("Mul", updates, site.scalar(site.argument("alpha"), dtype))
    else:
        sizes = site.add("Shape", moved, start=1)
        count = site.add("Shape", places, start=0, end=1)
        shape = site.add("Concat", count, sizes, axis=0)
        updates = site.add("Expand", site.operand("value", dtype), shape)
    reduction = "add" if "index_add" in site.target else "none"
    result = site.add("ScatterND", moved, places, updates, reduction=reduction)
    return site.transpose(result, [order.index(a) for a in range(rank)])


@rule("masked_select")
def select_masked(site: Site) -> str:
    """The elements where a mask is true, in a row."""
    value, mask = site.tensor("self"), site.operand("mask", dtypes.BOOL)
    if site.shape() != site.shape("mask"):
        shapes = site.add("Shape", value), site.add("Shape", mask)
        value, mask = site.add("Expand", value, shapes[1]), site.add("Expand", mask, shapes[0])
    places = site.add("NonZero", site.reshape(mask, [-1]))
    flat = site.reshape(value, [-1])
    return site.add("Gather", flat, site.reshape(places, [-1]), axis=0)


@rule("take")
def take(site: Site) -> str:
    """Elements by their places in a row of all."""
    flat = site.reshape(site.tensor("self"), [-1])
    return site.add("Gather", flat, site.operand("index", dtypes.INT64), axis=0)


@rule("index_select")
def select(site: Site) -> str:
    """Positions of an axis at indices."""
    if not site.rank():
        raise Untranslatable
    places = site.operand("index", dtypes.INT64)
    if not site.rank("index"):
        places = site.reshape(places, [1])
    return site.add("Gather", site.tensor("self"), places, axis=site.axis())


@rule("embedding")
def embedding(site: Site) -> str:
    """Rows of a table at indices."""
    places = site.operand("indices", dtypes.INT64)
    return site.add("Gather", site.tensor("weight"), places, axis=0)


@rule("one_hot")
def one_hot(site: Site) -> str:
    """Each index as a row that is 1 in one place."""
    depth = site.whole("num_classes", -1)
    if depth < 1:
        raise Untranslatable
    return site.add(
        "OneHot",
        site.tensor("self"),
        site.scalar(depth, dtypes.INT64),
        site.writer.constant(np.array([0, 1], np.int64)),
        axis=-1,
    )


@rule("nonzero_numpy", "where")
def nonzero_by_axis(site: Site) -> list[str | None]:
    """The places of what is not 0, one tensor an axis."""
    places = site.add("NonZero", site.tensor(next(iter(site.node.arguments))))
    rows = [site.add("Gather", places, site.ints([i])) for i in range(len(site.results))]
    return [site.reshape(row, [-1]) for row in rows]


@rule("nonzero")
def nonzero(site: Site) -> str:
    """The places of what is not 0."""
    return site.transpose(site.add("NonZero", site.tensor("self")), [1, 0])
