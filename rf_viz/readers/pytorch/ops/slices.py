"""Parts of a tensor along an axis, and what is put in their place."""

from __future__ import annotations

from ..dtypes import INT64
from ..program import Argument
from ..site import Site, Untranslatable, fixed, rule

_END = 2**63 - 1
"""Beyond the last position, as slices without an end say."""

_MOST_ROWS = 2**20
"""The most positions that are written one by one."""


def bounds(site: Site, position: int) -> tuple[int, Argument, Argument, int]:
    """The axis, start, stop and step of the part of its first argument that a view shows.

    Args:
        site: the call that makes the view.
        position: which of its outputs is meant.
    """
    op = site.target.split(".")[1].removesuffix("_copy").removesuffix("_scatter")
    axis = site.axis("dim", 0)
    if op == "slice":
        start, stop = site.argument("start", 0), site.argument("end", _END)
        return axis, start, stop, site.whole("step", 1)
    if op == "narrow":
        start, length = site.argument("start"), site.argument("length")
        if not isinstance(length, int) or not isinstance(start, int):
            raise Untranslatable
        return axis, start, start + length or _END, 1
    if op in ("select", "unbind"):
        index = position if op == "unbind" else site.argument("index")
        if not isinstance(index, int):
            raise Untranslatable
        return axis, index, index + 1 or _END, 1
    sizes = parts(site)
    start = sum(sizes[:position])
    return axis, start, start + sizes[position], 1


def parts(site: Site) -> list[int]:
    """The sizes of the parts that an axis is split into."""
    op = site.target.removeprefix("aten.").removeprefix("unsafe_")
    axis, count = site.axis("dim", 0), len(site.results)
    named = next((n for n in ("split_sizes", "split_size", "sizes") if site.has(n)), "")
    if named and isinstance(site.argument(named), list):
        sizes = site.wholes(named)
    else:
        size = fixed([site.shape()[axis]])[0]
        if op.startswith("chunk"):
            each = -(-size // max(site.whole("chunks"), 1))
        elif op.startswith("tensor_split"):
            many = site.whole("sections")
            if many != count:
                raise Untranslatable
            each = 0
            sizes = [size // many + (i < size % many) for i in range(many)] if many > 0 else []
        else:
            each = site.whole(named or "split_size")
        if each:
            if -(-size // each) != count:
                raise Untranslatable
            sizes = [min(each, size - i) for i in range(0, size, each)]
        elif not op.startswith("tensor_split"):
            raise Untranslatable
    if len(sizes) != count or min(sizes, default=0) < 0:
        raise Untranslatable
    return sizes


@rule("slice.Tensor", "narrow", "slice_copy.Tensor", "narrow_copy")
def part(site: Site) -> str:
    """Positions of an axis at a fixed step."""
    axis, start, stop, step = bounds(site, 0)
    if start == 0 and stop == _END and step == 1:
        return site.add("Identity", site.tensor("self"))
    return site.add(
        "Slice",
        site.tensor("self"),
        site.count(start),
        site.count(stop),
        site.ints([axis]),
        site.ints([step]),
    )


@rule("select.int", "select_copy.int")
def position(site: Site) -> str:
    """One position of an axis."""
    index = site.scalar(site.argument("index"), INT64)
    return site.add("Gather", site.tensor("self"), index, axis=site.axis())


@rule(
    "split.Tensor", "split.sizes", "split_with_sizes", "chunk", "tensor_split.sections",
    "unsafe_split.Tensor", "unsafe_chunk", "unsafe_split_with_sizes", "split_copy.Tensor",
    "split_with_sizes_copy",
)  # fmt: skip
def split(site: Site) -> list[str | None]:
    """Consecutive parts of an axis."""
    axis, value = site.axis("dim", 0), site.tensor("self")
    if site.shape()[axis] is None:
        return _split_anywhere(site, value, axis)
    sizes = parts(site)
    return list(site.writer.add_many("Split", [value, site.ints(sizes)], len(sizes), axis=axis))


def _split_anywhere(site: Site, value: str, axis: int) -> list[str | None]:
    """Consecutive parts of an axis of any length, as many as there were in the example."""
    op, count = site.target.removeprefix("aten."), len(site.results)
    sizes = next((site.argument(n) for n in ("split_sizes", "split_size") if site.has(n)), None)
    if isinstance(sizes, list):
        return list(
            site.writer.add_many("Split", [value, site.counts(sizes)], len(sizes), axis=axis)
        )
    length, whole = site.add("Shape", value, start=axis, end=axis + 1), site.ints([axis])

    def bound(i: int) -> str:
        if op.startswith("tensor_split"):  # the first ones are longer by one
            many = site.ints([site.whole("sections")])
            each, more = site.add("Div", length, many), site.add("Mod", length, many)
            start = site.add("Mul", each, site.ints([i]))
            return site.add("Add", start, site.add("Min", more, site.ints([i])))
        if sizes is not None:
            return site.add("Mul", site.count(sizes), site.ints([i]))
        chunks = site.whole("chunks")
        wide = site.add("Add", length, site.ints([chunks - 1]))
        each = site.add("Div", wide, site.ints([chunks]))
        return site.add("Mul", each, site.ints([i]))

    return [site.add("Slice", value, bound(i), bound(i + 1), whole) for i in range(count)]


@rule("unbind.int", "unbind_copy.int")
def positions(site: Site) -> list[str | None]:
    """Each position of an axis."""
    axis, value, count = site.axis("dim", 0), site.tensor("self"), len(site.results)
    split = site.writer.add_many("Split", [value], count, axis=axis, num_outputs=count)
    return [site.squeeze(s, axis) for s in split]


def put(
    site: Site, old: str, new: str, where: tuple[int, Argument, Argument, int], size: int | None
) -> str:
    """A tensor with another part along an axis, whose length is ``size``, None where it is free."""
    axis, start, stop, step = where
    if size is not None and isinstance(start, int) and isinstance(stop, int):
        start, stop, step = slice(start, stop, step).indices(size)
        stop = max(stop, start)
        if (start, stop, step) == (0, size, 1):
            return site.add("Identity", new)
    if step != 1:
        return _put_rows(site, old, new, where, size)
    pieces, whole = [new], site.ints([axis])
    if start != 0:
        before = site.add("Slice", old, site.ints([0]), site.count(start), whole)
        pieces.insert(0, before)
    if stop != (_END if size is None else size):
        behind = site.count(stop) if size is not None else _end(site, pieces, axis)
        pieces.append(site.add("Slice", old, behind, site.ints([_END]), whole))
    return site.add("Concat", *pieces, axis=axis) if pieces[1:] else site.add("Identity", new)


def _end(site: Site, pieces: list[str], axis: int) -> str:
    """Where the last of several pieces ends; the bounds of a slice can lie beyond the axis."""
    sizes = [site.add("Shape", piece, start=axis, end=axis + 1) for piece in pieces]
    return sizes[0] if len(sizes) == 1 else site.add("Add", *sizes)


def _put_rows(
    site: Site,
    old: str,
    new: str,
    where: tuple[int, Argument, Argument, int],
    size: int | None,
) -> str:
    """Another content for some positions of an axis."""
    axis, start, stop, step = where
    rank = site.rank()
    order = [axis, *(a for a in range(rank) if a != axis)]
    back = [order.index(a) for a in range(rank)]
    if size is not None and isinstance(start, int) and isinstance(stop, int):
        rows = range(*slice(start, stop, step).indices(size))
        if len(rows) > _MOST_ROWS:
            raise Untranslatable
        places = site.ints(rows)
    else:
        bounds = [site.count(n) for n in (start, stop)]
        all_rows = counted_up(site, site.add("Shape", old, start=axis, end=axis + 1))
        places = site.add("Slice", all_rows, *bounds, site.ints([0]), site.ints([step]))
    indices = site.unsqueeze(places, 1)
    written = site.add("ScatterND", site.transpose(old, order), indices, site.transpose(new, order))
    return site.transpose(written, back)


def counted_up(site: Site, count: str) -> str:
    """The whole numbers from 0 up to one that is computed, as a list of one."""
    ends = [site.scalar(n, INT64) for n in (0, 1)]
    return site.add("Range", ends[0], site.reshape(count, []), ends[1])


@rule("slice_scatter", "select_scatter")
def scatter(site: Site) -> str:
    """The tensor with another part."""
    where = bounds(site, 0)
    new = site.operand("src", site.dtype())
    if "select" in site.target:
        new = site.unsqueeze(new, where[0])
    return put(site, site.tensor("self"), new, where, site.shape()[where[0]])
