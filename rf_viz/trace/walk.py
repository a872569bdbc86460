"""The walks: one pass over the graph of strands, forward or backward, over some semiring.

A *strand* is that part of a tensor's dependence on the input which runs along the same tensor
axes; most tensors have one. Operations that change nothing (activations, normalisation by
constants) share the strand of their input. See ``network`` for how strands are made.
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
    Relation,
    Semiring,
    Stretch,
    pull,
)
from .dependences import Dependence
from .values import Plain, Rings, Stack, Values


def forward(strands: Sequence[Dependence], start: tuple[Array, ...], rings: Rings) -> list[Values]:
    """Push values at the input (strand 0) through all strands."""
    values: list[Values] = [Plain(start)]
    for strand in strands[1:]:
        edges = strand.edges
        if len(edges) == 1:
            source, relation = edges[0]
            value = values[source]
            for step in relation:
                value = value.step(step, rings)
        else:
            value = _join(values, edges, rings)
        values.append(value)
    return values


def _join(values: list[Values], edges: list[tuple[int, Relation]], rings: Rings) -> Values:
    stretches = _concatenated(edges)
    if stretches:
        first = stretches[0]
        parts = [(s.start, s.stop, values[n]) for s, (n, _) in zip(stretches, edges, strict=True)]
        return Stack.of(first.axis, first.extent, parts, rings)
    result: Plain | None = None
    for source, relation in edges:
        value = values[source]
        for step in relation:
            value = value.step(step, rings)
        plain = value.plain(rings)
        result = plain if result is None else result.union(plain, rings)
    assert result is not None
    return result


def _concatenated(edges: list[tuple[int, Relation]]) -> list[Stretch]:
    """The stretch that each edge fills, where they are a concatenation in order; else none."""
    stretches: list[Stretch] = []
    for _, relation in edges:
        stretch = relation[0].fills if len(relation) == 1 else None
        if stretch is None:
            return []
        if stretches and (stretch.axis != stretches[0].axis or stretch.start < stretches[-1].stop):
            return []
        stretches.append(stretch)
    return stretches


def bounds(strands: Sequence[Dependence], spatial: Sequence[int]) -> list[Values]:
    """For each strand the region bounds of all cells: arrays (low, high) for each spatial axis.

    ``spatial`` are the input's spatial axes. Half-open; ``low == FAR`` and ``high == 0`` where
    a cell sees nothing.
    """
    shape = strands[0].shape
    arrays: list[Array] = []
    for axis in spatial:
        line = np.arange(shape[axis], dtype=np.int32)
        line = line.reshape([-1 if i == axis else 1 for i in range(len(shape))])
        arrays += [line, line + np.int32(1)]
    return forward(strands, tuple(arrays), (MIN, MAX) * len(spatial))


def reached_from(strands: Sequence[Dependence], start: Array) -> list[Values]:
    """For each strand which cells see any of the marked input elements (a bool array)."""
    return forward(strands, (start,), (OR,))


def backward(
    strands: Sequence[Dependence],
    targets: Mapping[int, Array],
    ring: Semiring,
    passing: Callable[[int, Array], None] | None = None,
) -> Array:
    """Pull values at some strands back to the input; the result broadcasts to its shape.

    Over ``SUM`` the result is scaled by an unknown factor: values are rescaled on the way, so
    that counts neither over- nor underflow however deep the network. ``passing`` is told each
    strand on the way, by number, and all that came to it, scaled likewise.
    """
    rescale = ring is SUM
    pending: dict[int, tuple[Array, int]] = {n: (a, 0) for n, a in targets.items()}
    for number in range(max(pending, default=0), 0, -1):
        if number not in pending:
            continue
        array, exponent = pending.pop(number)
        if passing is not None:
            passing(number, array)
        for source, relation in strands[number].edges:
            value, scale = pull(relation, array, ring), exponent
            if rescale:
                value, scale = _rescaled(value, scale)
            if source in pending:
                value, scale = _add(pending[source], (value, scale), ring)
            pending[source] = (value, scale)
    if 0 not in pending:
        return np.full((1,) * len(strands[0].shape), ring.zero)
    return pending[0][0]


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
    return ring.plus(a, b), m
