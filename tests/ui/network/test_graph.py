"""Graph of a network: its scopes, how it flows, and what its boxes show."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations
from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pytest

import rf_viz
from rf_viz import Network
from rf_viz.analysis.categories import CATEGORIES
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.ui.network.graph.graph import content
from rf_viz.ui.network.graph_flow import BEFORE, Flow, Fork, Tangle, flow_of
from rf_viz.ui.network.graph_nodes import Node, Subgraph, graph_nodes
from rf_viz.ui.network.scopes import (
    FEW,
    Scope,
    all_scopes,
    first_unfolded,
    scope_tree,
)
from tests.models.small_nets import Net, resnet50


def sample(key: str) -> Network:
    """Traced sample network."""
    return rf_viz.load(SAMPLE_MODELS[key].path).trace(cut_global=True)


def chain(count: int) -> Network:
    """Network of ``count`` layers in a row."""
    net, x = Net(), "x"
    for number in range(count):
        x = net.op("Relu", x, name=f"r{number}")
    return net.trace(4)


@pytest.fixture(scope="module")
def nets() -> list[Network]:
    """Networks of all kinds of graphs, a chain at the end."""
    return [*(sample(key) for key in SAMPLE_MODELS), resnet50(64), chain(500)]


def everything(tree: Sequence[Scope]) -> set[str]:
    """Keys of all scopes."""
    return {scope.key for scope in all_scopes(tree)}


def leaves(tree: Sequence[Scope]) -> list[Scope]:
    """The scopes that are layers."""
    return [leaf for scope in tree for leaf in (leaves(scope.parts) if scope.parts else [scope])]


Pairs = set[tuple[Node, Node]]


def reading(flow: Flow, ends: set[Node], pairs: Pairs) -> set[Node]:
    """Reads a flow as a person does: adds which node takes which, and returns the open ends."""
    for step in flow.steps:
        before = ends if step.is_fed else set()
        match step.item:
            case Fork(branches, skip):
                ends = set(ends) if skip else set()
                for branch in branches:
                    ends |= reading(branch, before, pairs)
            case Tangle(rows):
                outs, ends = {BEFORE: before}, set()
                for number, row in enumerate(rows):
                    taken = set().union(*(outs[source] for source in row.takes))
                    open_row = Flow(row.flow.steps, True)
                    outs[number] = reading(open_row, taken, pairs)
                    ends |= outs[number] if row.flow.goes_on else set()
            case Node(inside=None) as node:
                pairs |= {(end, node) for end in before}
                ends = {node}
            case node:
                ends = reading(flow_of(node.inside), before, pairs)
    return ends if flow.goes_on else set()


def pairs_of(graph: Subgraph) -> Pairs:
    """Pairs of nodes of which the drawn flow says that one takes the other."""
    pairs: Pairs = set()
    reading(flow_of(graph), set(), pairs)
    return pairs


def name_of(node: Node) -> str:
    return node.scope.layers[-1].name if node.scope else "input"


def links(net: Network) -> set[tuple[str, str]]:
    """Names of layers and what they take."""
    return {
        (source.name if source else "input", layer.name)
        for layer in net.layers
        for source in layer.inputs
    }


def boxes(net: Network, tree: Sequence[Scope], unfolded: Collection[str]) -> list[Element]:
    """The boxes and headers as the page draws them."""
    return list(fromstring(content(net, tree, unfolded)["graph"]).iter("button"))


def random_graph(seed: int) -> Subgraph:
    """A graph of up to nine nodes; some take nothing, some are taken by none."""
    rng = np.random.default_rng(seed)
    count, density = rng.integers(2, 10), rng.uniform(0.1, 0.8)
    nodes = [Node(None, number) for number in range(count)]
    edges = {
        (a, b): [(nodes[a], nodes[b])]
        for a, b in combinations(range(count), 2)
        if rng.uniform() < density
    }
    return Subgraph(nodes, edges)


def test_scopes_are_those_of_the_names() -> None:
    tree = scope_tree(sample("squeezenet"))
    labels = [scope.label for scope in tree]
    assert labels[:5] == ["conv1", "pool1", "fire2", "fire3", "pool3"]
    fire2 = tree[2]
    assert [part.label for part in fire2.parts] == [
        "squeeze1x1",
        "expand1x1",
        "expand3x3",
        "concat",
    ]
    assert [layer.name for layer in fire2.layers][-1] == "fire2/concat"


def test_numbered_operators_are_no_scopes() -> None:
    net, x = Net(), "x"
    for number in range(6):
        x = net.conv(x, 3, name=f"conv_{number}")
    net.op("Relu", net.conv(x, 3, name="block_1_conv"), name="block_1_act")
    labels = [scope.label for scope in scope_tree(net.trace(8))]
    assert labels == [*(f"conv_{number}" for number in range(6)), "block_1"]


def test_every_layer_is_in_the_tree_once(nets: list[Network]) -> None:
    for net in nets:
        tree = scope_tree(net)
        layers = [layer for scope in tree for layer in scope.layers]
        assert sorted(layers, key=lambda layer: layer.name) == sorted(
            net.layers, key=lambda layer: layer.name
        )
        keys = [scope.key for scope in all_scopes(tree)]
        assert len(set(keys)) == len(keys)


def test_few_boxes_show_at_first(nets: list[Network]) -> None:
    for net in nets:
        tree = scope_tree(net)
        drawn = boxes(net, tree, first_unfolded(tree))
        assert len([box for box in drawn if box.get("class") != "head"]) <= FEW + 1


def test_runs_of_layers_without_names_end_with_blocks() -> None:
    net = resnet50(64)
    for layer in net.layers:
        layer.name = layer.name.replace(".", "")  # nothing to tell scopes by
    tree = scope_tree(net)
    ends = [scope.layers[-1] for scope in tree[:-1]]
    edges = {
        (layer.name, before.name)
        for number, scope in enumerate(tree)
        for layer in scope.layers
        for before in layer.inputs
        if before and before not in scope.layers
    }
    assert {before for _, before in edges} == {layer.name for layer in ends}


def test_a_flow_shows_exactly_the_edges_of_its_graph() -> None:
    for seed in range(400):
        graph = random_graph(seed)
        assert pairs_of(graph) == {(graph.nodes[a], graph.nodes[b]) for a, b in graph.edges}


def test_unfolded_networks_show_which_layer_takes_which(nets: list[Network]) -> None:
    for net in nets:
        graph = graph_nodes(net, leaves(scope_tree(net)), ())
        assert {(name_of(a), name_of(b)) for a, b in pairs_of(graph)} == links(net)


def test_frames_hide_no_edge(nets: list[Network]) -> None:
    for net in nets:
        tree = scope_tree(net)
        graph = graph_nodes(net, tree, everything(tree))
        assert {(name_of(a), name_of(b)) for a, b in pairs_of(graph)} >= links(net)


def test_residual_and_parallel_paths_are_forks() -> None:
    net = Net()
    first = net.op("Relu", "x", name="first")
    long = net.op("Relu", net.op("Relu", first, name="long1"), name="long2")
    short = net.op("Relu", first, name="short")
    joined = net.op("Sum", first, long, short, name="joined")
    net.op("Relu", joined, name="last")
    flow = flow_of(graph_nodes(net.trace(4), leaves(scope_tree(net.trace(4))), ()))
    (fork,) = [step.item for step in flow.steps if isinstance(step.item, Fork)]
    names = [[name_of(step.item) for step in branch.steps] for branch in fork.branches]
    assert names == [["long1", "long2"], ["short"]]
    assert fork.skip


def test_dense_connections_are_rows_with_rails() -> None:
    nodes = [Node(None, number) for number in range(6)]
    edges = {(a, b): [(nodes[a], nodes[b])] for a, b in combinations(range(6), 2)}
    flow = flow_of(Subgraph(nodes, edges))
    fork = flow.steps[1].item
    assert isinstance(fork, Fork)
    assert fork.skip
    (step,) = fork.branches[0].steps
    assert isinstance(step.item, Tangle)
    assert [row.takes for row in step.item.rows] == [[-1], [-1, 0], [-1, 0, 1], [-1, 0, 1, 2]]


def test_rails_on_one_track_do_not_meet() -> None:
    tangles = []

    def collect(flow: Flow) -> None:
        for step in flow.steps:
            if isinstance(step.item, Tangle):
                tangles.append(step.item)
            elif isinstance(step.item, Fork):
                for branch in step.item.branches:
                    collect(branch)

    for seed in range(400):
        collect(flow_of(random_graph(seed)))
    assert len(tangles) > 50
    for tangle in tangles:
        for one, two in combinations(tangle.rails, 2):
            apart = max(one.takers) <= two.source or max(two.takers) <= one.source
            assert one.track != two.track or apart


def test_every_layer_has_a_box(nets: list[Network]) -> None:
    for net in nets:
        tree = scope_tree(net)
        drawn = [box.get("data-layer") for box in boxes(net, tree, everything(tree))]
        assert sorted(filter(None, drawn)) == sorted(
            scope.layers[-1].name for scope in leaves(tree)
        )


def test_boxes_tell_operator_size_and_kind() -> None:
    net = sample("squeezenet")
    tree = scope_tree(net)
    drawn = boxes(net, tree, everything(tree))
    (box,) = [box for box in drawn if box.get("data-layer") == "fire2/expand3x3"]
    assert [part.text for part in box] == ["expand3x3", "Conv · r 15 \N{MULTIPLICATION SIGN} 15"]
    assert f"{CATEGORIES['convolution']} 0% 100%" in box.get("style", "")
    folded = {box[0].text: box for box in boxes(net, tree, ())}
    assert (folded["fire2"][1].text or "").startswith("7 layers")
    assert folded["fire2"].get("aria-expanded") == "false"


def test_names_are_written_as_text_and_never_as_markup() -> None:
    net = Net()
    net.op("Relu", "x", name="<img src=x onerror='alert(1)'>&\"")
    traced = net.trace(4)
    (box,) = boxes(traced, scope_tree(traced), ())
    assert box.get("data-layer") == "<img src=x onerror='alert(1)'>&\""
    assert [part.tag for part in box] == ["b", "small"]


def test_a_size_without_closed_form_is_what_the_largest_cell_sees() -> None:
    net = sample("selfie")
    tree = scope_tree(net)
    drawn = boxes(net, tree, everything(tree))
    (box,) = [box for box in drawn if box.get("data-layer") == "mask"]
    assert (box[1].text or "").endswith("sees 256 \N{MULTIPLICATION SIGN} 256")
