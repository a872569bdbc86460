"""Graph of a network: its scopes, where its boxes stand, and what they show."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest

import rf_viz
from rf_viz import Network
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.ui.network.graph.graph import content
from rf_viz.ui.network.graph_drawing import GraphBox, GraphDrawing, draw_graph
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


def inside(one: GraphBox, other: GraphBox) -> bool:
    """Whether a box lies inside another."""
    return (
        other.x <= one.x
        and other.y <= one.y
        and one.x + one.width <= other.x + other.width
        and one.y + one.height <= other.y + other.height
    )


def apart(one: GraphBox, other: GraphBox) -> bool:
    """Whether two boxes do not overlap."""
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


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
        boxes = [p for p in draw_graph(net, tree, first_unfolded(tree)).boxes if not p.frame]
        assert len(boxes) <= FEW + 1


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


def check(drawing: GraphDrawing) -> None:
    """Asserts that boxes do not overlap and lie in the frames of their scopes alone."""
    boxes = [box for box in drawing.boxes if not box.frame]
    assert all(apart(one, other) for one, other in combinations(boxes, 2))
    for frame in (box for box in drawing.boxes if box.frame):
        names = {layer.name for layer in frame.scope.layers}
        for box in boxes:
            held = box.scope is not None and {x.name for x in box.scope.layers} <= names
            assert inside(box, frame) if held else apart(box, frame)


def test_boxes_lie_in_their_own_frames_and_nowhere_else(nets: list[Network]) -> None:
    for net in nets[:-1]:
        tree = scope_tree(net)
        for unfolded in (set(), first_unfolded(tree), everything(tree)):
            check(draw_graph(net, tree, unfolded))


def test_lines_go_from_left_to_right_between_the_layers_that_take_each_other() -> None:
    net = sample("squeezenet")
    tree = scope_tree(net)
    drawing = draw_graph(net, tree, everything(tree))
    right = {(p.x + p.width, p.y + p.height / 2): p for p in drawing.boxes if not p.frame}
    left = {(p.x, p.y + p.height / 2): p for p in drawing.boxes if not p.frame}

    def name(box: GraphBox) -> str:
        return box.scope.layers[-1].name if box.scope else "input"

    edges = {(name(right[line[0]]), name(left[line[-1]])) for line in drawing.lines}
    assert edges == {
        (source.name if source else "input", layer.name)
        for layer in net.layers
        for source in layer.inputs
    }
    for line in drawing.lines:
        across = [x for x, _ in line]
        assert across == sorted(across)


def test_lines_within_what_is_folded_are_not_drawn() -> None:
    net = sample("squeezenet")
    tree = scope_tree(net)
    drawing = draw_graph(net, tree, ())
    assert len(drawing.boxes) == len(tree) + 1
    assert len(drawing.lines) == len(tree)


def test_boxes_tell_operator_size_and_kind() -> None:
    net = sample("squeezenet")
    tree = scope_tree(net)
    boxes = content(net, tree, everything(tree))["boxes"]
    (box,) = [box for box in boxes if box.get("layer") == "fire2/expand3x3"]
    assert (box["op"], box["size"]) == ("Conv", "r 15 \N{MULTIPLICATION SIGN} 15")
    assert box["kinds"] == [("convolution", 1)]
    folded = {box["label"]: box for box in content(net, tree, ())["boxes"]}
    assert folded["fire2"]["count"] == 7
    assert sum(share for _, share in folded["fire2"]["kinds"]) == pytest.approx(1)


def test_a_size_without_closed_form_is_what_the_largest_cell_sees() -> None:
    net = sample("selfie")
    tree = scope_tree(net)
    boxes = content(net, tree, everything(tree))["boxes"]
    (box,) = [box for box in boxes if box.get("layer") == "mask"]
    assert box["size"] == "sees 256 \N{MULTIPLICATION SIGN} 256"
