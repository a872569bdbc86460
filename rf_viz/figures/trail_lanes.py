"""The drawing of a trail's graph from left to right: positions of nodes, lanes of links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FAR = 6
"""Links that pass more columns than this go above the rows, which others can then use."""


@dataclass(frozen=True)
class Link:
    """A line between two nodes, by number.

    ``lane`` is the row along which it runs; -1, -2, ... are the lanes above all rows.
    """

    source: int
    target: int
    lane: int


@dataclass(frozen=True)
class Lanes:
    """The column and the row of each node, and the links between them."""

    columns: tuple[int, ...]
    rows: tuple[int, ...]
    links: tuple[Link, ...]


def trail_lanes(sources: Sequence[Sequence[int]]) -> Lanes:
    """Places nodes, given the numbers of those before each: all smaller than its own.

    A node's column is the length of the longest path to it; what begins without any is beside the
    first, not below it. The longest path of all runs along row 0; what branches off it goes below,
    and links that only pass nodes by go above.
    """
    columns: list[int] = []
    for before in sources:
        columns.append(1 + max((columns[s] for s in before), default=0) if columns else 0)
    rows = _rows(sources, columns)
    occupied = set(zip(rows, columns, strict=True))
    links, passing = [], []
    for target, before in enumerate(sources):
        for source in before:
            between = range(columns[source] + 1, columns[target])
            if not between:
                links.append(Link(source, target, rows[target]))
            elif len(between) > FAR or any((rows[source], n) in occupied for n in between):
                passing.append((source, target))
            else:
                links.append(Link(source, target, rows[source]))
    above = _above(passing, columns)
    links += [Link(source, target, above[source]) for source, target in passing]
    return Lanes(tuple(columns), tuple(rows), tuple(links))


def _rows(sources: Sequence[Sequence[int]], columns: Sequence[int]) -> list[int]:
    ahead = [0] * len(sources)  # the length of the longest path from each
    kept = list(columns)  # up to which column the row stays the node's own, for its link
    for target in reversed(range(len(sources))):
        for source in sources[target]:
            ahead[source] = max(ahead[source], ahead[target] + 1)
            begin, end = columns[source], columns[target]
            if end - begin - 1 <= FAR and (end < kept[source] or kept[source] == begin):
                kept[source] = end
    rows = [0] * len(sources)
    latest: list[int] = []  # the last node of each row
    for node in sorted(range(len(sources)), key=lambda n: (columns[n], -ahead[n], n)):
        continued = [rows[s] for s in sources[node] if latest[rows[s]] == s]
        left = [r for r, n in enumerate(latest) if kept[n] < columns[node]]
        row = min(continued or left, default=len(latest))
        if row == len(latest):
            latest.append(node)
        latest[row], rows[node] = node, row
    return rows


def _above(passing: Sequence[tuple[int, int]], columns: Sequence[int]) -> dict[int, int]:
    """A lane above the rows for each source: short ways below long ones, none over another."""
    stops: dict[int, int] = {}
    for source, target in passing:
        stops[source] = max(stops.get(source, 0), columns[target])
    spans = sorted((stop - columns[n], columns[n], stop, n) for n, stop in stops.items())
    busy: list[list[tuple[int, int]]] = []
    lanes = {}
    for _, start, stop, node in spans:
        free = [
            lane
            for lane, others in enumerate(busy)
            if all(stop <= first or last <= start for first, last in others)
        ]
        lane = min(free, default=len(busy))
        if lane == len(busy):
            busy.append([])
        busy[lane].append((start, stop))
        lanes[node] = -1 - lane
    return lanes
