"""Relations of the operations that every framework has, by numbers rather than attributes.

The readers' tables translate their own operators' attributes to these. All are cached: a network
repeats the same few shapes over and over.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

from .. import (
    Broadcast,
    Edge,
    Mix,
    Opaque,
    Relation,
    Reshape,
    Shape,
    Slide,
    Step,
    Transpose,
    TransposedWindow,
    Window,
)
from ..base import Ints
from ..fit import Fit, Padding, same_front, same_total


def extent(size: int, kernel: int, stride: int, dilation: int, pad: int, *, ceil: bool) -> int:
    """The number of windows along an axis; ``pad`` is the padding on both sides together."""
    room = size + pad - dilation * (kernel - 1) - 1
    return (-(-room // stride) if ceil else room // stride) + 1


def same_pads(
    size: int, kernel: int, stride: int, dilation: int, *, lower: bool = False, clamp: bool = True
) -> tuple[int, int, bool]:
    """SAME padding: its total, the output extent, and whether it varies with the input size.

    The total is that of ``same_total``. It varies where two sizes give a different padding in front
    (see ``same_front``).
    """

    def total(n: int) -> int:
        return same_total(n, kernel, stride, dilation, clamp=clamp)

    # The least total and the largest; the padding in front grows with the total.
    fronts = {same_front(total(n), lower=lower) for n in (stride * 64, stride * 64 + 1)}
    return total(size), -(-size // stride), len(fronts) > 1


@lru_cache(maxsize=4096)
def slide(
    axis: int,
    size: int,
    kernel: int,
    stride: int,
    dilation: int,
    pads: tuple[int, int] = (0, 0),
    *,
    ceil: bool = False,
) -> Slide:
    """A window along an axis of ``size`` with these pads in front and behind.

    ``ceil`` lets in a last window that reaches beyond them.
    """
    padding = Padding(*pads, "ceil" if ceil else "fixed")
    out = Fit(kernel, stride, dilation, padding).extent(size)
    return Slide(axis, size, out, kernel, stride, dilation, pads[0], False, padding)


@lru_cache(maxsize=4096)
def same_slide(
    axis: int,
    size: int,
    kernel: int,
    stride: int,
    dilation: int,
    *,
    lower: bool = False,
    clamp: bool = True,
) -> Slide:
    """A window along an axis of ``size`` with SAME padding (see ``same_pads``)."""
    total, out, varies = same_pads(size, kernel, stride, dilation, lower=lower, clamp=clamp)
    front = same_front(total, lower=lower)
    padding = Padding(front, total - front, "same", lower, clamp)
    return Slide(axis, size, out, kernel, stride, dilation, front, varies, padding)


@lru_cache(maxsize=4096)
def slides(windows: tuple[Slide, ...]) -> Step:
    """A window over several axes, all taps counting."""
    return Window(windows)


@lru_cache(maxsize=4096)
def slides_back(windows: tuple[Slide, ...]) -> Step:
    """A transposed convolution, all taps counting; ``windows`` are those of the convolution."""
    return TransposedWindow(windows)


@lru_cache(maxsize=4096)
def channel_mix(shape: Shape, axis: int, groups: int, out: int) -> Relation:
    """Mix channels all to all within each of ``groups`` groups, to ``out`` channels.

    ``shape`` is the input's, ``axis`` its axis of channels. The identity for a depthwise
    convolution, whose channels stay apart.
    """
    channels = shape[axis]
    if groups == 1:
        return (Mix((axis,), (channels,), (out,)),)
    if groups == channels == out:
        return ()
    split = (*shape[:axis], groups, channels // groups, *shape[axis + 1 :])
    joined = (*shape[:axis], out, *shape[axis + 1 :])
    mixed = (*shape[:axis], groups, out // groups, *shape[axis + 1 :])
    return (
        Reshape(shape, split),
        Mix((axis + 1,), (channels // groups,), (out // groups,)),
        Reshape(mixed, joined),
    )


@lru_cache(maxsize=4096)
def broadcast(before: Shape, after: Shape) -> Relation:
    """Broadcast from one shape to another, as NumPy does."""
    return () if before == after else (Broadcast(before, after),)


@lru_cache(maxsize=4096)
def reshape(before: Shape, after: Shape) -> Relation:
    """Reshape, in row-major order. Raises ValueError where the elements are not as many."""
    return () if before == after or 0 in after else (Reshape(before, after),)


@lru_cache(maxsize=4096)
def transpose(order: Ints) -> Relation:
    """Transpose: output axis ``i`` is input axis ``order[i]``."""
    return () if order == tuple(range(len(order))) else (Transpose(order),)


@lru_cache(maxsize=4096)
def reduce(shape: Shape, axes: Ints, keep: bool) -> Relation:
    """Reduce over ``axes`` (not negative), keeping them with length 1 or dropping them.

    Raises ValueError where the tensor does not have such an axis.
    """
    if not axes:
        return ()
    kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
    mix = Mix(axes, _extents(shape, axes), (1,) * len(axes))
    if keep:
        return (mix,)
    return (mix, *reshape(kept, tuple(n for i, n in enumerate(shape) if i not in axes)))


@lru_cache(maxsize=4096)
def mix(shape: Shape, axes: Ints) -> Relation:
    """Mix all to all along ``axes``, the shape unchanged. Raises ValueError as ``reduce``."""
    return (Mix(axes, _extents(shape, axes)),)


def _extents(shape: Shape, axes: Ints) -> Shape:
    """The extents of some axes. Raises ValueError where a tensor does not have them."""
    if not all(0 <= axis < len(shape) for axis in axes):
        raise ValueError(f"a tensor of {list(shape)} does not have all of the axes {list(axes)}")
    return tuple(shape[axis] for axis in axes)


def normalise(source: int, shape: Shape, axes: Ints) -> list[Edge]:
    """Edges of a normalisation by statistics over ``axes``: softmax, layer and instance norm.

    ``source`` is the number of the operation's input. Besides the statistics every element
    depends on its own value, which stays local. Raises ValueError as ``reduce``.
    """
    if prod(_extents(shape, axes)) == 1:
        return [Edge(source)]
    return [Edge(source, mix(shape, axes)), Edge(source, (), local_beside_mix=True)]


@lru_cache(maxsize=4096)
def everything(before: Shape, after: Shape) -> Relation:
    """An opaque dependence: of every output element on every input element."""
    return (Opaque(before, after),)
