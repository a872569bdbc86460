"""Nodes of a network's graph, some of which hold further nodes, and the edges between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ...trace.network import Network
from .scopes import Scope

Edge = tuple[int, int]


@dataclass(eq=False)
class Node:
    """A layer, a folded scope, or an unfolded one with what is ``inside``; the input has no scope.

    ``number`` is its place among the nodes beside it, which are in execution order.
    """

    scope: Scope | None
    number: int
    inside: Subgraph | None = None


@dataclass
class Subgraph:
    """Nodes beside each other: those of an unfolded scope, or the outermost ones.

    Attributes:
        nodes: the nodes.
        edges: for two nodes by number, the pairs of layers or folded scopes within them of which
            one takes the other.
        entries, exits: numbers of the nodes that take something from outside, and of those that
            something outside takes.
    """

    nodes: list[Node]
    edges: dict[Edge, list[tuple[Node, Node]]] = field(default_factory=lambda: defaultdict(list))
    entries: set[int] = field(default_factory=set)
    exits: set[int] = field(default_factory=set)


def graph_nodes(net: Network, tree: Sequence[Scope], unfolded: Collection[str]) -> Subgraph:
    """The graph with the scopes of these keys unfolded; the input is its node 0."""
    paths: dict[str, list[Node]] = {}  # to each layer's node, from the outermost one in

    def build(scopes: Sequence[Scope], above: Sequence[Node], first: int = 0) -> Subgraph:
        nodes = []
        for number, scope in enumerate(scopes, first):
            node = Node(scope, number)
            nodes.append(node)
            path = [*above, node]
            if scope.parts and scope.key in unfolded:
                node.inside = build(scope.parts, path)
            else:
                paths.update((layer.name, path) for layer in scope.layers)
        return Subgraph(nodes)

    start = Node(None, 0)
    whole = build(tree, (), 1)
    whole.nodes.insert(0, start)
    for layer in net.layers:
        for source in layer.inputs:
            _connect(whole, paths[source.name] if source else [start], paths[layer.name])
    return whole


def _connect(whole: Subgraph, source: Sequence[Node], target: Sequence[Node]) -> None:
    """Adds an edge where two paths part: within the innermost node that holds both ends."""
    beside = whole
    for depth, (one, two) in enumerate(zip(source, target, strict=False)):
        if one is not two:
            pairs = beside.edges[one.number, two.number]
            if (source[-1], target[-1]) not in pairs:
                pairs.append((source[-1], target[-1]))
            for outer, inner in pairwise(source[depth:]):
                if outer.inside:
                    outer.inside.exits.add(inner.number)
            for outer, inner in pairwise(target[depth:]):
                if outer.inside:
                    outer.inside.entries.add(inner.number)
            return
        if one.inside is None:
            return
        beside = one.inside
