"""Tensors joined to one."""

from __future__ import annotations

from ..program import Name
from ..site import Site, Untranslatable, rule
from .moves import added_axes


def _operands(site: Site, name: str) -> list[str]:
    """The tensors of a list, in the type of the result; what is empty and flat is left out."""
    values = site.argument(name)
    if not isinstance(values, list) or not all(isinstance(v, Name) for v in values):
        raise Untranslatable
    dtype = site.result.dtype
    return [
        site.cast_from(site.scope.value(v.name), site.meta_of(v.name).dtype, dtype)
        for v in values
        if site.meta_of(v.name).sizes != (0,) or len(site.result.sizes) == 1
    ]


@rule("cat", "concat", "concatenate", "_cat")
def concatenate(site: Site) -> str:
    """Tensors one behind the other along an axis."""
    axis = site.counted(site.whole("dim", 0), len(site.result.sizes))
    return site.add("Concat", *_operands(site, "tensors"), axis=axis)


@rule("stack")
def stack(site: Site) -> str:
    """Tensors one behind the other along a new axis."""
    axis = site.counted(site.whole("dim", 0), len(site.result.sizes))
    parts = [site.unsqueeze(value, axis) for value in _operands(site, "tensors")]
    return site.add("Concat", *parts, axis=axis)


_STACKS = {"hstack": (1, 1), "vstack": (2, 0), "row_stack": (2, 0), "dstack": (3, 2),
           "column_stack": (2, 1)}  # fmt: skip
"""The fewest axes of what is stacked, and the axis along which it is."""


@rule(*_STACKS)
def stack_by_name(site: Site) -> str:
    """Tensors side by side, one below or one behind the other; axes are added where they lack."""
    op = site.target.split(".")[-2]
    least, axis = _STACKS[op]
    names = site.argument("tensors")
    if not isinstance(names, list) or len(names) != len(_operands(site, "tensors")):
        raise Untranslatable
    parts = []
    for name, value in zip(names, _operands(site, "tensors"), strict=True):
        rank = len(site.meta_of(name.name).sizes)
        if rank < least:
            upright = op == "column_stack"
            added = range(rank, 2) if upright else added_axes(rank, least)
            value = site.unsqueeze(value, *added)
        parts.append(value)
    if len(site.result.sizes) == 1:
        axis = 0
    return site.add("Concat", *parts, axis=axis)


@rule("meshgrid", "meshgrid.indexing")
def grid(site: Site) -> list[str | None]:
    """The coordinates of all points of a grid, one tensor an axis."""
    names = site.argument("tensors")
    if not isinstance(names, list) or not all(isinstance(n, Name) for n in names):
        raise Untranslatable
    crossed = site.argument("indexing", "ij") == "xy" and len(names) > 1
    order = list(range(len(names)))
    if crossed:
        order[:2] = [1, 0]
    wide = []
    for i, name in enumerate(names):
        shape = [1] * len(names)
        shape[order[i]] = -1
        wide.append(site.reshape(site.value(name.name), shape))
    sizes = [site.add("Shape", w, start=order[i], end=order[i] + 1) for i, w in enumerate(wide)]
    whole = site.add("Concat", *(sizes[order.index(a)] for a in range(len(names))), axis=0)
    return [site.add("Expand", w, whole) for w in wide]


@rule("broadcast_tensors")
def broadcast(site: Site) -> list[str | None]:
    """Tensors repeated to their common shape."""
    values = site.tensors("tensors")
    sizes = list(site.result.sizes)
    if all(isinstance(n, int) for n in sizes):
        whole = site.counts(sizes)
        return [site.add("Expand", value, whole) for value in values]
    wide: list[str | None] = []
    for value in values:
        expanded = value
        for other in values:
            if other != value:
                expanded = site.add("Expand", expanded, site.add("Shape", other))
        wide.append(site.add("Identity", value) if expanded == value else expanded)
    return wide
