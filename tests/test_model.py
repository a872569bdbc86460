"""Tracing a model: which sizes it takes, and what is said of those it does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import rf_viz
from rf_viz import Network
from rf_viz.errors import DefectError, SizeUnknownError
from rf_viz.readers.onnx.node import Node
from rf_viz.readers.onnx.ops import OPERATORS
from rf_viz.readers.reading.operators import Operator
from rf_viz.readers.reading.values import Outputs
from rf_viz.relation import Slide, Window
from rf_viz.trace.tensors import Source, Tensor
from tests.oracles.onnx_oracle import build, generic

CASES = Path(__file__).parent / "data" / "cases"


def conv(shape: tuple[Any, ...], **attributes: Any) -> rf_viz.Model:  # noqa: ANN401
    node = helper.make_node("Conv", ["x", "w"], ["y"], **attributes)
    return rf_viz.load(
        build([node], {"x": shape}, {"w": generic((2, 3, 3, 3))}).SerializeToString(), "net"
    )


def test_a_model_is_traced_at_its_own_size() -> None:
    net = conv((1, 3, 20, 30)).trace()
    assert net.input.shape == (1, 3, 20, 30)
    assert net.input.layout == "NCHW"
    assert net["y"].grid == (18, 28)


def test_another_size_than_the_models_own() -> None:
    model = conv((1, 3, 20, 30))
    assert model.trace((8, 9))["y"].grid == (6, 7)
    assert model.trace(input_shape=(2, 3, 8, 9)).input.shape == (2, 3, 8, 9)
    assert model.trace(input_shape={"x": (1, 3, 8, 9)})["y"].grid == (6, 7)


@pytest.mark.parametrize(
    "shape", [("n", 3, "h", "w"), (None, 3, None, None), ("n", "c", "h", "w"), (1, 3, 224, "w")]
)
def test_axes_of_any_size_are_bound_to_one_that_works(shape: tuple[Any, ...]) -> None:
    model = conv(shape)
    assert model.trace().input.shape[:2] == (1, 3)
    assert model.trace((10, 12)).input.shape == (1, 3, 10, 12)


def test_a_size_that_only_some_models_take() -> None:
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["y"]),
    ]
    weights = {"w": generic((3 * 64 * 64, 2))}
    model = rf_viz.load(build(nodes, {"x": ("n", 3, "h", "w_")}, weights).SerializeToString())
    assert model.trace().input.shape == (1, 3, 64, 64)
    with pytest.raises(rf_viz.ModelError, match="MatMul"):
        model.trace(input_shape=(1, 3, 32, 32))


def vit(
    side: int, patch: int = 8, tokens: int = 0, channels: int = 3
) -> tuple[list[onnx.NodeProto], dict[str, Any]]:
    """Patches in a row, more tokens in front, and what is learnt of every place added."""
    places = (side // patch) ** 2 + tokens
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["p"], strides=[patch] * 2),
        helper.make_node("Reshape", ["p", "rows"], ["r"]),
        helper.make_node("Transpose", ["r"], ["t"], perm=[0, 2, 1]),
        helper.make_node("Concat", ["tokens", "t"], ["c"], axis=1),
        helper.make_node("Add", ["c", "places"], ["y"]),
    ]
    weights = {
        "w": generic((4, channels, patch, patch)),
        "rows": np.array([0, 4, -1]),
        "tokens": generic((1, tokens, 4)),
        "places": generic((1, places, 4)),
    }
    return nodes, weights


def flattened(
    *shape: int, windows: Sequence[dict[str, Any]] = (), folded: bool = False
) -> tuple[list[onnx.NodeProto], dict[str, Any]]:
    """Convolutions of 2 channels, and a matrix for that many numbers of their output."""
    nodes, last, channels = [], "x", 3
    for number, window in enumerate(windows):
        nodes.append(helper.make_node("Conv", [last, f"w{number}"], [f"c{number}"], **window))
        last, channels = f"c{number}", 2
    count = channels * int(np.prod(shape))
    fold = ["f", "row"] if folded else ["f"]
    nodes += [
        helper.make_node("Reshape" if folded else "Flatten", [last, *fold[1:]], ["f"]),
        helper.make_node("MatMul", ["f", "m"], ["y"]),
    ]
    kernel = (3,) * len(shape)
    weights = {f"w{n}": generic((2, 2 if n else 3, *kernel)) for n in range(len(windows))}
    row = {"row": np.array([1, count])} if folded else {}
    return nodes, {**weights, **row, "m": generic((count, 2))}


def of_any_size(made_of: tuple[list[onnx.NodeProto], dict[str, Any]], axes: int) -> rf_viz.Model:
    nodes, weights = made_of
    shape = ("n", 3, *[f"size{axis}" for axis in range(axes)])
    return rf_viz.load(build(nodes, {"x": shape}, weights).SerializeToString(), "net")


STRIDED = {"strides": [2, 2]}


@pytest.mark.parametrize(
    ("made_of", "size"),
    [
        pytest.param(vit(384, 16), (384, 384), id="384, usual"),
        pytest.param(vit(160), (160, 160), id="places of 400 patches"),
        pytest.param(vit(160, tokens=1), (160, 160), id="and a class token"),
        pytest.param(vit(98, 14, tokens=5), (98, 98), id="patches of 14, and registers"),
        pytest.param(flattened(28, 28), (28, 28), id="all pixels in a row"),
        pytest.param(flattened(24, 24, windows=[{}, {}]), (28, 28), id="windows without padding"),
        pytest.param(flattened(6, 6, windows=[STRIDED] * 2, folded=True), (28, 28), id="reshaped"),
        pytest.param(flattened(300), (300,), id="a signal"),
        pytest.param(flattened(24, 24, 24), (24, 24, 24), id="a volume"),
    ],
)
def test_a_model_opens_at_the_size_that_its_weights_demand(
    made_of: tuple[list[onnx.NodeProto], dict[str, Any]], size: tuple[int, ...]
) -> None:
    net = of_any_size(made_of, len(size)).trace()
    assert net.input.shape[:2] == (1, 3)
    assert net.input.shape[2:] == size
    assert net["y"].exact


OBLONG = flattened(16, 8, windows=[{"strides": [4, 4], "pads": [1] * 4}])
"""A network for 64 x 32, whatever it says: no square fits, and 32 x 64 would be as likely."""


def test_a_size_that_is_said_is_tried_before_any_other() -> None:
    model = of_any_size(OBLONG, 2)
    assert model.trace((64, 32)).input.shape == (1, 3, 64, 32)
    assert model.trace(input_shape=(1, 3, 64, 32))["c0"].grid == (16, 8)
    within = model.trace(input="c0", input_shape={"x": (1, 3, 64, 32)})
    assert within.input.shape == (1, 2, 16, 8)
    assert within["y"].name == "y"


def test_the_size_is_asked_for_where_none_of_the_likely_ones_works() -> None:
    with pytest.raises(SizeUnknownError, match=r"^net leaves the size of x open.*MatMul") as error:
        of_any_size(OBLONG, 2).trace()
    assert error.value.input == "x"
    assert error.value.shape == (None, 3, None, None)
    assert error.value.symbols[2:] == ("size0", "size1")
    assert "input_size" in str(error.value)


def test_a_size_that_a_model_refuses_is_told_with_the_reason() -> None:
    with pytest.raises(rf_viz.ModelError, match=r"\[1, 196, 4\] and \[1, 400, 4\]"):
        of_any_size(vit(160), 2).trace((112, 112))
    with pytest.raises(rf_viz.ModelError, match="2 spatial axes, input_size has 1"):
        of_any_size(vit(160), 2).trace((160,))


def test_what_no_size_would_mend_is_told_as_it_is() -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    model = rf_viz.load(
        build([node], {"x": ("n", 4, "h", "w_")}, {"w": generic((2, 3, 3, 3))}).SerializeToString()
    )
    with pytest.raises(rf_viz.ModelError, match="Conv") as error:
        model.trace()
    assert not isinstance(error.value, SizeUnknownError)


def test_inputs_of_any_size_beside_each_other_take_the_size_that_is_said() -> None:
    nodes = [
        helper.make_node("Concat", ["x", "z"], ["both"], axis=0),
        helper.make_node("Conv", ["both", "w"], ["y"]),
    ]
    inputs: dict[str, Any] = {"x": ("n", 3, "h", "w_"), "z": ("m", 3, "a", "b")}
    model = rf_viz.load(build(nodes, inputs, {"w": generic((2, 3, 3, 3))}).SerializeToString())
    assert model.trace((10, 12)).shapes == {"x": (1, 3, 10, 12), "z": (1, 3, 10, 12)}


def test_an_exported_transformer_of_free_axes_opens_by_itself_and_at_its_size() -> None:
    """Its places are learnt for 6 x 6 patches of 16 pixels; ONNX Runtime runs it at 96 only."""
    model = rf_viz.load(CASES / "pytorch" / "vit96_dynamic_axes.onnx")
    for net in (model.trace(), model.trace((96, 96)), model.trace(input_shape=(1, 3, 96, 96))):
        assert net.input.shape == (1, 3, 96, 96)
        assert net["19"].region_of(np.s_[0, 7, :]) == rf_viz.Region((16, 16), (32, 32))
    session = onnxruntime.InferenceSession(model.proto.SerializeToString())
    session.run(None, {"image": np.zeros((1, 3, 96, 96), np.float32)})
    with pytest.raises(Exception, match="Add"):
        session.run(None, {"image": np.zeros((1, 3, 224, 224), np.float32)})


def test_inputs_whose_axes_share_a_name_share_their_size() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["c", "z"], ["y"]),
    ]
    inputs: dict[str, Any] = {"x": ("n", 3, "h", "w_"), "z": ("n", 2, "h", "w_")}
    model = rf_viz.load(build(nodes, inputs, {"w": generic((2, 3, 3, 3))}).SerializeToString())
    assert model.trace((10, 12))["y"].shape == (1, 2, 10, 12)
    assert model.shapes((4, 3, 8, 9)) == {"x": (4, 3, 8, 9), "z": (4, 2, 8, 9)}


def test_inputs_whose_axes_have_no_name() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Concat", ["c", "z"], ["y"], axis=1),
    ]
    inputs: dict[str, Any] = {"x": (1, 3, None, None), "z": (1, 2, None, None)}
    model = rf_viz.load(build(nodes, inputs, {"w": generic((2, 3, 3, 3))}).SerializeToString())
    assert model.trace()["y"].shape == (1, 4, 224, 224)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"input_size": (8,)}, "2 spatial axes, input_size has 1"),
        ({"input_size": (8, 8, 8)}, "2 spatial axes, input_size has 3"),
        ({"input_size": (2, 2)}, "Conv"),
        ({"input_size": (0, 8)}, "every axis must be at least 1"),
        ({"input_size": (-8, 8)}, "every axis must be at least 1"),
        ({"input_size": (2**20, 2**20)}, "too large: the limit is"),
        ({"input_size": (8.5, 8)}, "whole numbers"),
        ({"input_size": 8}, "whole numbers"),
        ({"input_size": "huge"}, "'unknown'"),
        ({"input_shape": (1, 3, 8)}, "4 axes, not 3"),
        ({"input_shape": (1, 4, 8, 8)}, "Conv.*channels"),
        ({"input_shape": {"z": (1, 3, 8, 8)}}, "no input 'z'; it has x"),
        ({"input": "z"}, "no input 'z'; it has x"),
        ({"spatial_axes": (4,)}, r"spatial axes \(4,\)"),
        ({"spatial_axes": ()}, r"spatial axes \(\)"),
        ({"spatial_axes": (9,), "input_size": (8,)}, r"spatial axes \(9,\)"),
    ],
)
def test_what_cannot_be_traced_is_one_sentence(options: dict[str, Any], said: str) -> None:
    with pytest.raises(rf_viz.ModelError, match=said) as caught:
        conv((1, 3, 20, 30)).trace(**options)
    assert "\n" not in str(caught.value)


def test_spatial_axes_may_be_overridden() -> None:
    net = conv((1, 3, 20, 30)).trace(spatial_axes=(-1,))
    assert net.input.spatial_axes == (3,)
    assert net["y"].region_of(np.s_[0, 0, 0, 5]) == rf_viz.Region((5,), (8,))
    assert conv((1, 3, 20, 30)).trace((9,), spatial_axes=(-1,)).input.shape == (1, 3, 20, 9)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((1, 5, 6, 7, 2), (1, 2, 3)),
        ((1, 3, 16, 20, 24), (2, 3, 4)),
        ((1, 8, 9, 3), (1, 2)),
        ((1, 3, 8, 9), (2, 3)),
    ],
)
def test_where_no_window_tells_a_short_axis_is_channels(
    shape: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "relu",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    net = rf_viz.load(helper.make_model(graph)).trace()
    assert (net.input.spatial_axes, net.input.guessed) == (axes, True)


def resized() -> rf_viz.Model:
    """Resized to 56 x 56 whatever the input: the stride is another one at every size."""
    sizes = numpy_helper.from_array(np.array([1, 3, 56, 56], np.int64), "sizes")
    graph = helper.make_graph(
        [
            helper.make_node(
                "Resize",
                ["x", "", "", "sizes"],
                ["y"],
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
                mode="nearest",
            )
        ],
        "resized",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [sizes],
    )
    return rf_viz.load(helper.make_model(graph).SerializeToString())


def test_what_is_tied_to_one_size_does_not_hold_for_all() -> None:
    model = resized()
    at_size = model.trace((224, 224))["y"].receptive_field
    assert at_size is not None
    assert at_size.stride == (4, 4)
    layer = model.trace("unknown")["y"]
    assert layer.receptive_field is None
    assert layer.note == "no affine form: it depends on the input's size"


def test_who_looks_early_sees_nothing_that_another_size_refutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make = Network.__init__

    def look_at_once(net: Network, *args: Any, **options: Any) -> None:  # noqa: ANN401
        make(net, *args, **options)
        assert len([layer.receptive_field for layer in net.layers]) == 1

    monkeypatch.setattr(Network, "__init__", look_at_once)
    layer = resized().trace("unknown")["y"]
    assert layer.receptive_field is None
    assert layer.note == "no affine form: it depends on the input's size"


def test_a_network_keeps_the_padding_that_two_sizes_share() -> None:
    def padded(size: int, front: int) -> list[Tensor]:
        step = Window((Slide(2, size, size, kernel=5, pad=front),))
        shape = (1, 1, size)
        return [
            Tensor("x", "x", "Input", shape),
            Tensor("y", "y", "Op", shape, [Source(0, (step,))]),
        ]

    one = Network(padded(8, 2), (2,), any_size=True)
    assert one["y"].receptive_field == rf_viz.ReceptiveField((5,), (1,), (2,))
    for front, padding in ((2, 2), (3, None)):
        both = Network(padded(16, front), (2,), any_size=True, also=one)
        assert both["y"].receptive_field == rf_viz.ReceptiveField((5,), (1,), (padding,))


def test_an_unknown_size_gives_what_holds_for_all() -> None:
    layer = conv((1, 3, "h", "w"), strides=[2, 2]).trace("unknown")["y"]
    assert layer.receptive_field == rf_viz.ReceptiveField((3, 3), (2, 2), (0, 0))
    assert layer.shape == (1, 2, None, None)
    with pytest.raises(ValueError, match="input size"):
        layer.region((0, 0))
    same = conv((1, 3, "h", "w"), strides=[2, 2], auto_pad="SAME_UPPER").trace("unknown")["y"]
    assert same.receptive_field == rf_viz.ReceptiveField((3, 3), (2, 2), (None, None))


def test_a_scan_has_no_receptive_field_of_any_size() -> None:
    node = helper.make_node("RNN", ["x", "w", "r"], ["y"], hidden_size=2)
    constants = {"w": generic((1, 2, 3)), "r": generic((1, 2, 2))}
    model = rf_viz.load(build([node], {"x": ("t", 1, 3)}, constants).SerializeToString())
    assert model.trace("unknown", input_shape=(5, 1, 3))["y"].receptive_field is None


@pytest.mark.parametrize("largest", [300, 0], ids=["at twice the size", "at the first size"])
def test_a_defect_at_one_of_the_sizes_tried_is_told(
    monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    """Were it taken for a size that the model refuses, forms would be told unchecked."""
    relu = OPERATORS["", "Relu"]

    def defective(node: Node) -> Outputs:
        if node.shape()[2] > largest:
            raise KeyError("a defect")
        return relu.describe(node)

    monkeypatch.setitem(OPERATORS, ("", "Relu"), Operator(defective, "activation"))
    graph = build([helper.make_node("Relu", ["x"], ["y"])], {"x": [1, 3, "h", "w"]})
    with pytest.raises(DefectError, match="RF-Viz could not describe Relu"):
        rf_viz.load(graph.SerializeToString()).trace("unknown")
