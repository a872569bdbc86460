"""Tensors of a graph while it is read: their shapes, and values where these are constant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from ...relation import Output, Shape


class DataDependent(Exception):  # noqa: N818  (a finding, not an error)
    """Raised where an output's shape depends on the input's values; the argument says why."""


class ShapeUnknown(DataDependent):
    """Raised where an output's shape depends on a tensor whose own shape is unknown.

    That tensor has the reason already.
    """


class Value:
    """A tensor while a graph is read, with all that is known of it.

    ``tensor`` is its number among the described tensors, -1 where it does not depend on the traced
    input. ``shape`` is None where it depends on the data. A sequence has ``items``. ``get``
    computes the values when they are first needed; ``after`` are those it is computed from.
    ``fed`` says that it depends on another input of the model, so that nobody knows its values;
    ``rounded`` that a runtime may compute its last digits otherwise.
    """

    __slots__ = ("_after", "_get", "_value", "fed", "items", "rounded", "shape", "tensor")

    def __init__(
        self,
        shape: Shape | None,
        tensor: int = -1,
        value: NDArray[Any] | None = None,
        get: Callable[[], NDArray[Any] | None] | None = None,
        items: Sequence[Value] | None = None,
        after: Sequence[Value | None] = (),
        rounded: bool = False,
    ) -> None:
        self.shape, self.tensor, self.items = shape, tensor, items
        self._value, self._get, self._after = value, get, after
        self.fed = value is None and tensor < 0
        self.rounded: bool = rounded
        if get is not None:
            self.fed = any(v is not None and v.fed for v in after)
            self.rounded = rounded or any(v is not None and v.rounded for v in after)

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


Outputs = Output | Value | Sequence[Output | Value]
"""The outputs of an operator's description, in order.

A ``Value`` is passed on as it is: a sequence, or the result of a subgraph."""
