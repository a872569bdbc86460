"""Steps that pick elements: by a table along an axis, as part of a concatenation, singly."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from .base import (
    SUM,
    Array,
    AxisMap,
    AxisSettings,
    Factor,
    Indices,
    Labels,
    Moves,
    NoMap,
    Pairs,
    Semiring,
    Shape,
    Stretch,
    along,
    blank,
    check_room,
    check_shape,
    origins_of,
    spread,
    with_extents,
)
from .fit import Fit


class Taps(Moves):
    """A table along one axis that lists the inputs of each output.

    Covers resizing, slices, gathers, flips and paddings. ``table`` has shape (outputs, taps); a
    negative entry is no input. ``slides`` is set for tables that work like a window (resizing).
    ``form`` is the affine map where there is one (stride, offset), ``varies`` and ``fit`` as in
    ``AxisMap``; else ``why`` says in words why there is none.
    """

    __slots__ = (
        "_cut", "_groups", "axis", "blind", "fit", "form", "size", "slides", "table", "varies",
        "why",
    )  # fmt: skip
    separable: bool = True

    def __init__(
        self,
        axis: int,
        size: int,
        table: Indices,
        *,
        slides: bool = False,
        form: tuple[int, int] | None = None,
        varies: bool = False,
        fit: Fit | None = None,
        why: str = "",
    ) -> None:
        if table.size and table.max() >= size:
            raise ValueError(f"position {table.max()} is beyond an axis of {size}")
        self.axis, self.size, self.form, self.varies, self.why = axis, size, form, varies, why
        self.fit = fit
        self.table = np.where(table < 0, size, table).astype(_narrow(size))
        self.slides = (axis,) if slides else ()
        self.blind = not (table >= 0).any(axis=1).all()
        self._cut = None if self.blind or table.shape[1] != 1 else _as_cut(table[:, 0])
        self._groups: tuple[Indices, Indices, Indices] | None = None

    def along(self, axis: int) -> Taps:
        """The same table along another axis."""
        table = np.where(self.table == self.size, -1, self.table)
        return Taps(
            axis,
            self.size,
            table,
            slides=bool(self.slides),
            form=self.form,
            varies=self.varies,
            why=self.why,
        )

    def push(self, a: Array, ring: Semiring) -> Array:
        """Combine the inputs that each row of the table lists."""
        if (
            a.shape[self.axis] == 1
            and not self.blind
            and (ring is not SUM or self.table.shape[1] == 1)
        ):
            return a
        if self._cut is not None:
            return a[along(a.ndim, self.axis, self._cut)]
        return _look_up(a, self.axis, self.size, self.table, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Combine, for each input, the outputs whose rows list it."""
        if a.shape[self.axis] == 1 < len(self.table) and ring is not SUM:
            return self._pull_alike(a, ring)
        a = spread(a, self.axis, len(self.table))
        shape = list(a.shape)
        shape[self.axis] = self.size
        if self._cut is not None:
            out: Array = blank(shape, ring, a.dtype)
            out[along(a.ndim, self.axis, self._cut)] = a
            return out
        if self._groups is None:
            self._groups = _by_input(self.table, self.size)
        outputs, firsts, inputs = self._groups
        out = blank(shape, ring, a.dtype)
        if len(inputs):
            at = (slice(None),) * self.axis + (inputs,)
            out[at] = ring.plus.reduceat(a.take(outputs, axis=self.axis), firsts, axis=self.axis)
        return out

    def _pull_alike(self, a: Array, ring: Semiring) -> Array:
        """Pull values that are the same all along the axis: inputs that are listed have them."""
        listed = np.zeros(self.size + 1, bool)
        listed[self.table.reshape(-1)] = True
        if listed[:-1].all():
            return a
        shape = [1] * a.ndim
        shape[self.axis] = self.size
        check_room([max(n, m) for n, m in zip(a.shape, shape, strict=True)], a.dtype)
        return np.where(listed[:-1].reshape(shape), a, np.array(ring.zero, a.dtype))

    def label(self, labels: Labels) -> Labels:
        """The axis keeps its origins, as one factor."""
        out = list(labels)
        out[self.axis] = (Factor(origins_of(out[self.axis]), len(self.table)),)
        return tuple(out)

    def shape(self, before: Shape) -> Shape:
        """The shape with the axis as long as the table has rows."""
        return with_extents(before, [(self.axis, self.size, len(self.table))])

    def pairs(self) -> Pairs | None:
        """The number of inputs that a row of the table lists on average."""
        if self.table.shape[1] == 1:
            return Pairs(1, 1, True)
        return Pairs(int((self.table < self.size).sum()), len(self.table), True)

    def leaves(self, axis: int) -> bool:
        """Whether the table is along another axis."""
        return axis != self.axis

    @property
    def settings(self) -> AxisSettings:
        """The padding, where the table pads."""
        if self.fit is None:
            return {}
        return {"padding": {self.axis: (self.fit.padding.front, self.fit.padding.behind)}}

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The map of the table, or the reason why there is none."""
        if axis != self.axis:
            return AxisMap(axis, 1, 0, 1)
        if self.form is not None:
            return AxisMap(axis, self.form[0], self.form[1], 1, self.varies, self.fit)
        return NoMap("irregular", self.why or "no affine form")


def _narrow(size: int) -> type[np.signedinteger]:
    """The narrowest kind of number for positions up to ``size``: tables can be long."""
    return np.int32 if size < 2**31 else np.int64


def _as_cut(line: Indices) -> slice | None:
    """Evenly spaced positions as a slice; None where they are not."""
    n = len(line)
    if not n:
        return slice(0, 0)
    first = int(line[0])
    step = int(line[1]) - first if n > 1 else 1
    if step == 0 or (n > 1 and bool((np.diff(line) != step).any())):
        return None
    stop = first + n * step
    return slice(first, stop if stop >= 0 else None, step)


def _look_up(a: Array, axis: int, size: int, table: Indices, ring: Semiring) -> Array:
    """Combine the positions in each row of the table; ``size`` stands for no position."""
    shape = list(a.shape)
    shape[axis] = len(table)
    check_room(shape, a.dtype)
    shape[axis] = size + 1
    padded: Array = blank(shape, ring, a.dtype)
    padded[along(a.ndim, axis, slice(0, size))] = a
    out = padded.take(table[:, 0], axis=axis)
    for tap in table.T[1:]:
        ring.plus(out, padded.take(tap, axis=axis), out=out)
    return out


def _by_input(table: Indices, size: int) -> tuple[Indices, Indices, Indices]:
    """The outputs that list each input, sorted by input.

    Returns all of them in one array, where the outputs of each input begin in it, and the inputs.
    """
    flat = table.reshape(-1)
    order = np.argsort(flat, kind="stable")
    order = order[: np.searchsorted(flat[order], size)]
    inputs, firsts = np.unique(flat[order], return_index=True)
    return order // table.shape[1], firsts, inputs


@dataclass(frozen=True)
class Part(Moves):
    """A part of a concatenation: from ``start`` on along an axis of extent ``out``.

    ``size`` is the part's own extent. Outputs elsewhere see nothing of it.
    """

    axis: int
    start: int
    size: int
    out: int
    separable: bool = field(default=True, init=False)

    @property
    def blind(self) -> bool:  # type: ignore[override]
        """Whether other positions of the output are left without any input."""
        return self.size < self.out

    @property
    def fills(self) -> Stretch | None:
        """The stretch of the output's axis that the input becomes."""
        return Stretch(self.axis, self.start, self.start + self.size, self.out)

    def push(self, a: Array, ring: Semiring) -> Array:
        """Put the values in their place; the other outputs see nothing."""
        shape = list(a.shape)
        shape[self.axis] = self.out
        out: Array = blank(shape, ring, a.dtype)
        out[along(a.ndim, self.axis, slice(self.start, self.start + self.size))] = a
        return out

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Cut the values out."""
        if a.shape[self.axis] == 1:
            return a
        return a[along(a.ndim, self.axis, slice(self.start, self.start + self.size))]

    def label(self, labels: Labels) -> Labels:
        """The axis keeps its origins, as one factor."""
        out = list(labels)
        out[self.axis] = (Factor(origins_of(out[self.axis]), self.out),)
        return tuple(out)

    def shape(self, before: Shape) -> Shape:
        """The shape with the axis as long as the whole concatenation."""
        return with_extents(before, [(self.axis, self.size, self.out)])

    def pairs(self) -> Pairs | None:
        """One input for the outputs within the part, none for those elsewhere."""
        return Pairs(self.size, self.out, False)

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The identity along all other axes, and along this one if the part is all of it."""
        if axis == self.axis and self.size != self.out:
            return NoMap("irregular", "concatenated along an axis of the image")
        return AxisMap(axis, 1, 0, 1)


class Only(Moves):
    """A mask: only elements marked in ``mask``, which broadcasts, keep what they see."""

    __slots__ = ("blind", "mask")
    separable: bool = True

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self.mask = mask
        self.blind = not mask.all()

    def push(self, a: Array, ring: Semiring) -> Array:
        """Keep the marked elements; all others see nothing."""
        check_room(np.broadcast_shapes(self.mask.shape, a.shape), a.dtype)
        return np.where(self.mask, a, np.array(ring.zero, a.dtype))

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Keep the marked elements; nothing sees the others."""
        return self.push(a, ring)

    def label(self, labels: Labels) -> Labels:
        """The axes stay what they are."""
        return labels

    def shape(self, before: Shape) -> Shape:
        """The input's own shape, which the mask must broadcast to."""
        if np.broadcast_shapes(self.mask.shape, before) != before:
            raise ValueError(
                f"a tensor of {before} should be one that a mask of {self.mask.shape} broadcasts to"
            )
        return before

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The identity."""
        return AxisMap(axis, 1, 0, 1)


class Elements(Moves):
    """A selection of single elements.

    ``index``, of the output's shape, holds the position in the flattened input that each output
    element copies; negative where it copies none.
    """

    __slots__ = ("before", "blind", "index")

    def __init__(self, before: Shape, index: Indices) -> None:
        if index.size and index.max() >= prod(before):
            raise ValueError(f"element {index.max()} is beyond those of {before}")
        self.before = before
        self.index = np.where(index < 0, prod(before), index)
        self.blind = bool((index < 0).any())

    def push(self, a: Array, ring: Semiring) -> Array:
        """Pick the elements, each axis written out."""
        check_room(self.before, a.dtype)
        flat = np.append(np.broadcast_to(a, self.before).reshape(-1), np.array(ring.zero, a.dtype))
        return flat[self.index]

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Combine, for each input, the outputs that copy it."""
        out: Array = blank((prod(self.before) + 1,), ring, a.dtype)
        ring.plus.at(out, self.index.reshape(-1), np.broadcast_to(a, self.index.shape).reshape(-1))
        return out[:-1].reshape(self.before)

    def label(self, labels: Labels) -> Labels:
        """Axes keep their origins by position, where there are as many; else each has all."""
        return _scattered(labels, self.index.shape)

    def shape(self, before: Shape) -> Shape:
        """The index's shape, for the input's own."""
        check_shape(before, self.before)
        return self.index.shape

    def affine(self, axis: int) -> AxisMap | NoMap:
        """No map: elements are picked one by one."""
        return NoMap("irregular", "single elements are picked")


def _scattered(labels: Labels, after: Shape) -> Labels:
    """The origins of axes after single elements were moved."""
    if len(after) == len(labels):
        return tuple((Factor(origins_of(f), n),) for f, n in zip(labels, after, strict=True))
    origins = origins_of([f for factors in labels for f in factors])
    return tuple((Factor(origins if n > 1 else 0, n),) for n in after)


class Scatter(Moves):
    """Single elements put in place.

    ``index``, of the input's shape, holds the position in the flattened output that each input
    element goes to; negative where it goes nowhere.
    """

    __slots__ = ("_gather", "after", "before", "blind")

    def __init__(self, after: Shape, index: Indices) -> None:
        self.before, self.after = index.shape, after
        self._gather = Elements(after, index)
        seen = np.zeros(prod(after) + 1, bool)
        seen[self._gather.index] = True
        self.blind = not seen[:-1].all()

    def push(self, a: Array, ring: Semiring) -> Array:
        """Combine, for each output, the inputs that go to it."""
        return self._gather.pull(a, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Pick for each input the output that it goes to."""
        return self._gather.push(a, ring)

    def label(self, labels: Labels) -> Labels:
        """Axes keep their origins by position, where there are as many; else each has all."""
        return _scattered(labels, self.after)

    def shape(self, before: Shape) -> Shape:
        """The output's shape, for the input's own."""
        check_shape(before, self.before)
        return self.after

    def pairs(self) -> Pairs | None:
        """The number of inputs over that of outputs: some may get several, some none."""
        return Pairs(prod(self.before), prod(self.after), False)

    def affine(self, axis: int) -> AxisMap | NoMap:
        """No map: elements are put in place one by one."""
        return NoMap("irregular", "single elements are put in place")
