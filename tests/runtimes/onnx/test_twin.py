"""The twin's rules: what operators have one, and that signals go where the trace says."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper

import rf_viz
from rf_viz.readers.onnx.node import ATEN, OPERATORS
from rf_viz.readers.onnx.ops.opaque import OPAQUE
from rf_viz.runtimes.onnx.twin import RULES
from tests.oracles.onnx_oracle import build
from tests.oracles.truth import generic

WITHOUT: dict[str, str] = {
    "": """
        AffineGrid Attention BlackmanWindow CausalConvWithState ConcatFromSequence Constant
        ConstantOfShape CumProd DFT DeformConv Det EyeLike HammingWindow HannWindow If
        LinearAttention Loop MaxRoiPool MaxUnpool MelWeightMatrix Multinomial
        NegativeLogLikelihoodLoss NonZero OneHot Optional OptionalGetElement OptionalHasElement
        RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range RoiAlign
        RotaryEmbedding STFT Scan SequenceAt SequenceConstruct SequenceEmpty SequenceErase
        SequenceInsert SequenceLength SequenceMap Shape Size SoftmaxCrossEntropyLoss
        SplitToSequence TensorScatter Unique
    """,
    "ai.onnx.ml": """
        ArrayFeatureExtractor FeatureVectorizer LinearClassifier LinearRegressor Normalizer
        OneHotEncoder SVMClassifier SVMRegressor TreeEnsemble TreeEnsembleClassifier
        TreeEnsembleRegressor
    """,
    "com.microsoft": """
        Attention BiasSplitGelu CDist DynamicQuantizeMatMul EmbedLayerNormalization FusedConv
        FusedGemm FusedMatMul GemmFastGelu GridSample GroupNorm GroupQueryAttention Inverse
        LayerNormalization MatMulBnb4 MatMulInteger16 MatMulIntegerToFloat MatMulNBits
        MultiHeadAttention NhwcConv NhwcFusedConv NhwcMaxPool QAttention QGemm
        QLinearReduceMean QLinearSoftmax
        ReduceSumInteger RotaryEmbedding SimplifiedLayerNormalization TransposeMatMul
    """,
}
"""Operators that are described but have no rule: what lies behind them is left to the model."""


def test_what_has_no_rule_is_listed() -> None:
    opaque = {(home, name) for home, names in OPAQUE.items() for name in names}
    described = OPERATORS.keys() - opaque
    listed = {(home, name) for home, names in WITHOUT.items() for name in names.split()}
    of_pytorch = {(home, name) for home, name in described if home == ATEN}
    assert described - RULES.keys() == listed | of_pytorch
    assert RULES.keys() <= described


def nodes() -> dict[str, NodeProto]:
    def node(op: str, *inputs: str, domain: str = "", **attributes: object) -> NodeProto:
        return helper.make_node(op, inputs, ["y"], domain=domain, **attributes)

    ml, microsoft = "ai.onnx.ml", "com.microsoft"
    return {
        "BitCast": node("BitCast", "x", to=TensorProto.INT32),
        "SwiGLU": node("SwiGLU", "x", "flipped"),
        "Scaler": node("Scaler", "x", domain=ml, offset=[1.0], scale=[2.0]),
        "Binarizer": node("Binarizer", "x", domain=ml, threshold=0.5),
        "BiasAdd": node("BiasAdd", "x", "bias", "flipped", domain=microsoft),
        "GatedAdd": node("GatedAdd", "x", "flipped", "bias", domain=microsoft),
        "QLinearWhere": node("QLinearWhere", "c", "x", *"sz", "flipped", *"szsz", domain=microsoft),
    }


@pytest.mark.parametrize("name", nodes())
def test_signals_pass_element_by_element(name: str) -> None:
    """Some runtimes lack these operators; the twin does without them."""
    flip = {"start": [-1], "end": [-99], "axis": [1], "step": [-1]}
    constants = {key: np.array(value, np.int64) for key, value in flip.items()}
    constants |= {"bias": generic((6,)), "c": np.ones((4, 6), bool), "s": generic((1,))}
    constants |= {"z": np.zeros(1, np.uint8)}
    model = rf_viz.load(
        build(
            [helper.make_node("Slice", ["x", *flip], ["flipped"]), nodes()[name]],
            {"x": (4, 6)},
            constants,
            opset=26,
            domains={"ai.onnx.ml": 3, "com.microsoft": 1},
        ).SerializeToString()
    )
    net = model.trace(spatial_axes=(0, 1))
    shapes = {"x": (4, 6), **{layer.name: layer.shape for layer in net.layers}}
    twin = model.twin(shapes, "x", weight_aware=False)
    assert twin is not None
    assert not twin.lost
    signal = np.zeros((4, 6), bool)
    signal[1, 2] = True
    assert np.array_equal(twin.reached(signal, "y"), net.seen_by((1, 2))["y"])


@pytest.mark.parametrize("op", ["EyeLike", "RandomNormalLike", "RandomUniformLike", "Shape"])
def test_no_signal_goes_through_a_shape(op: str) -> None:
    graph = build(
        [helper.make_node(op, ["x"], ["like"]), helper.make_node("Relu", ["x"], ["y"])],
        {"x": (4, 4)},
    )
    model = rf_viz.load(graph.SerializeToString())
    twin = model.twin({"x": (4, 4), "y": (4, 4)}, "x", weight_aware=False)
    assert twin is not None
    assert not twin.lost
