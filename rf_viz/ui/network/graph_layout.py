"""Where the boxes of a network's graph stand, and how the lines between them run.

What is unfolded is a frame around its parts, laid out by itself. The order within a frame is found
by Sugiyama's method (the package fast-sugiyama); here its ranks become columns, from left to right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from fast_sugiyama import from_edges

from ...trace.network import Network
from .scopes import Scope

WIDTH, HEIGHT = 150.0, 42.0
"""Of a box."""

_ACROSS, _DOWN = 34.0, 14.0
"""Between columns and between rows."""

_HEAD, _PADDING = 26.0, 12.0
"""Of a frame."""

_LANE = 10.0
"""How much room a line takes that passes a column."""

Point = tuple[float, float]
Edge = tuple[int, int]


@dataclass
class Placed:
    """A box, or the frame of an unfolded scope. ``scope`` is None for the input."""

    scope: Scope | None
    frame: bool
    x: float = 0.0
    y: float = 0.0
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True)
class Drawing:
    """All boxes and frames, outer ones first, and the lines as points that they pass."""

    width: float
    height: float
    placed: Sequence[Placed]
    lines: Sequence[Sequence[Point]]


@dataclass
class _Inside:
    """What is laid out within one frame.

    ``edges`` tells for two of the nodes, by number, which boxes in them are connected; ``routes``
    the points that such lines pass.
    """

    nodes: list[_Node]
    edges: dict[Edge, list[tuple[_Node, _Node]]] = field(default_factory=lambda: defaultdict(list))
    routes: dict[Edge, list[Point]] = field(default_factory=dict)


@dataclass
class _Node:
    placed: Placed
    number: int
    inside: _Inside | None = None


def lay_out(net: Network, top: Sequence[Scope], unfolded: Collection[str]) -> Drawing:
    """The graph with the scopes of these keys unfolded, the input at its left."""
    trails: dict[str, list[_Node]] = {}

    def build(scopes: Sequence[Scope], above: Sequence[_Node], shift: int = 0) -> _Inside:
        nodes = []
        for number, scope in enumerate(scopes, shift):
            is_open = bool(scope.parts) and scope.key in unfolded
            node = _Node(Placed(scope, is_open), number)
            nodes.append(node)
            trail = [*above, node]
            if is_open:
                node.inside = build(scope.parts, trail)
            else:
                trails.update((layer.name, trail) for layer in scope.layers)
        return _Inside(nodes)

    first = _Node(Placed(None, False), 0)
    whole = build(top, (), 1)
    whole.nodes.insert(0, first)
    for layer in net.layers:
        for taken in layer.inputs:
            _connect(whole, trails[taken.name] if taken else [first], trails[layer.name])
    width, height = _measure(whole)
    lines: list[list[Point]] = []
    _settle(whole, 0.0, 0.0, lines)
    return Drawing(width, height, _all(whole), lines)


def _connect(whole: _Inside, source: Sequence[_Node], target: Sequence[_Node]) -> None:
    """Adds a line where the two part: within the innermost frame that holds both."""
    inside = whole
    for one, two in zip(source, target, strict=False):
        if one is not two:
            ends = (source[-1], target[-1])
            found = inside.edges[one.number, two.number]
            if not any(a is ends[0] and b is ends[1] for a, b in found):
                found.append(ends)
            return
        if one.inside is None:
            return
        inside = one.inside


def _all(inside: _Inside) -> list[Placed]:
    found = []
    for node in inside.nodes:
        found.append(node.placed)
        if node.inside:
            found += _all(node.inside)
    return found


def _measure(inside: _Inside) -> tuple[float, float]:
    """Places the nodes relative to the frame's inside, whose width and height it returns."""
    for node in inside.nodes:
        if node.inside:
            width, height = _measure(node.inside)
            node.placed.width = width + 2 * _PADDING
            node.placed.height = height + _PADDING + _HEAD
    columns, rows, chains = _ranked(inside)
    extents: dict[int, tuple[float, float]] = {
        node.number: (node.placed.width, node.placed.height) for node in inside.nodes
    }
    widths = [0.0] * (1 + max(columns.values()))
    for number, column in columns.items():
        widths[column] = max(widths[column], extents.get(number, (0.0, 0.0))[0])
    lefts = [0.0]
    for width in widths:
        lefts.append(lefts[-1] + width + _ACROSS)
    middles = _spaced(columns, rows, {n: extents.get(n, (0.0, _LANE))[1] for n in columns})
    top = min(middles[n] - extents.get(n, (0.0, _LANE))[1] / 2 for n in columns)
    bottom = max(middles[n] + extents.get(n, (0.0, _LANE))[1] / 2 for n in columns)
    for node in inside.nodes:
        column = columns[node.number]
        node.placed.x = lefts[column] + (widths[column] - node.placed.width) / 2
        node.placed.y = middles[node.number] - node.placed.height / 2 - top
    for edge, chain in chains.items():
        inside.routes[edge] = [
            (lefts[columns[n]] + end * widths[columns[n]], middles[n] - top)
            for n in chain
            for end in (0, 1)
        ]
    return lefts[-1] - _ACROSS, bottom - top


def _settle(inside: _Inside, x: float, y: float, lines: list[list[Point]]) -> None:
    """Moves the inside to where it belongs, and draws the lines."""
    for node in inside.nodes:
        node.placed.x += x
        node.placed.y += y
        if node.inside:
            _settle(node.inside, node.placed.x + _PADDING, node.placed.y + _HEAD, lines)
    for edge, pairs in inside.edges.items():
        passed = [(x + a, y + b) for a, b in inside.routes.get(edge, ())]
        for one, two in pairs:
            a, b = one.placed, two.placed
            begin = (a.x + a.width, a.y + a.height / 2)
            lines.append([begin, *passed, (b.x, b.y + b.height / 2)])


def _ranked(inside: _Inside) -> tuple[dict[int, int], dict[int, float], dict[Edge, list[int]]]:
    """Columns and rows of the nodes, and of numbers beyond theirs for the lines that pass columns.

    The third tells which of those a line passes.
    """
    # The solver tells its own numbers from ours only where ours have no gaps.
    used = sorted({number for edge in inside.edges for number in edge})
    small = {number: n for n, number in enumerate(used)}
    edges = [(small[a], small[b]) for a, b in inside.edges]
    columns: dict[int, int] = {}
    rows: dict[int, float] = {}
    chains: dict[Edge, list[int]] = {}
    beyond, below = len(inside.nodes), 0.0
    found = from_edges(edges, vertex_spacing=1, dummy_vertices=True) if edges else ()
    for positions, _, _, drawn in found:
        names = {n: used[int(n)] if int(n) < len(used) else beyond + int(n) for n, _ in positions}
        heights = sorted({place[1] for _, place in positions}, reverse=True)
        ranks = {height: rank for rank, height in enumerate(heights)}
        lowest = max(place[0] for _, place in positions)
        for n, (across, height) in positions:
            columns[names[n]], rows[names[n]] = ranks[height], across + below
        below += lowest + 1
        after: dict[int, list[int]] = defaultdict(list)
        for a, b in drawn or ():
            after[names[a]].append(names[b])
        for source in [name for name in names.values() if name < beyond]:
            for following in after[source]:
                chain: list[int] = []
                while following >= beyond:
                    chain.append(following)
                    following = after[following][0]
                chains[source, following] = chain
        beyond = max(beyond, 1 + max(names.values()))
    for node in inside.nodes:
        if node.number not in columns:
            columns[node.number], rows[node.number] = 0, below
            below += 1
    return columns, rows, chains


def _spaced(
    columns: Mapping[int, int], rows: Mapping[int, float], heights: Mapping[int, float]
) -> dict[int, float]:
    """The middle of each node: as in its row, moved down where it would lie on another.

    Nodes of one row stay on one line.
    """
    levels = sorted(set(rows.values()))
    inside: dict[float, list[int]] = defaultdict(list)
    for number, row in rows.items():
        inside[row].append(number)
    middles: dict[int, float] = {}
    latest: dict[int, int] = {}
    middle, before = 0.0, levels[0]
    for level in levels:
        middle += min(level - before, 1) * (_LANE + _DOWN)
        before = level
        for number in inside[level]:
            above = latest.get(columns[number])
            if above is not None:
                apart = (heights[above] + heights[number]) / 2 + _DOWN
                middle = max(middle, middles[above] + apart)
        for number in inside[level]:
            middles[number] = middle
            latest[columns[number]] = number
    return middles
