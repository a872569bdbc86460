"""Pieces of real networks, put together from single operators, end to end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from onnxruntime import quantization

import rf_viz
from tests.oracles.onnx_oracle import assert_agrees, build, generic

NUDGE = (0.25,)


class Graph:
    """Writes nodes one after another; ``constants`` collects what they take."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, Any] = {}

    def __call__(self, op: str, *inputs: Any, outputs: int = 1, **attributes: Any) -> Any:  # noqa: ANN401
        names = [i if isinstance(i, str) else self.constant(i) for i in inputs]
        results = [f"{op.lower()}{len(self.nodes)}_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(op, names, results, **attributes))
        return results[0] if outputs == 1 else results

    def constant(self, value: Any) -> str:  # noqa: ANN401
        name = f"k{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        return name

    def model(self, shape: Sequence[int], opset: int = 17) -> onnx.ModelProto:
        return build(self.nodes, {"x": shape}, self.constants, opset=opset)


def traced(model: onnx.ModelProto, **options: Any) -> rf_viz.Network:  # noqa: ANN401
    return rf_viz.load(model.SerializeToString()).trace(**options)


def normalised(g: Graph, x: str, width: int) -> str:
    """A layer normalisation as exporters write it out."""
    mean = g("ReduceMean", x, axes=[-1])
    centred = g("Sub", x, mean)
    squares = g("Pow", centred, np.float32(2))
    variance = g("ReduceMean", squares, axes=[-1])
    deviation = g("Sqrt", g("Add", variance, np.float32(1e-5)))
    return g("Mul", g("Div", centred, deviation), generic((width,), 9))


def attended(g: Graph, x: str, tokens: int, width: int, heads: int) -> str:
    """Self-attention over (batch, tokens, width) by matrices and a softmax."""
    size = width // heads
    parts = []
    for i in range(3):
        projected = g("MatMul", x, generic((width, width), 10 + i) - 1.5)
        projected = g("Reshape", projected, np.array([-1, tokens, heads, size]))
        parts.append(g("Transpose", projected, perm=[0, 2, 3, 1] if i == 1 else [0, 2, 1, 3]))
    scores = g("Softmax", g("MatMul", parts[0], parts[1]), axis=-1)
    out = g("Transpose", g("MatMul", scores, parts[2]), perm=[0, 2, 1, 3])
    return g("Reshape", out, np.array([-1, tokens, width]))


def test_a_vision_transformer_keeps_its_tokens_apart_until_they_attend() -> None:
    g = Graph()
    patches = g("Conv", "x", generic((4, 2, 2, 2)), strides=[2, 2])
    tokens = g("Transpose", g("Reshape", patches, np.array([1, 4, 9])), perm=[0, 2, 1])
    calm = normalised(g, tokens, 4)
    mixed = g("Add", tokens, attended(g, calm, 9, 4, 2))
    model = g.model((1, 2, 6, 6))
    net = traced(model)
    assert net.input.spatial_axes == (2, 3)
    assert net[tokens].region_of(np.s_[0, 5, :]) == rf_viz.Region((2, 4), (4, 6))
    assert net[calm].region_of(np.s_[0, 5, :]) == rf_viz.Region((2, 4), (4, 6))
    assert net[mixed].region_of(np.s_[0, 5, :]).size == (6, 6)
    cut = traced(model, cut_global=True)
    assert cut[mixed].region_of(np.s_[0, 5, :]) == rf_viz.Region((2, 4), (4, 6))
    assert_agrees(model, nudges=NUDGE)


@pytest.mark.parametrize("shift", [0, 1])
def test_a_shifted_window_partition(shift: int) -> None:
    """Four windows of 2 x 2 tokens, rolled by one: a token attends within its window."""
    g = Graph()
    rolled = "x"
    for axis in (1, 2) if shift else ():
        ends = [g("Slice", rolled, np.array([a]), np.array([b]), np.array([axis]))
                for a, b in ((shift, 99), (0, shift))]  # fmt: skip
        rolled = g("Concat", *ends, axis=axis)
    blocks = g("Reshape", rolled, np.array([1, 2, 2, 2, 2, 2]))
    windows = g("Transpose", blocks, perm=[0, 1, 3, 2, 4, 5])
    tokens = g("Reshape", windows, np.array([4, 4, 2]))
    mixed = attended(g, tokens, 4, 2, 1)
    model = g.model((1, 4, 4, 2))
    net = traced(model, spatial_axes=(1, 2))
    region = net[mixed].region_of(np.s_[0, 0, :])
    assert region == rf_viz.Region((shift, shift), (2 + shift, 2 + shift))
    corners = net[mixed].mask_of(np.s_[3, 0, :])
    where = {(a, b) for a in (2 + shift, (3 + shift) % 4) for b in (2 + shift, (3 + shift) % 4)}
    assert {tuple(map(int, p)) for p in np.argwhere(corners)} == where
    assert_agrees(model, nudges=NUDGE)


def gated() -> tuple[Graph, str]:
    g = Graph()
    c = g("Conv", "x", generic((4, 2, 3, 3)), pads=[1, 1, 1, 1])
    squeezed = g("GlobalAveragePool", c)
    squeezed = g("Relu", g("Conv", squeezed, generic((2, 4, 1, 1), 1)))
    gate = g("Sigmoid", g("Conv", squeezed, generic((4, 2, 1, 1), 2)))
    return g, g("Mul", c, gate)


def test_squeeze_and_excite_is_global_until_that_is_cut() -> None:
    g, out = gated()
    model = g.model((1, 2, 7, 7))
    layer = traced(model)[out]
    assert layer.region((3, 3)).size == (7, 7)
    assert layer.receptive_field is None
    assert layer.global_context
    local = traced(model, cut_global=True)[out]
    assert local.region((3, 3)) == rf_viz.Region((2, 2), (5, 5))
    assert local.receptive_field == rf_viz.ReceptiveField((3, 3), (1, 1), (1, 1))
    assert local.global_context == layer.global_context


def test_a_gate_sees_everything_in_truth() -> None:
    g, _ = gated()
    assert_agrees(g.model((1, 2, 4, 4)), nudges=(0.25,), exact=False)


def test_a_channel_shuffle_deals_groups_out() -> None:
    g = Graph()
    split = g("Reshape", "x", np.array([1, 2, 3, 4, 4]))
    turned = g("Transpose", split, perm=[0, 2, 1, 3, 4])
    shuffled = g("Reshape", turned, np.array([1, 6, 4, 4]))
    grouped = g("Conv", shuffled, generic((6, 2, 3, 3)), group=3, pads=[1, 1, 1, 1])
    model = g.model((1, 6, 4, 4))
    assert_agrees(model)
    assert traced(model)[grouped].receptive_field == rf_viz.ReceptiveField((3, 3), (1, 1), (1, 1))


def test_a_recurrence_over_columns_of_features() -> None:
    """As in text recognition: convolve, let columns be time, look both ways."""
    g = Graph()
    c = g("Conv", "x", generic((3, 1, 3, 3)), strides=[2, 2])
    rows = g("ReduceMax", c, axes=[2], keepdims=0)
    steps = g("Transpose", rows, perm=[2, 0, 1])
    back = g(
        "LSTM", steps, generic((1, 8, 3), 1) - 1.5, generic((1, 8, 2), 2) - 1.5,
        direction="reverse", hidden_size=2,
    )  # fmt: skip
    net = traced(g.model((1, 1, 7, 11)))
    assert net[steps].region_of(np.s_[2, :, :]) == rf_viz.Region((0, 4), (7, 7))
    assert net[back].region_of(np.s_[2, ...]) == rf_viz.Region((0, 4), (7, 11))


def test_a_model_quantised_by_onnx_runtime(tmp_path: Path) -> None:
    """Dynamic quantisation: every convolution's scale sees all of its input; cut, it is local."""
    g = Graph()
    first = g("Relu", g("Conv", "x", generic((4, 2, 3, 3)), pads=[1, 1, 1, 1]))
    out = g("Conv", first, generic((3, 4, 3, 3), 1), strides=[2, 2])
    onnx.save(g.model((1, 2, 9, 9)), tmp_path / "float.onnx")
    quantization.quantize_dynamic(
        tmp_path / "float.onnx", tmp_path / "bytes.onnx", extra_options={"DefaultTensorType": 1}
    )
    model = rf_viz.load(tmp_path / "bytes.onnx")
    net = model.trace()
    assert "ConvInteger" in {layer.op for layer in net.layers}
    assert net[out].exact
    assert net[out].region((1, 1)).size == (9, 9)
    cut = model.trace(cut_global=True)
    exact = traced(g.model((1, 2, 9, 9)))
    assert cut[out].region((1, 1)) == exact[out].region((1, 1))
    assert cut[out].receptive_field == exact[out].receptive_field


def test_a_model_quantised_with_scales_of_its_own(tmp_path: Path) -> None:
    """Static quantisation keeps what every cell sees."""
    g = Graph()
    out = g("Conv", g("Relu", g("Conv", "x", generic((4, 2, 3, 3)))), generic((3, 4, 2, 2), 1))
    onnx.save(g.model((1, 2, 9, 9)), tmp_path / "float.onnx")

    class Once(quantization.CalibrationDataReader):
        data = iter([{"x": generic((1, 2, 9, 9))}])

        def get_next(self) -> dict[str, Any] | None:
            return next(self.data, None)

    for form in quantization.QuantFormat:
        Once.data = iter([{"x": generic((1, 2, 9, 9))}])
        path = tmp_path / f"{form}.onnx"
        quantization.quantize_static(
            tmp_path / "float.onnx", path, Once(), quant_format=form,
            extra_options={"DefaultTensorType": 1},
        )  # fmt: skip
        layer = rf_viz.load(path).trace()[out]
        assert layer.exact
        assert layer.receptive_field == rf_viz.ReceptiveField((4, 4), (1, 1), (0, 0))
