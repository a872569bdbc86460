"""ONNX files that are damaged or mean harm: one sentence, and the process goes on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import rf_viz
from tests.oracles.onnx_oracle import build, generic


def conv() -> onnx.ModelProto:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], "stem")]
    return build(nodes, {"x": (1, 1, 8, 8)}, {"w": generic((1, 1, 3, 3))})


def refusal(content: bytes) -> str:
    with pytest.raises(rf_viz.ModelError) as caught:
        rf_viz.load(content, "m.onnx").trace()
    assert type(caught.value) is rf_viz.ModelError, "a fault of the file, and none of ours"
    return str(caught.value)


@pytest.mark.parametrize("text", [b"stem", b"Conv"])
def test_a_name_that_is_no_text_is_damage(text: bytes) -> None:
    broken = conv().SerializeToString().replace(text, text[:-1] + b"\xf6")
    assert "a name that is no text" in refusal(broken)


def sparse(dims: tuple[int, ...], index: int) -> onnx.SparseTensorProto:
    values = numpy_helper.from_array(np.ones(1, np.float32), "w")
    indices = numpy_helper.from_array(np.array([index]), "at")
    return helper.make_sparse_tensor(values, indices, dims)


def with_sparse(weights: onnx.SparseTensorProto) -> bytes:
    model = conv()
    del model.graph.initializer[:]
    model.graph.sparse_initializer.add().CopyFrom(weights)
    return model.SerializeToString()


@pytest.mark.parametrize(
    "weights", [sparse((2**20, 1, 2**3, 2**3), 5), sparse((1, 1, 3, 3), 2**40)]
)
def test_sparse_weights_that_cannot_be_written_out_are_unknown(
    weights: onnx.SparseTensorProto,
) -> None:
    """The structure is known all the same."""
    layer = rf_viz.load(with_sparse(weights), "m.onnx").trace(weight_aware=True)["y"]
    assert layer.mask((0, 0)).sum() == weights.dims[-1] ** 2


def axes_of(model: onnx.ModelProto, count: int) -> None:
    for _ in range(count):
        model.graph.input[0].type.tensor_type.shape.dim.add(dim_value=1)


def stride_of(model: onnx.ModelProto, stride: int) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("strides", [stride, stride]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: axes_of(m, 996), "1000 axes is too large"),
        (lambda m: m.graph.initializer[0].dims.__setitem__(0, -1), r"\[1, -1"),
    ],
)
def test_claims_that_make_no_sense(change: Callable[[onnx.ModelProto], None], said: str) -> None:
    model = conv()
    change(model)
    with pytest.raises(rf_viz.ModelError, match=said):
        rf_viz.load(model.SerializeToString(), "m.onnx").trace()


def test_strides_of_any_length_make_one_window() -> None:
    model = conv()
    stride_of(model, 10**9)
    layer = rf_viz.load(model.SerializeToString(), "m.onnx").trace()["y"]
    assert layer.grid == (1, 1)
    assert layer.region((0, 0)).size == (3, 3)


@pytest.mark.parametrize("rule", ["SAME_UPPER", "SAME_LOWER"])
def test_windows_of_a_billion_see_the_whole_image(rule: str) -> None:
    sizes = {"kernel_shape": [10**9, 10**9], "strides": [10**9, 1], "auto_pad": rule}
    nodes = [helper.make_node("MaxPool", ["x"], ["y"], **sizes)]
    proto = build(nodes, {"x": (1, 1, 8, 8)}, {})
    layer = rf_viz.load(proto.SerializeToString(), "m.onnx").trace()["y"]
    assert layer.grid == (1, 8)
    assert layer.mask((0, 3)).all()


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("EyeLike", ["c"], ["e"]),
        helper.make_node("GatherND", ["x", "n"], ["e"], batch_dims=-(2**63)),
        helper.make_node("Slice", ["n", "far", "far"], ["e"]),
    ],
    ids=lambda node: node.op_type,
)
def test_onnx_infers_no_shapes_of_what_its_native_code_stumbles_over(node: onnx.NodeProto) -> None:
    """Shapes behind ``NonZero`` depend on the data, and are asked of ONNX."""
    nodes = [helper.make_node("NonZero", ["x"], ["n"]), node, helper.make_node("Abs", ["n"], ["y"])]
    constants = {"c": np.ones(3, np.float32), "far": np.array([2**62])}
    proto = build(nodes, {"x": (1, 1, 8, 8)}, constants)
    try:
        net = rf_viz.load(proto.SerializeToString(), "m.onnx").trace()
    except rf_viz.ModelError:
        return  # a sentence will do; a crash would not
    assert not net["y"].exact
