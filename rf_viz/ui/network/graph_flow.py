"""Flow of a network's graph: nodes one after the other, with forks where paths part and meet.

A flow can be written in rows like text, whatever their width. What no forks can express, such as
DenseNet's connections of all layers with all, is a tangle: rows below each other, with rails beside
them that carry what a row makes to the rows that take it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from .graph_nodes import Node, Subgraph

BEFORE = -1
"""Stands for what comes before a tangle, as the number of a row."""


@dataclass(frozen=True)
class Row:
    """A chain of nodes in a tangle, and the rows that it takes, by number, or ``BEFORE``."""

    flow: Flow
    takes: Sequence[int]


@dataclass(frozen=True)
class Rail:
    """A line beside the rows of a tangle, from a row to those that take it.

    Rails on the same ``track`` do not overlap; track 0 is the one next to the rows.
    """

    track: int
    source: int
    takers: Sequence[int]


@dataclass(frozen=True)
class Tangle:
    """Connected nodes, none of which all paths pass, as rows in execution order."""

    rows: Sequence[Row]
    rails: Sequence[Rail]


@dataclass(frozen=True)
class Fork:
    """Paths that part and meet, the longest first; with ``skip`` one more goes past all nodes."""

    branches: Sequence[Flow]
    skip: bool


@dataclass(frozen=True)
class Step:
    """What comes next in a flow; ``is_fed`` says whether it takes anything before it."""

    item: Node | Fork | Tangle
    is_fed: bool


@dataclass(frozen=True)
class Flow:
    """Steps, each of which takes the one before it; ``goes_on`` unless it is a dead end."""

    steps: Sequence[Step]
    goes_on: bool


def flow_of(graph: Subgraph) -> Flow:
    """The flow of all nodes of a subgraph."""
    return _flow(graph, graph.nodes, graph.entries, graph.exits)


def _flow(
    graph: Subgraph, nodes: Sequence[Node], entries: Collection[int], exits: Collection[int]
) -> Flow:
    """The flow of some of the nodes; edges that lead elsewhere do not count."""
    places = {node.number: place for place, node in enumerate(nodes)}
    edges = {(places[a], places[b]) for a, b in graph.edges if a in places and b in places}
    edges |= {(BEFORE, places[number]) for number in entries}
    edges |= {(places[number], len(nodes)) for number in exits}
    changes = [0] * (len(nodes) + 1)
    for low, high in map(sorted, edges):
        if high - low > 1:
            changes[low + 1] += 1
            changes[high] -= 1
    passing = list(accumulate(changes))  # how many edges go past each node
    fed = {target for _, target in edges}
    steps: list[Step] = []
    for is_passed, run in groupby(range(len(nodes)), lambda place: passing[place] > 0):
        members = list(run)
        if not is_passed:
            steps += [Step(nodes[place], place in fed) for place in members]
            continue
        low, high = members[0] - 1, members[-1] + 1
        begin = {b for a, b in edges if a == low and b in members}
        end = {a for a, b in edges if b == high and a in members}
        parts = _components(members, edges)
        skip = (low, high) in edges
        if len(parts) + skip == 1:
            inner = {(a, b) for a, b in edges if a in members and b in members}
            steps.append(Step(_tangle(nodes, members, inner, begin, end), bool(begin)))
            continue
        branches = []
        for part in sorted(parts, key=len, reverse=True):
            own = [nodes[place] for place in part]
            first = {nodes[place].number for place in begin.intersection(part)}
            last = {nodes[place].number for place in end.intersection(part)}
            branches.append(_flow(graph, own, first, last))
        steps.append(Step(Fork(branches, skip), bool(begin)))
    return Flow(steps, bool(exits))


def _components(members: Sequence[int], edges: Collection[tuple[int, int]]) -> list[list[int]]:
    """Members that edges connect, however far, put together."""
    group = {member: [member] for member in members}
    for a, b in edges:
        if a in group and b in group and group[a] is not group[b]:
            smaller, larger = sorted((group[a], group[b]), key=len)
            larger += smaller
            group.update((member, larger) for member in smaller)
    return [sorted(part) for part in {id(part): part for part in group.values()}.values()]


def _tangle(
    nodes: Sequence[Node],
    members: Sequence[int],
    edges: Collection[tuple[int, int]],
    begin: Collection[int],
    end: Collection[int],
) -> Tangle:
    """Puts members in one row where each takes only the one before, and nothing else takes that."""
    takers = Counter(a for a, _ in edges) + Counter(end)
    sources = Counter(b for _, b in edges) + Counter(begin)
    following = {a: b for a, b in edges if takers[a] == 1 and sources[b] == 1}
    chains = []
    for member in sorted(set(members) - set(following.values())):
        chain = [member]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        chains.append(chain)
    number_of = {place: number for number, chain in enumerate(chains) for place in chain}
    rows = []
    for chain in chains:
        takes = sorted(number_of[a] for a, b in edges if b == chain[0])
        takes = [BEFORE] * (chain[0] in begin) + takes
        steps = [Step(nodes[place], bool(takes) or place != chain[0]) for place in chain]
        rows.append(Row(Flow(steps, chain[-1] in end), takes))
    return Tangle(rows, _rails(rows))


def _rails(rows: Sequence[Row]) -> list[Rail]:
    """Rails for what the rows take, each on the first track that is free."""
    rails = []
    ends: list[int] = []  # the row with which the latest rail of each track ends
    for source in range(BEFORE, len(rows)):
        takers = [number for number, row in enumerate(rows) if source in row.takes]
        if takers:
            free = [track for track, end in enumerate(ends) if end <= source]
            track = free[0] if free else len(ends)
            ends[track : track + 1] = [max(takers)]
            rails.append(Rail(track, source, takers))
    return rails
