"""Operators of every framework are told by their kind."""

from __future__ import annotations

import pytest

from rf_viz.analysis.categories import CATEGORIES, category


@pytest.mark.parametrize(
    ("expected", "operators"),
    [
        (
            "convolution",
            "Conv ConvTranspose QLinearConv Conv2D DepthwiseConv2dNative SeparableConv2D",
        ),
        (
            "pooling",
            "MaxPool GlobalAveragePool AvgPool MaxPooling2D GlobalAveragePooling2D ReduceMean",
        ),
        ("resize", "Resize Upsample ResizeBilinear UpSampling2D"),
        ("join", "Add AddV2 Concat ConcatV2 Concatenate Mul Multiply Sum"),
        (
            "attention, dense",
            "MatMul Gemm Dense MultiHeadAttention Softmax LSTM Einsum BatchMatMulV2",
        ),
        ("normalisation", "BatchNormalization FusedBatchNormV3 LayerNormalization LRN"),
        ("activation", "Relu Relu6 LeakyRelu Sigmoid Swish HardSigmoid Clip Erf PRelu Dropout"),
        ("layout", "Reshape Transpose Flatten Pad ZeroPadding2D Slice StridedSlice DepthToSpace"),
        ("other", "NonMaxSuppression TopK"),
    ],
)
def test_operators_are_of_their_kind(expected: str, operators: str) -> None:
    assert {name: category(name) for name in operators.split()} == dict.fromkeys(
        operators.split(), expected
    )


def test_every_kind_has_a_colour_of_its_own() -> None:
    assert len(set(CATEGORIES.values())) == len(CATEGORIES)
