"""Rearrangements as a whole: those whose closed form their single steps cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from . import (
    Array,
    AxisMap,
    Factor,
    Labels,
    Mix,
    Relation,
    Reshape,
    Semiring,
    Shape,
    Step,
    Transpose,
    Window,
    pull,
    push,
)
from .base import Ints


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
