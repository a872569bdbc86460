"""Walks: passes over the graph of dependences, forward or backward, over any semiring.

See ``dependences`` for the nodes of that graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..relation import (
    MAX,
    MIN,
    OR,
    SUM,
    Array,
    Effort,
    Relation,
    Semiring,
    Stretch,
    check_room,
    pairs_of,
    pull,
)
from .dependences import Dependence
from .marks import Marks
from .values import Plain, Rings, Stack, Values


def forward(
    dependences: Sequence[Dependence], start: tuple[Array, ...], rings: Rings
) -> list[Values]:
    """Push values at the input (dependence 0) through all dependences.

    ``start`` has an array for each of ``rings``, and so has every result. Raises TooLargeError.
    """
    values: list[Values] = [Plain(start)]
    effort = Effort()
    effort.keeps(*start)
    for dependence in dependences[1:]:
        edges = dependence.edges
        if len(edges) == 1:
            source, relation = edges[0]
            value = _along(values[source], relation, rings, effort)
        else:
            value = _join(values, edges, rings, effort)
        effort.keeps(*value.merged.arrays)
        values.append(value)
    return values


def _along(value: Values, relation: Relation, rings: Rings, effort: Effort) -> Values:
    for step in relation:
        value = value.step(step, rings)
        effort.passes(*value.merged.arrays)
    return value


def _join(
    values: list[Values], edges: list[tuple[int, Relation]], rings: Rings, effort: Effort
) -> Values:
    stretches = _concatenated(edges)
    if stretches:
        first = stretches[0]
        parts = [(s.start, s.stop, values[n]) for s, (n, _) in zip(stretches, edges, strict=True)]
        return Stack.of(first.axis, first.extent, parts, rings)
    result: Plain | None = None
    for source, relation in edges:
        plain = _along(values[source], relation, rings, effort).plain(rings)
        effort.passes(*plain.arrays)
        result = plain if result is None else result.union(plain, rings)
    assert result is not None
    return result


def _concatenated(edges: list[tuple[int, Relation]]) -> list[Stretch]:
    """The stretch that each edge fills, where the edges are a concatenation in order; else none."""
    stretches: list[Stretch] = []
    for _, relation in edges:
        stretch = relation[0].fills if len(relation) == 1 else None
        if stretch is None:
            return []
        if stretches and (stretch.axis != stretches[0].axis or stretch.start < stretches[-1].stop):
            return []
        stretches.append(stretch)
    return stretches


def bounds(dependences: Sequence[Dependence], spatial: Sequence[int]) -> list[Values]:
    """The region bounds of all elements, by dependence: (low, high) for each spatial axis.

    ``spatial`` are the input's spatial axes. Half-open, in input pixels; ``low == FAR`` and
    ``high == 0`` where an element sees nothing.
    """
    shape = dependences[0].shape
    arrays: list[Array] = []
    for axis in spatial:
        line = np.arange(shape[axis], dtype=np.int32)
        line = line.reshape([-1 if i == axis else 1 for i in range(len(shape))])
        arrays += [line, line + np.int32(1)]
    return forward(dependences, tuple(arrays), (MIN, MAX) * len(spatial))


def reached_from(dependences: Sequence[Dependence], start: Array) -> list[Values]:
    """The elements that see any of the marked input elements, bool arrays by dependence."""
    return forward(dependences, (start,), (OR,))


def backward(
    dependences: Sequence[Dependence],
    targets: Mapping[int, Array | Marks],
    ring: Semiring,
    passing: Callable[[int, Array], None] | None = None,
    effort: Effort | None = None,
    *,
    shared: bool = False,
) -> Array:
    """Pull values at some dependences back to the input; the result broadcasts to its shape.

    ``targets`` holds values by the dependences' numbers, which may be marks over ``OR``. Over
    ``SUM`` the result is scaled by an unknown factor: values are rescaled on the way, so that
    counts neither overflow nor underflow however deep the network is. ``passing`` is called with
    the number of each dependence on the way and its values, scaled likewise. Walks may share an
    ``effort``. With ``shared`` an output of an operation hands each of its inputs an equal share of
    its value, instead of the value itself. Raises TooLargeError.
    """
    rescale, effort = ring is SUM, effort or Effort()
    pending: dict[int, tuple[Array | Marks, int]] = {n: (a, 0) for n, a in targets.items()}
    for number in range(max(pending, default=0), 0, -1):
        if number not in pending:
            continue
        array, exponent = pending.pop(number)
        if passing is not None:
            passing(number, _whole(array))
        for source, relation in dependences[number].edges:
            if isinstance(array, Marks):
                marks = array.pull(relation)
                effort.passes(*marks.arrays)
                pending[source] = (_united(pending.get(source), marks), 0)
                continue
            value, scale = pull(relation, array, ring), exponent
            pairs = pairs_of(relation) if shared else None
            if pairs is not None:
                value = value * (pairs.outputs / pairs.inputs)
            effort.passes(value)
            if rescale:
                value, scale = _rescaled(value, scale)
            if source in pending:
                before = (_whole(pending[source][0]), pending[source][1])
                value, scale = _add(before, (value, scale), ring)
            pending[source] = (value, scale)
    if 0 not in pending:
        return np.full((1,) * len(dependences[0].shape), ring.zero)
    return _whole(pending[0][0])


def _whole(values: Array | Marks) -> Array:
    return values.whole() if isinstance(values, Marks) else values


def _united(before: tuple[Array | Marks, int] | None, marks: Marks) -> Array | Marks:
    """The marks that arrive, and those that arrived before."""
    if before is None:
        return marks
    array = before[0]
    return array.union(marks) if isinstance(array, Marks) else _plus(array, marks.whole(), OR)


_LARGE = 2.0**300


def _rescaled(a: Array, exponent: int) -> tuple[Array, int]:
    peak = float(a.max(initial=0))
    if peak == 0 or 1 / _LARGE < peak < _LARGE:
        return a, exponent
    shift = int(np.frexp(peak)[1])
    return np.ldexp(a.astype(np.float64), -shift), exponent + shift


def _add(one: tuple[Array, int], two: tuple[Array, int], ring: Semiring) -> tuple[Array, int]:
    (a, m), (b, n) = one, two
    if m != n:
        top = max(m, n)
        a = np.ldexp(a.astype(np.float64), m - top)
        b = np.ldexp(b.astype(np.float64), n - top)
        return a + b, top
    return _plus(a, b, ring), m


def _plus(a: Array, b: Array, ring: Semiring) -> Array:
    check_room(np.broadcast_shapes(a.shape, b.shape), a.dtype)
    combined: Array = ring.plus(a, b)
    return combined
