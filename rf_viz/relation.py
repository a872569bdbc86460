"""Relations: which elements of its input each element of an operation's output depends on.

A relation is a tuple of steps, applied from input to output; the empty tuple is the identity.
Every step can be *pushed* (from input values to output values) and *pulled* (from output values
back to input values) over a semiring, which is all that the walks need:

    push:  out[o] = plus over the inputs i that o depends on of in[i]
    pull:  in[i]  = plus over the outputs o that depend on i of out[o]

Arrays have one axis for each tensor axis. An axis of length 1 means "the same all along this
axis", whatever the tensor's extent: that is what keeps the walks cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Indices = NDArray[np.integer]
Shape = tuple[int, ...]

FAR = 2**30
"""Larger than any input coordinate: the minimum over nothing."""


class Semiring(NamedTuple):
    """A way to combine what several paths bring: ``plus``, and ``zero`` for no path at all."""

    plus: np.ufunc
    zero: int | float | bool


MIN = Semiring(np.minimum, FAR)
MAX = Semiring(np.maximum, 0)
OR = Semiring(np.logical_or, False)
SUM = Semiring(np.add, 0.0)


class Factor(NamedTuple):
    """Part of a tensor axis: ``origins`` is a bit set of the input axes it runs along."""

    origins: int
    extent: int


Labels = tuple[tuple[Factor, ...], ...]
"""For each tensor axis its factors, outermost first: where the axis comes from."""


class AxisMap(NamedTuple):
    """Along one axis, output ``u`` sees ``reach`` positions from ``offset + u * stride`` on.

    ``axis`` is the output's axis. ``varies`` says that ``offset`` would be another one at
    another input size (TensorFlow's SAME padding with a stride).
    """

    axis: int
    stride: int
    offset: int
    reach: int
    varies: bool = False


class Step(Protocol):
    """One step of a relation; see the module's docstring for ``push`` and ``pull``."""

    def push(self, a: Array, ring: Semiring) -> Array: ...

    def pull(self, a: Array, ring: Semiring) -> Array: ...

    def label(self, labels: Labels) -> Labels:
        """Where the output's axes come from, given where the input's do."""
        ...

    def affine(self, axis: int) -> AxisMap | str:
        """The affine map along the input's ``axis``, or in words why there is none."""
        ...

    @property
    def slides(self) -> tuple[int, ...]:
        """The axes that a window slides over: what makes an input axis a spatial one."""
        ...

    @property
    def mixes(self) -> tuple[int, ...]:
        """The input axes that are mixed all to all."""
        ...

    @property
    def blind(self) -> bool:
        """Whether some outputs may see no input at all."""
        ...


Relation = tuple[Step, ...]
IDENTITY: Relation = ()


def push(relation: Relation, a: Array, ring: Semiring) -> Array:
    """From values at the relation's input to values at its output."""
    for step in relation:
        a = step.push(a, ring)
    return a


def pull(relation: Relation, a: Array, ring: Semiring) -> Array:
    """From values at the relation's output back to values at its input."""
    for step in reversed(relation):
        a = step.pull(a, ring)
    return a


def fold(a: Array, axis: int, extent: int, ring: Semiring) -> Array:
    """Combine along an axis, keeping it with length 1. ``extent`` is the tensor's own."""
    if a.shape[axis] > 1:
        folded: Array = ring.plus.reduce(a, axis=axis, keepdims=True)
        return folded
    if ring is SUM and extent != 1:
        return a * extent
    return a


def spread(a: Array, axis: int, extent: int) -> Array:
    """Write out an axis along which nothing varied."""
    if a.shape[axis] == extent:
        return a
    return np.broadcast_to(a, (*a.shape[:axis], extent, *a.shape[axis + 1 :]))


def slim(a: Array, axes: Sequence[int] | None = None) -> Array:
    """Back to length 1 along those of the axes where nothing varies."""
    for axis in range(a.ndim) if axes is None else axes:
        if a.shape[axis] > 1:
            first = a.take([0], axis=axis)
            if bool((a == first).all()):
                a = first
    return a


def _at(ndim: int, axis: int, index: slice) -> tuple[slice, ...]:
    return (slice(None),) * axis + (index,) + (slice(None),) * (ndim - axis - 1)


class _Local:
    """What most steps share: they neither slide nor mix, and every output sees something."""

    slides: tuple[int, ...] = ()
    mixes: tuple[int, ...] = ()
    blind: bool = False


class Slide(NamedTuple):
    """A window along one axis: output ``o`` sees ``o*stride - pad + k*dilation``, k < kernel.

    ``size`` and ``out`` are the axis' input and output extents; positions outside the input
    are padding. ``pad`` may be negative (the input is cropped). ``pad_varies`` says that the
    padding would be another one at another input size.
    """

    axis: int
    size: int
    out: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    pad: int = 0
    pad_varies: bool = False

    @property
    def trivial(self) -> bool:
        return self.kernel == 1 and self.stride == 1 and self.pad == 0 and self.out == self.size

    @property
    def span(self) -> int:
        """How many positions, padding included, the window passes over."""
        return (self.out - 1) * self.stride + (self.kernel - 1) * self.dilation + 1

    @property
    def sees_always(self) -> bool:
        """Whether every output sees some input."""
        if self.dilation > self.size:  # taps may step over all of the input
            first = np.arange(self.out) * self.stride - self.pad
            taps = first[:, None] + np.arange(self.kernel) * self.dilation
            return bool(((taps >= 0) & (taps < self.size)).any(axis=1).all())
        reach = (self.kernel - 1) * self.dilation
        return self.pad <= reach and (self.out - 1) * self.stride - self.pad < self.size

    def inside(self) -> tuple[slice, slice]:
        """Where input and padded span overlap: as a slice of the input, and of the span."""
        low = max(0, -self.pad)
        high = max(low, min(self.size, self.span - self.pad))
        return slice(low, high), slice(low + self.pad, high + self.pad)


_FEW = 12
"""Up to so many taps are combined one by one, more by doubling."""


@lru_cache(maxsize=4096)
def _taps_inside(size: int, out: int, kernel: int, stride: int, dilation: int, pad: int) -> Indices:
    """For each tap (rows) the input that each output sees. A tap in the padding is replaced by
    another one of its window, which changes nothing where seeing an input twice is seeing it."""
    firsts = np.arange(out) * stride - pad
    lowest, highest = np.maximum(0, -(firsts // dilation)), (size - 1 - firsts) // dilation
    taps = np.arange(kernel)[:, None]
    table: Indices = firsts + np.minimum(np.maximum(taps, lowest), highest) * dilation
    return table


def _slide_push(s: Slide, a: Array, ring: Semiring) -> Array:
    """Along one axis that varies, or that some windows miss."""
    if ring is not SUM and s.kernel <= _FEW and a.shape[s.axis] > 1 and s.sees_always:
        table = _taps_inside(s.size, s.out, s.kernel, s.stride, s.dilation, s.pad)
        seen: Array = ring.plus.reduce(a.take(table, axis=s.axis), axis=s.axis)
        return seen
    source, target = s.inside()
    shape = list(a.shape)
    shape[s.axis] = s.span
    span: Array = np.full(shape, ring.zero, a.dtype)
    span[_at(a.ndim, s.axis, target)] = spread(a, s.axis, s.size)[_at(a.ndim, s.axis, source)]
    last = (s.out - 1) * s.stride + 1

    def taps(values: Array, first: int) -> Array:
        return values[_at(a.ndim, s.axis, slice(first, first + last, s.stride))]

    if s.kernel <= _FEW:
        out = taps(span, 0)
        for k in range(1, s.kernel):
            out = ring.plus(out, taps(span, k * s.dilation))
        return out
    return _by_doubling(span, s, ring, taps)


def _by_doubling(
    values: Array, s: Slide, ring: Semiring, taps: Callable[[Array, int], Array]
) -> Array:
    """Combine ``kernel`` taps in log(kernel) passes: blocks of 1, 2, 4 ... disjoint taps."""
    out: Array | None = None
    block, first, left = 1, 0, s.kernel
    while True:
        if left & block:
            part = taps(values, first * s.dilation)
            out = part if out is None else ring.plus(out, part)
            first += block
            left -= block
        if not left:
            assert out is not None
            return out
        n = values.shape[s.axis]
        d = block * s.dilation
        values = ring.plus(
            values[_at(values.ndim, s.axis, slice(0, n - d))],
            values[_at(values.ndim, s.axis, slice(d, n))],
        )
        block *= 2


def _slide_pull(s: Slide, a: Array, ring: Semiring) -> Array:
    last = (s.out - 1) * s.stride + 1
    reach = (s.kernel - 1) * s.dilation
    shape = list(a.shape)
    a = spread(a, s.axis, s.out)
    if s.kernel <= _FEW:
        shape[s.axis] = s.span
        span: Array = np.full(shape, ring.zero, a.dtype)
        for k in range(s.kernel):
            part = span[_at(a.ndim, s.axis, slice(k * s.dilation, k * s.dilation + last, s.stride))]
            ring.plus(part, a, out=part)
    else:
        shape[s.axis] = s.span + reach
        outputs: Array = np.full(shape, ring.zero, a.dtype)
        outputs[_at(a.ndim, s.axis, slice(reach, reach + last, s.stride))] = a

        def taps(values: Array, first: int) -> Array:
            return values[_at(values.ndim, s.axis, slice(first, first + s.span))]

        span = _by_doubling(outputs, s, ring, taps)
    source, target = s.inside()
    if (source.start, source.stop) == (0, s.size):
        return span[_at(a.ndim, s.axis, target)]
    shape[s.axis] = s.size
    result: Array = np.full(shape, ring.zero, a.dtype)
    result[_at(a.ndim, s.axis, source)] = span[_at(a.ndim, s.axis, target)]
    return result


@lru_cache(maxsize=4096)
def _outputs_per_input(s: Slide) -> NDArray[np.float64]:
    """By how many outputs each input position is seen."""
    return _slide_pull(s, np.ones(s.out), SUM)


@lru_cache(maxsize=4096)
def _seen_always(s: Slide) -> bool:
    """Whether every input is seen by some output."""
    return bool((_outputs_per_input(s._replace(axis=0)) > 0).all())


class Window:
    """A kernel that slides over some axes: convolution, pooling, causal scans.

    ``taps``, of the kernel's shape, masks positions out (False); None keeps them all. What
    slides over something else than space (over channels) is not ``spatial``. A single window
    that holds the whole axis mixes it, like a global pooling written as an ordinary one.
    """

    __slots__ = ("_by_axis", "_moving", "blind", "mixes", "slides", "taps", "windows")

    def __init__(
        self,
        windows: Sequence[Slide],
        taps: NDArray[np.bool_] | None = None,
        *,
        spatial: bool = True,
    ) -> None:
        self.windows = tuple(windows)
        self.taps = taps
        self.slides = tuple(w.axis for w in self.windows) if spatial else ()
        self._by_axis = {w.axis: w for w in self.windows}
        self._moving = tuple(w for w in self.windows if not w.trivial)
        self.blind = taps is not None or not all(w.sees_always for w in self.windows)
        self.mixes = tuple(
            w.axis for w in self.windows if w.out == 1 and w.size > 1 and _seen_always(w)
        )

    def push(self, a: Array, ring: Semiring) -> Array:
        if self.taps is not None:
            return self._push_taps(a, ring, self.taps)
        for s in self._moving:
            if a.shape[s.axis] > 1 or self.blind or ring is SUM:
                a = _slide_push(s, a, ring)
        return a

    def pull(self, a: Array, ring: Semiring) -> Array:
        if self.taps is not None:
            return self._pull_taps(a, ring, self.taps)
        for s in self._moving:
            if a.shape[s.axis] > 1:
                a = _slide_pull(s, a, ring)
            elif ring is SUM:
                shape = [1] * a.ndim
                shape[s.axis] = s.size
                a = a * _outputs_per_input(s._replace(axis=0)).reshape(shape)
            elif not _seen_always(s):
                a = _slide_pull(s, a, ring)
        return a

    def _span(self, a: Array, ring: Semiring) -> Array:
        shape = list(a.shape)
        for s in self.windows:
            shape[s.axis] = s.span
        return np.full(shape, ring.zero, a.dtype)

    def _inside(self, ndim: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        source, target = [slice(None)] * ndim, [slice(None)] * ndim
        for s in self.windows:
            source[s.axis], target[s.axis] = s.inside()
        return tuple(source), tuple(target)

    def _tap(self, tap: Sequence[int], ndim: int) -> tuple[slice, ...]:
        index = [slice(None)] * ndim
        for s, k in zip(self.windows, tap, strict=True):
            first = k * s.dilation
            index[s.axis] = slice(first, first + (s.out - 1) * s.stride + 1, s.stride)
        return tuple(index)

    def _push_taps(self, a: Array, ring: Semiring, taps: NDArray[np.bool_]) -> Array:
        for s in self.windows:
            a = spread(a, s.axis, s.size)
        span = self._span(a, ring)
        source, target = self._inside(a.ndim)
        span[target] = a[source]
        shape = list(a.shape)
        for s in self.windows:
            shape[s.axis] = s.out
        out: Array = np.full(shape, ring.zero, a.dtype)
        for tap in np.argwhere(taps).tolist():
            ring.plus(out, span[self._tap(tap, a.ndim)], out=out)
        return out

    def _pull_taps(self, a: Array, ring: Semiring, taps: NDArray[np.bool_]) -> Array:
        for s in self.windows:
            a = spread(a, s.axis, s.out)
        span = self._span(a, ring)
        for tap in np.argwhere(taps).tolist():
            part = span[self._tap(tap, a.ndim)]
            ring.plus(part, a, out=part)
        source, target = self._inside(a.ndim)
        shape = list(a.shape)
        for s in self.windows:
            shape[s.axis] = s.size
        out: Array = np.full(shape, ring.zero, a.dtype)
        out[source] = span[target]
        return out

    def label(self, labels: Labels) -> Labels:
        out = list(labels)
        for s in self.windows:
            factors = out[s.axis]
            if len(factors) > 1 or factors[0][1] != s.out:
                out[s.axis] = (Factor(_origins(factors), s.out),)
        return tuple(out)

    def affine(self, axis: int) -> AxisMap | str:
        s = self._by_axis.get(axis)
        if s is None:
            return AxisMap(axis, 1, 0, 1)
        first, last = 0, s.kernel - 1
        if self.taps is not None:
            others = tuple(i for i, w in enumerate(self.windows) if w is not s)
            used = np.flatnonzero(self.taps.any(axis=others))
            if not used.size:
                return "all weights are zero"
            first, last = int(used[0]), int(used[-1])
        offset, reach = first * s.dilation - s.pad, (last - first) * s.dilation + 1
        return AxisMap(axis, s.stride, offset, reach, s.pad_varies)


class TransposedWindow:
    """A transposed convolution: a window over the same axes with inputs and outputs exchanged.

    ``windows`` and ``taps`` are those of the convolution that it transposes, so that a slide's
    ``size`` is here the output's extent, and ``out`` the input's.
    """

    __slots__ = ("_by_axis", "blind", "slides", "window")
    mixes: tuple[int, ...] = ()

    def __init__(self, windows: Sequence[Slide], taps: NDArray[np.bool_] | None = None) -> None:
        self.window = Window(windows, taps)
        self.slides = self.window.slides
        self._by_axis = {w.axis: w for w in self.window.windows}
        self.blind = taps is not None or not all(_seen_always(w) for w in self.window.windows)

    def push(self, a: Array, ring: Semiring) -> Array:
        return self.window.pull(a, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        return self.window.push(a, ring)

    def label(self, labels: Labels) -> Labels:
        out = list(labels)
        for w in self.window.windows:
            out[w.axis] = (Factor(_origins(out[w.axis]), w.size),)
        return tuple(out)

    def affine(self, axis: int) -> AxisMap | str:
        w = self._by_axis.get(axis)
        if w is not None and w.stride != 1:
            return f"upsampled by {w.stride}"
        way = self.window.affine(axis)
        if w is None or isinstance(way, str):
            return way
        return way._replace(offset=1 - way.offset - way.reach)


class Taps(_Local):
    """Along one axis a table says which inputs each output sees.

    Covers resizing, slices, gathers, flips and paddings. ``table`` has shape (outputs, taps); a
    negative entry is no input. ``slides`` is set for what works like a window (resizing).
    ``form`` is the affine map where there is one (stride, offset), ``varies`` as in ``AxisMap``;
    else ``why`` says in words why there is none.
    """

    __slots__ = (
        "_cut", "_groups", "axis", "blind", "form", "size", "slides", "table", "varies", "why",
    )  # fmt: skip

    def __init__(
        self,
        axis: int,
        size: int,
        table: Indices,
        *,
        slides: bool = False,
        form: tuple[int, int] | None = None,
        varies: bool = False,
        why: str = "",
    ) -> None:
        if table.size and table.max() >= size:
            raise ValueError(f"position {table.max()} is beyond an axis of {size}")
        self.axis, self.size, self.form, self.varies, self.why = axis, size, form, varies, why
        self.table = np.where(table < 0, size, table)
        self.slides = (axis,) if slides else ()
        self.blind = not (table >= 0).any(axis=1).all()
        self._cut = None if self.blind or table.shape[1] != 1 else _as_cut(table[:, 0])
        self._groups: tuple[Indices, Indices, Indices] | None = None

    def push(self, a: Array, ring: Semiring) -> Array:
        if (
            a.shape[self.axis] == 1
            and not self.blind
            and (ring is not SUM or self.table.shape[1] == 1)
        ):
            return a
        if self._cut is not None:
            return a[_at(a.ndim, self.axis, self._cut)]
        return _look_up(a, self.axis, self.size, self.table, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        a = spread(a, self.axis, len(self.table))
        shape = list(a.shape)
        shape[self.axis] = self.size
        if self._cut is not None:
            out: Array = np.full(shape, ring.zero, a.dtype)
            out[_at(a.ndim, self.axis, self._cut)] = a
            return out
        if self._groups is None:
            self._groups = _by_input(self.table, self.size)
        outputs, firsts, inputs = self._groups
        out = np.full(shape, ring.zero, a.dtype)
        if len(inputs):
            at = (slice(None),) * self.axis + (inputs,)
            out[at] = ring.plus.reduceat(a.take(outputs, axis=self.axis), firsts, axis=self.axis)
        return out

    def label(self, labels: Labels) -> Labels:
        out = list(labels)
        out[self.axis] = (Factor(_origins(out[self.axis]), len(self.table)),)
        return tuple(out)

    def affine(self, axis: int) -> AxisMap | str:
        if axis != self.axis:
            return AxisMap(axis, 1, 0, 1)
        if self.form is not None:
            return AxisMap(axis, self.form[0], self.form[1], 1, self.varies)
        return self.why or "no affine form"


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
    """Along an axis of ``size`` combine what each row of the table lists; ``size`` is nothing."""
    shape = list(a.shape)
    shape[axis] = size + 1
    padded: Array = np.full(shape, ring.zero, a.dtype)
    padded[_at(a.ndim, axis, slice(0, size))] = a
    out = padded.take(table[:, 0], axis=axis)
    for tap in table.T[1:]:
        ring.plus(out, padded.take(tap, axis=axis), out=out)
    return out


def _by_input(table: Indices, size: int) -> tuple[Indices, Indices, Indices]:
    """The outputs that a table lists each input for: all in one line sorted by input, where each
    input's begin in it, and those inputs."""
    flat = table.reshape(-1)
    order = np.argsort(flat, kind="stable")
    order = order[: np.searchsorted(flat[order], size)]
    inputs, firsts = np.unique(flat[order], return_index=True)
    return order // table.shape[1], firsts, inputs


@dataclass(frozen=True)
class Place(_Local):
    """The input stands at ``start`` along an axis of extent ``out``: one part of a concatenation.

    Elsewhere the output sees nothing of this input.
    """

    axis: int
    start: int
    size: int
    out: int

    @property
    def blind(self) -> bool:  # type: ignore[override]
        return self.size < self.out

    def push(self, a: Array, ring: Semiring) -> Array:
        shape = list(a.shape)
        shape[self.axis] = self.out
        out: Array = np.full(shape, ring.zero, a.dtype)
        out[_at(a.ndim, self.axis, slice(self.start, self.start + self.size))] = a
        return out

    def pull(self, a: Array, ring: Semiring) -> Array:
        if a.shape[self.axis] == 1:
            return a
        return a[_at(a.ndim, self.axis, slice(self.start, self.start + self.size))]

    def label(self, labels: Labels) -> Labels:
        out = list(labels)
        out[self.axis] = (Factor(_origins(out[self.axis]), self.out),)
        return tuple(out)

    def affine(self, axis: int) -> AxisMap | str:
        if axis == self.axis and self.size != self.out:
            return "concatenated along an axis of the image"
        return AxisMap(axis, 1, 0, 1)


class Transpose(_Local):
    """Output axis ``i`` is input axis ``order[i]``."""

    __slots__ = ("inverse", "order")

    def __init__(self, order: Sequence[int]) -> None:
        self.order = tuple(order)
        self.inverse = tuple(self.order.index(i) for i in range(len(self.order)))

    def push(self, a: Array, ring: Semiring) -> Array:
        return a.transpose(self.order)

    def pull(self, a: Array, ring: Semiring) -> Array:
        return a.transpose(self.inverse)

    def label(self, labels: Labels) -> Labels:
        return tuple(labels[i] for i in self.order)

    def affine(self, axis: int) -> AxisMap | str:
        return AxisMap(self.inverse[axis], 1, 0, 1)


class Reshape(_Local):
    """The same elements in row-major order under another shape."""

    __slots__ = ("after", "before", "groups")

    def __init__(self, before: Shape, after: Shape) -> None:
        if prod(before) != prod(after):
            raise ValueError(f"cannot reshape {before} to {after}")
        self.before, self.after = before, after
        self.groups = _axis_groups(before, after)

    def push(self, a: Array, ring: Semiring) -> Array:
        return _regroup(a, self.before, self.after, self.groups)

    def pull(self, a: Array, ring: Semiring) -> Array:
        return _regroup(a, self.after, self.before, [(o, i) for i, o in self.groups])

    def label(self, labels: Labels) -> Labels:
        return _dealt(labels, self.groups, self.after)

    def affine(self, axis: int) -> AxisMap | str:
        for ins, outs in self.groups:
            if axis in ins:
                for o in outs:
                    if self.after[o] == self.before[axis] and (
                        prod(self.before[i] for i in ins) == self.before[axis]
                    ):
                        return AxisMap(o, 1, 0, 1)
        return "rearranged into another grid"


_Groups = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


def _regroup(
    a: Array,
    before: Shape,
    after: Shape,
    groups: Iterable[tuple[tuple[int, ...], tuple[int, ...]]],
) -> Array:
    """Reshape, writing out only those axes that are merged with ones along which it varies."""
    out = [1] * len(after)
    for ins, outs in groups:
        if len(ins) == len(outs) == 1:
            out[outs[0]] = a.shape[ins[0]]
            continue
        lengths = [a.shape[i] for i in ins]
        if max(lengths, default=1) == 1:
            continue
        if lengths != [before[i] for i in ins]:
            a = slim(a, ins)  # so that nothing is written out for nothing
            if max([a.shape[i] for i in ins]) == 1:
                continue
            for i in ins:
                a = spread(a, i, before[i])
        for o in outs:
            out[o] = after[o]
    return a.reshape(out)


@lru_cache(maxsize=4096)
def _axis_groups(before: Shape, after: Shape) -> _Groups:
    """The finest partition of both shapes' axes into consecutive groups of equal product."""
    groups: list[tuple[list[int], list[int]]] = []
    i = o = 0
    while i < len(before) or o < len(after):
        ins, outs, p, q = [], [], 1, 1
        if i < len(before):
            ins.append(i)
            p *= before[i]
            i += 1
        if o < len(after):
            outs.append(o)
            q *= after[o]
            o += 1
        while p != q:
            if p < q:
                ins.append(i)
                p *= before[i]
                i += 1
            else:
                outs.append(o)
                q *= after[o]
                o += 1
        if groups and (not ins or not outs):  # what is left are axes of length 1
            groups[-1][0].extend(ins)
            groups[-1][1].extend(outs)
        else:
            groups.append((ins, outs))
    return tuple((tuple(ins), tuple(outs)) for ins, outs in groups)


def _origins(factors: Sequence[Factor]) -> int:
    origins = 0
    for f in factors:
        origins |= f[0]
    return origins


@lru_cache(maxsize=4096)
def _dealt(labels: Labels, groups: _Groups, after: Shape) -> Labels:
    """Where the axes of a reshaped tensor come from."""
    out: list[tuple[Factor, ...]] = [()] * len(after)
    for ins, outs in groups:
        factors = [f for i in ins for f in labels[i]]
        for o, share in zip(outs, _deal(factors, [after[o] for o in outs]), strict=True):
            out[o] = share
    return tuple(out)


def _deal(factors: list[Factor], extents: list[int]) -> list[tuple[Factor, ...]]:
    """Share consecutive factors out among axes of the given extents, cutting where needed."""
    left = [f for f in factors if f.extent > 1][::-1]
    shares: list[tuple[Factor, ...]] = []
    for extent in extents:
        share: list[Factor] = []
        need = extent
        while need > 1:
            if not left:
                return _undealt(factors, extents)
            f = left.pop()
            if need % f.extent == 0:
                share.append(f)
                need //= f.extent
            elif f.extent % need == 0:
                share.append(Factor(f.origins, need))
                left.append(Factor(f.origins, f.extent // need))
                need = 1
            else:
                return _undealt(factors, extents)
        shares.append(tuple(share))
    single = [f for f in factors if f.extent == 1 and f.origins]
    for i, share_ in enumerate(shares):
        if not share_:
            shares[i] = (single.pop(0),) if single and extents[i] == 1 else (Factor(0, extents[i]),)
    return shares


def _undealt(factors: list[Factor], extents: list[int]) -> list[tuple[Factor, ...]]:
    origins = _origins(factors)
    return [(Factor(origins if e > 1 else 0, e),) for e in extents]


class Elements(_Local):
    """Any selection of single elements: ``index``, of the output's shape, holds the position in
    the flattened input that each output element copies; negative where it copies none.
    """

    __slots__ = ("before", "blind", "index")

    def __init__(self, before: Shape, index: Indices) -> None:
        if index.size and index.max() >= prod(before):
            raise ValueError(f"element {index.max()} is beyond those of {before}")
        self.before = before
        self.index = np.where(index < 0, prod(before), index)
        self.blind = bool((index < 0).any())

    def push(self, a: Array, ring: Semiring) -> Array:
        flat = np.append(np.broadcast_to(a, self.before).reshape(-1), np.array(ring.zero, a.dtype))
        return flat[self.index]

    def pull(self, a: Array, ring: Semiring) -> Array:
        out: Array = np.full(prod(self.before) + 1, ring.zero, a.dtype)
        ring.plus.at(out, self.index.reshape(-1), np.broadcast_to(a, self.index.shape).reshape(-1))
        return out[:-1].reshape(self.before)

    def label(self, labels: Labels) -> Labels:
        return _scattered(labels, self.index.shape)

    def affine(self, axis: int) -> AxisMap | str:
        return "single elements are picked"


def _scattered(labels: Labels, after: Shape) -> Labels:
    """Where axes come from when single elements were moved."""
    if len(after) == len(labels):
        return tuple((Factor(_origins(f), n),) for f, n in zip(labels, after, strict=True))
    origins = _origins([f for factors in labels for f in factors])
    return tuple((Factor(origins if n > 1 else 0, n),) for n in after)


class Scatter(_Local):
    """Single elements put in place: ``index``, of the input's shape, holds the position in the
    flattened output where each input element goes; negative where it goes nowhere.
    """

    __slots__ = ("_gather", "after", "before", "blind")

    def __init__(self, after: Shape, index: Indices) -> None:
        self.before, self.after = index.shape, after
        self._gather = Elements(after, index)
        seen = np.zeros(prod(after) + 1, bool)
        seen[self._gather.index] = True
        self.blind = not seen[:-1].all()

    def push(self, a: Array, ring: Semiring) -> Array:
        return self._gather.pull(a, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        return self._gather.push(a, ring)

    def label(self, labels: Labels) -> Labels:
        return _scattered(labels, self.after)

    def affine(self, axis: int) -> AxisMap | str:
        return "single elements are put in place"


class Mix:
    """All to all along some axes: channels of a convolution, reductions, softmax, attention.

    ``before`` holds the input extents of ``axes``; ``after`` their output extents, or None
    where the axes stay what they are (a normalisation) rather than become new ones.
    """

    __slots__ = ("after", "axes", "before", "keep", "mixes")
    slides: tuple[int, ...] = ()
    blind: bool = False

    def __init__(self, axes: Sequence[int], before: Shape, after: Shape | None = None) -> None:
        self.axes = self.mixes = tuple(axes)
        self.before = before
        self.keep = after is None
        self.after = before if after is None else after

    def push(self, a: Array, ring: Semiring) -> Array:
        for axis, extent in zip(self.axes, self.before, strict=True):
            a = fold(a, axis, extent, ring)
        return a

    def pull(self, a: Array, ring: Semiring) -> Array:
        for axis, extent in zip(self.axes, self.after, strict=True):
            a = fold(a, axis, extent, ring)
        return a

    def label(self, labels: Labels) -> Labels:
        if self.keep:
            return labels
        out = list(labels)
        for axis, extent in zip(self.axes, self.after, strict=True):
            out[axis] = (Factor(_origins(out[axis]) if extent == 1 else 0, extent),)
        return tuple(out)

    def affine(self, axis: int) -> AxisMap | str:
        if axis in self.axes and self.before[self.axes.index(axis)] > 1:
            return "mixed"
        return AxisMap(axis, 1, 0, 1)


class Broadcast(_Local):
    """NumPy broadcasting: axes of length 1 are repeated, axes are added in front."""

    __slots__ = ("after", "before", "lead", "repeated")

    def __init__(self, before: Shape, after: Shape) -> None:
        self.before, self.after = before, after
        self.lead = len(after) - len(before)
        self.repeated = tuple(
            (i, n)
            for i, n in enumerate(after)
            if n != 1 and (i < self.lead or before[i - self.lead] == 1)
        )

    def push(self, a: Array, ring: Semiring) -> Array:
        return a.reshape((1,) * self.lead + a.shape) if self.lead else a

    def pull(self, a: Array, ring: Semiring) -> Array:
        for axis, extent in self.repeated:
            a = fold(a, axis, extent, ring)
        return a.reshape(a.shape[self.lead :]) if self.lead else a

    def label(self, labels: Labels) -> Labels:
        out = [(Factor(0, n),) for n in self.after[: self.lead]] + list(labels)
        for axis, extent in self.repeated:
            out[axis] = (Factor(0, extent),)
        return tuple(out)

    def affine(self, axis: int) -> AxisMap | str:
        if any(axis + self.lead == repeated for repeated, _ in self.repeated):
            return "one value is repeated along the axis"
        return AxisMap(axis + self.lead, 1, 0, 1)


class Opaque:
    """Everything depends on everything: sound for an operation that nobody described."""

    __slots__ = ("after", "before", "mixes")
    slides: tuple[int, ...] = ()
    blind: bool = False

    def __init__(self, before: Shape, after: Shape) -> None:
        self.before, self.after = before, after
        self.mixes = tuple(range(len(before)))

    def push(self, a: Array, ring: Semiring) -> Array:
        return _all(a, self.before, len(self.after), ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        return _all(a, self.after, len(self.before), ring)

    def label(self, labels: Labels) -> Labels:
        if len(labels) != len(self.after):
            return tuple((Factor(0, n),) for n in self.after)
        return tuple(
            (Factor(_origins(f), n),) for f, n in zip(labels, self.after, strict=True)
        )  # a map is still shown as a map; what its cells see does not depend on it

    def affine(self, axis: int) -> AxisMap | str:
        return "mixed"


def _all(a: Array, extents: Shape, rank: int, ring: Semiring) -> Array:
    for axis, extent in enumerate(extents):
        a = fold(a, axis, extent, ring)
    return a.reshape((1,) * rank)


class Edge(NamedTuple):
    """How one output of an operation depends on its input number ``input``.

    ``rest`` marks what stays local beside a mixing edge from the same input (an instance
    normalisation's own value beside its statistics): it only counts where the mix is global.
    """

    input: int
    relation: Relation = IDENTITY
    rest: bool = False


@dataclass(slots=True)
class Output:
    """One output of an operation: its shape, and how it depends on the operation's inputs.

    ``assumed`` names in words why the dependence is only assumed; empty where it is exact.
    ``value`` is set where the output is known whatever the input holds (a tensor's shape).
    """

    shape: Shape
    edges: Sequence[Edge] = ()
    assumed: str = ""
    value: NDArray[np.generic] | None = None
