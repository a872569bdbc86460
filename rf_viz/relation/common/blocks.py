"""Relations that move blocks of pixels: into channels (space to depth, patches), into the batch
(space to batch), and back.

The first axis is the batch, ``channel`` the axis of channels, all others are space.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod

import numpy as np

from .. import (
    Array,
    AxisMap,
    Factor,
    Labels,
    Mix,
    Relation,
    Reshape,
    Semiring,
    Shape,
    Slide,
    Step,
    Taps,
    Transpose,
    Window,
    pull,
    push,
)
from .basic import Ints
from .picks import pad


class Regrid:
    """A rearrangement as a whole, whose closed form its single steps cannot tell.

    ``maps`` holds that by input axis. What moves into the ``channel`` axis is no longer space.
    """

    __slots__ = ("blind", "channel", "maps", "slides", "steps")
    mixes: tuple[int, ...] = ()

    def __init__(self, steps: Relation, maps: Mapping[int, AxisMap | str], channel: int) -> None:
        self.steps, self.maps, self.channel = steps, maps, channel
        self.slides = tuple(maps)
        self.blind = any(step.blind for step in steps)

    def push(self, a: Array, ring: Semiring) -> Array:
        return push(self.steps, a, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        return pull(self.steps, a, ring)

    def label(self, labels: Labels) -> Labels:
        for step in self.steps:
            labels = step.label(labels)
        extent = 1
        for factor in labels[self.channel]:
            extent *= factor.extent
        return (*labels[: self.channel], (Factor(0, extent),), *labels[self.channel + 1 :])

    def affine(self, axis: int) -> AxisMap | str:
        return self.maps.get(axis, AxisMap(axis, 1, 0, 1))


@lru_cache(maxsize=1024)
def space_to_depth(
    shape: Shape, block: int, channel: int = 1, blocks_first: bool = True
) -> Relation:
    """Every block of pixels becomes one, its pixels one after the other in the channels.

    ``blocks_first`` where the place in the block is a channel's outer part.
    """
    space = [i for i in range(1, len(shape)) if i != channel]
    split: list[int] = []
    place: dict[int, int] = {}
    inner: list[int] = []
    for axis, n in enumerate(shape):
        place[axis] = len(split)
        if axis in space:
            inner.append(len(split) + 1)
            split += [n // block, block]
        else:
            split.append(n)
    order: list[int] = []
    after: list[int] = []
    for axis, n in enumerate(shape):
        if axis == channel:
            order += [*inner, place[axis]] if blocks_first else [place[axis], *inner]
            after.append(n * block ** len(space))
        else:
            order.append(place[axis])
            after.append(split[place[axis]])
    steps = (
        Reshape(shape, tuple(split)),
        Transpose(order),
        Reshape(tuple(split[i] for i in order), tuple(after)),
    )
    return (Regrid(steps, {i: AxisMap(i, block, 0, block) for i in space}, channel),)


@lru_cache(maxsize=1024)
def depth_to_space(
    shape: Shape, block: int, channel: int = 1, blocks_first: bool = True
) -> Relation:
    """The other way round: channels become blocks of pixels."""
    space = [i for i in range(1, len(shape)) if i != channel]
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
    return (Regrid(steps, dict.fromkeys(space, f"upsampled by {block}"), channel),)


@lru_cache(maxsize=1024)
def patches(shape: Shape, windows: tuple[Slide, ...]) -> Relation:
    """What each window holds, laid out in the channels, the last axis: positions first, row-major,
    and for each all channels. ``windows`` are along all axes between batch and channels."""
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
        w.axis: AxisMap(w.axis, w.stride, -w.pad, (w.kernel - 1) * w.dilation + 1, w.pad_varies)
        for w in windows
    }
    return (Regrid(tuple(steps), maps, len(shape) - 1),)


class Spread:
    """Space to batch: along axis ``i + 1`` every ``blocks[i]``-th position is in one image of
    the batch, the next ones in the next image. ``shape`` is the input's."""

    __slots__ = ("blocks", "shape", "steps")
    slides: tuple[int, ...] = ()
    mixes: tuple[int, ...] = ()
    blind: bool = False

    def __init__(self, shape: Shape, blocks: Ints) -> None:
        self.shape, self.blocks = shape, blocks
        n = len(blocks)
        split = [shape[0]]
        for size, block in zip(shape[1:], blocks, strict=False):
            split += [size // block, block]
        split += shape[n + 1 :]
        order = [*range(2, 2 * n + 1, 2), 0, *range(1, 2 * n, 2), *range(2 * n + 1, len(split))]
        self.steps: Relation = (
            Reshape(shape, tuple(split)),
            Transpose(order),
            Reshape(tuple(split[i] for i in order), self.after),
        )

    @property
    def after(self) -> Shape:
        """The output's shape."""
        n = len(self.blocks)
        inner = (size // block for size, block in zip(self.shape[1:], self.blocks, strict=False))
        return (self.shape[0] * prod(self.blocks), *inner, *self.shape[n + 1 :])

    def push(self, a: Array, ring: Semiring) -> Array:
        return push(self.steps, a, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        return pull(self.steps, a, ring)

    def label(self, labels: Labels) -> Labels:
        for step in self.steps:
            labels = step.label(labels)
        return labels

    def affine(self, axis: int) -> AxisMap | str:
        if 0 < axis <= len(self.blocks) and self.blocks[axis - 1] > 1:
            return "spread over the batch"
        return AxisMap(axis, 1, 0, 1)

    def undone(self) -> Relation:
        """Batch to space: the images of the batch put together again."""
        steps: list[Step] = []
        for step in reversed(self.steps):
            if isinstance(step, Transpose):
                steps.append(Transpose(step.inverse))
            elif isinstance(step, Reshape):
                steps.append(Reshape(step.after, step.before))
        return tuple(steps)

    def dilated(self, relation: Relation) -> Relation | None:
        """A relation between spread tensors as it is between those that are not: windows become
        dilated ones. None where it is not the same within each image."""
        steps: list[Step] = []
        for step in relation:
            made = self._dilated(step)
            if made is None:
                return None
            steps.append(made)
        return tuple(steps)

    def _block(self, axis: int) -> int:
        return self.blocks[axis - 1] if 0 < axis <= len(self.blocks) else 1

    def _dilated(self, step: Step) -> Step | None:
        if isinstance(step, Window) and type(step) is Window:
            slides = []
            for w in step.windows:
                b = self._block(w.axis)
                if w.axis == 0 or (b > 1 and w.stride > 1):
                    return None
                slides.append(
                    w._replace(
                        size=w.size * b, out=w.out * b, dilation=w.dilation * b, pad=w.pad * b
                    )
                )
            return Window(slides, step.taps, spatial=bool(step.slides))
        if isinstance(step, Mix) and all(a and self._block(a) == 1 for a in step.axes):
            return step
        if isinstance(step, Reshape):
            n = len(self.blocks) + 1
            if step.before[:n] == step.after[:n]:
                return Reshape(self._whole(step.before), self._whole(step.after))
        return None

    def _whole(self, shape: Shape) -> Shape:
        n = len(self.blocks)
        inner = (size * block for size, block in zip(shape[1:], self.blocks, strict=False))
        return (shape[0] // prod(self.blocks), *inner, *shape[n + 1 :])


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
    return (*spread.undone(), *cropped(spread.shape, before, behind))


def cropped(shape: Shape, before: Ints, behind: Ints) -> Relation:
    """Without so many positions at either end of the axes from 1 on."""
    return _padded(shape, tuple(-n for n in before), tuple(-n for n in behind))[0]


def _padded(shape: Shape, before: Ints, behind: Ints) -> tuple[Relation, Shape]:
    relation: Relation = ()
    after = list(shape)
    for axis, (front, back) in enumerate(zip(before, behind, strict=True), 1):
        relation += pad(axis, shape[axis], front, back)
        after[axis] += front + back
    return relation, tuple(after)
