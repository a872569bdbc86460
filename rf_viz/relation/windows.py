"""Windows that slide over axes: convolution, pooling, causal scans, and their transposes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .base import (
    MOST_PASSED,
    SUM,
    Array,
    AxisMap,
    AxisSettings,
    BaseStep,
    Factor,
    Indices,
    Labels,
    NoMap,
    Pairs,
    Semiring,
    Shape,
    TooLargeError,
    along,
    blank,
    check_room,
    origins_of,
    spread,
    with_extents,
)
from .fit import Fit, Padding

FARTHEST = 2**31
"""The farthest that a window may pass over, in positions, padding included."""


class Slide(NamedTuple):
    """A window along one axis: output ``o`` sees ``o*stride - pad + k*dilation``, k < kernel.

    ``size`` and ``out`` are the axis' input and output extents; positions outside the input are
    padding. ``pad`` may be negative (the input is cropped). ``pad_varies`` says that the padding
    would differ at another input size. ``padding`` is how the axis was told to be padded, None
    where ``pad`` and ``out`` do not follow from the size alone.
    """

    axis: int
    size: int
    out: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    pad: int = 0
    pad_varies: bool = False
    padding: Padding | None = None

    @property
    def fit(self) -> Fit | None:
        """How such windows fit an axis of any extent; None where that is not known."""
        if self.padding is None:
            return None
        return Fit(self.kernel, self.stride, self.dilation, self.padding)

    @property
    def pads(self) -> tuple[int, int]:
        """The padding in front and behind: as it was told, else as much as the windows need."""
        if self.padding is not None:
            return self.pad, self.padding.behind
        return self.pad, self.span - self.size - self.pad

    @property
    def trivial(self) -> bool:
        """Whether every output sees its own position and no other."""
        return self.kernel == 1 and self.stride == 1 and self.pad == 0 and self.out == self.size

    @property
    def span(self) -> int:
        """The number of positions, padding included, that the window passes over."""
        return (self.out - 1) * self.stride + (self.kernel - 1) * self.dilation + 1

    @property
    def sees_always(self) -> bool:
        """Whether every output sees some input."""
        if self.trimmed is not self:
            return self.trimmed.sees_always
        if self.dilation > self.size:  # taps may step over all of the input
            check_room((self.out,), np.dtype(np.int64))
            first = np.arange(self.out) * self.stride - self.pad
            tap = np.maximum(0, -(first // self.dilation))  # the first one past the padding
            at = first + tap * self.dilation
            return bool(((tap < self.kernel) & (at < self.size)).all())
        reach = (self.kernel - 1) * self.dilation
        return self.pad <= reach and (self.out - 1) * self.stride - self.pad < self.size

    @property
    def trimmed(self) -> Slide:
        """The same window without taps that meet padding only, however many a kernel claims."""
        first = max(0, (self.pad - (self.out - 1) * self.stride) // self.dilation)
        last = min(self.kernel - 1, (self.size - 1 + self.pad) // self.dilation)
        if (first == 0 and last == self.kernel - 1) or last < first:
            return self
        pad = self.pad - first * self.dilation
        return self._replace(kernel=last - first + 1, pad=pad, padding=None)

    def inside(self) -> tuple[slice, slice]:
        """The overlap of input and padded span: as a slice of the input, and of the span."""
        low = max(0, -self.pad)
        high = max(low, min(self.size, self.span - self.pad))
        return slice(low, high), slice(low + self.pad, high + self.pad)


_FEW = 12
"""Up to so many taps are combined one by one, more by doubling."""

_SHORT = 2**12
"""Up to so many outputs are looked up in a table, which is kept; those of a signal are too many."""


@lru_cache(maxsize=1024)
def _taps_inside(size: int, out: int, kernel: int, stride: int, dilation: int, pad: int) -> Indices:
    """The input that each output sees by each tap (rows).

    A tap in the padding is replaced by another one of its window: to see an input twice changes
    nothing over the semirings that use this.
    """
    firsts = np.arange(out) * stride - pad
    lowest, highest = np.maximum(0, -(firsts // dilation)), (size - 1 - firsts) // dilation
    taps = np.arange(kernel)[:, None]
    table: Indices = firsts + np.minimum(np.maximum(taps, lowest), highest) * dilation
    return table


def _slide_push(s: Slide, a: Array, ring: Semiring) -> Array:
    """Push along one axis whose values vary, or that some windows miss."""
    few = s.kernel <= _FEW and s.out <= _SHORT
    if ring is not SUM and few and a.shape[s.axis] > 1 and s.sees_always:
        table = _taps_inside(s.size, s.out, s.kernel, s.stride, s.dilation, s.pad)
        seen: Array = ring.plus.reduce(a.take(table, axis=s.axis), axis=s.axis)
        return seen
    s = s.trimmed
    source, target = s.inside()
    shape = list(a.shape)
    shape[s.axis] = s.span
    span: Array = blank(shape, ring, a.dtype)
    span[along(a.ndim, s.axis, target)] = spread(a, s.axis, s.size)[along(a.ndim, s.axis, source)]
    last = (s.out - 1) * s.stride + 1

    def taps(values: Array, first: int) -> Array:
        return values[along(a.ndim, s.axis, slice(first, first + last, s.stride))]

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
            values[along(values.ndim, s.axis, slice(0, n - d))],
            values[along(values.ndim, s.axis, slice(d, n))],
        )
        block *= 2


def _slide_pull(s: Slide, a: Array, ring: Semiring) -> Array:
    s = s.trimmed
    last = (s.out - 1) * s.stride + 1
    reach = (s.kernel - 1) * s.dilation
    shape = list(a.shape)
    a = spread(a, s.axis, s.out)
    if s.kernel <= _FEW:
        shape[s.axis] = s.span
        span: Array = blank(shape, ring, a.dtype)
        for k in range(s.kernel):
            part = span[
                along(a.ndim, s.axis, slice(k * s.dilation, k * s.dilation + last, s.stride))
            ]
            ring.plus(part, a, out=part)
    else:
        shape[s.axis] = s.span + reach
        outputs: Array = blank(shape, ring, a.dtype)
        outputs[along(a.ndim, s.axis, slice(reach, reach + last, s.stride))] = a

        def taps(values: Array, first: int) -> Array:
            return values[along(values.ndim, s.axis, slice(first, first + s.span))]

        span = _by_doubling(outputs, s, ring, taps)
    source, target = s.inside()
    if (source.start, source.stop) == (0, s.size):
        return span[along(a.ndim, s.axis, target)]
    shape[s.axis] = s.size
    result: Array = blank(shape, ring, a.dtype)
    result[along(a.ndim, s.axis, source)] = span[along(a.ndim, s.axis, target)]
    return result


def _outputs_per_input(s: Slide) -> NDArray[np.float64]:
    """The number of outputs that see each input position; of short axes it is worked out once."""
    return _kept_counts(s) if s.size <= _SHORT else _counts(s)


def _counts(s: Slide) -> NDArray[np.float64]:
    check_room((s.out,), np.dtype(np.float64))
    return _slide_pull(s, np.ones(s.out), SUM)


_kept_counts = lru_cache(maxsize=4096)(_counts)


@lru_cache(maxsize=4096)
def _seen_always(s: Slide) -> bool:
    """Whether every input is seen by some output."""
    return bool((_outputs_per_input(s._replace(axis=0)) > 0).all())


def _check_taps(taps: NDArray[np.bool_], span: Array) -> None:
    """Raise TooLargeError where it would take too long to combine all taps one by one."""
    if int(taps.sum()) * span.nbytes > MOST_PASSED:
        raise TooLargeError(f"{taps.sum()} taps over an array of {span.shape}")


class Window(BaseStep):
    """A kernel that slides over some axes: convolution, pooling, causal scans.

    ``taps``, of the kernel's shape, masks positions out (False); None keeps them all. ``spatial``
    is False where the axes are not space, as for a window over channels. A single window that holds
    the whole axis mixes it, like a global pooling written as an ordinary one.
    """

    __slots__ = (
        "_by_axis", "_maps", "_moving", "blind", "mixes", "separable", "slides", "stays", "taps",
        "windows",
    )  # fmt: skip

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
        self._maps: dict[int, AxisMap | NoMap] = {}
        self._moving = tuple(w for w in self.windows if not w.trivial)
        self.blind = taps is not None or not all(w.sees_always for w in self.windows)
        self.mixes = tuple(
            w.axis for w in self.windows if w.out == 1 and w.size > 1 and _seen_always(w)
        )
        self.stays = not self._moving
        self.separable = taps is None

    def leaves(self, axis: int) -> bool:
        """Whether no window slides over the axis."""
        return axis not in self._by_axis

    def push(self, a: Array, ring: Semiring) -> Array:
        """Combine the inputs under each window."""
        if self.taps is not None:
            return self._push_taps(a, ring, self.taps)
        for s in self._moving:
            if a.shape[s.axis] > 1 or self.blind or ring is SUM:
                a = _slide_push(s, a, ring)
        return a

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Combine, for each input, the outputs whose windows it lies under."""
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
        return blank(shape, ring, a.dtype)

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
        _check_taps(taps, span)
        source, target = self._inside(a.ndim)
        span[target] = a[source]
        shape = list(a.shape)
        for s in self.windows:
            shape[s.axis] = s.out
        out: Array = blank(shape, ring, a.dtype)
        for tap in np.argwhere(taps).tolist():
            ring.plus(out, span[self._tap(tap, a.ndim)], out=out)
        return out

    def _pull_taps(self, a: Array, ring: Semiring, taps: NDArray[np.bool_]) -> Array:
        for s in self.windows:
            a = spread(a, s.axis, s.out)
        span = self._span(a, ring)
        _check_taps(taps, span)
        for tap in np.argwhere(taps).tolist():
            part = span[self._tap(tap, a.ndim)]
            ring.plus(part, a, out=part)
        source, target = self._inside(a.ndim)
        shape = list(a.shape)
        for s in self.windows:
            shape[s.axis] = s.size
        out: Array = blank(shape, ring, a.dtype)
        out[source] = span[target]
        return out

    def label(self, labels: Labels) -> Labels:
        """The origins of each slid axis, as one factor if its extent changes."""
        out = list(labels)
        for s in self.windows:
            factors = out[s.axis]
            if len(factors) > 1 or factors[0][1] != s.out:
                out[s.axis] = (Factor(origins_of(factors), s.out),)
        return tuple(out)

    def shape(self, before: Shape) -> Shape:
        """The shape with each slid axis as long as there are windows."""
        for w in self.windows:
            if min(w.kernel, w.stride, w.dilation) < 1 or w.span > FARTHEST:
                raise ValueError(f"a window of {w.kernel} by {w.stride} does not work")
        return with_extents(before, [(w.axis, w.size, w.out) for w in self.windows])

    def pairs(self) -> Pairs | None:
        """The number of kernel positions, those masked out included."""
        return Pairs(prod(w.kernel for w in self.windows), 1, True)

    @property
    def settings(self) -> AxisSettings:
        """The kernel's extent and how it slides, along each axis of space."""
        if not self.slides:
            return {}
        return {
            "kernel": {w.axis: w.kernel for w in self.windows},
            "stride": {w.axis: w.stride for w in self.windows},
            "padding": {w.axis: w.pads for w in self.windows},
            "dilation": {w.axis: w.dilation for w in self.windows},
        }

    def reads(self, axis: int) -> Indices | None:
        """The positions under each window, padding included; None for a masked kernel."""
        s = self._by_axis.get(axis)
        if s is None or self.taps is not None:
            return None
        firsts = np.arange(s.out) * s.stride - s.pad
        positions: Indices = firsts[:, None] + np.arange(s.kernel) * s.dilation
        return positions

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The windows' positions, if any kernel position along the axis is left."""
        step_map = self._maps.get(axis)
        if step_map is None:
            step_map = self._maps[axis] = self._affine(axis)
        return step_map

    def _affine(self, axis: int) -> AxisMap | NoMap:
        s = self._by_axis.get(axis)
        if s is None:
            return AxisMap(axis, 1, 0, 1)
        first, last = 0, s.kernel - 1
        if self.taps is not None:
            others = tuple(i for i, w in enumerate(self.windows) if w is not s)
            used = np.flatnonzero(self.taps.any(axis=others))
            if not used.size:
                return NoMap("irregular", "all weights are zero")
            first, last = int(used[0]), int(used[-1])
        offset, reach = first * s.dilation - s.pad, (last - first) * s.dilation + 1
        return AxisMap(axis, s.stride, offset, reach, s.pad_varies, s.fit)


class Scan(Window):
    """A window that reaches all the way to one end of an axis: cumulative sums, recurrences."""

    __slots__ = ()

    @property
    def settings(self) -> AxisSettings:
        """Nothing: how far it reaches follows from the axis."""
        return {}

    def affine(self, axis: int) -> AxisMap | NoMap:
        """No map along the scanned axis: the number of positions seen grows along it."""
        if any(w.axis == axis and w.size > 1 for w in self.windows):
            return NoMap("irregular", "a scan sees everything before a cell")
        return super().affine(axis)


class TransposedWindow(BaseStep):
    """A transposed convolution: a window with inputs and outputs exchanged.

    ``windows`` and ``taps`` are those of the convolution that it transposes, so a slide's ``size``
    is the output's extent here, and ``out`` the input's.
    """

    __slots__ = ("_by_axis", "blind", "separable", "slides", "window")

    def __init__(self, windows: Sequence[Slide], taps: NDArray[np.bool_] | None = None) -> None:
        self.window = Window(windows, taps)
        self.slides = self.window.slides
        self.separable = self.window.separable
        self._by_axis = {w.axis: w for w in self.window.windows}
        self.blind = taps is not None or not all(_seen_always(w) for w in self.window.windows)

    def push(self, a: Array, ring: Semiring) -> Array:
        """Pull through the transposed window."""
        return self.window.pull(a, ring)

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Push through the transposed window."""
        return self.window.push(a, ring)

    def label(self, labels: Labels) -> Labels:
        """Each slid axis keeps its origins, as one factor."""
        out = list(labels)
        for w in self.window.windows:
            out[w.axis] = (Factor(origins_of(out[w.axis]), w.size),)
        return tuple(out)

    def shape(self, before: Shape) -> Shape:
        """The shape with each slid axis as long as the axis that the windows slid over."""
        return with_extents(before, [(w.axis, w.out, w.size) for w in self.window.windows])

    def pairs(self) -> Pairs | None:
        """All kernel positions of all windows, over the number of outputs."""
        slid = self.window.windows
        return Pairs(prod(w.out * w.kernel for w in slid), prod(w.size for w in slid), True)

    @property
    def settings(self) -> AxisSettings:
        """Those of the convolution that it transposes."""
        return self.window.settings

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The mirrored window's map; none with a stride, since outputs differ by their phase."""
        w = self._by_axis.get(axis)
        if w is not None and w.stride != 1:
            return NoMap("irregular", f"upsampled by {w.stride}")
        step_map = self.window.affine(axis)
        if w is None or isinstance(step_map, NoMap):
            return step_map
        return step_map._replace(offset=1 - step_map.offset - step_map.reach, fit=None)
