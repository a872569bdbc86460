"""Operators that only move elements: shapes, orders of axes, repetitions, rolls."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from ..dtypes import INT64
from ..program import Argument
from ..site import Site, Untranslatable, fixed, rule
from ..sizes import example
from .slices import counted_up

_MOST_WINDOWS = 2**12
"""The longest axis whose windows are told one by one."""

_MOST_PICKS = 2**24
"""The most elements that are picked one by one."""


@rule("view", "reshape", "_unsafe_view", "_reshape_alias", "view_copy", "_reshape_copy")
def reshape(site: Site) -> str:
    """The elements in another shape."""
    shape = site.argument("size", site.argument("shape"))
    result = site.result.sizes
    if isinstance(shape, list) and -1 not in shape and all(isinstance(n, int) for n in result):
        shape = list(result)
    return site.add("Reshape", site.tensor("self"), site.counts(shape), allowzero=_zero(shape))


def _zero(shape: object) -> int | None:
    """Take a size of 0 for what it is, not for the size that there was."""
    return 1 if isinstance(shape, list) and 0 in shape and -1 not in shape else None


@rule("view_as", "reshape_as")
def reshape_like(site: Site) -> str:
    """The elements in the shape of another tensor."""
    shape = site.add("Shape", site.tensor("other"))
    return site.add("Reshape", site.tensor("self"), shape, allowzero=1)


@rule("flatten.using_ints")
def flatten(site: Site) -> str:
    """Several axes merged into one."""
    rank = site.rank()
    value = site.tensor("self")
    if rank == 0:
        return site.reshape(value, [1])
    first, last = site.axis("start_dim", 0), site.axis("end_dim", -1)
    if last < first:
        raise Untranslatable
    if first == last:
        return site.add("Identity", value)
    if last == rank - 1:
        return site.reshape(value, [*[0] * first, -1])
    shape, ints = site.shape(), list[int]()
    merged = shape[first : last + 1]
    if None not in merged:
        ints = [prod(n for n in merged if n is not None), *(n or -1 for n in shape[last + 1 :])]
    if not ints or ints.count(-1) > 1:
        ints = [-1, *fixed(shape[last + 1 :])]
    return site.reshape(value, [*[0] * first, *ints])


@rule("ravel")
def ravel(site: Site) -> str:
    """All axes merged into one."""
    return site.reshape(site.tensor("self"), [-1])


@rule("unflatten.int")
def unflatten(site: Site) -> str:
    """One axis split into several."""
    axis, sizes = site.axis(), site.argument("sizes")
    if not isinstance(sizes, list):
        raise Untranslatable
    after, result = site.rank() - axis - 1, site.result.sizes
    if all(isinstance(n, int) for n in result):
        shape = list(result)
        return site.add("Reshape", site.tensor("self"), site.counts(shape), allowzero=_zero(shape))
    shape = [*[0] * axis, *sizes, *fixed(site.shape()[axis + 1 :])] if after else [
        *[0] * axis, *sizes,
    ]  # fmt: skip
    return site.add("Reshape", site.tensor("self"), site.counts(shape))


@rule("squeeze", "squeeze.dim", "squeeze.dims", "squeeze_copy.dim", "squeeze_copy.dims")
def squeeze(site: Site) -> str:
    """Axes of length 1 dropped."""
    shape = site.shape()
    axes = site.axes() if site.has("dim") else range(len(shape))
    dropped = [a for a in axes if shape and shape[a] == 1]
    if len(shape) - len(dropped) != len(site.result.sizes):  # of lengths that the example had
        raise Untranslatable
    value = site.tensor("self")
    return site.squeeze(value, *dropped) if dropped else site.add("Identity", value)


def added_axes(rank: int, least: int) -> list[int]:
    """Where a tensor of few axes gets others, until it has one, two or three."""
    if least == 3:
        return [[0, 1, 2], [0, 2], [2], []][min(rank, 3)]
    return list(range(max(least - rank, 0)))


@rule("atleast_1d", "atleast_2d", "atleast_3d")
def with_more_axes(site: Site) -> str:
    """The tensor with at least so many axes."""
    added = added_axes(site.rank(), int(site.target.partition("atleast_")[2][0]))
    value = site.tensor("self")
    return site.unsqueeze(value, *added) if added else site.add("Identity", value)


@rule("unsqueeze", "unsqueeze_copy")
def unsqueeze(site: Site) -> str:
    """An axis of length 1 added."""
    axis = site.counted(site.whole("dim"), site.rank() + 1)
    return site.unsqueeze(site.tensor("self"), axis)


def order_of(site: Site) -> list[int]:
    """The order in which a transposition puts the axes of its first argument."""
    rank, op = site.rank(), site.target.split(".")[1].removesuffix("_copy")
    order = list(range(rank))
    if not rank:
        return []
    if op == "permute":
        return site.axes("dims")
    if op in ("transpose", "swapaxes", "swapdims"):
        names = ("axis0", "axis1") if op == "swapaxes" else ("dim0", "dim1")
        one, other = (site.axis(name) for name in names)
        order[one], order[other] = order[other], order[one]
        return order
    if op == "t":
        return order[::-1]
    if op in ("numpy_T", "mT", "adjoint", "mH"):
        return order[::-1] if op == "numpy_T" else [*order[:-2], *order[:-3:-1]]
    source = [site.counted(a, rank) for a in site.wholes("source")]
    target_axes = [site.counted(a, rank) for a in site.wholes("destination")]
    left = iter([a for a in order if a not in source])
    placed = dict(zip(target_axes, source, strict=True))
    return [placed[i] if i in placed else next(left) for i in range(rank)]


@rule(
    "permute", "transpose", "transpose.int", "swapaxes", "swapdims", "t", "numpy_T", "mT",
    "movedim.intlist", "movedim.int", "moveaxis.intlist", "moveaxis.int", "permute_copy",
    "transpose_copy.int", "t_copy",
)  # fmt: skip
def transpose(site: Site) -> str:
    """The axes in another order."""
    value, order = site.tensor("self"), order_of(site)
    return site.transpose(value, order) if order else site.add("Identity", value)


@rule("expand", "broadcast_to", "expand_copy")
def expand(site: Site) -> str:
    """Axes of length 1 repeated, and axes added in front."""
    size = site.argument("size")
    if not isinstance(size, list):
        raise Untranslatable
    kept = [1 if n == -1 else n for n in size]
    return site.add("Expand", site.tensor("self"), site.counts(kept))


@rule("expand_as")
def expand_like(site: Site) -> str:
    """Axes of length 1 repeated to the shape of another tensor."""
    return site.add("Expand", site.tensor("self"), site.add("Shape", site.tensor("other")))


@rule("repeat", "tile")
def repeat(site: Site) -> str:
    """The whole tensor repeated along its axes."""
    name = "repeats" if site.has("repeats") else "dims"
    times = site.argument(name)
    if not isinstance(times, list):
        raise Untranslatable
    rank, value = site.rank(), site.tensor("self")
    times = [1] * (rank - len(times)) + times
    if len(times) > rank:
        value = site.unsqueeze(value, *range(len(times) - rank))
    return site.add("Tile", value, site.counts(times))


@rule("repeat_interleave.self_int")
def repeat_each(site: Site) -> str:
    """Each position of an axis repeated."""
    times, value = site.whole("repeats"), site.tensor("self")
    if not site.has("dim"):
        value, axis, size = site.reshape(value, [-1]), 0, None
        if None not in site.shape():
            size = prod(site.static())
    else:
        axis = site.axis()
        size = site.shape()[axis]
    if times < 0 or (size or 1) * max(times, 1) > _MOST_PICKS:
        raise Untranslatable
    if size is not None:
        places = site.writer.constant(np.arange(size, dtype=np.int64).repeat(times))
    elif times:
        length = site.add("Shape", value, start=axis, end=axis + 1)
        rows = counted_up(site, site.add("Mul", length, site.ints([times])))
        places = site.add("Div", rows, site.ints([times]))
    else:
        raise Untranslatable
    return site.add("Gather", value, places, axis=axis)


@rule("repeat_interleave.self_Tensor")
def repeat_each_as_told(site: Site) -> str:
    """Each position of an axis repeated as often as another tensor says."""
    value, times = site.tensor("self"), site.operand("repeats", INT64)
    if not site.has("dim"):
        value, axis = site.reshape(value, [-1]), 0
    else:
        axis = site.axis()
    if site.rank("repeats") != 1 or site.shape("repeats") == (1,):
        raise Untranslatable
    ends = site.add("CumSum", times, site.scalar(0, INT64))
    rows = counted_up(site, site.add("ReduceSum", times, site.ints([0]), keepdims=1))
    past = site.add("GreaterOrEqual", site.unsqueeze(rows, 1), site.unsqueeze(ends, 0))
    places = site.add("ReduceSum", site.cast(past, INT64), site.ints([1]), keepdims=0)
    return site.add("Gather", value, places, axis=axis)


@rule("flip", "fliplr", "flipud")
def flip(site: Site) -> str:
    """Axes the other way round."""
    axes = site.axes("dims") if site.has("dims") else [1 if "lr" in site.target else 0]
    if not axes or not site.rank():
        return site.add("Identity", site.tensor("self"))
    return flipped(site, site.tensor("self"), axes)


def flipped(site: Site, value: str, axes: list[int]) -> str:
    """A value with some axes the other way round."""
    ends = [-(2**63) + 1] * len(axes)
    parts = ([-1] * len(axes), ends, axes, [-1] * len(axes))
    return site.add("Slice", value, *(site.ints(p) for p in parts))


@rule("roll")
def roll(site: Site) -> str:
    """Positions moved on, those at the end to the beginning."""
    shifts, value = site.argument("shifts"), site.tensor("self")
    shifts = shifts if isinstance(shifts, list) else [shifts]
    axes, shape = site.wholes("dims", []), site.shape()
    if axes and len(axes) != len(shifts):
        raise Untranslatable
    if not axes:
        whole = None if None in shape else prod(site.static())
        value, shape, axes = site.reshape(value, [-1]), (whole,), [0]
    for shift, number in zip(shifts, axes, strict=False):
        axis = site.counted(number, len(shape))
        size = shape[axis]
        if size is not None and isinstance(shift, int):
            cut = -(shift % size) if size else 0
            value = _rolled(site, value, axis, site.ints([cut])) if cut else value
        else:  # the shift can be more than once around
            length = site.add("Shape", value, start=axis, end=axis + 1)
            back = site.add("Neg", site.add("Mod", site.count(shift), length))
            value = _rolled(site, value, axis, site.add("Add", length, back))
    if not site.wholes("dims", []):
        return site.add("Reshape", value, site.add("Shape", site.tensor("self")), allowzero=1)
    return site.add("Identity", value) if value == site.tensor("self") else value


def _rolled(site: Site, value: str, axis: int, cut: str) -> str:
    """What comes behind a place, then what comes before it."""
    where = site.ints([axis])
    end = site.add("Slice", value, cut, site.ints([2**63 - 1]), where)
    start = site.add("Slice", value, site.ints([0]), cut, where)
    return site.add("Concat", end, start, axis=axis)


@rule("constant_pad_nd", "pad", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d",
      "replication_pad1d", "replication_pad2d", "replication_pad3d", "_pad_circular",
      "_pad_enum")  # fmt: skip
def pad(site: Site) -> str:
    """Positions added around the tensor, or taken off."""
    name = "pad" if site.has("pad") else "padding"
    amounts, rank = site.argument(name), site.rank()
    if not isinstance(amounts, list) or len(amounts) % 2 or len(amounts) > 2 * rank:
        raise Untranslatable
    modes = {"reflect": "reflect", "replicate": "edge", "constant": "constant", "circular": "wrap"}
    mode = modes.get(site.argument("mode", "constant"))
    if "reflection" in site.target:
        mode = "reflect"
    if "replication" in site.target:
        mode = "edge"
    if "circular" in site.target:
        mode = "wrap"
    if mode is None or "_enum" in site.target:
        raise Untranslatable
    if all(isinstance(n, int) and n == 0 for n in amounts):
        return site.add("Identity", site.tensor("self"))
    pairs = [amounts[i : i + 2] for i in range(0, len(amounts), 2)][::-1]
    value = site.tensor("self")
    whole = [n for n in amounts if isinstance(n, int)]
    if mode == "constant" or min(whole, default=0) >= 0:
        return _padded(site, value, pairs, mode)
    # What is taken off is never repeated elsewhere by circular pads; by the others it can be.
    wider = [[max(n, 0) if isinstance(n, int) else n for n in pair] for pair in pairs]
    less = [[min(n, 0) if isinstance(n, int) else 0 for n in pair] for pair in pairs]
    if mode == "wrap":
        return _padded(site, _padded(site, value, less, "constant"), wider, mode)
    return _padded(site, _padded(site, value, wider, mode), less, "constant")


def _padded(site: Site, value: str, pairs: list[list[Argument]], mode: str) -> str:
    """A value with positions added in front and behind along its last axes, or taken off."""
    if all(n == 0 for pair in pairs for n in pair):
        return value
    kept = [0] * (site.rank() - len(pairs))
    pads = site.counts([*kept, *(p[0] for p in pairs), *kept, *(p[1] for p in pairs)])
    filling = site.scalar(site.argument("value", 0), site.dtype()) if mode == "constant" else ""
    return site.add("Pad", value, pads, filling, mode=mode)


def picked(site: Site, value: str, indices: NDArray[np.int64]) -> str:
    """Elements of a tensor by their numbers, in the shape of the indices."""
    if indices.size > _MOST_PICKS:
        raise Untranslatable
    return site.add("Gather", site.reshape(value, [-1]), site.writer.constant(indices), axis=0)


def numbered(site: Site) -> NDArray[np.int64]:
    """The numbers of the first argument's elements, in its shape."""
    shape = site.static()
    if prod(shape) > _MOST_PICKS:
        raise Untranslatable
    return np.arange(prod(shape), dtype=np.int64).reshape(shape)


def picks(site: Site) -> NDArray[np.int64]:
    """Which elements of its first argument a view shows, by their numbers."""
    op = site.target.split(".")[1].removesuffix("_copy")
    if op == "as_strided":
        return _strided(site)
    numbers = numbered(site)
    if op == "diagonal":
        return np.diagonal(
            numbers, site.whole("offset", 0), site.axis("dim1", 0), site.axis("dim2", 1)
        )
    axis, size, step = site.axis("dimension"), site.whole("size"), site.whole("step")
    if size < 0 or step < 1 or not numbers.ndim or size > numbers.shape[axis]:
        raise Untranslatable
    windows = np.lib.stride_tricks.sliding_window_view(numbers, size, axis)
    return windows[(*[slice(None)] * axis, slice(None, None, step))]


def _strided(site: Site) -> NDArray[np.int64]:
    """A view by its strides, of a tensor that lies in order and fills its storage."""
    meta, numbers = site.meta("self"), numbered(site)
    steps = tuple(s // numbers.itemsize for s in numbers.strides)
    lying = tuple(example(s) for s in meta.strides)
    same = all(n == 1 or a == b for n, a, b in zip(numbers.shape, steps, lying, strict=True))
    size, stride = site.wholes("size"), site.wholes("stride")
    offset = site.whole("storage_offset", 0)
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if not same or meta.offset != 0 or min([*size, *stride, offset], default=0) < 0:
        raise Untranslatable
    if last >= numbers.size or prod(size) > _MOST_PICKS:
        raise Untranslatable
    grid = np.indices(size, np.int64)
    ways = np.array(stride, np.int64).reshape(-1, *[1] * len(size))
    return np.asarray(offset + (grid * ways).sum(0), np.int64)


@rule("unfold", "unfold_copy")
def windows(site: Site) -> str:
    """Each window along an axis, its positions along a new last axis."""
    axis, size, step, rank = (
        site.axis("dimension"),
        site.whole("size"),
        site.whole("step"),
        site.rank(),
    )
    if size < 1 or step < 1 or not rank or size > _MOST_WINDOWS:
        raise Untranslatable
    value = site.tensor("self")
    result = _windowed(site, value, axis, site.shape()[axis], size, step, 1)
    order = list(range(rank + 1))
    return site.transpose(result, [*order[: axis + 1], *order[axis + 2 :], axis + 1])


def _windowed(
    site: Site, value: str, axis: int, length: int | None, size: int, step: int, dilation: int
) -> str:
    """The windows along an axis, and behind that axis their positions. ``length`` may be free."""
    if size > _MOST_PICKS:
        raise Untranslatable
    span = dilation * (size - 1) + 1
    offsets = np.arange(size, dtype=np.int64) * dilation
    if length is not None:
        count = (length - span) // step + 1
        if count < 1 or count * size > _MOST_PICKS:
            raise Untranslatable
        places = site.writer.constant(np.arange(count, dtype=np.int64)[:, None] * step + offsets)
    else:
        room = site.add("Shape", value, start=axis, end=axis + 1)
        room = site.add("Sub", room, site.ints([span - step]))
        starts = counted_up(site, site.add("Div", room, site.ints([step])))
        starts = site.unsqueeze(site.add("Mul", starts, site.ints([step])), 1)
        places = site.add("Add", starts, site.ints(offsets.tolist()))
    return site.add("Gather", value, places, axis=axis)


@rule("diagonal", "as_strided", "diagonal_copy", "as_strided_copy")
def pick(site: Site) -> str:
    """Elements picked by their places."""
    return picked(site, site.tensor("self"), picks(site))


@rule("rot90")
def turn(site: Site) -> str:
    """A plane turned by quarters."""
    axes = [site.counted(a, site.rank()) for a in site.wholes("dims", [0, 1])]
    if len(axes) != 2:
        raise Untranslatable
    turns, value = site.whole("k", 1) % 4, site.tensor("self")
    order = list(range(site.rank()))
    order[axes[0]], order[axes[1]] = axes[1], axes[0]
    if turns == 2:
        return flipped(site, value, axes)
    if turns == 1:
        return site.transpose(flipped(site, value, axes[1:]), order)
    if turns == 3:
        return flipped(site, site.transpose(value, order), axes[1:])
    return site.add("Identity", value)


@rule("tril", "triu")
def triangle(site: Site) -> str:
    """The elements on one side of a diagonal."""
    upper = int("triu" in site.target)
    return site.add("Trilu", site.tensor("self"), site.ints([site.whole("diagonal", 0)]),
                    upper=upper)  # fmt: skip


@rule("pixel_shuffle")
def shuffle_pixels(site: Site) -> str:
    """Channels moved into blocks of pixels."""
    factor, value = site.whole("upscale_factor"), site.tensor("self")
    if site.rank() == 4:
        return site.add("DepthToSpace", value, blocksize=factor, mode="CRD")
    *front, channels, height, width = site.static()
    rank = len(front)
    split = [*front, channels // factor**2, factor, factor, height, width]
    order = [*range(rank), *(rank + i for i in (0, 3, 1, 4, 2))]
    blocks = site.transpose(site.reshape(value, split), order)
    return site.reshape(blocks, [*front, channels // factor**2, height * factor, width * factor])


@rule("pixel_unshuffle")
def unshuffle_pixels(site: Site) -> str:
    """Blocks of pixels moved into channels."""
    factor, value = site.whole("downscale_factor"), site.tensor("self")
    if site.rank() == 4 and None in site.shape() and factor > 0:  # ONNX has offsets before channels
        channels = fixed(site.shape()[1:2])[0]
        blocks = site.add("SpaceToDepth", value, blocksize=factor)
        swapped = np.arange(channels * factor**2).reshape(-1, channels).T.reshape(-1)
        return site.add("Gather", blocks, site.ints(swapped.tolist()), axis=1)
    *front, channels, height, width = site.static()
    if factor < 1 or height % factor or width % factor:
        raise Untranslatable
    rank = len(front)
    split = [*front, channels, height // factor, factor, width // factor, factor]
    order = [*range(rank), *(rank + i for i in (0, 2, 4, 1, 3))]
    blocks = site.transpose(site.reshape(site.tensor("self"), split), order)
    return site.reshape(blocks, [*front, channels * factor**2, height // factor, width // factor])


@rule("channel_shuffle", "native_channel_shuffle")
def shuffle_channels(site: Site) -> str:
    """Channels of several groups put in turn."""
    groups, shape = site.whole("groups"), site.shape()
    channels = fixed(shape[1:2])[0]
    if groups < 1 or channels % groups:
        raise Untranslatable
    order = np.arange(channels).reshape(groups, -1).T.reshape(-1)
    return site.add("Gather", site.tensor("self"), site.ints(order.tolist()), axis=1)


@rule("im2col")
def windows_as_columns(site: Site) -> str:
    """Each window of an image as a column."""
    shape, rank = site.shape(), site.rank()
    front = fixed(shape[: rank - 2])
    kernel, strides = site.each("kernel_size", 2), site.each("stride", 2, 1)
    padding, dilations = site.each("padding", 2, 0), site.each("dilation", 2, 1)
    if min(*kernel, *strides, *dilations) < 1 or max(kernel) > _MOST_WINDOWS:
        raise Untranslatable
    value = site.tensor("self")
    if any(padding):
        pads = [*[0] * (rank - 2), *padding] * 2
        value = site.add("Pad", value, site.ints(pads))
    for i, size in enumerate(shape[rank - 2 :]):
        length, axis = None if size is None else size + 2 * padding[i], rank - 2 + 2 * i
        value = _windowed(site, value, axis, length, kernel[i], strides[i], dilations[i])
    turned = [*range(rank - 2), rank - 1, rank + 1, rank - 2, rank]
    columns = front[-1] * prod(kernel)
    return site.reshape(site.transpose(value, turned), [*front[:-1], columns, -1])


@rule("col2im")
def columns_as_windows(site: Site) -> str:
    """Columns added up where the windows lie that they stand for."""
    if site.rank() != 3:
        raise Untranslatable
    padding = site.each("padding", 2, 0)
    return site.add(
        "Col2Im",
        site.tensor("self"),
        site.counts(site.argument("output_size")),
        site.ints(site.each("kernel_size", 2)),
        pads=padding * 2,
        strides=site.each("stride", 2, 1),
        dilations=site.each("dilation", 2, 1),
    )
