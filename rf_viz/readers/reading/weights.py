"""The number of weights that each operation of a graph uses, in the order of execution."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import TypeVar

from .node import Call

C = TypeVar("C", bound=Call)


def first_uses(
    fixed: Iterable[C],
    calls: Iterable[C],
    sizes: Mapping[str, int | None],
    weights: Callable[[C], Iterable[str]],
) -> Iterator[tuple[C, int]]:
    """Yield the calls that are the first to use some weights, each with their number.

    ``sizes`` are the numbers of weights by tensor, None where unknown: a call that takes such a
    tensor is left out. ``weights`` returns the inputs of a call that may be weights, or computed
    from weights by ``fixed`` calls, which depend on no input.
    """
    made_of: dict[str, Set[str]] = {name: {name} for name in sizes}
    for call in fixed:
        parts = {p for name in weights(call) for p in made_of.get(name, ())}
        if parts:
            made_of.update(dict.fromkeys(call.outputs, parts))
    used: set[str] = set()
    for call in calls:
        new = {p for name in weights(call) for p in made_of.get(name, ())} - used
        used |= new
        counts = [sizes[p] for p in new]
        if counts and None not in counts:
            yield call, sum(n for n in counts if n is not None)


def summed(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Add up the numbers of each name."""
    total: dict[str, int] = {}
    for name, n in counts:
        total[name] = total.get(name, 0) + n
    return total


class Constants:
    """A test of which inputs are weights, for graphs that keep weights among other constants.

    Where a call's operator names the inputs that hold its weights, these count, of any type. In
    arithmetic, and in ``fixed`` calls, which pass weights on, constants of real numbers count, if
    they have more than one element: those in ``real``. ``sizes`` are those of all constants, by
    name.
    """

    def __init__(self, fixed: Iterable[Call], sizes: Mapping[str, int], real: Set[str]) -> None:
        self._sizes = sizes
        self._several = {name for name in real if sizes[name] > 1}
        self._fixed = set(map(id, fixed))

    def weights(self, call: Call) -> list[str]:
        """List the inputs of a call that may be weights, or computed from weights."""
        positions = call.operator.weights if call.operator else ()
        if positions == "any" or (not positions and id(call) in self._fixed):
            return [n for n in call.inputs if n in self._several or n not in self._sizes]
        return [call.inputs[i] for i in positions if i < len(call.inputs)]
