"""What is said of an unknown input size holds at every size, and what depends on it says so."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

import rf_viz
from rf_viz import Model, ModelError, Network
from rf_viz.relation.fit import Fit, Padding
from tests.oracles.onnx_oracle import build

CASES = Path(__file__).parents[1] / "data" / "cases" / "unknown_size"


def holds(claimed: Network, at_size: Network) -> None:
    """Assert that whatever is claimed at any size is so in a trace at one size."""
    for layer in claimed.layers:
        name, field = layer.name, layer.receptive_field
        bound = at_size[name].receptive_field
        where = f"{name} at {at_size.input.size}: {layer.note}"
        if field is not None:
            assert bound is not None, where
            assert (field.size, field.stride) == (bound.size, bound.stride), where
            for claim, truth in zip(field.padding, bound.padding, strict=True):
                assert claim in (None, truth), where
        if layer.aligned is not None:
            assert at_size[name].aligned is not (not layer.aligned), where
        for extent, truth in zip(layer.shape, at_size[name].shape, strict=True):
            assert extent in (None, truth), where


def traced_at(model: Model, size: int, axes: int = 1) -> Network | None:
    """A trace at one size; None where the model does not work at it, or repeats a single cell."""
    try:
        net = model.trace((size,) * axes)
    except ModelError:
        return None
    shapes = [{source.shape for source in layer.inputs if source} for layer in net.layers]
    return net if all(len(several) < 2 for several in shapes) else None


def random_model(rng: Random) -> Model:
    """A network of one signal: windows padded in every way, slices, pads, joins."""
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, np.ndarray] = {}
    names = ["x"]

    def node(op: str, sources: list[str], **attributes: object) -> str:
        name = f"t{len(nodes)}"
        nodes.append(helper.make_node(op, sources, [name], name, **attributes))
        names.append(name)
        return name

    def ints(*numbers: int) -> str:
        name = f"c{len(constants)}"
        constants[name] = np.array(numbers, np.int64)
        return name

    def window(source: str, stride: int) -> str:
        kernel, dilation = rng.choice([(1, 1), (2, 1), (3, 1), (3, 2), (4, 1), (5, 1)])
        options: dict[str, object] = {"strides": [stride], "kernel_shape": [kernel]}
        padding = rng.choice(["SAME_UPPER", "SAME_LOWER", "fixed", "fixed", "ceil"])
        op = rng.choice(["Conv", "MaxPool"])
        if padding == "ceil":
            op = "MaxPool"
            options["ceil_mode"] = 1
        if padding.startswith("SAME"):
            options["auto_pad"] = padding
        else:
            options["pads"] = [rng.randint(0, kernel - 1) for _ in "ab"]
        if dilation > 1:
            options["dilations"] = [dilation]
        if op == "MaxPool":
            return node("MaxPool", [source], **options)
        constants[f"w{kernel}"] = np.ones((1, 1, kernel), np.float32)
        return node("Conv", [source, f"w{kernel}"], **options)

    def link(source: str) -> str:
        match rng.randrange(8):
            case 0:
                return node("Slice", [source, ints(rng.choice([1, -9])), ints(2**40), ints(2)])
            case 1:
                pads = ints(0, 0, rng.randint(0, 2), 0, 0, rng.randint(0, 2))
                return node("Pad", [source, pads])
        return window(source, rng.choice([1, 1, 2, 2, 3]))

    for _ in range(rng.randint(2, 5)):
        source = rng.choice(names[-2:])
        if rng.random() < 0.5:  # branches of the same strides often meet
            strides = rng.choice([(1,), (2,), (2,), (3,), (2, 2), (4,)])
            parts = []
            for _ in range(2):
                part = source
                for stride in rng.choice([strides, (1, *strides)]):
                    part = window(part, stride)
                parts.append(part)
            node("Add", parts)
        else:
            link(source)
    return rf_viz.load(build(nodes, {"x": (1, 1, "n")}, constants).SerializeToString())


@pytest.mark.parametrize(
    ("shape", "axis"), [((1, 1, "n"), 2), ((1, 80, "n"), 2), ((1, "n", 80), 1), ((1, "n", "m"), 1)]
)
def test_a_sequence_without_windows_runs_along_the_axis_of_any_size(
    shape: tuple[int | str, ...], axis: int
) -> None:
    node = helper.make_node("Relu", ["x"], ["y"], "y")
    model = rf_viz.load(build([node], {"x": shape}, {}).SerializeToString())
    assert model.trace("unknown").input.spatial_axes == (axis,)
    net = model.trace((40,))
    assert net.input.shape[axis] == 40
    fixed = [n for n in shape if isinstance(n, int)]
    assert all(n in net.input.shape for n in fixed), "what is declared stays"


@pytest.mark.slow
@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_every_claim_holds_at_dozens_of_sizes(rng: Random) -> None:
    model = random_model(rng)
    try:
        claimed = model.trace("unknown")
    except ModelError:
        return  # its branches fit together at no size
    for size in (*range(40, 88, 2), *range(41, 88, 6), 224):
        at_size = traced_at(model, size)
        if at_size is not None:
            holds(claimed, at_size)


def case(name: str) -> Model:
    return rf_viz.load(CASES / name)


G3 = pytest.param("g3.pbtxt", marks=pytest.mark.slow)
"""A graph with operations of training, for which TensorFlow itself is asked."""


@pytest.mark.parametrize("name", ["g.pbtxt", "g2.pbtxt", G3])
def test_graphs_whose_padding_varies_with_the_size(name: str) -> None:
    model = case(name)
    claimed = model.trace("unknown")
    for size in range(12, 40):
        at_size = traced_at(model, size, 2)
        assert at_size is not None
        holds(claimed, at_size)
    assert not any("0.5" in layer.note for layer in claimed.layers), "a ratio of the probe"


@pytest.mark.parametrize("name", ["g2.pbtxt", G3])
def test_branches_that_are_aligned_at_some_sizes_only_say_so(name: str) -> None:
    model = case(name)
    layer = model.trace("unknown")["out"]
    assert layer.receptive_field is None
    assert layer.aligned is None
    assert layer.note == (
        "alignment unknown: the padding of the branches that meet at out depends on the input's "
        "size"
    )
    at_size = {model.trace((n, n))["out"].aligned for n in range(12, 40)}
    assert at_size == {True, False}


def test_branches_that_are_padded_alike_at_every_size_stay_aligned() -> None:
    layer = case("g.pbtxt").trace("unknown")["out"]
    assert layer.aligned is True
    assert layer.receptive_field == rf_viz.ReceptiveField((15, 17), (4, 4), (None, None))


def dynamic(nodes: list[onnx.NodeProto], constants: dict[str, object]) -> Model:
    return rf_viz.load(build(nodes, {"x": (1, 1, "h", "w")}, constants).SerializeToString())


def test_how_far_apart_centres_are_may_depend_on_the_size() -> None:
    """SAME pads 1 in front of even sizes and 2 in front of odd ones, the other pool always 2."""
    same = {"auto_pad": "SAME_UPPER", "strides": [2, 2], "kernel_shape": [5, 5]}
    fixed = {"pads": [2, 2, 0, 0], "strides": [2, 2], "kernel_shape": [3, 3]}
    nodes = [
        helper.make_node("MaxPool", ["x"], ["a"], "a", **same),
        helper.make_node("MaxPool", ["x"], ["b"], "b", **fixed),
        helper.make_node("Add", ["a", "b"], ["y"], "join"),
    ]
    model = dynamic(nodes, {})
    layer = model.trace("unknown")["y"]
    assert layer.aligned is False
    assert layer.note == "branches misaligned: centres 1 to 2 px apart at join"
    notes = [model.trace((n, n))["y"].note for n in (30, 31)]
    assert [note.split()[3] for note in notes] == ["2", "1"]


def test_sizes_that_a_graph_computes_show_in_no_note_and_no_shape() -> None:
    """A resize to a fixed size, attention between all positions, a crop from the end."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "c", pads=[1, 1, 1, 1]),
        helper.make_node("Resize", ["c", "", "", "small"], ["r"], "r", mode="linear"),
        helper.make_node("Reshape", ["c", "rows"], ["q"], "q"),
        helper.make_node("Transpose", ["q"], ["k"], "k", perm=[0, 2, 1]),
        helper.make_node("MatMul", ["k", "q"], ["scores"], "scores"),
        helper.make_node("Slice", ["c", "last", "end", "axes"], ["corner"], "corner"),
        helper.make_node("MaxPool", ["corner"], ["p"], "p", kernel_shape=[3, 3]),
        helper.make_node("Slice", ["c", "first", "crop", "axes"], ["front"], "front"),
        helper.make_node("Add", ["front", "corner"], ["met"], "met"),
    ]
    constants = {
        "w": np.ones((1, 1, 3, 3), np.float32),
        "small": np.array([1, 1, 30, 30]),
        "rows": np.array([1, 1, -1]),
        "last": np.array([-20, -20]),
        "first": np.array([0, 0]),
        "crop": np.array([20, 20]),
        "end": np.array([2**40, 2**40]),
        "axes": np.array([2, 3]),
    }
    model = dynamic(nodes, constants)
    net = model.trace("unknown")
    assert net["r"].note == "no affine form: it depends on the input's size"
    assert net["scores"].shape == (1, None, None)
    assert net["p"].receptive_field == rf_viz.ReceptiveField((5, 5), (1, 1), (None, None))
    assert net["met"].aligned is None
    assert net["met"].receptive_field is None
    for size in (21, 22, 30, 31, 45, 64):
        holds(net, model.trace((size, size)))


@given(rng=st.randoms(use_true_random=False))
def test_how_windows_fit_an_axis_is_what_a_reader_makes_of_it(rng: Random) -> None:
    """Extent and padding in front, at any size, against the windows that ONNX Runtime makes."""
    kernel, stride, dilation = rng.randint(1, 5), rng.randint(1, 4), rng.randint(1, 3)
    lower, ceil = rng.random() < 0.5, rng.random() < 0.5
    options: dict[str, object] = {"strides": [stride], "dilations": [dilation]}
    if rng.random() < 0.5:
        options["auto_pad"] = "SAME_LOWER" if lower else "SAME_UPPER"
        padding = Padding(0, 0, "same", lower, clamp=False)
    else:
        padding = Padding(rng.randint(0, 4), rng.randint(0, 4), "ceil" if ceil else "fixed")
        options |= {"pads": padding[:2], "ceil_mode": int(ceil)}
    node = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[kernel], **options)
    model = rf_viz.load(build([node], {"x": (1, 1, "n")}).SerializeToString())
    fit = Fit(kernel, stride, dilation, padding)
    for size in rng.sample(range(20, 60), 3):
        layer = model.trace(input_shape=(1, 1, size), spatial_axes=(2,))["y"]
        field = layer.receptive_field
        assert field is not None
        assert layer.grid == (fit.extent(size),)
        assert field.padding == (fit.front(size),)
