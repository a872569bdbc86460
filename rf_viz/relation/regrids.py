"""Rearrangements whose closed form does not follow from their single steps."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from .base import (
    Array,
    AxisMap,
    BaseStep,
    Factor,
    Ints,
    Labels,
    NoMap,
    Pairs,
    Relation,
    Semiring,
    Shape,
    Step,
    pairs_of,
    pull,
    push,
    shape_after,
)
from .fit import Padding
from .mixes import Mix
from .moves import Reshape, Transpose
from .windows import Window


class Regrid(BaseStep):
    """A rearrangement made of several steps, with a closed form of its own.

    ``maps`` holds the affine maps by input axis. Positions that move into the ``channel`` axis are
    no longer space.
    """

    __slots__ = ("blind", "channel", "maps", "slides", "steps")

    def __init__(self, steps: Relation, maps: Mapping[int, AxisMap | NoMap], channel: int) -> None:
        self.steps, self.maps, self.channel = steps, maps, channel
        self.slides = tuple(maps)
        self.blind = any(step.blind for step in steps)

    def push(self, a: Array, ring: Semiring) -> Array:
        """Push through all of its steps."""
        return push(self.steps, a, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Pull through all of its steps."""
        return pull(self.steps, a, ring)

    def label(self, labels: Labels) -> Labels:
        """The labels after all of its steps, without origins along the channel axis."""
        for step in self.steps:
            labels = step.label(labels)
        extent = 1
        for factor in labels[self.channel]:
            extent *= factor.extent
        return (*labels[: self.channel], (Factor(0, extent),), *labels[self.channel + 1 :])

    def shape(self, before: Shape) -> Shape:
        """The shape after all of its steps."""
        return shape_after(self.steps, before)

    def pairs(self) -> Pairs | None:
        """The pairs of its steps, none of which combines inputs."""
        return _moved(self.steps)

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The map of the rearrangement as a whole."""
        return self.maps.get(axis, AxisMap(axis, 1, 0, 1))


def _moved(steps: Relation) -> Pairs | None:
    pairs = pairs_of(steps)
    return pairs and pairs._replace(combines=False)


class Spread(BaseStep):
    """Space to batch: every ``blocks[i]``-th position along axis ``i + 1`` is in one image.

    The next positions are in the next image of the batch. ``before`` is the input's shape;
    ``undone`` puts the images of the batch together again.
    """

    __slots__ = ("before", "blocks", "steps", "undone")
    blind: bool = False

    def __init__(self, before: Shape, blocks: Ints) -> None:
        self.before, self.blocks = before, blocks
        n = len(blocks)
        split = [before[0]]
        for size, block in zip(before[1:], blocks, strict=False):
            split += [size // block, block]
        split += before[n + 1 :]
        order = [*range(2, 2 * n + 1, 2), 0, *range(1, 2 * n, 2), *range(2 * n + 1, len(split))]
        blocks_first = tuple(split[i] for i in order)
        turn = Transpose(order)
        self.steps: Relation = (
            Reshape(before, tuple(split)),
            turn,
            Reshape(blocks_first, self.after),
        )
        self.undone: Relation = (
            Reshape(self.after, blocks_first),
            Transpose(turn.inverse),
            Reshape(tuple(split), before),
        )

    @property
    def after(self) -> Shape:
        """The output's shape."""
        n = len(self.blocks)
        inner = (size // block for size, block in zip(self.before[1:], self.blocks, strict=False))
        return (self.before[0] * prod(self.blocks), *inner, *self.before[n + 1 :])

    def push(self, a: Array, ring: Semiring) -> Array:
        """Push through all of its steps."""
        return push(self.steps, a, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Pull through all of its steps."""
        return pull(self.steps, a, ring)

    def label(self, labels: Labels) -> Labels:
        """The labels after all of its steps."""
        for step in self.steps:
            labels = step.label(labels)
        return labels

    def shape(self, before: Shape) -> Shape:
        """The shape after all of its steps."""
        return shape_after(self.steps, before)

    def pairs(self) -> Pairs | None:
        """Every output is made of one input."""
        return _moved(self.steps)

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The identity along axes that are not spread."""
        if 0 < axis <= len(self.blocks) and self.blocks[axis - 1] > 1:
            return NoMap("irregular", "spread over the batch")
        return AxisMap(axis, 1, 0, 1)

    def dilated(self, relation: Relation) -> Relation | None:
        """A relation between the tensors before spreading, from one between spread tensors.

        Windows become dilated ones. None where the relation is not the same within each image, or
        leaves the spread axes elsewhere than it found them.
        """
        start = {axis: block for axis, block in enumerate(self.blocks, 1) if block > 1}
        blocks = start  # by the axis that is spread
        steps: list[Step] = []
        for step in relation:
            wide, after = _dilated(step, blocks), _moved_blocks(step, blocks)
            if wide is None or after is None:
                return None
            steps.append(_whole(step, blocks, after) if isinstance(step, Reshape) else wide)
            blocks = after
        return tuple(steps) if blocks == start else None


def _dilated(step: Step, blocks: Mapping[int, int]) -> Step | None:
    """The step on the image, from the step on images spread along axes; None if there is none."""
    if isinstance(step, Window) and type(step) is Window:
        slides = []
        for w in step.windows:
            b = blocks.get(w.axis, 1)
            if w.axis == 0 or (b > 1 and w.stride > 1):
                return None
            wide = w._replace(
                size=w.size * b, out=w.out * b, dilation=w.dilation * b, pad=w.pad * b
            )
            if b > 1:  # without a stride, whatever the rule, the padding is the same anywhere
                total = (w.out - w.size + (w.kernel - 1) * w.dilation) * b
                wide = wide._replace(padding=Padding(wide.pad, total - wide.pad))
            slides.append(wide)
        return Window(slides, step.taps, spatial=bool(step.slides))
    if isinstance(step, Mix) and all(a and a not in blocks for a in step.axes):
        return step
    return step if isinstance(step, Reshape) else None


def _moved_blocks(step: Step, blocks: Mapping[int, int]) -> dict[int, int] | None:
    """The spread axes behind a step; None where it cuts or merges one of them, or the batch."""
    if not isinstance(step, Reshape):
        return dict(blocks)
    after: dict[int, int] = {}
    for axis, block in {0: 0, **blocks}.items():
        if step.before[: axis + 1] == step.after[: axis + 1]:
            after[axis] = block  # also an axis of a single position, which else has no place
            continue
        index = step.follow_index(axis, 1, None)
        if index is None or index.extent is not None or step.after[index.axis] != step.before[axis]:
            return None
        after[index.axis] = block
    return after if after.pop(0, None) == 0 else None


def _whole(step: Reshape, before: Mapping[int, int], after: Mapping[int, int]) -> Reshape:
    """A reshape of the image, from one of the images that it was spread over."""
    images = prod(before.values())

    def joined(shape: Shape, blocks: Mapping[int, int]) -> Shape:
        inner = [n * blocks.get(axis, 1) for axis, n in enumerate(shape)]
        return (shape[0] // images, *inner[1:])

    return Reshape(joined(step.before, before), joined(step.after, after))


def last_spread(relation: Relation) -> Spread | None:
    """The space to batch that a relation ends with; None where it ends otherwise."""
    last = relation[-1] if relation else None
    return last if isinstance(last, Spread) else None
