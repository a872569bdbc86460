"""What every relation is made of: semirings, labels, steps, and how arrays are folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


def combine(a: Array, axis: int, extent: int, ring: Semiring) -> Array:
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


def along(ndim: int, axis: int, index: slice) -> tuple[slice, ...]:
    """The index that takes ``index`` along one axis and everything along the others."""
    return (slice(None),) * axis + (index,) + (slice(None),) * (ndim - axis - 1)


class Local:
    """What most steps share: they neither slide nor mix, and every output sees something."""

    slides: tuple[int, ...] = ()
    mixes: tuple[int, ...] = ()
    blind: bool = False


def origins_of(factors: Sequence[Factor]) -> int:
    origins = 0
    for f in factors:
        origins |= f[0]
    return origins


class Edge(NamedTuple):
    """How one output of an operation depends on its input number ``input``.

    ``local_beside_mix`` marks what stays local beside a mixing edge from the same input: an
    instance normalisation's own value beside its statistics. It only counts where the mix is
    global.
    """

    input: int
    relation: Relation = IDENTITY
    local_beside_mix: bool = False


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


Ints = tuple[int, ...]
