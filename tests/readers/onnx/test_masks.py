"""Constant masks of attentions: what they hide is not claimed, and nothing else is lost.

Random attentions are held against ONNX Runtime, one input element changed at a time.
"""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from tests.oracles.onnx_oracle import assert_agrees
from tests.oracles.truth import generic

LOWEST = float(np.finfo(np.float32).min)


class Builder:
    """A graph of float64 tensors, node by node."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, op: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        out = out or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], **attributes))
        return out

    def constant(self, value: Any, kind: type = np.float64) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def model(self, shape: tuple[int, ...], outputs: list[str]) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "test",
            [helper.make_tensor_value_info("x", onnx.TensorProto.DOUBLE, shape)],
            [onnx.ValueInfoProto(name=name) for name in outputs],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def some_pattern(rng: Random, shape: tuple[int, ...], low: float) -> NDArray[np.bool_]:
    """A mask: causal, banded or arbitrary; True is seen.

    No row sees a single position: its weight would be 1, whatever the scores.
    """
    rows, columns = shape[-2:]
    distance = np.arange(columns) - np.arange(rows)[:, None]
    kind = rng.choice(["causal", "band", "dilated", "any", "any", "keys"])
    if kind == "causal":
        seen = distance <= rng.choice([1, 1, 0])
    elif kind == "band":
        seen = np.abs(distance) <= 1
    elif kind == "dilated":
        seen = distance % 2 == 0
    else:
        seen = np.array([rng.random() < 0.6 for _ in range(int(np.prod(shape)))]).reshape(shape)
        if kind == "keys":
            seen[...] = seen[..., :1, :]
    seen = np.broadcast_to(seen, shape).copy()
    single = seen.sum(axis=-1) == 1
    if low == LOWEST:  # beside this, scores are lost in rounding where nothing else is left
        single |= ~seen.any(axis=-1)
    seen[..., :2] |= single[..., None]
    return seen


def masked(rng: Random, b: Builder, scores: str, seen: NDArray[np.bool_], low: float) -> str:
    """The scores with a mask, as one exporter or another writes it."""
    form = rng.choice(["add", "sub", "where", "turned where", "factors", "clamped", "computed"])
    bias = np.where(seen, 0.0, low)
    if form == "sub":
        return b.add("Sub", scores, b.constant(-bias))
    if form == "where":
        return b.add("Where", b.constant(seen, np.bool_), scores, b.constant(low))
    if form == "turned where":
        return b.add("Where", b.constant(~seen, np.bool_), b.constant(low), scores)
    if form == "factors" and np.isfinite(low) and low > LOWEST:
        hidden = b.add("Sub", b.constant(1.0), b.constant(seen))
        kept = b.add("Mul", scores, b.constant(seen))
        return b.add("Sub", kept, b.add("Mul", hidden, b.constant(-low)))
    if form == "clamped":
        both = b.add("Add", scores, b.constant(bias))
        return b.add("Max", both, b.constant(LOWEST)) if np.isfinite(low) else both
    if form == "computed":
        chosen = b.add("Where", b.constant(seen, np.bool_), b.constant(0.0), b.constant(low))
        return b.add("Add", chosen, scores)
    return b.add("Add", scores, b.constant(bias))


def softmax(rng: Random, b: Builder, scores: str) -> str:
    """A softmax over the last axis, whole or in parts."""
    form = rng.choice(["whole", "whole", "log", "parts", "bare parts", "turned"])
    if form == "log":
        return b.add("Exp", b.add("LogSoftmax", scores, axis=-1))
    if form == "turned":
        turned = b.add("Softmax", b.add("Transpose", scores, perm=[0, 1, 3, 2]), axis=2)
        return b.add("Transpose", turned, perm=[0, 1, 3, 2])
    if "parts" in form:
        if form == "parts":
            scores = b.add("Sub", scores, b.add("ReduceMax", scores, b.ints(-1)))
        powers = b.add("Exp", scores)
        return b.add("Div", powers, b.add("ReduceSum", powers, b.ints(-1)))
    return b.add("Softmax", scores, axis=-1)


def weighed(rng: Random, b: Builder, weights: str, values: str, size: int) -> str:
    """The values, (windows, heads, positions, size), summed by the attention's weights."""
    form = rng.choice(["product", "product", "turned", "summation", "elements"])
    if form == "turned":
        turned = b.add("Transpose", weights, perm=[0, 1, 3, 2])
        product = b.add("MatMul", b.add("Transpose", values, perm=[0, 1, 3, 2]), turned)
        return b.add("Transpose", product, perm=[0, 1, 3, 2])
    if form == "summation":
        return b.add("Einsum", weights, values, equation="bhqk,bhkd->bhqd")
    if form == "elements":
        wide = b.add("Unsqueeze", weights, b.ints(4))
        product = b.add("Mul", wide, b.add("Unsqueeze", values, b.ints(2)))
        return b.add("ReduceSum", product, b.ints(3), keepdims=0)
    return b.add("MatMul", weights, values)


def some_attention(rng: Random) -> onnx.ModelProto:
    """A random attention with a random mask in a random spelling."""
    b = Builder()
    windows, heads, n, size = (rng.randint(1, 2), rng.randint(1, 2), rng.randint(3, 4), 1)
    low = rng.choice([-np.inf, -1e9, -1e4, -100.0, LOWEST])
    split = b.add("Reshape", "x", b.ints(windows, n, heads, size))
    q = b.add("Transpose", split, perm=[0, 2, 1, 3])
    k = b.add("Transpose", split, perm=[0, 2, 3, 1])
    scores = b.add("MatMul", b.add("Mul", q, b.constant(0.5)), k)
    distance = np.abs(np.arange(n) - np.arange(n)[:, None])
    biases = [None, generic((1, heads, n, n)), -2.0 * distance]  # learned; ALiBi
    bias = rng.choice(biases)
    if bias is not None:
        scores = b.add("Add", scores, b.constant(bias))
    lead = rng.choice([(), (1, 1), (windows, 1), (1, heads), (windows, heads)])
    scores = masked(rng, b, scores, some_pattern(rng, (*lead, n, n), low), low)
    weights = softmax(rng, b, scores)
    after = rng.choice(["", "", "factor", "triangle", "guard", "dropout"])
    if after == "factor":
        weights = b.add("Mul", weights, b.constant(some_pattern(rng, (n, n), 0)))
    elif after == "triangle":
        weights = b.add("Trilu", weights, upper=rng.randint(0, 1))
    elif after == "guard":
        weights = b.add("Where", b.add("IsNaN", weights), b.constant(0.0), weights)
    elif after == "dropout":
        weights = b.add("Dropout", weights)
    y = b.add("Transpose", weighed(rng, b, weights, q, size), perm=[0, 2, 1, 3], out="y")
    return b.model((windows, n, heads * size), [weights, y])


@pytest.mark.parametrize("seed", range(40))
def test_a_masked_attention_depends_on_what_its_mask_leaves(seed: int) -> None:
    model = some_attention(Random(seed))
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    feeds = {"x": generic(shape).astype(np.float64) / 2}
    assert_agrees(model, feeds, nudges=(0.3, -0.2), tolerance=1e-30)
