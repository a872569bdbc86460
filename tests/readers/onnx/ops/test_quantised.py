"""Quantised and fused operators, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

import rf_viz
from tests.oracles.onnx_oracle import assert_agrees, build, generic

NUDGE = (0.25,)
HOME = {"com.microsoft": 1}


def fused(op: str, inputs: str, outputs: str = "y", **attributes: Any) -> Any:  # noqa: ANN401
    names = [n if n != "-" else "" for n in inputs.split()]
    return helper.make_node(op, names, outputs.split(), domain="com.microsoft", **attributes)


def run(node: Any, inputs: dict, constants: dict | None = None, **options: Any) -> rf_viz.Network:  # noqa: ANN401
    model = build([node], inputs, constants, domains=HOME)
    return assert_agrees(model, **{"nudges": NUDGE, **options})


def scale() -> dict[str, Any]:
    return {"s": np.float32(0.02), "z": np.uint8(0)}


def bytes_like(shape: tuple[int, ...]) -> dict[str, Any]:
    count = int(np.prod(shape))
    return {"x": (np.arange(count, dtype=np.uint8).reshape(shape) * 7 + 40) % 150}


def on_bytes(
    nodes: list[Any],
    shape: tuple[int, ...],
    constants: dict[str, Any],
    **options: Any,  # noqa: ANN401
) -> rf_viz.Network:
    model = build(nodes, {"x": shape}, constants, dtype=TensorProto.UINT8, domains=HOME)
    options = {"feeds": bytes_like(shape), "nudges": (60, -40), **options}
    return assert_agrees(model, **options)


@pytest.mark.parametrize("axis", [0, 1])
def test_quantise_and_back_is_local(axis: int) -> None:
    count = (2, 3)[axis]
    constants = {"s": np.full(count, 0.02, np.float32), "z": np.zeros(count, np.uint8)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], axis=axis),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], axis=axis),
    ]
    assert_agrees(build(nodes, {"x": (2, 3)}, constants), nudges=NUDGE)


def test_dynamic_quantisation_sees_the_extremes_of_all() -> None:
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"])
    net = assert_agrees(build([node], {"x": (2, 3)}), exact=False)
    for name in "qsz":
        assert net[name].exact
        assert net[name].mask_of(...).all()


def test_a_dynamically_quantised_product() -> None:
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        helper.make_node("MatMulInteger", ["q", "w", "z"], ["i"]),
        helper.make_node("Cast", ["i"], ["f"], to=1),
        helper.make_node("Mul", ["f", "s"], ["y"]),
    ]
    weights = (np.arange(12).reshape(4, 3) % 5 + 1).astype(np.uint8)
    model = build(nodes, {"x": (2, 4)}, {"w": weights})
    net = assert_agrees(model, exact=False)
    assert net["y"].exact
    cut = rf_viz.load(model.SerializeToString()).trace(spatial_axes=(0,), cut_global=True)
    assert cut["y"].region_of(np.s_[1, :]) == rf_viz.Region((1,), (2,))


def test_a_quantised_product() -> None:
    weights = np.arange(8, 20, dtype=np.uint8).reshape(4, 3)
    node = helper.make_node("QLinearMatMul", ["x", "s", "z", "w", "t", "z", "s", "z"], ["y"])
    on_bytes([node], (2, 4), {**scale(), "w": weights, "t": np.float32(0.02)})


def test_a_quantised_convolution() -> None:
    weights = np.ones((2, 2, 2, 2), np.uint8)
    node = helper.make_node(
        "QLinearConv", ["x", "s", "z", "w", "t", "z", "s", "z"], ["y"], strides=[2, 2]
    )
    on_bytes([node], (1, 2, 4, 4), {**scale(), "w": weights, "t": np.float32(0.1)})


@pytest.mark.parametrize("op", ["QLinearSigmoid", "QLinearLeakyRelu"])
def test_quantised_functions_are_local(op: str) -> None:
    constants = {**scale(), "t": np.float32(0.004 if "Sigmoid" in op else 0.02)}
    on_bytes([fused(op, "x s z t z")], (2, 3), constants)


@pytest.mark.parametrize("op", ["QLinearAdd", "QLinearMul"])
def test_quantised_arithmetic(op: str) -> None:
    constants = {**scale(), "b": np.full((2, 1, 3), 50, np.uint8), "t": np.float32(0.05)}
    on_bytes([fused(op, "x s z b s z t z")], (2, 3), constants)


@pytest.mark.parametrize("last", [0, 1])
def test_quantised_pools_in_either_layout(last: int) -> None:
    node = fused(
        "QLinearAveragePool", "x s z s z", channels_last=last, kernel_shape=[2, 2], strides=[1, 2]
    )
    on_bytes([node], (1, 4, 4, 2), scale())
    on_bytes(
        [fused("QLinearGlobalAveragePool", "x s z s z", channels_last=last)], (1, 3, 2, 2), scale()
    )


def test_a_quantised_concatenation() -> None:
    constants = {**scale(), "b": np.full((2, 2), 50, np.uint8)}
    on_bytes([fused("QLinearConcat", "s z x s z b s z", axis=1)], (2, 3), constants)


def test_a_quantised_softmax_and_mean() -> None:
    constants = {**scale(), "t": np.float32(1 / 256)}
    on_bytes(
        [fused("QLinearSoftmax", "x s z t z", axis=-1, opset=13)],
        (2, 3),
        constants,
        nudges=(90, -40),
    )


def test_channels_last_convolutions() -> None:
    weights = {"w": generic((3, 2, 3, 3), 1), "b": generic((3,), 2)}
    model = build(
        [fused("NhwcMaxPool", "x", kernel_shape=[2, 3], strides=[2, 1])],
        {"x": (1, 4, 5, 2)}, dtype=TensorProto.UINT8, domains=HOME,
    )  # fmt: skip
    feeds = bytes_like((1, 4, 5, 2))
    assert_agrees(model, feeds, nudges=(100, -100), exact=False)
    net = rf_viz.load(model.SerializeToString()).trace()
    assert net.input.layout == "NHWC"
    assert net["y"].receptive_field == rf_viz.ReceptiveField((2, 3), (2, 1), (0, 0))
    node = fused("NhwcFusedConv", "x w b z", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    model = build([node], {"x": (1, 4, 5, 2), "z": (1, 4, 5, 3)}, weights, domains=HOME)
    net = rf_viz.load(model.SerializeToString()).trace(input="x")
    assert net["y"].shape == (1, 4, 5, 3)
    assert net["y"].receptive_field == rf_viz.ReceptiveField((3, 3), (1, 1), (1, 1))


def test_a_fused_convolution_with_its_residual() -> None:
    node = fused("FusedConv", "x w b z", kernel_shape=[3, 3], pads=[1, 1, 1, 1], activation="Relu")
    weights = {"w": generic((2, 2, 3, 3), 1), "b": generic((2,), 2)}
    for source in "xz":
        run(node, {"x": (1, 2, 3, 3), "z": (1, 2, 3, 3)}, weights, source=source)


@pytest.mark.parametrize(
    ("a", "b", "attributes"),
    [
        ((2, 3), (3, 4), {}),
        ((3, 2), (3, 4), {"transA": 1}),
        ((2, 2, 3), (2, 4, 3), {"transB": 1}),
    ],
)
def test_fused_products(a: tuple, b: tuple, attributes: dict[str, int]) -> None:
    for source in "ab":
        run(fused("FusedMatMul", "a b", **attributes), {"a": a, "b": b}, source=source)


def test_a_fused_general_product() -> None:
    constants = {"b": generic((4, 3), 1), "c": generic((4,), 2)}
    run(fused("FusedGemm", "x b c", transB=1, activation="Relu"), {"x": (2, 3)}, constants)


@pytest.mark.parametrize("op", ["Gelu", "QuickGelu", "FastGelu"])
def test_fused_activations(op: str) -> None:
    run(fused(op, "x"), {"x": (2, 3)})


def test_an_activation_with_its_bias() -> None:
    for source in "xb":
        run(fused("BiasGelu", "x b"), {"x": (2, 3), "b": (3,)}, source=source)


@pytest.mark.parametrize("simplified", [False, True])
def test_skip_and_normalise(simplified: bool) -> None:
    op = "SkipSimplifiedLayerNormalization" if simplified else "SkipLayerNormalization"
    names = "x k g" if simplified else "x k g b"
    constants = {"g": generic((3,), 1), "b": generic((3,), 2)}
    node = fused(op, names)
    node.output.extend(["", "", "sum"])
    for source in "xk":
        run(node, {"x": (1, 2, 3), "k": (1, 2, 3)}, constants, source=source)


@pytest.mark.parametrize("causal", [0, 1])
def test_fused_attention(causal: int) -> None:
    constants = {"w": generic((4, 12), 1) - 1.5, "b": generic((12,), 2)}
    node = fused("Attention", "x w b", num_heads=2, unidirectional=causal)
    run(node, {"x": (1, 3, 4)}, constants)


def test_attention_of_many_heads() -> None:
    inputs = {"q": (1, 2, 4), "k": (1, 3, 4), "v": (1, 3, 4)}
    for source in "qkv":
        run(fused("MultiHeadAttention", "q k v", num_heads=2), inputs, source=source)


def test_dynamic_quantisation_within_a_product() -> None:
    constants = {"w": np.arange(12, dtype=np.int8).reshape(4, 3), "s": np.float32(0.1)}
    node = fused("DynamicQuantizeMatMul", "x w s")
    assert run(node, {"x": (2, 4)}, constants, exact=False)["y"].exact


def test_packed_weights_tell_their_shape_by_attributes() -> None:
    constants = {"w": np.full((3, 1, 8), 0x31, np.uint8), "s": generic((3,), 1)}
    run(fused("MatMulNBits", "x w s", K=16, N=3, bits=4, block_size=16), {"x": (2, 16)}, constants)


@pytest.mark.parametrize("interleaved", [0, 1])
def test_rotary_embeddings(interleaved: int) -> None:
    constants = {"p": np.array([[0, 1]]), "c": generic((4, 2), 1), "s": generic((4, 2), 2)}
    node = fused("RotaryEmbedding", "x p c s", interleaved=interleaved)
    run(node, {"x": (1, 2, 8)}, constants)


def test_a_scale_from_the_data_itself_reaches_everything() -> None:
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["m"], keepdims=0),
        helper.make_node("Div", ["m", "k"], ["s"]),
        helper.make_node("QuantizeLinear", ["c", "s"], ["y"]),
    ]
    constants = {"c": generic((2, 3)), "k": np.float32(100)}
    net = assert_agrees(build(nodes, {"x": (2, 3)}, constants), exact=False)
    assert net["y"].exact


@pytest.mark.parametrize("op", ["GroupQueryAttention", "CropAndResize", "MoE"])
def test_what_is_not_described_is_named(op: str) -> None:
    model = build(
        [fused(op, "x x x x x x x"), helper.make_node("Relu", ["y"], ["z"])],
        {"x": (1, 2, 4)},
        domains=HOME,
    )
    layer = rf_viz.load(model.SerializeToString()).trace()["z"]
    assert not layer.exact
    assert op in layer.note
