"""Expansion: how large a graph becomes with its functions in place, worked out beforehand.

A function that calls the next one twice, thirty times over, takes some bytes of a file and makes a
billion nodes. Their number follows from the functions alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, NamedTuple, TypeVar

from ...errors import ModelError

K = TypeVar("K", bound=Hashable)

MOST_NODES = 250_000
"""The most nodes of a graph with all that it calls in place, turns of loops included.

The largest networks have some ten thousand. An LSTM of four layers in both directions that is
unrolled over 512 steps has a hundred thousand. So many are read in seconds, in 2 GB of memory.
"""

DEEPEST = 100
"""The most functions that call each other, one within the other."""

_SPARE = 2**28
"""The bytes that putting functions in place may add: beside those of the file, once more."""


class Part(NamedTuple, Generic[K]):
    """The nodes of a graph or of a function, before what they call is put in place.

    Attributes:
        nodes: how many there are.
        names: how many names they have and refer to.
        size: their bytes.
        calls: the functions that they call, each as often as it is called, with the number of
            letters that the call puts in front of their names.
    """

    nodes: int
    names: int
    size: int
    calls: Sequence[tuple[K, int]]


class _Whole(NamedTuple):
    """A part with all that it calls in place; ``height`` counts the functions in each other."""

    nodes: int
    names: int
    size: int
    height: int


def check_expansion(graph: Part[K], function: Callable[[K], Part[K]]) -> None:
    """See to it that a graph stays of a sane size when its functions are put in place.

    ``function`` looks up what a function holds. Raises ModelError where there would be too many
    nodes or bytes, and where a function calls itself.
    """
    wholes: dict[K, _Whole] = {}
    on_the_way: set[K] = set()
    in_file = 0

    def whole(part: Part[K]) -> _Whole:
        nonlocal in_file
        in_file += part.size
        nodes, names, size, height = part.nodes, part.names, part.size, 0
        for key, prefix in part.calls:
            if key not in wholes:
                if key in on_the_way or len(on_the_way) == DEEPEST:
                    raise _too_deep(key)
                on_the_way.add(key)
                wholes[key] = whole(function(key))
                on_the_way.remove(key)
            inner = wholes[key]
            nodes, names = nodes + inner.nodes, names + inner.names
            size += inner.size + inner.names * prefix
            height = max(height, inner.height + 1)
            if height > DEEPEST:
                raise _too_deep(key)
        return _Whole(nodes, names, size, height)

    total = whole(graph)
    if total.nodes > MOST_NODES and total.height:
        raise ModelError(
            f"the graph calls functions for {_listed(total.nodes)} nodes in all: the limit is "
            f"{MOST_NODES:,}"
        )
    if total.size > 2 * in_file + _SPARE:
        raise ModelError(
            f"the graph calls functions that take {_listed(total.size)} bytes when they are put in "
            f"place, and {in_file:,} in the file: refused"
        )


def _too_deep(key: Hashable) -> ModelError:
    name = key[1] if isinstance(key, tuple) else key
    return ModelError(
        f"function {name!r} of the graph calls itself, or lies more than {DEEPEST} calls deep"
    )


def _listed(number: int) -> str:
    """A number as people read it, of a very large one its order of magnitude."""
    return f"{number:,}" if number < 10**15 else f"10^{len(str(number)) - 1}"
