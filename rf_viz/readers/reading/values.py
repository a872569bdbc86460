"""Tensors of a graph while it is read: their shapes, and values where these are constant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from ...relation import Output, Shape


class DataDependent(Exception):  # noqa: N818  (a finding, not an error)
    """Raised where an output's shape depends on the input's values; the argument says why."""


class ShapeUnknown(DataDependent):
    """Raised where an output's shape depends on a tensor whose own shape is unknown.

    That tensor has the reason already.
    """


class _How(NamedTuple):
    """How a value is computed: from inputs that are fed, by operations that round."""

    fed: bool
    rounded: bool


_EXACTLY = _How(False, False)


def _how(after: Sequence[Value | None], rounded: bool) -> _How:
    if not after and not rounded:
        return _EXACTLY
    parts = [v for v in after if v is not None]
    return _How(any(v.fed for v in parts), rounded or any(v.rounded for v in parts))


class Value:
    """A tensor while a graph is read, with all that is known of it.

    ``tensor`` is its number among the described tensors, -1 where it does not depend on the traced
    input. ``shape`` is None where it depends on the data. A sequence has ``items``, or ``rows``:
    the tensor whose rows are its items. ``get`` computes the values when they are first needed,
    with digits that are ``rounded`` in ways that runtimes differ in; ``after`` are those it is
    computed from.
    """

    __slots__ = ("_after", "_computed", "_get", "_value", "items", "rows", "shape", "tensor")

    def __init__(
        self,
        shape: Shape | None,
        tensor: int = -1,
        value: NDArray[Any] | None = None,
        get: Callable[[], NDArray[Any] | None] | None = None,
        items: Sequence[Value] | None = None,
        after: Sequence[Value | None] = (),
        rows: Value | None = None,
        rounded: bool = False,
    ) -> None:
        self.shape, self.tensor, self.items, self.rows = shape, tensor, items, rows
        self._value, self._get, self._after = value, get, after
        self._computed = None if get is None else _how(after, rounded)

    @property
    def fed(self) -> bool:
        """Whether it depends on another input of the model, so that nobody knows its values."""
        if self._computed is None:
            return self._value is None and self.tensor < 0
        return self._computed.fed

    @property
    def rounded(self) -> bool:
        """Whether another runtime may compute its last digits otherwise."""
        return self._computed is not None and self._computed.rounded

    def value(self) -> NDArray[Any] | None:
        """The values, computed when first needed; None where they are not known."""
        if self._get is None:
            return self._value
        pending = [self]
        while pending:  # not by recursion: a chain of such values may be as deep as the graph
            last = pending[-1]
            waiting = [v for v in last._after if v is not None and v._get is not None]
            if waiting:
                pending.extend(waiting)
            elif last._get is not None:
                last._value, last._get, last._after = last._get(), None, ()
            else:
                pending.pop()
        return self._value


class Put(NamedTuple):
    """An item that each turn of a loop puts into a list: ``at`` is its place in each turn.

    None where it is put behind the last; a place is -1 where it is not known.
    """

    at: tuple[int, ...] | None
    item: Value


class Filled(Value):
    """A list while a loop fills it: ``base`` as it enters the loop, ``puts`` of every turn."""

    __slots__ = ("base", "puts")

    def __init__(self, base: Value, puts: Sequence[Put] = ()) -> None:
        super().__init__(None)
        self.base, self.puts = base, tuple(puts)

    def put(self, at: int | None, item: Value) -> Filled:
        """Return the list with one more item put in."""
        return Filled(self.base, [*self.puts, Put(None if at is None else (at,), item)])


def leaves(values: Iterable[Value | None]) -> list[Value]:
    """Return tensors, and those that sequences consist of."""
    tensors: list[Value] = []
    for value in values:
        if value is None:
            continue
        if value.rows is not None:
            tensors.append(value.rows)
        elif value.items is not None:
            tensors.extend(leaves(value.items))
        else:
            tensors.append(value)
    return tensors


Outputs = Output | Value | Sequence[Output | Value]
"""The outputs of an operator's description, in order.

A ``Value`` is passed on as it is: a sequence, or the result of a subgraph."""
