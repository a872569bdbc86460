"""How many weights each operation of a graph takes, from its calls in the order of execution."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import TypeVar

from .node import Call

C = TypeVar("C", bound=Call)


def taken(
    fixed: Iterable[C],
    calls: Iterable[C],
    sizes: Mapping[str, int | None],
    weights: Callable[[C], Iterable[str]],
) -> Iterator[tuple[C, int]]:
    """The calls that are the first to use some weights, each with their number.

    ``sizes`` are the numbers of weights by tensor, None where one is not known: a call that takes
    it is left out. ``weights`` are those of a call's inputs that may be weights, or made of such:
    ``fixed`` calls, which depend on no input, pass them on.
    """
    made_of: dict[str, Set[str]] = {name: {name} for name in sizes}
    for call in fixed:
        found = {p for name in weights(call) for p in made_of.get(name, ())}
        if found:
            made_of.update(dict.fromkeys(call.outputs, found))
    used: set[str] = set()
    for call in calls:
        found = {p for name in weights(call) for p in made_of.get(name, ())} - used
        used |= found
        counts = [sizes[p] for p in found]
        if counts and None not in counts:
            yield call, sum(n for n in counts if n is not None)


def summed(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The numbers by name, where one has several."""
    total: dict[str, int] = {}
    for name, n in counts:
        total[name] = total.get(name, 0) + n
    return total


class Constants:
    """Which inputs are weights in a graph that keeps these as constants, among all others.

    An operator's entry says where its weights are, of any type. In arithmetic, and where
    ``fixed`` calls pass them on, real numbers count, if they are more than one: those in ``real``.
    ``sizes`` are those of all constants, by name.
    """

    def __init__(self, fixed: Iterable[Call], sizes: Mapping[str, int], real: Set[str]) -> None:
        self._sizes = sizes
        self._several = {name for name in real if sizes[name] > 1}
        self._fixed = set(map(id, fixed))

    def weights(self, call: Call) -> list[str]:
        """Those of a call's inputs that may be weights, or made of such."""
        weights = call.operator.weights if call.operator else ()
        if weights and weights != "any":
            return [call.inputs[i] for i in weights if i < len(call.inputs)]
        if weights == "any" or id(call) in self._fixed:
            return [n for n in call.inputs if n in self._several or n not in self._sizes]
        return []
