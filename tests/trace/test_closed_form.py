"""Receptive field size, stride, padding and centre: the article's, the paths', the cells'.

Published numbers are from Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional
Neural Networks", Distill 2019 (doi 10.23915/distill.00021), and its table of end-points,
RECEPTIVE_FIELD_TABLE.md of github.com/google-research/receptive_field.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from random import Random

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

import rf_viz
from rf_viz import Network, ReceptiveField
from rf_viz.relation import Slide, Window
from rf_viz.relation.common.basic import same_pads
from rf_viz.relation.fit import same_front, same_total
from rf_viz.trace.tensors import Source, Tensor
from tests.oracles.naive import some_slide
from tests.oracles.onnx_oracle import build


def line(size: int, *windows: tuple[int, int, int]) -> Network:
    """A chain of (kernel, stride, padding) along one axis of ``size``."""
    tensors = [Tensor("x", "x", "Input", (1, 1, size))]
    for number, (kernel, stride, pad) in enumerate(windows):
        out = (size + 2 * pad - kernel) // stride + 1
        step = Window([Slide(2, size, out, kernel, stride, pad=pad)])
        tensors.append(
            Tensor(f"t{number}", f"n{number}", "Op", (1, 1, out), [Source(number, (step,))])
        )
        size = out
    return Network(tensors, (2,))


def test_the_articles_example_of_two_layers() -> None:
    """Kernel 2 stride 2 padding 1 after kernel 3 stride 1 padding 1 and such: by hand.

    With k1 = 3, s1 = 2, p1 = 1 the region of the second layer's cell 0 (k2 = 2, s2 = 1, p2 = 0)
    runs from u0 = -1 to v0 = -1 + 5 - 1 = 3; with k2 = 3 to v0 = 5; with p2 = 1 from u0 = -3.
    """
    for window, size, first in [((2, 1, 0), 5, -1), ((3, 1, 0), 7, -1), ((3, 1, 1), 7, -3)]:
        field = line(64, (3, 2, 1), window).layers[-1].receptive_field
        assert field == ReceptiveField((size,), (2,), (-first,))
        assert field.start((0,)) == (first,)
        assert field.stop((0,)) == (first + size,)
        assert field.centre((0,)) == (first + (size - 1) / 2,)
        assert field.start((5,)) == (first + 10,)


def test_four_layers_by_the_articles_recurrence() -> None:
    """Its equations, r = sum (k_l - 1) prod s_i + 1 and u0 = -sum p_l prod s_i, written out."""
    windows = [(7, 2, 3), (3, 2, 1), (5, 1, 2), (3, 2, 0)]
    jumps = [1, 2, 4, 4]
    size = 1 + sum((k - 1) * j for (k, _, _), j in zip(windows, jumps, strict=True))
    pad = sum(p * j for (_, _, p), j in zip(windows, jumps, strict=True))
    assert line(256, *windows).layers[-1].receptive_field == ReceptiveField((size,), (8,), (pad,))


class Builder:
    """An ONNX model of one channel, layer by layer, with the usual conventions of padding."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, np.ndarray] = {}

    def _node(self, op: str, sources: Sequence[str], name: str, **attributes: object) -> str:
        name = name or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, sources, [name], **attributes))
        return name

    def conv(self, x: str, k: int, s: int = 1, pad: str | int = "SAME", name: str = "") -> str:
        weight = f"w{k}"
        self.weights[weight] = np.ones((1, 1, k, k), np.float32)
        return self._node("Conv", [x, weight], name, strides=[s, s], **padding(pad))

    def pool(self, x: str, k: int, s: int, pad: str | int = "SAME", name: str = "") -> str:
        return self._node("MaxPool", [x], name, kernel_shape=[k, k], strides=[s, s], **padding(pad))

    def concat(self, *parts: str, name: str = "") -> str:
        """Joined so that all stay one channel: for receptive fields a sum is the same."""
        return self._node("Sum", parts, name)

    def trace(self, size: int | None) -> Network:
        model = rf_viz.load(
            build(self.nodes, {"x": [1, 1, "h", "w"]}, self.weights).SerializeToString()
        )
        return model.trace("unknown" if size is None else (size, size))


def padding(pad: str | int) -> dict[str, object]:
    if isinstance(pad, int):
        return {"pads": [pad] * 4}
    return {"auto_pad": {"SAME": "SAME_UPPER", "VALID": "VALID"}[pad]}


def alexnet_v2() -> Builder:
    net = Builder()
    x = net.pool(net.conv("x", 11, 4, "VALID", "conv1"), 3, 2, "VALID", "pool1")
    x = net.pool(net.conv(x, 5, name="conv2"), 3, 2, "VALID")
    for name in ("conv3", "conv4", "conv5"):
        x = net.conv(x, 3, name=name)
    net.pool(x, 3, 2, "VALID", "pool5")
    return net


def vgg_16() -> Builder:
    net = Builder()
    x = "x"
    for block, depth in enumerate((2, 2, 3, 3, 3), 1):
        for _ in range(depth):
            x = net.conv(x, 3)
        x = net.pool(x, 2, 2, "VALID", f"pool{block}")
    return net


def mobilenet_v1() -> Builder:
    net = Builder()
    x = net.conv("x", 3, 2, name="Conv2d_0")
    for number, stride in enumerate((1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1), 1):
        x = net.conv(net.conv(x, 3, stride), 1, name=f"Conv2d_{number}_pointwise")
    return net


def resnet_v1_50() -> Builder:
    """As in TF-Slim: a block's last unit strides, explicitly padded; the first pool is SAME."""
    net = Builder()
    x = net.pool(net.conv("x", 7, 2, 3), 3, 2)
    for block, units in enumerate((3, 4, 6, 3), 1):
        for unit in range(units):
            last = unit == units - 1
            stride = 2 if last and block < 4 else 1
            short = net.conv(x, 1) if unit == 0 else net.pool(x, 1, stride, 0)
            inner = net.conv(net.conv(net.conv(x, 1), 3, stride, 1), 1)
            x = net.concat(short, inner, name=f"block{block}" if last else "")
    return net


def inception_v2() -> Builder:
    net = Builder()
    x = net.conv("x", 7, 2, name="Conv2d_1a_7x7")
    x = net.pool(x, 3, 2, name="MaxPool_2a_3x3")
    x = net.conv(net.conv(x, 1), 3, name="Conv2d_2c_3x3")
    x = net.pool(x, 3, 2, name="MaxPool_3a_3x3")
    for name in ("3b", "3c", "4a", "4b", "4c", "4d", "4e", "5a", "5b", "5c"):
        stride = 2 if name in ("4a", "5a") else 1
        parts = [
            net.conv(net.conv(x, 1), 3, stride),
            net.conv(net.conv(net.conv(x, 1), 3), 3, stride),
            net.pool(x, 3, stride),
        ]
        x = net.concat(*parts, *([net.conv(x, 1)] if stride == 1 else []), name=f"Mixed_{name}")
    return net


# End-point: size, stride, then the padding at 224 and at 321; one number where it is the same
# at every size.
PUBLISHED: dict[object, dict[str, tuple[int, ...]]] = {
    alexnet_v2: {
        "conv1": (11, 4, 0),
        "pool1": (19, 8, 0),
        "conv2": (51, 8, 16),
        "conv3": (99, 16, 32),
        "conv4": (131, 16, 48),
        "conv5": (163, 16, 64),
        "pool5": (195, 32, 64),
    },
    vgg_16: {
        "pool1": (6, 2, 2),
        "pool2": (16, 4, 6),
        "pool3": (44, 8, 18),
        "pool4": (100, 16, 42),
        "pool5": (212, 32, 90),
    },
    mobilenet_v1: {
        "Conv2d_0": (3, 2, 0, 1),
        "Conv2d_1_pointwise": (7, 2, 2, 3),
        "Conv2d_2_pointwise": (11, 4, 2, 5),
        "Conv2d_4_pointwise": (27, 8, 6, 13),
        "Conv2d_6_pointwise": (59, 16, 14, 29),
        "Conv2d_11_pointwise": (219, 16, 94, 109),
        "Conv2d_12_pointwise": (251, 32, 94, 125),
        "Conv2d_13_pointwise": (315, 32, 126, 157),
    },
    resnet_v1_50: {
        "block1": (35, 8, 15, 17),
        "block2": (99, 16, 47, 49),
        "block3": (291, 32, 143, 145),
        "block4": (483, 32, 239, 241),
    },
    inception_v2: {
        "Conv2d_1a_7x7": (7, 2, 2, 3),
        "MaxPool_2a_3x3": (11, 4, 2, 5),
        "Conv2d_2c_3x3": (19, 4, 6, 9),
        "MaxPool_3a_3x3": (27, 8, 6, 13),
        "Mixed_3b": (59, 8, 22, 29),
        "Mixed_3c": (91, 8, 38, 45),
        "Mixed_4a": (123, 16, 46, 61),
        "Mixed_4e": (379, 16, 174, 189),
        "Mixed_5a": (443, 32, 190, 221),
        "Mixed_5b": (571, 32, 254, 285),
        "Mixed_5c": (699, 32, 318, 349),
    },
}


@pytest.mark.parametrize("size", [224, 321, None], ids=["224", "321", "unknown"])
@pytest.mark.parametrize("net", PUBLISHED, ids=lambda net: net.__name__)
def test_published_receptive_fields(net, size: int | None) -> None:  # noqa: ANN001
    traced = net().trace(size)
    for name, (extent, stride, *pads) in PUBLISHED[net].items():
        pad = pads[-1 if size == 321 else 0] if size or len(pads) == 1 else None
        layer = traced[name]
        assert layer.receptive_field == ReceptiveField((extent,) * 2, (stride,) * 2, (pad,) * 2)
        assert layer.aligned
        assert layer.note == ""


def test_what_does_not_hold_for_every_size_is_not_told_for_every_size() -> None:
    field = mobilenet_v1().trace(None)["Conv2d_0"].receptive_field
    assert field is not None
    with pytest.raises(ValueError, match="trace with one"):
        field.start((0, 0))


def test_clipping_the_closed_form_is_not_the_exact_region() -> None:
    """Its pool drops the last column before conv2 pads: pixels that the formula still counts."""
    layer = alexnet_v2().trace(224)["conv2"]
    field = layer.receptive_field
    assert field is not None
    assert (field.start((25, 25)), field.stop((25, 25))) == ((184, 184), (235, 235))
    region = layer.region((25, 25))
    assert (region.start, region.stop) == ((184, 184), (219, 219))


def test_reasons_are_told_in_words() -> None:
    """Why a layer has no closed form, by the names of the nodes where it was lost."""
    nodes = [
        helper.make_node("MaxPool", ["x"], ["even"], kernel_shape=[2, 2], pads=[0, 0, 1, 1]),
        helper.make_node("Add", ["x", "even"], ["sum"], "shortcut"),
        helper.make_node("MaxPool", ["sum"], ["later"], "later pool", kernel_shape=[3, 3]),
        helper.make_node("Reshape", ["x", "shape"], ["folded"], "fold"),
        helper.make_node("GlobalMaxPool", ["x"], ["all"], "pool over all"),
        helper.make_node("ReduceMax", ["x", "rows"], ["columns"], "pool over rows"),
    ]
    constants = {"shape": np.array([1, 1, 4, 16]), "rows": np.array([2])}
    net = rf_viz.load(build(nodes, {"x": [1, 1, 8, 8]}, constants).SerializeToString()).trace()
    for name in ("sum", "later"):
        assert net[name].aligned is False
        assert net[name].note == "branches misaligned: centres 0.5 px apart at shortcut"
    assert net["folded"].aligned is None
    assert net["folded"].note == "no affine form: rearranged into another grid"
    assert net["all"].aligned is None
    assert net["all"].note == "global: mixed over the whole image by pool over all"
    assert net["columns"].note == "global: mixed over the whole image by pool over rows"
    assert net["even"].receptive_field == ReceptiveField((2, 2), (1, 1), (0, 0))


def test_branches_of_different_strides_are_misaligned() -> None:
    tensors = [
        Tensor("x", "x", "Input", (1, 1, 8)),
        Tensor("a", "a", "Op", (1, 1, 4), [Source(0, (Window([Slide(2, 8, 4, 2, 2)]),))]),
        Tensor("b", "b", "Op", (1, 1, 4), [Source(0, (Window([Slide(2, 8, 4, 5)]),))]),
        Tensor("c", "join", "Op", (1, 1, 4), [Source(1, ()), Source(2, ())]),
    ]
    layer = Network(tensors, (2,)).layers[-1]
    assert layer.aligned is False
    assert layer.receptive_field is None
    assert layer.note == "branches misaligned: strides 2 and 1 meet at join"
    assert layer.region((2,)).slices == (slice(2, 7),)


Path = tuple[int, int, int]
"""Size, stride and start of cell 0 along one path from the input."""


def along(path: Path, s: Slide) -> Path:
    size, stride, start = path
    return size + (s.kernel - 1) * s.dilation * stride, stride * s.stride, start - s.pad * stride


@pytest.mark.slow
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("clamp", [False, True])
def test_same_padding_varies_with_the_size_where_some_size_has_another_front(
    lower: bool, clamp: bool
) -> None:
    for stride, kernel, dilation in product(range(1, 9), range(1, 8), range(1, 4)):
        totals = [
            same_total(n, kernel, stride, dilation, clamp=clamp) for n in range(1, 9 * stride)
        ]
        fronts = {same_front(total, lower=lower) for total in totals}
        varies = same_pads(7, kernel, stride, dilation, lower=lower, clamp=clamp)[2]
        assert varies == (len(fronts) > 1), (stride, kernel, dilation)


def test_same_padding_of_any_stride_is_told_at_once() -> None:
    assert same_pads(16, 3, 2**62, 1) == (0, 1, True)


@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=250)
def test_a_closed_form_is_what_all_paths_agree_on(rng: Random) -> None:
    """Aligned means: every path has the same stride and the same centre; the largest is told."""
    extent = 400
    tensors = [Tensor("x", "x", "Input", (1, 1, extent))]
    paths: list[set[Path]] = [{(1, 1, 0)}]
    for _ in range(rng.randint(1, 7)):
        number = len(tensors)
        source = rng.randrange(max(0, number - 3), number)
        size = tensors[source].shape[2]
        kernel, dilation = rng.choice([(1, 1), (2, 1), (3, 1), (3, 2), (5, 1)])
        stride = rng.choice([1, 1, 1, 2])
        total, out, _ = same_pads(size, kernel, stride, dilation)
        slide = Slide(2, size, out, kernel, stride, dilation, total // 2)
        sources = [Source(source, (Window([slide]),))]
        mine = {along(path, slide) for path in paths[source]}
        others = [n for n in range(1, number) if tensors[n].shape[2] == out]
        for other in rng.sample(others, min(len(others), rng.randint(0, 2))):
            sources.append(Source(other, ()))
            mine |= paths[other]
        tensors.append(Tensor(f"t{number}", f"n{number}", "Op", (1, 1, out), sources))
        paths.append(mine)
    for layer, mine in zip(Network(tensors, (2,)).layers, paths[1:], strict=True):
        field = layer.receptive_field
        agree = len({(stride, 2 * start + size) for size, stride, start in mine}) == 1
        assert layer.aligned == agree
        assert (field is not None) == agree
        if field is None:
            assert "branches misaligned" in layer.note
            continue
        size, stride, start = max(mine)
        assert field == ReceptiveField((size,), (stride,), (-start,))
        for cell in range(*layer.grid):
            region = layer.region((cell,))
            first, last = field.start((cell,))[0], field.stop((cell,))[0]
            assert region.start[0] >= max(0, first)
            assert region.stop[0] <= min(extent, last)
            if first >= 100 and last <= 300:  # whatever is padded lies far away
                assert (region.start[0], region.stop[0]) == (first, last)


@given(rng=st.randoms(use_true_random=False))
def test_any_chain_of_windows_has_the_form_of_its_inner_cells(rng: Random) -> None:
    """With any padding, cropping, dilation and stride."""
    tensors = [Tensor("x", "x", "Input", (1, 1, 600))]
    for number in range(rng.randint(1, 4)):
        slide = some_slide(rng, 2, tensors[-1].shape[2])
        step = Window([slide])
        tensors.append(
            Tensor(f"t{number}", f"n{number}", "Op", (1, 1, slide.out), [Source(number, (step,))])
        )
    layer = Network(tensors, (2,)).layers[-1]
    field = layer.receptive_field
    assert field is not None
    cells = range(*layer.grid)
    middle = [c for c in cells if field.start((c,))[0] >= 250 and field.stop((c,))[0] <= 450]
    for cell in middle:
        region = layer.region((cell,))
        assert (region.start, region.stop) == (field.start((cell,)), field.stop((cell,)))
    for one, two in pairwise(middle):
        assert field.centre((two,))[0] - field.centre((one,))[0] == field.stride[0]


def test_a_form_survives_a_detour_through_merged_axes() -> None:
    """As a dense layer of Keras does it: (H, W) are merged, worked on by channel, and parted."""
    w, v = np.ones((4, 3, 3, 3), np.float32), np.ones((4, 4, 3, 3), np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "a", strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Transpose", ["a"], ["last"], "last", perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["last", "merge"], ["rows"], "rows"),
        helper.make_node("MatMul", ["rows", "m"], ["mixed"], "mixed"),
        helper.make_node("Reshape", ["mixed", "part"], ["parted"], "parted"),
        helper.make_node("Transpose", ["parted"], ["first"], "first", perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "v"], ["b"], "b", pads=[1, 1, 1, 1]),
        helper.make_node("Reshape", ["mixed", "other"], ["cut"], "cut"),
    ]
    constants = {
        "w": w,
        "v": v,
        "m": np.ones((4, 4), np.float32),
        "merge": np.array([-1, 4]),
        "part": np.array([1, 8, 6, 4]),
        "other": np.array([1, 4, 12, 4]),
    }
    model = build(nodes, {"x": (1, 3, 16, 12)}, constants)
    net = rf_viz.load(model.SerializeToString()).trace()
    assert net["rows"].receptive_field is None
    assert net["mixed"].note == "no affine form: rearranged into another grid"
    assert net["parted"].receptive_field == net["a"].receptive_field
    assert net["b"].receptive_field == ReceptiveField((7, 7), (2, 2), (3, 3))
    assert net["b"].region((3, 2)) == rf_viz.Region((3, 1), (10, 8))
    assert net["cut"].receptive_field is None, "8 rows of 6 are no 4 rows of 12"


def test_a_single_position_among_axes_of_length_one_is_not_told_by_a_reshape() -> None:
    """Both H and W would come to lie on the last axis."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "a"),
        helper.make_node("Reshape", ["a", "flat"], ["b"], "b"),
        helper.make_node("Reshape", ["b", "map"], ["c"], "c"),
        helper.make_node("Conv", ["c", "v"], ["d"], "d", pads=[1, 2, 1, 2]),
    ]
    constants = {
        "w": np.ones((4, 3, 8, 8), np.float32),
        "v": np.ones((2, 4, 3, 5), np.float32),
        "flat": np.array([1, 4]),
        "map": np.array([1, 4, 1, 1]),
    }
    model = build(nodes, {"x": (1, 3, 8, 8)}, constants)
    net = rf_viz.load(model.SerializeToString()).trace()
    assert net["a"].receptive_field == ReceptiveField((8, 8), (1, 1), (0, 0))
    assert net["d"].receptive_field is None


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(2, 2, None), (3, 2, 1), (4, 2, None), (3, 1, 1), (2, 1, 1)]
)
@pytest.mark.parametrize("op", ["Conv", "MaxPool"])
def test_padding_for_any_size_is_what_every_size_has(
    op: str, kernel: int, stride: int, padding: int | None
) -> None:
    attributes = {"auto_pad": "SAME_LOWER", "strides": [stride]}
    if op == "Conv":
        node = helper.make_node("Conv", ["x", "w"], ["y"], "y", **attributes)
    else:
        node = helper.make_node("MaxPool", ["x"], ["y"], "y", kernel_shape=[kernel], **attributes)
    constants = {"w": np.ones((1, 1, kernel), np.float32)} if op == "Conv" else {}
    model = build([node], {"x": (1, 1, "n")}, constants)
    loaded = rf_viz.load(model.SerializeToString())
    paddings = {
        loaded.trace(input_size=(n,), spatial_axes=(2,))["y"].receptive_field.padding[0]
        for n in range(20, 30)
    }
    assert paddings == {padding} if padding is not None else len(paddings) > 1
    unknown = loaded.trace(input_size="unknown", spatial_axes=(2,))["y"].receptive_field
    assert unknown.padding == (padding,)
