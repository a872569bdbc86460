"""Relations that move blocks of pixels: into channels (space to depth, patches), into the batch
(space to batch), and back.

The first axis is the batch, ``channel`` the axis of channels, all others are space.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

import numpy as np

from .. import (
    AxisMap,
    NoMap,
    Relation,
    Reshape,
    Shape,
    Slide,
    Step,
    Taps,
    Transpose,
)
from ..base import Ints
from ..fit import Fit
from ..regrids import Regrid, Spread
from .picks import pad


@lru_cache(maxsize=1024)
def space_to_depth(
    shape: Shape, block: int, channel: int = 1, blocks_first: bool = True
) -> Relation:
    """Every block of pixels becomes one, its pixels one after the other in the channels.

    ``shape`` is the input's, ``channel`` its axis of channels. ``blocks_first`` says that the
    position in the block is the outer part of a channel's number, the old channel the inner.
    Raises ValueError where blocks do not fill the image.
    """
    space = [i for i in range(1, len(shape)) if i != channel]
    if any(shape[i] % block for i in space):
        raise ValueError(f"blocks of {block} do not fill an image of {[shape[i] for i in space]}")
    split: list[int] = []
    outer: dict[int, int] = {}
    inner: list[int] = []
    for axis, n in enumerate(shape):
        outer[axis] = len(split)
        if axis in space:
            inner.append(len(split) + 1)
            split += [n // block, block]
        else:
            split.append(n)
    order: list[int] = []
    after: list[int] = []
    for axis, n in enumerate(shape):
        if axis == channel:
            order += [*inner, outer[axis]] if blocks_first else [outer[axis], *inner]
            after.append(n * block ** len(space))
        else:
            order.append(outer[axis])
            after.append(split[outer[axis]])
    steps = (
        Reshape(shape, tuple(split)),
        Transpose(order),
        Reshape(tuple(split[i] for i in order), tuple(after)),
    )
    fit = Fit(block, block)
    maps = {i: AxisMap(i, block, 0, block, fit=fit) for i in space}
    return (Regrid(steps, maps, channel),)


@lru_cache(maxsize=1024)
def depth_to_space(
    shape: Shape, block: int, channel: int = 1, blocks_first: bool = True
) -> Relation:
    """Channels become blocks of pixels, the inverse of ``space_to_depth``.

    Raises ValueError where channels do not fill blocks.
    """
    space = [i for i in range(1, len(shape)) if i != channel]
    if shape[channel] % block ** len(space):
        raise ValueError(f"{shape[channel]} channels do not fill blocks of {block}")
    blocks = [block] * len(space)
    left = shape[channel] // block ** len(space)
    deep = [*blocks, left] if blocks_first else [left, *blocks]
    split = (*shape[:channel], *deep, *shape[channel + 1 :])
    first = channel if blocks_first else channel + 1
    order: list[int] = []
    after: list[int] = []
    for axis, n in enumerate(shape):
        if axis == channel:
            order.append(channel + len(space) if blocks_first else channel)
            after.append(left)
            continue
        order.append(axis if axis < channel else axis + len(space))
        if axis in space:
            order.append(first + space.index(axis))
        after.append(n * block if axis in space else n)
    steps = (
        Reshape(shape, split),
        Transpose(order),
        Reshape(tuple(split[i] for i in order), tuple(after)),
    )
    return (
        Regrid(steps, dict.fromkeys(space, NoMap("irregular", f"upsampled by {block}")), channel),
    )


@lru_cache(maxsize=1024)
def patches(shape: Shape, windows: tuple[Slide, ...]) -> Relation:
    """Lay out what each window holds in the channels, the last axis.

    Positions come first, row-major, and for each all channels. ``windows`` are along all axes
    between batch and channels.
    """
    steps: list[Step] = []
    split, order = [shape[0]], [0]
    for w in windows:
        at = np.arange(w.out)[:, None] * w.stride - w.pad + np.arange(w.kernel) * w.dilation
        table = np.where((at >= 0) & (at < w.size), at, -1).reshape(-1, 1)
        steps.append(Taps(w.axis, w.size, table))
        order.append(len(split))
        split += [w.out, w.kernel]
    split.append(shape[-1])
    order += [i + 1 for i in order[1:]] + [len(split) - 1]
    wide = (shape[0], *(w.out * w.kernel for w in windows), shape[-1])
    after = (shape[0], *(w.out for w in windows), prod(w.kernel for w in windows) * shape[-1])
    steps += [
        Reshape(wide, tuple(split)),
        Transpose(order),
        Reshape(tuple(split[i] for i in order), after),
    ]
    maps = {
        w.axis: AxisMap(
            w.axis, w.stride, -w.pad, (w.kernel - 1) * w.dilation + 1, w.pad_varies, w.fit
        )
        for w in windows
    }
    return (Regrid(tuple(steps), maps, len(shape) - 1),)


@lru_cache(maxsize=1024)
def space_to_batch(shape: Shape, blocks: Ints, before: Ints, behind: Ints) -> Relation:
    """Pad, then spread over the batch. Raises ValueError where the blocks do not fit."""
    relation, padded = _padded(shape, before, behind)
    if any(n % block for n, block in zip(padded[1:], blocks, strict=False)):
        raise ValueError(f"axes of {padded} are not whole blocks of {blocks}")
    return (*relation, Spread(padded, blocks))


@lru_cache(maxsize=1024)
def batch_to_space(shape: Shape, blocks: Ints, before: Ints, behind: Ints) -> Relation:
    """Put together from the batch, then crop. Raises ValueError where the batch does not fit."""
    if shape[0] % prod(blocks):
        raise ValueError(f"a batch of {shape[0]} is not whole blocks of {blocks}")
    spread = Spread(
        (
            shape[0] // prod(blocks),
            *(n * block for n, block in zip(shape[1:], blocks, strict=False)),
            *shape[len(blocks) + 1 :],
        ),
        blocks,
    )
    return (*spread.undone, *cropped(spread.before, before, behind))


def cropped(shape: Shape, before: Ints, behind: Ints) -> Relation:
    """Crop both ends of the axes from 1 on."""
    return _padded(shape, tuple(-n for n in before), tuple(-n for n in behind))[0]


def _padded(shape: Shape, before: Ints, behind: Ints) -> tuple[Relation, Shape]:
    relation: Relation = ()
    after = list(shape)
    for axis, (front, back) in enumerate(zip(before, behind, strict=True), 1):
        relation += pad(axis, shape[axis], front, back)
        after[axis] += front + back
    return relation, tuple(after)
