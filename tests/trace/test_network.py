"""What a traced network answers: names, cells in any layout, indices, and errors that help."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from onnx import NodeProto, helper

import rf_viz
from rf_viz import Network, Region
from rf_viz.relation import Slide, Window
from rf_viz.trace.tensors import Source, Tensor
from tests.oracles.onnx_oracle import build


def load(
    nodes: list[NodeProto], inputs: dict[str, list[int]], **constants: np.ndarray
) -> rf_viz.Model:
    return rf_viz.load(build(nodes, inputs, constants).SerializeToString())


def pool(source: str, name: str, kernel: int = 3, stride: int = 1, axes: int = 2) -> NodeProto:
    pad = kernel // 2
    return helper.make_node(
        "MaxPool",
        [source],
        [name],
        f"node/{name}",
        kernel_shape=[kernel] * axes,
        strides=[stride] * axes,
        pads=[pad] * 2 * axes,
    )


@pytest.fixture(scope="module")
def net() -> Network:
    """A pool, both concatenated, and what classifiers do at their end."""
    nodes = [
        pool("x", "a"),
        pool("a", "b"),
        helper.make_node("Concat", ["a", "b"], ["cat"], "node/cat", axis=1),
        helper.make_node("Flatten", ["cat"], ["flat"]),
        helper.make_node("GlobalMaxPool", ["cat"], ["top"]),
    ]
    return load(nodes, {"x": [1, 2, 8, 10]}).trace()


def test_layers_come_in_order_and_by_either_name(net: Network) -> None:
    assert [layer.name for layer in net.layers] == ["a", "b", "cat", "flat", "top"]
    assert net["cat"] is net["node/cat"] is net.layers[2]
    assert net["cat"].op == "Concat"
    assert net["cat"].shape == (1, 4, 8, 10)
    assert net["cat"].grid == (8, 10)
    assert net["cat"].exact
    with pytest.raises(KeyError, match="no layer named 'node/cats'; did you mean node/cat"):
        net["node/cats"]


def test_iterating_yields_the_layers_in_order(net: Network) -> None:
    assert list(net) == net.layers
    assert "cat" in net
    assert net["cat"] in net
    assert "dog" not in net
    assert 0 not in net
    with pytest.raises(TypeError, match=r"looked up by its name, not by 0; see net\.layers"):
        net[0]  # type: ignore[index]


def test_the_input_is_described(net: Network) -> None:
    assert net.input.name == "x"
    assert net.input.shape == (1, 2, 8, 10)
    assert net.input.layout == "NCHW"
    assert net.input.spatial_axes == (2, 3)
    assert net.input.size == (8, 10)


def test_channels_may_see_different_regions(net: Network) -> None:
    layer = net["cat"]
    assert layer.region((4, 4), channel=1) == Region((3, 3), (6, 6))
    assert layer.region((4, 4), channel=2) == Region((2, 2), (7, 7))
    assert layer.region((4, 4)) == Region((2, 2), (7, 7))
    assert layer.mask((4, 4), channel=0).sum() == 9
    start, stop = layer.bounds(channel=0)
    assert (stop - start)[4, 4].tolist() == [3, 3]
    for low, high in layer.spans(channel=0):
        assert low.size < 80
        assert high.size < 80


@pytest.mark.parametrize(
    "index",
    [
        np.s_[0, 1, 4, 4],
        np.s_[0, -3, -4, -6],
        np.s_[..., 1, 4, 4],
        np.s_[:, 0:2, 4, 4],
        np.s_[:, :-2, 4, 4:5],
        np.s_[0, 1:0:-1, ..., 4, 4],
        (np.int64(0), np.int64(1), np.int64(4), 4),
    ],
)
def test_indices_work_as_in_numpy(net: Network, index: tuple[int | slice, ...]) -> None:
    layer = net["cat"]
    assert layer.region_of(index) == Region((3, 3), (6, 6))
    assert layer.mask_of(index).sum() == 9
    assert layer.paths_of(index).sum() == pytest.approx(1)


def test_a_slice_is_the_union_along_it(net: Network) -> None:
    layer = net["cat"]
    assert layer.region_of(np.s_[0, 0, 4, 2:8:5]) == Region((3, 1), (6, 9))
    assert layer.mask_of(np.s_[0, 0, 4, 2:8:5]).sum() == 18
    assert layer.region_of(...) == Region((0, 0), (8, 10))
    assert layer.region_of(np.s_[0, :, 3:3, 4]).empty
    assert not layer.mask_of(np.s_[0, :, 3:3, 4]).any()


def test_an_element_of_a_flat_vector_is_a_cell_still(net: Network) -> None:
    channel, row, column = 2, 4, 4
    index = np.s_[0, (channel * 8 + row) * 10 + column]
    assert net["flat"].region_of(index) == net["cat"].region((row, column), channel)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda layer: layer.region((4,)), "a cell here has 2 coordinates, not 1"),
        (lambda layer: layer.region((4, 10)), r"cell \(4, 10\) is outside the \(8, 10\)"),
        (lambda layer: layer.mask((-1, 0)), r"cell \(-1, 0\) is outside"),
        (lambda layer: layer.region((4, 4), channel=4), "cat has channels 0 to 3, not 4"),
        (lambda layer: layer.paths((4, 4), channel=-1), "cat has channels 0 to 3, not -1"),
        (lambda layer: layer.region_of(np.s_[0, 0]), r"4 axes \(1, 4, 8, 10\), the index has 2"),
        (lambda layer: layer.region_of(np.s_[..., ..., 0]), "one ellipsis"),
        (lambda layer: layer.mask_of(np.s_[0, 0, 0, 99]), "index 99 is outside an axis of"),
        (lambda layer: layer.mask_of(np.s_[0, 0, -9, 0]), "index -9 is outside an axis of"),
    ],
)
def test_errors_say_what_is_there(net: Network, ask, says: str) -> None:  # noqa: ANN001
    with pytest.raises(IndexError, match=says):
        ask(net["cat"])


def test_pixels_and_the_cells_that_see_them(net: Network) -> None:
    field = net.seen_by((4, 4))
    assert list(field) == ["a", "b", "cat", "flat", "top"]
    assert field["a"].shape == (8, 10)
    assert field["a"].sum() == 9
    assert field["cat"].sum() == 25
    with pytest.raises(IndexError, match=r"pixel \(8, 0\) is outside"):
        net.seen_by((8, 0))


def test_an_image_crops_to_the_region(net: Network) -> None:
    image = np.arange(80).reshape(8, 10)
    crop = image[net["b"].region((0, 9)).slices]
    assert crop.tolist() == [[7, 8, 9], [17, 18, 19], [27, 28, 29]]


def test_channels_last_comes_out_as_channels_last() -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2]),
        pool("first", "seen", stride=2),
        helper.make_node("Transpose", ["seen"], ["last"], perm=[0, 2, 3, 1]),
    ]
    net = load(nodes, {"x": [1, 8, 12, 3]}).trace()
    assert (net.input.layout, net.input.size) == ("NHWC", (8, 12))
    assert (net["seen"].grid_axes, net["seen"].grid) == ((2, 3), (4, 6))
    assert (net["last"].grid_axes, net["last"].grid) == ((1, 2), (4, 6))
    assert net["last"].channel_axis == 3
    assert net["last"].region((1, 2), channel=2) == Region((1, 3), (4, 6))
    assert net["last"].region_of(np.s_[0, 1, 2, :]) == Region((1, 3), (4, 6))


def test_rows_and_columns_may_change_places() -> None:
    nodes = [
        pool("x", "seen"),
        helper.make_node("Transpose", ["seen"], ["turned"], perm=[0, 1, 3, 2]),
    ]
    layer = load(nodes, {"x": [1, 1, 6, 9]}).trace()["turned"]
    assert (layer.shape, layer.grid_axes, layer.grid) == ((1, 1, 9, 6), (3, 2), (6, 9))
    assert layer.region((1, 7)) == Region((0, 6), (3, 9))
    start, _ = layer.bounds()
    assert start[1, 7].tolist() == [0, 6]
    assert layer.mask((1, 7)).shape == (6, 9)


def test_signals_and_volumes() -> None:
    signal = load([pool("x", "y", 5, 2, axes=1)], {"x": [1, 1, 20]}).trace()
    assert signal.input.layout == "NCL"
    assert signal["y"].region((3,)) == Region((4,), (9,))
    assert signal["y"].receptive_field == rf_viz.ReceptiveField((5,), (2,), (2,))
    volume = load([pool("x", "y", 3, 1, axes=3)], {"x": [1, 1, 5, 6, 7]}).trace()
    assert volume.input.layout == "NCDHW"
    assert volume["y"].region((0, 3, 6)) == Region((0, 2, 5), (2, 5, 7))
    assert volume["y"].mask((0, 3, 6)).sum() == 2 * 3 * 2


def test_tokens_of_patches_know_their_patch() -> None:
    """A vision transformer's first steps, and a mix along channels after them."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["patches"], strides=[4, 4]),
        helper.make_node("Reshape", ["patches", "shape"], ["flat"]),
        helper.make_node("Transpose", ["flat"], ["tokens"], perm=[0, 2, 1]),
        helper.make_node("Softmax", ["tokens"], ["mixed"], axis=-1),
        helper.make_node("Softmax", ["tokens"], ["attended"], "attention", axis=1),
    ]
    w = np.ones((8, 3, 4, 4), np.float32)
    net = load(nodes, {"x": [1, 3, 8, 12]}, w=w, shape=np.array([1, 8, 6])).trace()
    for name in ("tokens", "mixed"):
        assert net[name].region_of(np.s_[0, 4, :]) == Region((4, 4), (8, 8))
        assert net[name].exact
    assert net["attended"].region_of(np.s_[0, 4, 0]) == Region((0, 0), (8, 12))
    assert net["attended"].global_context == ("attention",)


def test_spatial_axes_can_be_chosen() -> None:
    model = load([pool("x", "y")], {"x": [1, 2, 8, 10]})
    net = model.trace(spatial_axes=(1, 3))
    assert net.input.size == (2, 10)
    assert net["y"].region_of(np.s_[0, 1, 4, 4]) == Region((1, 3), (2, 6))


def test_of_several_inputs_one_is_traced_and_the_others_carry_nothing() -> None:
    nodes = [
        pool("left", "a", 3),
        pool("right", "b", 5),
        helper.make_node("Add", ["a", "b"], ["sum"]),
        helper.make_node("Relu", ["b"], ["only right"]),
    ]
    model = load(nodes, {"left": [1, 1, 8, 8], "right": [1, 1, 8, 8]})
    assert [declared.name for declared in model.inputs] == ["left", "right"]
    left, right = model.trace(), model.trace(input="right")
    assert left["sum"].region((4, 4)).size == (3, 3)
    assert right["sum"].region((4, 4)).size == (5, 5)
    assert [layer.name for layer in left.layers] == ["a", "sum"]
    assert [layer.name for layer in right.layers] == ["b", "sum", "only right"]


def test_a_masked_kernel_has_a_blind_spot() -> None:
    """PixelCNN: the first kernel hides its centre and what follows, the others what follows.

    With the kernel masked only by rows and columns, what lies right above is never seen.
    """
    first = np.ones((1, 1, 3, 3), np.float32)
    first[:, :, 1, 1:] = 0
    first[:, :, 2] = 0
    later = first.copy()
    later[:, :, 1, 1] = 1
    pads = [1, 1, 1, 1]
    names = ["x", "c1", "c2", "c3", "c4"]
    nodes = [
        helper.make_node(
            "Conv", [names[i], "first" if i == 0 else "later"], [names[i + 1]], pads=pads
        )
        for i in range(4)
    ]
    model = load(nodes, {"x": [1, 1, 11, 11]}, first=first, later=later)
    mask = model.trace(weight_aware=True)["c4"].mask((6, 5))
    assert not mask[6, 5:].any()
    assert not mask[7:].any()
    assert mask[6, :5].tolist() == [False, True, True, True, True]
    # Above, each row up reaches only one further to the right: the blind spot.
    assert [int(np.flatnonzero(mask[row])[-1]) for row in (5, 4, 3, 2)] == [6, 7, 8, 9]
    region = model.trace(weight_aware=True)["c4"].region((6, 5))
    assert region == Region((2, 1), (7, 10))
    assert model.trace()["c4"].mask((6, 5)).sum() == 9 * 9


def test_an_unknown_size_leaves_open_what_depends_on_it() -> None:
    model = load([pool("x", "y", stride=2)], {"x": [1, 2, "h", "w"]})
    net = model.trace(input_size="unknown")
    assert net["y"].shape == (1, 2, None, None)
    assert net["y"].grid == (None, None)
    assert net["y"].receptive_field == rf_viz.ReceptiveField((3, 3), (2, 2), (1, 1))
    y = net["y"]
    for ask in (lambda: y.region((0, 0)), lambda: y.mask((0, 0)), y.bounds, lambda: y.extents):
        with pytest.raises(ValueError, match="need an input size"):
            ask()
    with pytest.raises(ValueError, match="need an input size"):
        net.seen_by((0, 0))


def chain(depth: int, size: int, kernel: int = 3) -> Network:
    """A chain of windows over a signal, each followed by the sum with what came before it."""
    step = Window([Slide(2, size, size, kernel, pad=kernel // 2)])
    tensors = [Tensor("x", "x", "Input", (1, 1, size))]
    for number in range(depth):
        source = [Source(number, (step,)), Source(number, ())]
        tensors.append(Tensor(f"t{number}", f"n{number}", "Op", (1, 1, size), source))
    return Network(tensors, (2,))


def test_path_counts_are_exact() -> None:
    """Against Python's integers: each step adds its neighbours, and itself once more."""
    layer = chain(60, 41).layers[-1]
    counts = [0] * 41
    counts[20] = 1
    for _ in range(60):
        around = [0, *counts, 0]
        counts = [sum(around[i : i + 3]) + counts[i] for i in range(41)]
    expected = [float(Fraction(n, sum(counts))) for n in counts]
    np.testing.assert_allclose(layer.paths((20,)), expected, rtol=1e-12)


def test_path_counts_stay_finite_at_any_depth() -> None:
    """Three thousand layers have 4 to the power 3,000 paths."""
    paths = chain(3000, 31).layers[-1].paths((15,))
    assert np.isfinite(paths).all()
    assert (paths > 0).all()
    assert paths.sum() == pytest.approx(1)
    np.testing.assert_allclose(paths, paths[::-1])


def test_ten_thousand_layers_are_not_too_deep() -> None:
    net = chain(10_000, 9)
    last = net.layers[-1]
    assert last.region((4,)) == Region((0,), (9,))
    assert last.mask((4,)).all()
    assert last.paths((4,)).sum() == pytest.approx(1)
    assert net.seen_by((4,))["t9999"].all()
    assert last.aligned


def test_a_cell_that_sees_nothing_has_no_paths() -> None:
    node = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[1], pads=[2, 0])
    layer = load([node], {"x": [1, 1, 4]}).trace()["y"]
    assert layer.region((0,)) == Region((0,), (0,))
    assert layer.region((0,)).empty
    assert layer.paths((0,)).tolist() == [0, 0, 0, 0]
    assert layer.region((2,)) == Region((0,), (1,))
