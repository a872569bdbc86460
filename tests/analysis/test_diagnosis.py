"""Findings about a network, on nets built for each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

import rf_viz
from rf_viz.analysis import diagnosis
from rf_viz.analysis.diagnosis import PathSizes
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.trace.network import Network
from tests.models.small_nets import Net, resnet50
from tests.oracles.onnx_oracle import build

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def names(layers: object) -> list[str]:
    return [layer.name for layer in layers]  # type: ignore[attr-defined]


def test_a_skip_connection_leaves_the_shortest_path_short() -> None:
    net = Net()
    a = net.conv("x", 3, name="a")
    b = net.conv(a, 3, name="b")
    net.op("Add", a, b, name="sum")
    net.conv("sum", 3, name="c")
    reaches = diagnosis.path_sizes(net.trace(32))
    assert reaches == [
        PathSizes((3, 3), (3, 3)),
        PathSizes((5, 5), (5, 5)),
        PathSizes((3, 3), (5, 5)),
        PathSizes((5, 5), (7, 7)),
    ]


def test_reach_is_told_where_branches_are_misaligned() -> None:
    net = Net()
    one = net.conv("x", 3, name="one")
    two = net.conv("x", 3, pad=0, name="two")
    two = net.op("Pad", two, "pads", name="moved")
    net.weights["pads"] = np.array([0, 0, 2, 2, 0, 0, 0, 0])
    net.op("Add", one, two, name="sum")
    traced = net.trace(16)
    assert traced["sum"].receptive_field is None
    assert diagnosis.path_sizes(traced)[-1] == PathSizes((3, 3), (3, 3))
    assert names(diagnosis.misaligned(traced)) == ["sum"]


# As published: README of RFA-Toolbox at github.com/MLRichter/receptive_field_analysis_toolbox
def test_resnet50_can_use_75_to_427_pixels() -> None:
    for net in (
        resnet50(224),
        rf_viz.load(LIGHT / "light_resnet50.onnx").trace(cut_global=True),
    ):
        sizes = diagnosis.input_range(net)
        assert sizes is not None
        assert sizes.least == (75, 75)
        assert sizes.most == (427, 427)
        assert sizes.left_out == 0


def test_the_range_says_which_layers_it_comes_from() -> None:
    sizes = diagnosis.input_range(resnet50(224))
    assert names(sizes.layers[0]) == ["layer4.1.conv2"] * 2
    assert names(sizes.layers[1]) == ["layer4.2.conv2"] * 2


def test_an_input_without_axes_has_no_range_of_sizes() -> None:
    net = build([onnx.helper.make_node("Relu", ["x"], ["y"])], {"x": []})
    assert diagnosis.input_range(rf_viz.load(net.SerializeToString()).trace()) is None


def test_the_range_leaves_out_what_has_no_closed_form() -> None:
    net = rf_viz.load(SAMPLE_MODELS["selfie"].path).trace(cut_global=True)
    sizes = diagnosis.input_range(net)
    assert sizes.left_out > 0
    assert sizes.most[0] == max(
        layer.receptive_field.size[0]
        for layer, inside in zip(net.layers, diagnosis.features(net), strict=True)
        if inside and layer.receptive_field
    )


def chain(count: int) -> Net:
    net, x = Net(), "x"
    for number in range(count):
        x = net.conv(x, 3, name=f"conv{number}")
    net.op("GlobalAveragePool", x, name="pool")
    return net


def test_the_border_layer_is_the_first_that_is_fed_more_than_the_image() -> None:
    # Before conv4 cells see 9 pixels, before conv3 no more than 7.
    border = diagnosis.border(chain(7).trace(8))
    assert border.layer.name == "conv4"
    assert border.before == (9, 9)
    assert names(border.unproductive) == ["conv5", "conv6"]


def test_a_layer_fed_exactly_the_image_still_sees_something_new() -> None:
    assert diagnosis.border(chain(7).trace(9)).layer.name == "conv5"
    assert diagnosis.border(chain(4).trace(9)) is None


def test_skip_connections_keep_layers_productive() -> None:
    net, x = Net(), "x"
    for number in range(7):
        x = net.op("Add", x, net.conv(x, 3, name=f"conv{number}"), name=f"sum{number}")
    assert diagnosis.border(net.trace(8)) is None


def test_where_cells_begin_to_see_the_whole_image() -> None:
    whole = diagnosis.whole_image(chain(8).trace(8))
    assert whole.some.name == "conv3"  # 9 pixels, from the middle
    assert whole.every.name == "conv6"  # 15 pixels: from corner to corner
    assert (whole.seeing, whole.layers) == (2, 8)


def test_nothing_before_the_pooling_may_see_the_whole_image() -> None:
    whole = diagnosis.whole_image(chain(2).trace(32))
    assert (whole.some, whole.every, whole.seeing, whole.layers) == (None, None, 0, 2)


def test_a_stride_beyond_the_kernel_hides_pixels() -> None:
    net = Net()
    net.conv("x", 1, 2, name="skipping", pad=0)
    (skip,) = diagnosis.skips(net.trace(8))
    assert (skip.layer.name, skip.between, skip.unseen) == ("skipping", True, 0.75)
    assert diagnosis.unseen_by_all(net.trace(8)) == 0.75


def test_a_dilation_in_step_with_the_stride_hides_pixels() -> None:
    net = Net()
    net.conv("x", 3, 2, name="skipping", dilation=2)
    (skip,) = diagnosis.skips(net.trace(8))
    assert skip.between
    assert skip.unseen == 0.75


def test_what_is_left_over_at_the_border_is_no_skipping() -> None:
    net = Net()
    net.conv("x", 3, 2, name="short", pad=0)
    (skip,) = diagnosis.skips(net.trace(8))
    assert not skip.between
    assert skip.unseen == pytest.approx(15 / 64)  # a row and a column


def test_skipped_positions_may_be_seen_through_earlier_layers_and_other_branches() -> None:
    net = Net()
    a = net.conv("x", 3, name="a")
    net.conv(a, 1, 2, name="skipping", pad=0)
    traced = net.trace(8)
    assert [(s.layer.name, s.between, s.unseen) for s in diagnosis.skips(traced)] == [
        ("skipping", True, 0.0)
    ]
    assert diagnosis.unseen_by_all(traced) == 0


def test_a_split_of_channels_skips_no_pixels() -> None:
    net = Net()
    net.op("Slice", "x", "one", "two", "axis", name="half")
    net.weights |= {"one": np.array([0]), "two": np.array([1]), "axis": np.array([1])}
    net.conv("half", 3, name="a")
    assert diagnosis.skips(net.trace(8, channels=2)) == []


def test_gates_and_heads_are_no_features() -> None:
    net = Net()
    a = net.conv("x", 3, name="a")
    pooled = net.op("GlobalAveragePool", a, name="squeeze")
    gate = net.op("Sigmoid", net.conv(pooled, 1, name="excite"), name="gate")
    gated = net.op("Mul", a, gate, name="gated")
    net.op("Flatten", net.op("GlobalMaxPool", gated, name="pool"), name="head")
    traced = net.trace(8)
    features = dict(zip(names(traced.layers), diagnosis.features(traced), strict=True))
    assert [name for name, inside in features.items() if inside] == ["a", "gated"]


def test_convolutions_on_a_single_cell_are_features() -> None:
    # At 32 pixels the last stage of a ResNet has but one cell.
    net = resnet50(32)
    assert net["layer4.2.add"].grid == (1, 1)
    features = dict(zip(names(net.layers), diagnosis.features(net), strict=True))
    assert features["layer4.2.add"]


def test_unknown_operations_are_named_where_they_are() -> None:
    net = Net()
    a = net.conv("x", 3, name="a")
    net.op("Mystery", a, name="unknown", domain="my.own")
    net.conv("unknown", 3, name="after")
    model = build(net.nodes, {"x": [1, 1, 8, 8]}, net.weights, domains={"my.own": 1})
    model.graph.value_info.append(
        onnx.helper.make_tensor_value_info("unknown", onnx.TensorProto.FLOAT, [1, 1, 8, 8])
    )
    traced = rf_viz.load(model.SerializeToString()).trace(cut_global=True)
    assert names(diagnosis.assumed(traced)) == ["unknown"]
    assert not traced["after"].exact


def test_attention_between_positions_has_findings_too() -> None:
    """Rows of the scores are the queries' positions, columns the keys': no form fits both."""
    nodes = [
        onnx.helper.make_node("Conv", ["x", "w"], ["a"], "a", pads=[1] * 4),
        onnx.helper.make_node("Reshape", ["a", "rows"], ["q"], "q"),
        onnx.helper.make_node("Transpose", ["q"], ["k"], "k", perm=[0, 2, 1]),
        onnx.helper.make_node("MatMul", ["k", "q"], ["scores"], "scores"),
        onnx.helper.make_node("Softmax", ["scores"], ["shares"], "shares"),
        onnx.helper.make_node("MatMul", ["q", "shares"], ["mixed"], "mixed"),
        onnx.helper.make_node("Reshape", ["mixed", "map"], ["b"], "b"),
        onnx.helper.make_node("Add", ["a", "b"], ["sum"], "sum"),
    ]
    constants = {
        "w": np.ones((4, 3, 3, 3), np.float32),
        "rows": np.array([1, 4, 48]),
        "map": np.array([1, 4, 6, 8]),
    }
    model = build(nodes, {"x": (1, 3, 6, 8)}, constants)
    net = rf_viz.load(model.SerializeToString()).trace(cut_global=True)
    reaches = dict(zip(names(net.layers), diagnosis.path_sizes(net), strict=True))
    assert reaches["sum"].shortest == (3, 3)
    assert diagnosis.border(net) is None
    assert diagnosis.unseen_by_all(net) == 0


def test_the_border_is_told_along_each_axis_by_its_own_shortest_path() -> None:
    net = Net()
    one = net.conv("x", 3, name="one")
    net.weights["wide"] = np.ones((1, 1, 1, 5), np.float32)
    net.op("Conv", "x", "wide", name="flat", pads=[0, 2, 0, 2])
    net.op("Add", one, "flat", name="sum")
    net.conv("sum", 3, name="next")
    reaches = diagnosis.path_sizes(net.trace(32))
    assert reaches[2] == PathSizes((1, 3), (3, 5))


Head = Callable[[Net, str], str]


def before_head(head: Head, size: int = 8) -> Network:
    """Seven convolutions of two channels each, what the head makes of them, and a last 1x1."""
    net, x = Net(), "x"
    net.weights["w"] = np.ones((2, 2, 3, 3), np.float32)
    net.weights["v"] = np.ones((3, 2, 1, 1), np.float32)
    for number in range(7):
        x = net.op("Conv", x, "w", name=f"conv{number}", pads=[1] * 4)
    pooled = head(net, x)
    net.weights["cell"] = np.array([1, 2, 1, 1])
    net.op("Conv", net.op("Reshape", pooled, "cell"), "v", name="classes")
    return net.trace(size, channels=2)


def every_finding(net: Network) -> tuple[object, ...]:
    """All that depends on where the pooling is."""
    inside = diagnosis.features(net)
    border, sizes = diagnosis.border(net), diagnosis.input_range(net)
    whole = diagnosis.whole_image(net)
    assert sizes is not None
    return (
        [layer.name for layer, own in zip(net.layers, inside, strict=True) if own],
        border and (border.layer.name, border.before, names(border.unproductive)),
        (sizes.least, sizes.most, sizes.left_out),
        (whole.some and whole.some.name, whole.every and whole.every.name),
        (whole.layers, whole.seeing),
    )


def reduced(op: str, *axes: int, keepdims: int = 1, layout: tuple[int, ...] = ()) -> Head:
    """A reduction over some axes, of the map transposed to another layout, if any."""

    def head(net: Net, x: str) -> str:
        net.weights["axes"] = np.array(axes)
        if layout:
            x = net.op("Transpose", x, perm=list(layout))
        return net.op(op, x, "axes", keepdims=keepdims)

    return head


def pooled(op: str, **attributes: object) -> Head:
    return lambda net, x: net.op(op, x, **attributes)


def one_after_the_other(keepdims: int) -> Head:
    def head(net: Net, x: str) -> str:
        net.weights |= {"rows": np.array([2]), "columns": np.array([2 + keepdims])}
        x = net.op("ReduceSum", x, "rows", keepdims=keepdims)
        return net.op("ReduceMax", net.op("Sqrt", x), "columns", keepdims=keepdims)

    return head


def over_flattened_positions(net: Net, x: str) -> str:
    net.weights |= {"flat": np.array([1, 2, -1]), "last": np.array([2])}
    return net.op("ReduceMean", net.op("Reshape", x, "flat"), "last")


def product_with_ones(net: Net, x: str) -> str:
    net.weights |= {"flat": np.array([1, 2, -1]), "ones": np.ones((64, 1), np.float32)}
    return net.op("MatMul", net.op("Reshape", x, "flat"), "ones")


POOLINGS: dict[str, Head] = {
    "GlobalAveragePool": pooled("GlobalAveragePool"),
    "GlobalMaxPool": pooled("GlobalMaxPool"),
    "GlobalLpPool": pooled("GlobalLpPool", p=2),
    "ReduceMean": reduced("ReduceMean", 2, 3),
    "ReduceSum": reduced("ReduceSum", 2, 3),
    "ReduceL2": reduced("ReduceL2", 2, 3, keepdims=0),
    "ReduceMax": reduced("ReduceMax", -1, -2, keepdims=0),
    "ReduceLogSumExp": reduced("ReduceLogSumExp", 2, 3),
    "AveragePool of all": pooled("AveragePool", kernel_shape=[8, 8]),
    "MaxPool of all": pooled("MaxPool", kernel_shape=[8, 8]),
    "MaxPool of nearly all": pooled("MaxPool", kernel_shape=[6, 6], strides=[6, 6]),
    "Einsum": pooled("Einsum", equation="nchw->nc"),
    "two reductions": one_after_the_other(1),
    "two reductions that drop axes": one_after_the_other(0),
    "flattened positions": over_flattened_positions,
    "product with ones": product_with_ones,
}

EXPECTED = (
    [f"conv{number}" for number in range(7)],
    ("conv4", (9, 9), ["conv5", "conv6"]),
    ((15, 15), (15, 15), 0),
    ("conv3", "conv6"),
    (7, 1),
)


@pytest.mark.parametrize("head", POOLINGS.values(), ids=POOLINGS)
def test_a_pooling_is_told_however_it_is_spelt(head: Head) -> None:
    assert every_finding(before_head(head)) == EXPECTED


@pytest.mark.parametrize("op", ["ReduceMean", "ReduceSum", "ReduceL2"])
def test_a_pooling_of_channels_last_is_told_too(op: str) -> None:
    net = before_head(reduced(op, 1, 2, layout=(0, 2, 3, 1)))
    features, border, *_ = every_finding(net)
    assert features == [*EXPECTED[0], "transpose7"]
    assert border == EXPECTED[1]


def dense(net: Net, x: str) -> str:
    net.weights["dense"] = np.ones((128, 2), np.float32)
    return net.op("MatMul", net.op("Flatten", x), "dense", name="head")


def whole_convolution(net: Net, x: str) -> str:
    net.weights["whole"] = np.ones((2, 2, 8, 8), np.float32)
    return net.op("Conv", x, "whole", name="head")


def whole_depthwise(net: Net, x: str) -> str:
    net.weights["whole"] = np.ones((2, 1, 8, 8), np.float32)
    return net.op("Conv", x, "whole", name="head", group=2)


def dense_over_one_channel(net: Net, x: str) -> str:
    net.weights |= {"one": np.ones((1, 2, 1, 1), np.float32), "dense": np.ones((64, 2), np.float32)}
    flat = net.op("Flatten", net.op("Conv", x, "one", name="narrow"))
    return net.op("MatMul", flat, "dense", name="head")


def blocks_into_channels(net: Net, x: str) -> str:
    net.weights["mixing"] = np.ones((2, 128, 1, 1), np.float32)
    return net.op("Conv", net.op("SpaceToDepth", x, blocksize=8), "mixing", name="head")


def resized(net: Net, x: str) -> str:
    net.weights["sizes"] = np.array([1, 2, 1, 1])
    return net.op("Resize", x, "", "", "sizes", name="head", mode="linear")


@pytest.mark.parametrize(
    "head",
    [
        dense,
        dense_over_one_channel,
        whole_convolution,
        whole_depthwise,
        blocks_into_channels,
        resized,
    ],
)
def test_what_else_leaves_a_single_cell_is_no_pooling(head: Head) -> None:
    net = before_head(head)
    before = dict(zip(names(net.layers), diagnosis.before_pooling(net), strict=True))
    assert before["head"]
    assert before["classes"]


def test_an_assumed_operation_is_not_taken_for_a_pooling() -> None:
    net = Net()
    net.op("Mystery", net.conv("x", 3, name="a"), name="unknown", domain="my.own")
    model = build(net.nodes, {"x": [1, 1, 8, 8]}, net.weights, domains={"my.own": 1})
    model.graph.value_info.append(
        onnx.helper.make_tensor_value_info("unknown", onnx.TensorProto.FLOAT, [1, 1, 1, 1])
    )
    traced = rf_viz.load(model.SerializeToString()).trace()
    assert diagnosis.before_pooling(traced) == [True, True]


def test_pooling_rows_alone_leaves_features_along_the_columns() -> None:
    """As text is read: a map is pooled over its rows, and convolved along its columns."""

    def rows_then_convolution(net: Net, x: str) -> str:
        net.weights |= {"axis": np.array([2]), "w1": np.ones((2, 2, 1, 3), np.float32)}
        x = net.op("ReduceMean", x, "axis", name="rows")
        x = net.op("Conv", x, "w1", name="along", pads=[0, 1, 0, 1])
        return net.op("GlobalAveragePool", x, name="all")

    net = before_head(rows_then_convolution)
    before = dict(zip(names(net.layers), diagnosis.before_pooling(net), strict=True))
    assert before["rows"]
    assert before["along"]
    assert not before["all"]


def test_depthwise_convolutions_that_reach_a_single_cell_are_features() -> None:
    """A MobileNet at a small size."""
    net = Net()
    net.weights |= {
        "w": np.ones((2, 1, 3, 3), np.float32),
        "v": np.ones((2, 2, 1, 1), np.float32),
    }
    x = "x"
    for number in range(4):
        x = net.op("Conv", x, "w", name=f"deep{number}", group=2, strides=[2, 2], pads=[1] * 4)
        x = net.op("Conv", x, "v", name=f"point{number}")
    net.op("GlobalAveragePool", x, name="pool")
    traced = net.trace(8, channels=2)
    assert traced["deep3"].grid == (1, 1)
    assert diagnosis.features(traced)[:8] == [True] * 8


HEADS = Path(__file__).parents[1] / "data" / "cases" / "odd_structures"


@pytest.mark.parametrize("op", ["GlobalAveragePool", "ReduceMean", "ReduceSum", "ReduceL2"])
def test_the_border_layer_does_not_depend_on_how_the_pooling_is_spelt(op: str) -> None:
    """Twelve convolutions of kernel 3: c8 is fed cells of 17 pixels, the image has 16."""
    net = rf_viz.load(HEADS / f"head_{op}.onnx").trace(cut_global=True)
    border = diagnosis.border(net)
    assert border is not None
    assert (border.layer.name, border.before) == ("c8", (17, 17))
    assert [layer.name for layer in border.unproductive] == ["c9", "c10", "c11"]
