"""Relations that move blocks of pixels into channels and back: space to depth, depth to space.

The first axis is the batch, ``channel`` the axis of channels, all others are space.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from .relation import (
    Array,
    AxisMap,
    Factor,
    Labels,
    Relation,
    Reshape,
    Semiring,
    Shape,
    Transpose,
    pull,
    push,
)


class Regrid:
    """A rearrangement as a whole, whose closed form its single steps cannot tell.

    ``maps`` holds that by input axis. What moves into the ``channel`` axis is no longer space.
    """

    __slots__ = ("channel", "maps", "slides", "steps")
    mixes: tuple[int, ...] = ()
    blind: bool = False

    def __init__(self, steps: Relation, maps: Mapping[int, AxisMap | str], channel: int) -> None:
        self.steps, self.maps, self.channel = steps, maps, channel
        self.slides = tuple(maps)

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
