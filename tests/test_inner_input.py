"""Any tensor can be the input, and paths can be stopped, in every format.

A trace from a tensor is held against the trace of a model that is cut there, and against the
running model, of which single elements of that tensor are changed. A trace with stopped paths is
held against a model that has constants in their places.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

import rf_viz
from rf_viz import Model, Network, ReceptiveField, Region
from rf_viz.verify.report import verify
from tests.models.keras_models import all_forms
from tests.oracles.onnx_oracle import build, generic

ROOT = Path(__file__).resolve().parents[1]
SLIM = ROOT / "tests/data/slim"
SQUEEZENET = ROOT / "assets/models/squeezenet1_1.onnx"


def conv(source: str, target: str, weights: str, **attributes: Any) -> onnx.NodeProto:  # noqa: ANN401
    return helper.make_node("Conv", [source, weights], [target], f"{target}/Conv", **attributes)


NODES = [
    conv("x", "stem", "w2", strides=[2, 2], pads=[1, 1, 1, 1]),
    helper.make_node("Split", ["stem"], ["left", "right"], "parts", axis=1, num_outputs=2),
    conv("left", "a/near", "w1", pads=[1, 1, 1, 1]),
    conv("a/near", "a/far", "w1", pads=[2, 2, 2, 2], dilations=[2, 2]),
    conv("right", "b/near", "w1", pads=[1, 1, 1, 1]),
    helper.make_node("Concat", ["a/far", "b/near", "right"], ["joined"], "join", axis=1),
    helper.make_node("MaxPool", ["joined"], ["pool"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
    conv("pool", "deep", "w3", pads=[1, 1, 1, 1]),
]
"""Branches of several reaches from a tensor on that is one of two outputs of its node."""

WEIGHTS = {
    "w1": np.abs(generic((1, 1, 3, 3), 1)),
    "w2": np.abs(generic((2, 3, 3, 3), 2)),
    "w3": np.abs(generic((2, 3, 3, 3), 3)),
}
SIDE = 22


def branched(side: int | None = SIDE) -> onnx.ModelProto:
    return build(NODES, {"x": (1, 3, side, side)}, WEIGHTS)


def same(one: Network, two: Network) -> None:
    """Both see the same in every layer that both have."""
    names = [layer.name for layer in one.layers]
    assert names == [layer.name for layer in two.layers]
    for name in names:
        a, b = one[name], two[name]
        assert (a.shape, a.grid_axes, a.exact) == (b.shape, b.grid_axes, b.exact), name
        assert a.receptive_field == b.receptive_field, name
        for x, y in zip(a.bounds(), b.bounds(), strict=True):
            np.testing.assert_array_equal(x, y, name)
        if a.grid:
            cell = tuple(n // 2 for n in a.grid)
            np.testing.assert_array_equal(a.mask(cell), b.mask(cell), name)


def cut_at(model: onnx.ModelProto, tensor: str, shape: tuple[int, ...]) -> Model:
    """The model that begins at a tensor: what depends on nothing else is left of it."""
    graph, there = model.graph, {tensor, *(t.name for t in model.graph.initializer)}
    nodes = []
    for node in graph.node:
        if tensor not in node.output and there.issuperset(filter(None, node.input)):
            nodes.append(node)
            there.update(node.output)
    held = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    version = model.opset_import[0].version
    cut = build(nodes, {tensor: shape}, held, opset=version)
    return rf_viz.load(cut.SerializeToString(), "cut.onnx")


@pytest.mark.parametrize("tensor", ["stem", "joined", "pool"])
def test_a_trace_from_a_tensor_is_that_of_the_model_cut_there(tensor: str) -> None:
    model = rf_viz.load(branched())
    net = model.trace(input=tensor)
    assert net.input.name == tensor
    same(net, cut_at(branched(), tensor, net.input.shape).trace())


def test_a_real_network_from_each_of_its_blocks() -> None:
    proto = onnx.load(SQUEEZENET)
    model = rf_viz.load(proto)
    for tensor in ("pool1", "fire4/concat", "fire9/concat"):
        net = model.trace(input=tensor, cut_global=True)
        cut = cut_at(proto, tensor, net.input.shape)
        same(net, cut.trace(cut_global=True, spatial_axes=net.input.spatial_axes))


def moving(
    model: Model, net: Network, name: str, feeds: Mapping[str, NDArray[Any]]
) -> NDArray[np.bool_]:
    """The elements of a layer that move with each of a tensor's cells: (*cells, *elements)."""
    source, random = net.input, np.random.default_rng(0)
    still = random.uniform(1, 2, source.shape).astype(np.float32)
    before = model.activations(still, [name], input=source.name, feeds=feeds)[name]
    moved = np.zeros((*source.size, *before.shape), bool)
    for cell in np.ndindex(*source.size):
        index: list[Any] = [slice(None)] * still.ndim
        for axis, position in zip(source.spatial_axes, cell, strict=True):
            index[axis] = position
        changed = still.copy()
        changed[tuple(index)] += 1000  # more than a maximum nearby
        after = model.activations(changed, [name], input=source.name, feeds=feeds)[name]
        moved[cell] = after != before
    return moved


def assert_like_the_model(
    model: Model, net: Network, name: str, feeds: Mapping[str, NDArray[Any]] | None = None
) -> None:
    layer, moved = net[name], moving(model, net, name, feeds or {})
    axes = tuple(i for i in range(len(layer.shape)) if i not in layer.grid_axes)
    space = len(net.input.size)
    moved = moved.any(axis=tuple(space + axis for axis in axes))
    for cell in np.ndindex(*layer.grid):
        np.testing.assert_array_equal(layer.mask(cell), moved[(..., *cell)], str(cell))


def test_changing_a_tensor_moves_the_cells_that_see_it_and_no_others() -> None:
    model = rf_viz.load(branched())
    x = {"x": np.ones((1, 3, SIDE, SIDE), np.float32)}
    for tensor, layer in (("right", "joined"), ("left", "deep"), ("a/near", "deep")):
        assert_like_the_model(model, model.trace(input=tensor), layer, x)


def test_changing_the_input_moves_only_what_is_not_stopped() -> None:
    model = rf_viz.load(branched(10))
    held = {"a/far": np.ones((1, 1, 5, 5), np.float32)}
    net = model.trace(stop=["a/far"])
    assert_like_the_model(model, net, "joined", held)
    assert net["joined"].region((2, 2)).size < model.trace()["joined"].region((2, 2)).size


@pytest.mark.parametrize("stop", ["a", "a/far", "a/far/Conv", "b/near", "joined", "parts"])
def test_what_is_stopped_counts_as_a_constant(stop: str) -> None:
    """In the other model the same tensors are constants, but for the first on each path."""
    model = rf_viz.load(branched())
    net = model.trace(stop=[stop])
    nodes = []
    for node in NODES:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.input[:] = [f"{n}/held" if n in net.stop else n for n in node.input]
        nodes.append(copy)
    shapes = {layer.name: layer.shape for layer in model.trace().layers}
    held = {f"{n}/held": np.ones(shapes[n], np.float32) for n in net.stop}
    other = rf_viz.load(build(nodes, {"x": (1, 3, SIDE, SIDE)}, {**WEIGHTS, **held}))
    same(net, other.trace())
    assert set(net.left_out) == shapes.keys() - {layer.name for layer in net.layers}


def test_what_is_not_there_is_said() -> None:
    model = rf_viz.load(branched())
    net = model.trace(input="pool")
    assert [layer.name for layer in net.layers] == ["deep"]
    assert net.left_out == ("stem", "left", "right", "a/near", "a/far", "b/near", "joined")
    with pytest.raises(KeyError, match="a/near does not depend on pool"):
        net["a/near"]
    net = model.trace(stop=["pool"])
    assert net["pool"].region((0, 0)).size > (1, 1)
    assert net.left_out == ("deep",)
    with pytest.raises(KeyError, match="deep does not depend on x other than by what was stopped"):
        net["deep"]


def test_unknown_names_are_told_with_those_that_are_near() -> None:
    model = rf_viz.load(branched())
    with pytest.raises(rf_viz.ModelError, match=r"no input 'pol'.*did you mean pool"):
        model.trace(input="pol")
    with pytest.raises(rf_viz.ModelError, match=r"scope 'NEAR' to stop at; did you mean a/near"):
        model.trace(stop=["NEAR"])
    with pytest.raises(rf_viz.ModelError, match="'pool' cannot be stopped: it is traced from"):
        model.trace(input="pool", stop=["pool"])
    with pytest.raises(rf_viz.ModelError, match=r"no input 'w1'"):
        model.trace(input="w1")


def test_the_size_follows_from_that_of_the_model_or_is_said() -> None:
    model = rf_viz.load(branched(None))
    x = {"x": (1, 3, 40, 64)}
    assert model.trace(input="joined", input_shape=x).input.shape == (1, 3, 20, 32)
    assert model.trace((9, 13), input="joined").input.shape == (1, 3, 9, 13)
    net = model.trace(input="joined", input_shape=(1, 3, 9, 13))
    assert net.input.size == (9, 13)
    assert net["pool"].grid == (4, 6)
    assert model.shapes(x, input="joined") == {**x, "joined": (1, 3, 20, 32)}
    with pytest.raises(rf_viz.ModelError, match="has 4 axes, not 3"):
        model.trace(input="joined", input_shape=(3, 9, 13))
    net = model.trace(input="joined", spatial_axes=(3,))
    assert (net.input.spatial_axes, net.input.size) == ((3,), (112,))


def test_what_holds_at_every_size_holds_from_a_tensor() -> None:
    free, fixed = rf_viz.load(branched(None)), rf_viz.load(branched())
    known = fixed.trace(input="right")["deep"].receptive_field
    net = free.trace("unknown", input="right")
    assert net["deep"].receptive_field == known
    assert net["deep"].shape == (1, 2, None, None)
    with pytest.raises(ValueError, match="need an input size"):
        net["deep"].region((0, 0))


def test_the_axes_are_those_of_the_tensors_grid_where_nothing_slides_behind_it() -> None:
    nodes = [*NODES, helper.make_node("GlobalAveragePool", ["deep"], ["mean"])]
    net = rf_viz.load(build(nodes, {"x": (1, 3, 40, 22)}, WEIGHTS)).trace(input="deep")
    assert net.input.spatial_axes == (2, 3)
    assert not net.input.guessed
    assert net["mean"].region_of((0, 0, 0, 0)).size == net.input.size


def test_weights_of_zero_and_global_context_from_a_tensor() -> None:
    masked = {**WEIGHTS, "w1": WEIGHTS["w1"] * np.eye(3, dtype=np.float32)}
    gate = [
        helper.make_node("GlobalAveragePool", ["b/near"], ["g"]),
        helper.make_node("Mul", ["b/near", "g"], ["gated"]),
    ]
    model = rf_viz.load(build([*NODES, *gate], {"x": (1, 3, SIDE, SIDE)}, masked))
    whole = model.trace(input="right")
    local = model.trace(input="right", cut_global=True, weight_aware=True)
    assert whole["gated"].mask((5, 5)).all()
    assert local["gated"].region((5, 5)) == Region((4, 4), (7, 7))
    assert np.count_nonzero(local["gated"].mask((5, 5))) == 3


def verified(model: Model, **options: Any) -> None:  # noqa: ANN401
    report = verify(model, model.trace(**options), cells=3)
    assert report.ok, report.summary()
    assert report.agreed


def test_verify_begins_at_a_tensor_and_holds_what_is_stopped() -> None:
    model = rf_viz.load(branched())
    verified(model, input="right")
    verified(model, stop=["a"])
    verified(model, input="stem", stop=["b/near"], input_shape={"x": (1, 3, 16, 18)})


@pytest.mark.parametrize("options", [{"input": "stem"}, {"stop": ["b/near"]}])
def test_verify_finds_what_a_wrong_trace_claims(options: dict[str, Any]) -> None:
    """The trace of the network with wider convolutions, or of one that stops less, is wrong."""
    narrow = rf_viz.load(branched())
    nodes = [*NODES]
    nodes[2] = conv("left", "a/near", "w1", pads=[2, 2, 2, 2], dilations=[2, 2])
    wide = rf_viz.load(build(nodes, {"x": (1, 3, SIDE, SIDE)}, WEIGHTS))
    assert not verify(wide, narrow.trace(**options), ["joined"]).ok


@pytest.mark.slow
def test_every_form_of_a_keras_model_begins_at_a_layer_and_stops(tmp_path: Path) -> None:
    import keras

    x = keras.Input((20, 20, 3))
    stem = keras.layers.Conv2D(4, 3, strides=2, padding="same", name="stem")(x)
    near = keras.layers.Conv2D(4, 1, activation="relu", name="near")(stem)
    far = keras.layers.Conv2D(4, 5, padding="same", activation="relu", name="far")(stem)
    both = keras.layers.Add(name="both")([near, far])
    model = keras.Model(x, keras.layers.MaxPooling2D(2, name="pool")(both))
    expected = ReceptiveField((6, 6), (2, 2), (2, 2))
    for form, path in all_forms(model, tmp_path).items():
        loaded = rf_viz.load(path)
        names = list(loaded.names)
        stem_name = next(n for n in reversed(names) if "stem" in n)
        if form in ("keras", "h5"):
            stem_name = "stem"
        net = loaded.trace(input=stem_name)
        last = next(layer for layer in reversed(net.layers) if layer.grid == (5, 5))
        assert last.receptive_field == expected, form
        assert net.input.size == (10, 10), form
        verified(loaded, input=stem_name)
        if form in ("keras", "h5"):
            net = loaded.trace(input="stem", stop=["far"])
            assert net["pool"].receptive_field == ReceptiveField((2, 2), (2, 2), (0, 0))
            verified(loaded, stop=["far"])


def slim(name: str) -> Model:
    return rf_viz.load(gzip.decompress((SLIM / f"{name}.pb.gz").read_bytes()), f"{name}.pb")


@pytest.mark.parametrize("size", ["224", "None"])
def test_vgg_from_pool2_to_pool5_as_the_authors_library_has_it(size: str) -> None:
    """The published sizes of its end points, 212 and 16: (212 - 16) / 4 + 1 = 50."""
    model = slim(f"vgg_16_{size}")
    options: Any = {} if size == "224" else {"input_size": "unknown"}
    net = model.trace(input="vgg_16/pool2/MaxPool", **options)
    field = net["vgg_16/pool5/MaxPool"].receptive_field
    assert field == ReceptiveField((50, 50), (8, 8), (21, 21))


def test_inception_without_a_branch_as_the_authors_library_has_it() -> None:
    """Its ``stop_propagation`` takes scopes: one branch with two 3x3 kernels less at stride 32."""
    model = slim("inception_v2_224")
    layer = "InceptionV2/Mixed_5c/concat"
    whole, less = (
        model.trace(stop=stop)[layer].receptive_field
        for stop in ([], ["InceptionV2/Mixed_5c/Branch_2"])
    )
    assert whole is not None
    assert less is not None
    assert (whole.size, less.size) == ((699, 699), (635, 635))
    assert (less.stride, less.padding) == ((32, 32), (286, 286))


def test_activations_from_a_tensor_are_those_of_the_whole_model() -> None:
    model = rf_viz.load(SQUEEZENET)
    x = generic(model.trace().input.shape)
    values = model.activations(x, ["fire2/concat", "fire5/concat"])
    again = model.activations(values["fire2/concat"], ["fire5/concat"], input="fire2/concat")
    np.testing.assert_array_equal(again["fire5/concat"], values["fire5/concat"])
    zeros = {"fire2/concat": np.zeros_like(values["fire2/concat"])}
    fed = model.activations(x, ["fire3/expand1x1", "fire2/concat"], feeds=zeros)
    assert not fed["fire2/concat"].any()
    assert np.ptp(fed["fire3/expand1x1"], axis=(2, 3)).max() == 0
