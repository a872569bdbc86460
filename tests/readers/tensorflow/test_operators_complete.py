"""Every op that TensorFlow registers is described, or opaque by name with a reason."""

from __future__ import annotations

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import pytest
from tensorflow.core.framework.op_def_pb2 import OpList
from tensorflow.python.client import pywrap_tf_session

from rf_viz.readers.tensorflow.ops import OPERATORS, entry
from rf_viz.readers.tensorflow.ops.opaque import FAMILIES, OPAQUE, family

CONVERTER = {
    "TFLite_Detection_PostProcess", "UnidirectionalSequenceLstm", "UnidirectionalSequenceRnn",
}  # fmt: skip
"""What TFLite's converter registers besides, if a test before these has loaded it."""


@pytest.fixture(scope="module")
def registered() -> set[str]:
    registry = pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
    return {op.name for op in OpList.FromString(registry).op} - CONVERTER


def test_every_registered_op_has_an_entry(registered: set[str], record_property) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    described = {op for op in registered if op in OPERATORS and op not in OPAQUE}
    by_family = {op for op in registered - OPERATORS.keys() if family(op)}
    assert registered - described - OPAQUE.keys() - by_family == set()
    record_property("described", len(described))
    record_property("opaque by name", len(registered & OPAQUE.keys()))
    record_property("opaque by family", len(by_family))
    assert len(described) > 680


def test_every_reason_is_half_a_sentence() -> None:
    for why in [*OPAQUE.values(), *(why for _, why in FAMILIES)]:
        assert why[0].islower()
        assert not why.endswith(".")


@pytest.mark.parametrize("op", ["ZeroOut", "RoiAlign", "NMS", "Interp", "Addons>Resampler"])
def test_an_op_of_nobody_is_of_no_family(op: str) -> None:
    assert op not in OPERATORS
    assert family(op) is None


CATEGORIES = {
    "convolution": ["Conv2D", "FusedPadConv2D", "QuantizedConv2DAndRelu", "RiscConv"],
    "pooling": ["MaxPool", "Mean", "Sum", "Max", "Min", "Prod", "All", "Any", "EuclideanNorm"],
    "resize": ["ResizeArea", "CropAndResize", "ScaleAndTranslate"],
    "join": ["AddN", "AddV2", "Mul", "ConcatV2", "Pack", "Maximum", "QuantizedAdd"],
    "attention, dense": ["MatMul", "Einsum", "Softmax", "FFT2D", "BlockLSTM", "CudnnRNNV3"],
    "normalisation": ["FusedBatchNormV3", "LRN"],
    "activation": ["Relu", "Sigmoid", "ClipByValue"],
    "layout": ["Reshape", "Pad", "GatherV2", "Identity", "Roll", "StridedSlice"],
    "other": ["Multinomial", "RandomStandardNormal", "Merge", "SparseToDense", "CTCLoss", "Const"],
}


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_says_what_an_op_does(category: str) -> None:
    ops = CATEGORIES[category]
    assert {op: OPERATORS[op].category for op in ops} == dict.fromkeys(ops, category)


def test_what_no_relation_describes_is_not_said_to_multiply_nothing() -> None:
    assert {OPERATORS[op].multiplies for op in OPAQUE} == {None}
    by_family = entry("StringSplit")
    assert by_family is not None
    assert by_family.multiplies is None
    assert entry("ZeroOut") is None
