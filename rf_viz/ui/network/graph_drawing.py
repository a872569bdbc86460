"""Drawing of a network's graph: boxes placed in columns, and lines routed between them.

An unfolded scope is a frame around its parts, which are placed by themselves. Within a frame the
boxes are ordered by Sugiyama's method (the package fast-sugiyama), whose ranks become columns here,
from left to right. All lengths are in units of the drawing, with y pointing down.

K. Sugiyama, S. Tagawa and M. Toda, "Methods for Visual Understanding of Hierarchical System
Structures", IEEE Transactions on Systems, Man, and Cybernetics, 1981.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from fast_sugiyama import from_edges

from ...trace.network import Network
from .scopes import Scope

WIDTH, HEIGHT = 150.0, 42.0
"""Size of a box."""

_ACROSS, _DOWN = 34.0, 14.0
"""Gaps between columns and between rows."""

_HEAD, _PADDING = 26.0, 12.0
"""Height of a frame's header, and the margin at its other sides."""

_LANE = 10.0
"""Height of the room that a line takes where it passes a column."""

Point = tuple[float, float]
Edge = tuple[int, int]


@dataclass
class GraphBox:
    """Box of a layer or of a folded scope, or the ``frame`` of an unfolded one.

    ``scope`` is None for the input; ``x`` and ``y`` are the top left corner.
    """

    scope: Scope | None
    frame: bool
    x: float = 0.0
    y: float = 0.0
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True)
class GraphDrawing:
    """Boxes and frames, outer ones first, and each line as the points that it passes."""

    width: float
    height: float
    boxes: Sequence[GraphBox]
    lines: Sequence[Sequence[Point]]


@dataclass
class _Subgraph:
    """Nodes within one frame, or of the whole graph.

    ``edges`` holds, for two nodes by number, the pairs of boxes within them that a line connects;
    ``routes`` the points that these lines pass on their way.
    """

    nodes: list[_Node]
    edges: dict[Edge, list[tuple[_Node, _Node]]] = field(default_factory=lambda: defaultdict(list))
    routes: dict[Edge, list[Point]] = field(default_factory=dict)


@dataclass
class _Node:
    box: GraphBox
    number: int
    inside: _Subgraph | None = None


def draw_graph(net: Network, tree: Sequence[Scope], unfolded: Collection[str]) -> GraphDrawing:
    """Draws the graph with the scopes of these keys unfolded, the input at its left."""
    paths: dict[str, list[_Node]] = {}  # to each layer's box, from the outermost frame in

    def build(scopes: Sequence[Scope], above: Sequence[_Node], shift: int = 0) -> _Subgraph:
        nodes = []
        for number, scope in enumerate(scopes, shift):
            is_open = bool(scope.parts) and scope.key in unfolded
            node = _Node(GraphBox(scope, is_open), number)
            nodes.append(node)
            path = [*above, node]
            if is_open:
                node.inside = build(scope.parts, path)
            else:
                paths.update((layer.name, path) for layer in scope.layers)
        return _Subgraph(nodes)

    first = _Node(GraphBox(None, False), 0)
    whole = build(tree, (), 1)
    whole.nodes.insert(0, first)
    for layer in net.layers:
        for source in layer.inputs:
            _connect(whole, paths[source.name] if source else [first], paths[layer.name])
    width, height = _measure(whole)
    lines: list[list[Point]] = []
    _place(whole, 0.0, 0.0, lines)
    return GraphDrawing(width, height, _boxes(whole), lines)


def _connect(whole: _Subgraph, source: Sequence[_Node], target: Sequence[_Node]) -> None:
    """Adds a line where two paths part: within the innermost frame that holds both ends."""
    inside = whole
    for one, two in zip(source, target, strict=False):
        if one is not two:
            ends = (source[-1], target[-1])
            pairs = inside.edges[one.number, two.number]
            if not any(a is ends[0] and b is ends[1] for a, b in pairs):
                pairs.append(ends)
            return
        if one.inside is None:
            return
        inside = one.inside


def _boxes(inside: _Subgraph) -> list[GraphBox]:
    boxes = []
    for node in inside.nodes:
        boxes.append(node.box)
        if node.inside:
            boxes += _boxes(node.inside)
    return boxes


def _measure(inside: _Subgraph) -> tuple[float, float]:
    """Places the nodes relative to their frame's inside; returns its width and height."""
    for node in inside.nodes:
        if node.inside:
            width, height = _measure(node.inside)
            node.box.width = width + 2 * _PADDING
            node.box.height = height + _PADDING + _HEAD
    columns, rows, chains = _rank(inside)
    extents: dict[int, tuple[float, float]] = {
        node.number: (node.box.width, node.box.height) for node in inside.nodes
    }
    widths = [0.0] * (1 + max(columns.values()))
    for number, column in columns.items():
        widths[column] = max(widths[column], extents.get(number, (0.0, 0.0))[0])
    lefts = [0.0]
    for width in widths:
        lefts.append(lefts[-1] + width + _ACROSS)
    middles = _spread_rows(columns, rows, {n: extents.get(n, (0.0, _LANE))[1] for n in columns})
    top = min(middles[n] - extents.get(n, (0.0, _LANE))[1] / 2 for n in columns)
    bottom = max(middles[n] + extents.get(n, (0.0, _LANE))[1] / 2 for n in columns)
    for node in inside.nodes:
        column = columns[node.number]
        node.box.x = lefts[column] + (widths[column] - node.box.width) / 2
        node.box.y = middles[node.number] - node.box.height / 2 - top
    for edge, chain in chains.items():
        inside.routes[edge] = [
            (lefts[columns[n]] + end * widths[columns[n]], middles[n] - top)
            for n in chain
            for end in (0, 1)
        ]
    return lefts[-1] - _ACROSS, bottom - top


def _place(inside: _Subgraph, x: float, y: float, lines: list[list[Point]]) -> None:
    """Moves a frame's inside to where it belongs in the whole, and adds its lines."""
    for node in inside.nodes:
        node.box.x += x
        node.box.y += y
        if node.inside:
            _place(node.inside, node.box.x + _PADDING, node.box.y + _HEAD, lines)
    for edge, pairs in inside.edges.items():
        points = [(x + a, y + b) for a, b in inside.routes.get(edge, ())]
        for one, two in pairs:
            a, b = one.box, two.box
            begin = (a.x + a.width, a.y + a.height / 2)
            lines.append([begin, *points, (b.x, b.y + b.height / 2)])


def _rank(inside: _Subgraph) -> tuple[dict[int, int], dict[int, float], dict[Edge, list[int]]]:
    """Columns and rows by number, and the numbers that each line passes.

    A line that passes columns has a number of its own in each, beyond those of the nodes.
    """
    # The solver tells its own numbers from ours only where ours have no gaps.
    used = sorted({number for edge in inside.edges for number in edge})
    small = {number: n for n, number in enumerate(used)}
    edges = [(small[a], small[b]) for a, b in inside.edges]
    columns: dict[int, int] = {}
    rows: dict[int, float] = {}
    chains: dict[Edge, list[int]] = {}
    beyond, below = len(inside.nodes), 0.0
    components = from_edges(edges, vertex_spacing=1, dummy_vertices=True) if edges else ()
    for positions, _, _, drawn_edges in components:
        names = {n: used[int(n)] if int(n) < len(used) else beyond + int(n) for n, _ in positions}
        heights = sorted({position[1] for _, position in positions}, reverse=True)
        ranks = {height: rank for rank, height in enumerate(heights)}
        lowest = max(position[0] for _, position in positions)
        for n, (across, height) in positions:
            columns[names[n]], rows[names[n]] = ranks[height], across + below
        below += lowest + 1
        after: dict[int, list[int]] = defaultdict(list)
        for a, b in drawn_edges or ():
            after[names[a]].append(names[b])
        for source in [name for name in names.values() if name < beyond]:
            for following in after[source]:
                chain: list[int] = []
                while following >= beyond:
                    chain.append(following)
                    following = after[following][0]
                chains[source, following] = chain
        beyond = max(beyond, 1 + max(names.values()))
    # Nodes without edges are unknown to the solver: they stand below all others.
    for node in inside.nodes:
        if node.number not in columns:
            columns[node.number], rows[node.number] = 0, below
            below += 1
    return columns, rows, chains


def _spread_rows(
    columns: Mapping[int, int], rows: Mapping[int, float], heights: Mapping[int, float]
) -> dict[int, float]:
    """Middle y of each node, rows moved down where a node would lie on another.

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
