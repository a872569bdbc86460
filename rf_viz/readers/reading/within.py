"""Reading from a tensor within a graph: which calls to read, and what a stopped tensor leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from .node import Call
from .values import Value

C = TypeVar("C", bound=Call)
ReadCall = TypeVar("ReadCall", bound=Call, covariant=True)


class Calls(Protocol[ReadCall]):
    """A program: its calls, in order."""

    @property
    def fixed(self) -> Sequence[ReadCall]:
        """Those that depend on no input."""
        ...

    @property
    def calls(self) -> Sequence[ReadCall]:
        """Those that are left."""
        ...


def severed(value: Value) -> Value:
    """A value of the same shape that nothing follows from."""
    if value.items is not None:
        return Value(value.shape, items=[severed(item) for item in value.items])
    if value.rows is not None:
        return Value(value.shape, rows=severed(value.rows))
    return Value(value.shape) if value.tensor >= 0 else value


def behind(source: str, fixed: Iterable[C], calls: Iterable[C], *, alone: bool) -> list[C]:
    """The calls to read, in order, where the source is a tensor that one of them makes.

    They are those of the ``fixed`` that it reaches, and the others; ``alone``, without those that
    only lead to the source.
    """
    reached = {source}
    again: list[C] = []
    for call in fixed:
        if source in call.outputs:
            again.append(call)
        elif not reached.isdisjoint(call.inputs):
            again.append(call)
            reached.update(call.outputs)
    again.extend(calls)
    if not alone:
        return again
    needed: set[str] = set()
    for call in again:
        used = [*call.inputs, *call.inner]
        if not reached.isdisjoint(used):
            reached.update(filter(None, call.outputs))
            needed.update(used)
    kept = []
    for call in reversed(again):
        if not {source, ""}.issuperset((needed | reached).intersection(call.outputs)):
            kept.append(call)
            needed.update(call.inputs)
            needed.update(call.inner)
    return kept[::-1]
