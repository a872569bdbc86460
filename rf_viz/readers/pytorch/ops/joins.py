"""Tensors joined to one."""

from __future__ import annotations

from ..program import Name
from ..site import Site, Untranslatable, rule


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


@rule("hstack", "vstack", "dstack")
def stack_by_name(site: Site) -> str:
    """Tensors of several axes side by side, or one below the other."""
    axis = {"hstack": 1, "vstack": 0, "dstack": 2}[site.target.split(".")[-2]]
    names = site.argument("tensors")
    if not isinstance(names, list) or any(len(site.meta_of(n.name).sizes) <= axis for n in names):
        raise Untranslatable
    return site.add("Concat", *_operands(site, "tensors"), axis=axis)


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
        wide.append(site.reshape(site.scope.value(name.name), shape))
    sizes = [site.add("Shape", w, start=order[i], end=order[i] + 1) for i, w in enumerate(wide)]
    whole = site.add("Concat", *(sizes[order.index(a)] for a in range(len(names))), axis=0)
    return [site.add("Expand", w, whole) for w in wide]


@rule("broadcast_tensors")
def broadcast(site: Site) -> list[str | None]:
    """Tensors repeated to their common shape."""
    values = site.tensors("tensors")
    whole = site.counts(list(site.result.sizes))
    return [site.add("Expand", value, whole) for value in values]
