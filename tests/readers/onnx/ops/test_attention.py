"""Attention in one operator, with constant masks, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from tests.oracles.onnx_oracle import assert_agrees, build, traced
from tests.oracles.truth import generic

N = 4
BAND = np.abs(np.subtract.outer(np.arange(N), np.arange(N))) <= 1
PAIRS = np.array([[1, 1, 0, 0], [1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 1, 0]], bool)
SHORT = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
HEADS = np.stack([BAND, PAIRS])[None]
LOW = np.where(PAIRS, 0, -np.inf).astype(np.float32)
FINITE = np.where(HEADS, 0.5, -1e9).astype(np.float32)


@pytest.mark.parametrize(
    ("mask", "attributes"),
    [
        (PAIRS, {}),
        (LOW, {}),
        (HEADS, {}),
        (FINITE, {}),
        (BAND[None, None], {"is_causal": 1}),
        (SHORT, {}),
        (BAND, {"qk_matmul_output_mode": 3}),
        (None, {"is_causal": 1, "qk_matmul_output_mode": 3}),
    ],
)
def test_attention(mask: np.ndarray | None, attributes: dict[str, Any]) -> None:
    names = ["x", "x", "x"] + ([] if mask is None else ["mask"])
    outputs = ["y", "", "", "w"] if "qk_matmul_output_mode" in attributes else ["y"]
    node = helper.make_node(
        "Attention", names, outputs, q_num_heads=2, kv_num_heads=2, **attributes
    )
    model = build([node], {"x": (1, N, 2)}, {} if mask is None else {"mask": mask}, opset=23)
    feeds = {"x": generic((1, N, 2)) / 2}
    single = mask is None  # the first row sees itself alone: its weight is 1, whatever the scores
    assert_agrees(model, feeds, nudges=(0.3, -0.2), reference=True, exact=not single)


MERGED = generic((2, 6), 1) / 2
LENGTH = np.array([3], np.int32)
KEYS = np.array([[1, 1, 0, 1]], np.int32)
BIAS = np.where(PAIRS, 0, -1e9).astype(np.float32)[None, None]


@pytest.mark.parametrize(
    ("inputs", "attributes"),
    [
        ({"lengths": LENGTH}, {}),
        ({"keys": KEYS}, {}),
        ({"table": PAIRS.astype(np.int32)[None]}, {}),
        ({"": None, " ": None, "bias": BIAS}, {}),
        ({"keys": KEYS}, {"unidirectional": 1}),
    ],
)
def test_merged_attention(inputs: dict[str, Any], attributes: dict[str, Any]) -> None:
    constants = {name: a for name, a in inputs.items() if a is not None}
    rest = [name.strip() for name in inputs]
    node = helper.make_node(
        "Attention",
        ["x", "weights", "biases", *rest],
        ["y"],
        num_heads=2,
        domain="com.microsoft",
        **attributes,
    )
    constants |= {"weights": MERGED, "biases": np.zeros(6, np.float32)}
    model = build([node], {"x": (1, N, 2)}, constants, domains={"com.microsoft": 1})
    feeds = {"x": generic((1, N, 2)) / 2}
    assert_agrees(model, feeds, nudges=(0.3, -0.2))


@pytest.mark.parametrize(
    ("inputs", "attributes"),
    [
        ({"": None, "keys": KEYS}, {}),
        ({"": None, " ": None, "bias": BIAS}, {}),
        ({"": None, " ": None, "bias": FINITE}, {}),
        ({"": None, "keys": KEYS, "bias": np.zeros_like(BIAS)}, {}),
    ],
)
def test_many_heads(inputs: dict[str, Any], attributes: dict[str, Any]) -> None:
    constants = {name: a for name, a in inputs.items() if a is not None}
    node = helper.make_node(
        "MultiHeadAttention",
        ["x", "x", "x", *(name.strip() for name in inputs)],
        ["y"],
        num_heads=2,
        domain="com.microsoft",
        **attributes,
    )
    model = build([node], {"x": (1, N, 2)}, constants, domains={"com.microsoft": 1})
    feeds = {"x": generic((1, N, 2)) / 2}
    assert_agrees(model, feeds, nudges=(0.3, -0.2))


@pytest.mark.parametrize("attributes", [{}, {"local_window_size": 2}, {"local_window_size": 3}])
def test_grouped_queries(attributes: dict[str, Any]) -> None:
    node = helper.make_node(
        "GroupQueryAttention",
        ["q", "x", "x", "", "", "valid", "total"],
        ["y", "k", "v"],
        num_heads=2,
        kv_num_heads=1,
        domain="com.microsoft",
        **attributes,
    )
    size = 8  # ONNX Runtime takes heads of no other sizes than multiples of 8
    twice = helper.make_node("Concat", ["x", "x"], ["q"], axis=2)
    constants = {"valid": np.array([N - 1], np.int32), "total": np.array(N, np.int32)}
    model = build([twice, node], {"x": (1, N, size)}, constants, domains={"com.microsoft": 1})
    feeds = {"x": generic((1, N, size)) / 4}
    assert_agrees(model, feeds, nudges=(0.3, -0.2), exact=False)
    net = traced(model, spatial_axes=(1,))
    width = attributes.get("local_window_size", N)
    for i in range(N):
        region = net["y"].region((i,))
        assert (region.start, region.stop) == ((max(0, i + 1 - width),), (i + 1,))
    assert net["y"].exact


def test_products_that_turn_their_matrices() -> None:
    def fused(*inputs: str, **turns: int) -> onnx.NodeProto:
        name = "y" if "transA" in turns else "s"
        return helper.make_node("FusedMatMul", inputs, [name], domain="com.microsoft", **turns)

    nodes = [
        fused("x", "x", transB=1),
        helper.make_node("Add", ["s", "mask"], ["masked"]),
        helper.make_node("Softmax", ["masked"], ["weights"], axis=-1),
        helper.make_node("Transpose", ["weights"], ["turned"], perm=[0, 2, 1]),
        fused("turned", "x", transA=1),
    ]
    model = build(nodes, {"x": (1, N, 2)}, {"mask": LOW}, opset=17, domains={"com.microsoft": 1})
    del model.graph.output[1]  # the sum with -inf, which nothing moves
    assert_agrees(model, {"x": generic((1, N, 2)) / 2}, nudges=(0.3, -0.2))
