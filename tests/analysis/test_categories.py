"""The category of every operator is what its entry says, and a framework's layer goes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import pytest

import rf_viz.readers.onnx.ops
import rf_viz.readers.tensorflow.ops  # noqa: F401  (both fill their tables)
from rf_viz import Layer, Network
from rf_viz.analysis.categories import CATEGORIES, category_of
from rf_viz.readers.onnx.node import OPERATORS as ONNX
from rf_viz.readers.tensorflow.node import OPERATORS as TENSORFLOW
from rf_viz.trace.tensors import Category, Group, Source, Tensor

TABLES: Mapping[str, Mapping[str, str]] = {
    "ONNX": {name: entry.category for (_, name), entry in ONNX.items()},
    "TensorFlow": {name: entry.category for name, entry in TENSORFLOW.items()},
}


@pytest.mark.parametrize(
    ("table", "category", "operators"),
    [
        ("ONNX", "convolution", "Conv ConvTranspose QLinearConv"),
        ("TensorFlow", "convolution", "Conv2D DepthwiseConv2dNative"),
        ("ONNX", "pooling", "MaxPool GlobalAveragePool AveragePool"),
        ("ONNX", "pooling", "ReduceMean ReduceMax ReduceSum ReduceL2 ReduceLogSumExp"),
        ("TensorFlow", "pooling", "AvgPool MaxPool Mean Sum Max Min Prod"),
        ("ONNX", "resize", "Resize Upsample"),
        ("TensorFlow", "resize", "ResizeBilinear ResizeNearestNeighbor"),
        ("ONNX", "join", "Add Concat Mul Max Mean Min Sum"),
        ("TensorFlow", "join", "Add AddV2 ConcatV2 Mul"),
        ("ONNX", "attention, dense", "MatMul Gemm MultiHeadAttention Softmax LSTM Einsum"),
        ("TensorFlow", "attention, dense", "MatMul BatchMatMulV2 Softmax"),
        ("ONNX", "normalisation", "BatchNormalization LayerNormalization LRN"),
        ("TensorFlow", "normalisation", "FusedBatchNormV3 LRN"),
        ("ONNX", "activation", "Relu LeakyRelu Sigmoid HardSigmoid Clip Erf PRelu Dropout"),
        ("TensorFlow", "activation", "Relu Relu6 LeakyRelu Sigmoid Erf"),
        ("ONNX", "layout", "Reshape Transpose Flatten Pad Slice DepthToSpace"),
        ("TensorFlow", "layout", "Reshape Transpose Pad Slice StridedSlice DepthToSpace"),
        ("ONNX", "other", "NonMaxSuppression TopK"),
        ("TensorFlow", "other", "TopKV2"),
    ],
)
def test_operators_are_of_their_category(table: str, category: str, operators: str) -> None:
    names = operators.split()
    assert {name: TABLES[table][name] for name in names} == dict.fromkeys(names, category)


def test_a_name_that_reads_like_another_category_misleads_nobody() -> None:
    assert TABLES["ONNX"]["RandomNormal"] != "normalisation"
    assert TABLES["ONNX"]["Multinomial"] != "join"


def layer(own: Category, group: Group | None) -> Layer:
    tensors = [
        Tensor("x", "x", "Input", (1, 1, 4)),
        Tensor("y", "y", "Op", (1, 1, 4), (Source(0, ()),), group=group, category=own),
    ]
    return Network(tensors, (2,)).layers[0]


def test_the_category_of_a_frameworks_layer_goes_before_that_of_its_operations() -> None:
    dense = Group("dense", "Dense", "", "y", "attention, dense")
    custom = Group("mine", "Mine", "", "y", "other")
    assert category_of(layer("join", dense)) == "attention, dense"
    assert category_of(layer("join", custom)) == "join"
    assert category_of(layer("join", None)) == "join"
    assert layer("join", dense).category == "join"


def test_every_category_has_a_colour_of_its_own() -> None:
    assert CATEGORIES.keys() == set(get_args(Category))
    assert len(set(CATEGORIES.values())) == len(CATEGORIES)
