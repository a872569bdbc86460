"""Semirings, labels, and the protocol of a relation's steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .fit import KEPT, Fit

Array = NDArray[Any]
Indices = NDArray[np.integer]
Shape = tuple[int, ...]

FAR = 2**30
"""Larger than any input coordinate: the minimum over nothing."""

MOST_BYTES = 2**30
"""The most bytes of one array of a walk.

A mask over the largest input that is traced takes a quarter of that, path counts over a volume of
512 pixels a side all of it. Layers of real networks take some megabytes: their axes stay short.
"""

MOST_KEPT = 2**31
"""The most bytes of all arrays that a walk keeps, or leaves behind as its answer."""

MOST_PASSED = 2**34
"""The most bytes of the arrays that a walk passes over, which takes about 20 seconds."""

MOST_AXES = 32
"""The most axes of a tensor: NumPy broadcasts no more."""


class TooLargeError(MemoryError):
    """Raised before arrays are made that would take too many bytes, or too long."""


def check_room(shape: Iterable[int], dtype: np.dtype[Any]) -> None:
    """Raise TooLargeError where an array of this shape would be too large."""
    if prod(shape) * dtype.itemsize > MOST_BYTES:
        raise TooLargeError(f"an array of {tuple(shape)} would be too large")


class Effort:
    """What a walk takes: the bytes that it passes over, and those that it keeps."""

    def __init__(self) -> None:
        self._passed = self._kept = 0
        self._owners: set[int] = set()

    def passes(self, *arrays: Array) -> None:
        """Count arrays that it passes over. Raises TooLargeError where they become too many."""
        self.takes(sum(a.nbytes for a in arrays))

    def takes(self, count: int) -> None:
        """Count bytes that it passes over. Raises TooLargeError where they become too many."""
        self._passed += count
        if self._passed > MOST_PASSED:
            raise TooLargeError(f"a walk over more than {MOST_PASSED:,} bytes")

    def keeps(self, *arrays: Array) -> None:
        """Count arrays that it keeps, each once. Raises TooLargeError as ``passes``."""
        for a in arrays:
            owner = a.base if isinstance(a.base, np.ndarray) else a
            if id(owner) not in self._owners:
                self._owners.add(id(owner))
                self._kept += owner.nbytes
        if self._kept > MOST_KEPT:
            raise TooLargeError(f"a walk that keeps more than {MOST_KEPT:,} bytes")


class Semiring(NamedTuple):
    """A way to combine values that arrive by several paths.

    ``plus`` combines two of them; ``zero`` is the value where there is no path.
    """

    plus: np.ufunc
    zero: int | float | bool


MIN = Semiring(np.minimum, FAR)
MAX = Semiring(np.maximum, 0)
OR = Semiring(np.logical_or, False)
SUM = Semiring(np.add, 0.0)


def blank(shape: Sequence[int], ring: Semiring, dtype: np.dtype[Any]) -> Array:
    """Make an array of no paths at all. Raises TooLargeError."""
    check_room(shape, dtype)
    return np.full(shape, ring.zero, dtype)


class Factor(NamedTuple):
    """Part of a tensor axis: ``origins`` is a bit set of the input axes it runs along."""

    origins: int
    extent: int


Labels = tuple[tuple[Factor, ...], ...]
"""For each tensor axis its factors, outermost first: where the axis comes from."""


class AxisMap(NamedTuple):
    """The affine map along an axis.

    Output ``u`` sees ``reach`` positions from ``offset + u * stride`` on. ``axis`` is the output's
    axis. ``varies`` says that ``offset`` would differ at another input size (TensorFlow's SAME
    padding with a stride); ``fit`` says how, and how long the output's axis would be, None where
    neither is known. That an axis is kept counts only where output ``u`` sees position ``u`` alone.
    """

    axis: int
    stride: int
    offset: int
    reach: int
    varies: bool = False
    fit: Fit | None = KEPT

    @property
    def moves(self) -> bool:
        """Whether output ``u`` sees position ``u`` alone: the axis stays what it is."""
        return self.stride == self.reach == 1 and not self.offset and not self.varies


class NoMap(NamedTuple):
    """The lack of an affine map along an axis, and ``why`` in words.

    "mixed": every output sees the whole axis, or a whole block of it. "regrouped": the axis is
    merged with others or cut, and ``Step.follow_index`` tells how its index continues.
    """

    kind: Literal["mixed", "regrouped", "irregular"]
    why: str


class AxisIndex(NamedTuple):
    """An index along part of an axis: ``position // inner % extent``.

    Where ``extent`` is None it is the position itself.
    """

    axis: int
    inner: int = 1
    extent: int | None = None


class Pairs(NamedTuple):
    """The number of inputs of each output of a step: ``inputs / outputs`` on average.

    Positions in the padding of a window count, since they are multiplied too. ``combines`` says
    whether several inputs may make one output.
    """

    inputs: int
    outputs: int
    combines: bool


MOVED = Pairs(1, 1, False)
"""Every output is made of one input."""


class Stretch(NamedTuple):
    """The positions from ``start`` up to (not including) ``stop`` of an axis of ``extent``."""

    axis: int
    start: int
    stop: int
    extent: int


AxisSettings = Mapping[str, Mapping[int, int | tuple[int, int]]]
"""By the name of a setting the numbers for single axes of a step's input, as ``padding``."""


class Step(Protocol):
    """A step of a relation: it answers every question about itself.

    ``BaseStep`` has sound answers to the questions that a step need not answer.
    """

    def push(self, a: Array, ring: Semiring) -> Array:
        """Values at the output from values at the input (see the package's docstring)."""
        ...

    def pull(self, a: Array, ring: Semiring) -> Array:
        """Values at the input from values at the output."""
        ...

    def label(self, labels: Labels) -> Labels:
        """The origins of the output's axes, from those of the input's."""
        ...

    def shape(self, before: Shape) -> Shape:
        """The output's shape for an input of shape ``before``.

        Raises ValueError where such an input does not fit the step.
        """
        ...

    def pairs(self) -> Pairs | None:
        """The number of inputs of an output, for the cost; None where the step cannot tell."""
        ...

    def affine(self, axis: int) -> AxisMap | NoMap:
        """The affine map along the input's ``axis``, or the reason why there is none."""
        ...

    def follow_index(self, axis: int, inner: int, extent: int | None) -> AxisIndex | None:
        """The output's index that continues an index along part of the input's ``axis``.

        ``AxisIndex`` says which part it is. None where no single output axis has the part.
        """
        ...

    def reads(self, axis: int) -> Indices | None:
        """The positions along the input's ``axis`` that each output position reads, as rows.

        Positions below 0 or beyond the last one are padding. None where outputs do not all read the
        same number of positions.
        """
        ...

    @property
    def settings(self) -> AxisSettings:
        """What the operation was told about this step, for single axes."""
        ...

    @property
    def slides(self) -> tuple[int, ...]:
        """The axes that a window slides over; they make an input axis a spatial one."""
        ...

    @property
    def mixes(self) -> tuple[int, ...]:
        """The input axes that are mixed all to all."""
        ...

    @property
    def blind(self) -> bool:
        """Whether some outputs may see no input at all."""
        ...

    @property
    def stays(self) -> bool:
        """Whether every element keeps its position, even if it is mixed with others."""
        ...

    @property
    def fills(self) -> Stretch | None:
        """The stretch of an output axis that the input fills; elsewhere outputs see nothing.

        Parts of a concatenation have one; None for every other step.
        """
        ...

    @property
    def separable(self) -> bool:
        """Whether marks along some axes and marks along others may be pulled one by one.

        Where both are marked, the inputs are those that both pulls lead to: each axis has a
        relation of its own, or each input makes one output.
        """
        ...

    def leaves(self, axis: int) -> bool:
        """Whether the step leaves the axis alone, so that stretches of it can be pushed singly."""
        ...

    def unites(self, axis: int) -> bool:
        """Whether every output sees all positions along the input's ``axis`` or none of them.

        Then only their union matters.
        """
        ...


class BaseStep(ABC):
    """Sound answers to the questions that a step need not answer.

    They may make a walk slower or leave a question open, but never make an answer wrong.
    """

    __slots__ = ()
    slides: tuple[int, ...] = ()
    mixes: tuple[int, ...] = ()
    blind: bool = True
    stays: bool = False
    separable: bool = False

    @abstractmethod
    def push(self, a: Array, ring: Semiring) -> Array:
        """Values at the output from values at the input."""

    @abstractmethod
    def pull(self, a: Array, ring: Semiring) -> Array:
        """Values at the input from values at the output."""

    @abstractmethod
    def label(self, labels: Labels) -> Labels:
        """The origins of the output's axes, from those of the input's."""

    @abstractmethod
    def shape(self, before: Shape) -> Shape:
        """The output's shape for an input of shape ``before``; raises ValueError."""

    @abstractmethod
    def affine(self, axis: int) -> AxisMap | NoMap:
        """The affine map along the input's ``axis``, or the reason why there is none."""

    def pairs(self) -> Pairs | None:
        """The number of inputs of an output: None, it is unknown."""
        return None

    def follow_index(self, axis: int, inner: int, extent: int | None) -> AxisIndex | None:
        """The index along the same part of the axis, where the axis stays what it is; else None."""
        step_map = self.affine(axis)
        if isinstance(step_map, AxisMap) and step_map.moves:
            return AxisIndex(step_map.axis, inner, extent)
        return None

    def reads(self, axis: int) -> Indices | None:
        """The positions that each output reads: None, there is no fixed number of them."""
        return None

    @property
    def settings(self) -> AxisSettings:
        """What the operation was told about this step: nothing for single axes."""
        return {}

    @property
    def fills(self) -> Stretch | None:
        """The stretch that the input fills: None, this is no part of a concatenation."""
        return None

    def leaves(self, axis: int) -> bool:
        """Whether the step leaves the axis alone: False, it may work along any axis."""
        return False

    def unites(self, axis: int) -> bool:
        """Whether only unions matter: False, single positions may matter along any axis."""
        return False


class Moves(BaseStep):
    """A step whose every output is made of one input: elements move or repeat, none is mixed."""

    __slots__ = ()
    blind: bool = False

    def pairs(self) -> Pairs | None:
        """Every output is made of one input."""
        return MOVED


Relation = tuple[Step, ...]
IDENTITY: Relation = ()


def push(relation: Relation, a: Array, ring: Semiring) -> Array:
    """Push values at a relation's input to its output."""
    for step in relation:
        a = step.push(a, ring)
    return a


def pull(relation: Relation, a: Array, ring: Semiring) -> Array:
    """Pull values at a relation's output back to its input."""
    for step in reversed(relation):
        a = step.pull(a, ring)
    return a


@lru_cache(maxsize=4096)
def shape_after(relation: Relation, before: Shape) -> Shape:
    """The shape of a relation's output for an input of shape ``before``.

    Raises ValueError where a step does not fit the shape that reaches it.
    """
    return shapes_along(relation, before)[-1]


def shapes_along(relation: Relation, before: Shape) -> list[Shape]:
    """The shapes from a relation's input, ``before``, to its output, one after each step.

    Raises ValueError where a step does not fit the shape that reaches it.
    """
    shapes = [before]
    for step in relation:
        shapes.append(step.shape(shapes[-1]))
        if min(shapes[-1], default=0) < 0:
            raise ValueError(f"a tensor cannot be of {shapes[-1]}")
    return shapes


def with_extents(shape: Shape, changes: Iterable[tuple[int, int, int]]) -> Shape:
    """A shape with some axes changed: (axis, extent before, extent after) each.

    Raises ValueError where an axis does not exist or has another extent.
    """
    after = list(shape)
    for axis, size, out in changes:
        if not 0 <= axis < len(shape) or shape[axis] != size:
            raise ValueError(f"axis {axis} of {shape} should be {size} long")
        after[axis] = out
    return tuple(after)


def check_shape(shape: Shape, expected: Shape) -> None:
    """Raise ValueError where a tensor is of another shape than expected."""
    if shape != expected:
        raise ValueError(f"a tensor of {shape} should be one of {expected}")


def pairs_of(relation: Relation) -> Pairs | None:
    """The average number of inputs of an output of a whole relation.

    None where a step cannot tell.
    """
    inputs = outputs = 1
    combines = False
    for step in relation:
        pairs = step.pairs()
        if pairs is None:
            return None
        inputs, outputs = inputs * pairs.inputs, outputs * pairs.outputs
        combines = combines or pairs.combines
    return Pairs(inputs, outputs, combines)


def combine(a: Array, axis: int, extent: int, ring: Semiring) -> Array:
    """Combine along an axis, keeping it with length 1. ``extent`` is the tensor's own."""
    if a.shape[axis] > 1:
        combined: Array = ring.plus.reduce(a, axis=axis, keepdims=True)
        return combined
    if ring is SUM and extent != 1:
        return a * extent
    return a


def spread(a: Array, axis: int, extent: int) -> Array:
    """Write out an axis along which nothing varies."""
    if a.shape[axis] == extent:
        return a
    return np.broadcast_to(a, (*a.shape[:axis], extent, *a.shape[axis + 1 :]))


def slim(a: Array, axes: Sequence[int] | None = None) -> Array:
    """Cut those of the axes back to length 1 along which nothing varies."""
    for axis in range(a.ndim) if axes is None else axes:
        if a.shape[axis] > 1:
            first = a.take([0], axis=axis)
            if bool((a == first).all()):
                a = first
    return a


def along(ndim: int, axis: int, index: slice) -> tuple[slice, ...]:
    """The index that takes ``index`` along one axis and everything along the others."""
    return (slice(None),) * axis + (index,) + (slice(None),) * (ndim - axis - 1)


def origins_of(factors: Sequence[Factor]) -> int:
    """The bit set of the input axes that any of the factors runs along."""
    origins = 0
    for f in factors:
        origins |= f[0]
    return origins


class Edge(NamedTuple):
    """The dependence of an operation's output on its input number ``input``.

    ``local_beside_mix`` marks a local edge beside a mixing edge from the same input: an instance
    normalisation's own value beside its statistics. It only counts where the mix is global.
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
