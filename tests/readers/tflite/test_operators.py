"""Each operator sees just what LiteRT shows it to see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ai_edge_litert.schema_py_generated as schema
import numpy as np
import pytest
from numpy.typing import NDArray

import rf_viz
from rf_viz.readers.tflite.node import enter_alike, enter_renamed
from rf_viz.readers.tflite.ops import OPERATORS
from rf_viz.readers.tflite.ops.opaque import OPAQUE
from tests.oracles.tflite_oracle import (
    Op,
    assert_agrees,
    build,
    options,
    runner,
    single,
)
from tests.oracles.truth import generic

SAME, VALID = 0, 1
X = generic((1, 6, 5, 2))


def ints(*numbers: Any) -> NDArray[np.int32]:  # noqa: ANN401
    return np.array(numbers, np.int32)


def test_every_operator_of_the_schema_has_an_entry() -> None:
    schemas = {name for name in vars(schema.BuiltinOperator) if not name.startswith("_")}
    assert schemas - OPERATORS.keys() - OPAQUE.keys() == set()
    assert not OPERATORS.keys() & OPAQUE.keys()
    for why in OPAQUE.values():
        assert why[0].islower() or why.startswith("LiteRT")
        assert not why.endswith(".")


WINDOWS = {
    "CONV_2D same": (
        "CONV_2D",
        options("Conv2D", padding=SAME, strideH=2, strideW=1),
        (3, 3, 2, 2),
    ),
    "CONV_2D valid": (
        "CONV_2D",
        options("Conv2D", padding=VALID, strideH=1, strideW=2, fusedActivationFunction=1),
        (3, 2, 3, 2),
    ),
    "CONV_2D dilated": (
        "CONV_2D",
        options("Conv2D", padding=SAME, strideH=1, strideW=1, dilationHFactor=2, dilationWFactor=1),
        (2, 3, 3, 2),
    ),
    "CONV_2D grouped": (
        "CONV_2D",
        options("Conv2D", padding=SAME, strideH=1, strideW=1),
        (4, 3, 3, 1),
    ),
    "DEPTHWISE_CONV_2D": (
        "DEPTHWISE_CONV_2D",
        options("DepthwiseConv2D", padding=SAME, strideH=2, strideW=2, depthMultiplier=2),
        (1, 3, 2, 4),
    ),
    "DEPTHWISE_CONV_2D dilated": (
        "DEPTHWISE_CONV_2D",
        options(
            "DepthwiseConv2D",
            padding=VALID,
            strideH=1,
            strideW=1,
            depthMultiplier=1,
            dilationHFactor=1,
            dilationWFactor=2,
        ),
        (1, 3, 2, 2),
    ),
    "FULLY_CONNECTED": ("FULLY_CONNECTED", options("FullyConnected"), (3, 10)),
    "FULLY_CONNECTED in place": (
        "FULLY_CONNECTED",
        options("FullyConnected", keepNumDims=True),
        (3, 2),
    ),
    "BATCH_MATMUL": ("BATCH_MATMUL", options("BatchMatMul", adjY=True), (1, 6, 3, 2)),
    "PRELU": ("PRELU", None, (1, 1, 2)),
    "ADD": ("ADD", options("Add", fusedActivationFunction=1), (5, 1)),
    "MUL": ("MUL", options("Mul"), (1, 6, 1, 2)),
    "CONV_3D": (
        "CONV_3D",
        options("Conv3D", padding=SAME, strideD=1, strideH=2, strideW=1),
        (2, 3, 1, 2, 2),
    ),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_operators_with_weights(name: str) -> None:
    op, table, kernel = WINDOWS[name]
    x = generic((1, 3, 4, 2, 2)) if op == "CONV_3D" else X
    biased = op.startswith(("CONV", "DEPTHWISE", "FULLY"))
    channels = kernel[-1] if op in ("DEPTHWISE_CONV_2D", "CONV_3D") else kernel[0]
    bias = [generic((channels,), 2)] if biased else []
    assert_agrees(single(op, x, generic(kernel, 1), *bias, options=table))


@pytest.mark.parametrize(("padding", "size"), [(SAME, (12, 9)), (VALID, (13, 11))])
def test_transposed_convolution(padding: int, size: tuple[int, int]) -> None:
    table = options("TransposeConv", padding=padding, strideH=2, strideW=2)
    shape, kernel = ints(1, *size, 3), generic((3, 3, 3, 2), 1)
    assert_agrees(single("TRANSPOSE_CONV", X, shape, kernel, options=table, before=2))


def test_transposed_convolution_of_volumes() -> None:
    table = options("Conv3D", padding=SAME, strideD=1, strideH=2, strideW=1)
    kernel = generic((2, 3, 1, 2, 2), 1)
    x = generic((1, 3, 2, 2, 2))
    shape = ints(1, 3, 4, 2, 2)
    assert_agrees(single("CONV_3D_TRANSPOSE", x, shape, kernel, options=table, before=2))


@pytest.mark.parametrize("op", ["AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"])
@pytest.mark.parametrize("padding", [SAME, VALID])
def test_pools(op: str, padding: int) -> None:
    table = options("Pool2D", padding=padding, strideH=2, strideW=1, filterHeight=3, filterWidth=2)
    assert_agrees(single(op, X, options=table))


@pytest.mark.parametrize("op", ["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"])
@pytest.mark.parametrize(
    "how", [{}, {"alignCorners": True}, {"halfPixelCenters": True}], ids=["", "corners", "centres"]
)
@pytest.mark.parametrize("size", [(12, 7), (4, 5), (3, 9)])
def test_resizing(op: str, how: dict[str, bool], size: tuple[int, int]) -> None:
    kind = "ResizeBilinear" if op == "RESIZE_BILINEAR" else "ResizeNearestNeighbor"
    assert_agrees(single(op, X, ints(*size), options=options(kind, **how)))


PADS = ints((0, 0), (2, 1), (0, 3), (0, 0))

MOVES: dict[str, tuple[str, Any, list[Any]]] = {
    "PAD": ("PAD", None, [PADS]),
    "PADV2": ("PADV2", None, [PADS, np.float32(7).reshape(1)]),
    "MIRROR_PAD reflect": ("MIRROR_PAD", options("MirrorPad", mode=0), [PADS]),
    "MIRROR_PAD symmetric": ("MIRROR_PAD", options("MirrorPad", mode=1), [PADS]),
    "TRANSPOSE": ("TRANSPOSE", None, [ints(0, 3, 1, 2)]),
    "RESHAPE": ("RESHAPE", None, [ints(3, -1, 4)]),
    "RESHAPE by option": ("RESHAPE", options("Reshape", newShape=ints(3, -1, 4)), []),
    "SQUEEZE": ("SQUEEZE", options("Squeeze", squeezeDims=ints(0)), []),
    "EXPAND_DIMS": ("EXPAND_DIMS", None, [ints(2)]),
    "TILE": ("TILE", None, [ints(1, 2, 1, 3)]),
    "BROADCAST_TO": ("BROADCAST_TO", None, [ints(3, 6, 5, 2)]),
    "SLICE": ("SLICE", None, [ints(0, 1, 2, 0), ints(1, -1, 2, 1)]),
    "STRIDED_SLICE": (
        "STRIDED_SLICE",
        options("StridedSlice", beginMask=1, endMask=1, shrinkAxisMask=8),
        [ints(0, 5, 1, 1), ints(0, 1, 5, 2), ints(1, -2, 2, 1)],
    ),
    "STRIDED_SLICE with new axes": (
        "STRIDED_SLICE",
        options("StridedSlice", ellipsisMask=1, newAxisMask=2),
        [ints(0, 0, 0), ints(0, 0, 1), ints(1, 1, 1)],
    ),
    "GATHER": ("GATHER", options("Gather", axis=2), [ints(4, 0, 0, 2)]),
    "GATHER_ND": ("GATHER_ND", None, [ints((0, 2), (0, 5))]),
    "SPACE_TO_BATCH_ND": ("SPACE_TO_BATCH_ND", None, [ints(2, 3), ints((0, 0), (1, 3))]),
    "REVERSE_V2": ("REVERSE_V2", None, [ints(1)]),
    "REVERSE_SEQUENCE": (
        "REVERSE_SEQUENCE",
        options("ReverseSequence", seqDim=2, batchDim=1),
        [ints(1, 2, 3, 4, 5, 5)],
    ),
    "CUMSUM": ("CUMSUM", options("Cumsum", exclusive=True, reverse=True), [ints(1)[0]]),
    "SOFTMAX": ("SOFTMAX", options("Softmax", beta=0.01), []),
    "LOG_SOFTMAX": ("LOG_SOFTMAX", None, []),
    "L2_NORMALIZATION": ("L2_NORMALIZATION", options("L2Norm"), []),
    "LOGISTIC": ("LOGISTIC", None, []),
    "HARD_SWISH": ("HARD_SWISH", None, []),
    "LEAKY_RELU": ("LEAKY_RELU", options("LeakyRelu", alpha=0.3), []),
    "GELU": ("GELU", options("Gelu"), []),
    "MEAN": ("MEAN", options("Reducer", keepDims=True), [ints(1)]),
    "SUM": ("SUM", options("Reducer"), [ints(1, -1)]),
    "REDUCE_MAX": ("REDUCE_MAX", options("Reducer"), [ints(2)]),
    "LOCAL_RESPONSE_NORMALIZATION": (
        "LOCAL_RESPONSE_NORMALIZATION",
        options("LocalResponseNormalization", radius=1, bias=1.0, alpha=1.0, beta=0.5),
        [],
    ),
}


@pytest.mark.parametrize("name", MOVES)
def test_operators_without_weights(name: str) -> None:
    op, table, rest = MOVES[name]
    nudges = (0.5, -0.5) if op in ("SOFTMAX", "LOG_SOFTMAX", "LOGISTIC") else (3e3, -3e3)
    rest = [np.asarray(a) for a in rest]
    assert_agrees(single(op, X, *rest, options=table), nudges=nudges)


def test_operators_that_trade_space_for_channels_or_batch() -> None:
    table = options("SpaceToDepth", blockSize=2)
    assert_agrees(single("SPACE_TO_DEPTH", generic((1, 4, 6, 2)), options=table))
    table = options("DepthToSpace", blockSize=2)
    assert_agrees(single("DEPTH_TO_SPACE", generic((1, 3, 2, 8)), options=table))
    x = generic((4, 2, 3, 1))
    crops = ints((0, 1), (1, 0))
    assert_agrees(single("BATCH_TO_SPACE_ND", x, ints(2, 2), crops))


@pytest.mark.parametrize(
    ("op", "table", "rest", "before"),
    [
        ("SPLIT", options("Split", numSplits=2), [ints(1)], 1),
        ("SPLIT_V", options("SplitV", numSplits=2), [ints(4, 2), ints(1)[0]], 0),
        ("TOPK_V2", None, [ints(2)[0]], 0),
    ],
)
def test_operators_with_two_outputs(op: str, table: Any, rest: list[Any], before: int) -> None:  # noqa: ANN401
    types = ("float32", "int32" if op == "TOPK_V2" else "float32")
    rest = [np.asarray(a) for a in rest]
    assert_agrees(single(op, X, *rest, options=table, before=before, types=types))


def test_unpacking_and_packing_again() -> None:
    parts = [f"p{i}" for i in range(5)]
    ops = [
        Op("UNPACK", ["x"], parts, options("Unpack", num=5, axis=2)),
        Op("PACK", parts[::-1], ["y"], options("Pack", valuesCount=5, axis=1)),
        Op("CONCATENATION", ["y", "y"], ["z"], options("Concatenation", axis=-1)),
    ]
    assert_agrees(build(ops, {"x": X}))


def test_argmax_sees_its_whole_axis() -> None:
    table = options("ArgMax", outputType=schema.TensorType.INT64)
    assert_agrees(single("ARG_MAX", X, ints(1), options=table, types=("int64",)))


def test_recurrent_layers_see_what_came_before() -> None:
    units, features = 3, 2
    x = generic((1, 5, features))
    weights = [generic((units, features), 1), generic((units, units), 2), generic((units,), 3)]
    names = ["w", "r", "b"]
    op = Op(
        "UNIDIRECTIONAL_SEQUENCE_RNN",
        ["x", *names, "state"],
        ["y"],
        options("SequenceRNN", fusedActivationFunction=0),
    )
    data = build(
        [op], {"x": x}, dict(zip(names, weights, strict=True)), variables={"state": (1, units)}
    )
    assert_agrees(data)


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("time_major", [True, False])
def test_recurrent_layers_both_ways(merged: bool, time_major: bool) -> None:
    shape, features, units = ((4, 1, 3) if time_major else (1, 4, 3)), 3, 2
    names = ["w", "r", "b", "w2", "r2", "b2"]
    shapes = [(units, features), (units, units), (units,)] * 2
    weights = {n: generic(s, i) for i, (n, s) in enumerate(zip(names, shapes, strict=True))}
    op = Op(
        "BIDIRECTIONAL_SEQUENCE_RNN",
        ["x", *names[:3], "state", *names[3:], "state2", "", "", ""],
        ["y"] if merged else ["y", "y1"],
        options("BidirectionalSequenceRNN", timeMajor=time_major, mergeOutputs=merged,
                fusedActivationFunction=0),
    )  # fmt: skip
    states = {"state": (1, units), "state2": (1, units)}
    net = assert_agrees(build([op], {"x": generic(shape)}, weights, variables=states))
    assert net["y"].exact


def test_a_long_short_term_memory_both_ways() -> None:
    features, units = 3, 2
    constants, inputs = {}, ["x"]
    for way in ("f", "b"):
        for i in range(17):
            name = f"{way}{i}"
            shape = {0: (units, features), 1: (units, units), 3: (units,)}.get(i // 4)
            if i < 8 or 11 <= i < 15:
                shape = (units,) if i >= 11 else shape
                constants[name] = generic(shape or (), i) * np.float32(0.1)
                inputs.append(name)
            else:
                inputs.append("")
    states = {f"state{i}": (1, units) for i in range(4)}
    inputs += [*states, *[""] * 9]
    kept = options("BidirectionalSequenceLSTM", mergeOutputs=True, fusedActivationFunction=4)
    op = Op("BIDIRECTIONAL_SEQUENCE_LSTM", inputs, ["y"], kept)
    x = generic((4, 1, features)) * np.float32(0.1)
    data = build([op], {"x": x}, constants, variables=states)
    net = assert_agrees(data, nudges=(0.5, -0.5))
    assert net["y"].exact


def test_layers_that_keep_a_state_between_runs() -> None:
    x, units, rank = generic((1, 3)), 2, 2
    weights = {"f": generic((units * rank, 3), 1), "t": generic((units * rank, 4), 2)}
    op = Op("SVDF", ["x", "f", "t", "", "state"], ["y"], options("SVDF", rank=rank))
    assert_agrees(build([op], {"x": x}, weights, variables={"state": (1, units * rank * 4)}))
    weights = {"w": generic((units, 3), 1), "r": generic((units, units), 2), "b": generic((units,))}
    step = Op("RNN", ["x", *weights, "state"], ["y"], options("RNN", fusedActivationFunction=0))
    assert_agrees(build([step], {"x": x}, weights, variables={"state": (1, units)}))


@pytest.mark.parametrize("enter", [enter_renamed, enter_alike])
def test_every_other_name_is_one_of_the_tensorflow_table(
    enter: Callable[[dict[str, str]], None],
) -> None:
    with pytest.raises(KeyError, match="NoSuchOperation"):
        enter({"NEW": "NoSuchOperation"})
    assert "NEW" not in OPERATORS


CATEGORIES = {
    "convolution": ["CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "CONV_3D"],
    "pooling": ["AVERAGE_POOL_2D", "L2_POOL_2D", "MEAN", "SUM", "REDUCE_MAX", "REDUCE_PROD"],
    "resize": ["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"],
    "join": ["ADD", "MUL", "DIV", "CONCATENATION", "PACK"],
    "attention, dense": ["FULLY_CONNECTED", "BATCH_MATMUL", "SOFTMAX", "EMBEDDING_LOOKUP"],
    "normalisation": ["L2_NORMALIZATION", "LOCAL_RESPONSE_NORMALIZATION"],
    "activation": ["RELU", "LOGISTIC", "PRELU", "HARD_SWISH", "GELU", "RELU_0_TO_1"],
    "layout": ["RESHAPE", "PAD", "GATHER", "STRIDED_SLICE", "SPACE_TO_DEPTH", "CAST"],
    "other": ["QUANTIZE", "DEQUANTIZE", "MULTINOMIAL", "ARG_MAX"],
}


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_says_what_an_operator_does(category: str) -> None:
    ops = CATEGORIES[category]
    assert {op: OPERATORS[op].category for op in ops} == dict.fromkeys(ops, category)


def test_a_tensor_has_the_category_and_products_of_the_files_operator() -> None:
    """Not those of the TensorFlow operations that the file's operator translates to."""
    conv = options("Conv2D", padding=SAME, strideH=1, strideW=1, fusedActivationFunction=1)
    ops = [
        Op("CONV_2D", ["x", "w", "b"], ["conv"], conv),
        Op("QUANTIZE", ["conv"], ["quantised"]),
        Op("RFFT2D", ["y", "n"], ["spectrum"]),
        Op("Mystery", ["conv"], ["custom"], custom=b""),
    ]
    constants = {"w": generic((3, 3, 3, 2), 1), "b": generic((3,), 2), "n": ints(4, 4)}
    data = build(ops, {"x": X, "y": generic((1, 4, 4))}, constants)
    model = rf_viz.load(data, "m.tflite")
    shown = {}
    for source in ("x", "y"):
        for tensor in model.describe(model.shapes(input=source), source, False)[1:]:
            shown[tensor.name] = tensor.category, tensor.multiplies
    assert shown == {
        "conv": ("convolution", True),
        "quantised": ("other", False),
        "custom": ("other", None),
        "spectrum": ("attention, dense", None),
    }


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_a_softmax_of_16_bit_integers_hides_nothing_behind_a_mask(dtype: str) -> None:
    """Its smallest weight is one unit, so that no mask takes an element out."""
    top = np.iinfo(dtype).max
    mask = np.array([[0, -top, -top]], dtype)
    ops = [
        Op("ADD", ["x", "mask"], ["masked"], options("Add")),
        Op("SOFTMAX", ["masked"], ["y"], options("Softmax", beta=1.0)),
    ]
    scales = (0.001, 1e9 / top, 1e9 / top) if dtype == "int16" else (0.001, 10.0, 10.0)
    weights = (1 / 32768, 0) if dtype == "int16" else (1 / 256, -128)
    data = build(
        ops,
        {"x": np.zeros((1, 3), dtype)},
        {"mask": mask},
        types={"masked": dtype, "y": dtype},
        shapes={"masked": (1, 3), "y": (1, 3)},
        quantised={
            **{n: (s, 0) for n, s in zip(("x", "mask", "masked"), scales, strict=True)},
            "y": weights,
        },
    )
    net = rf_viz.load(data).trace(spatial_axes=(0, 1))
    seen = [net["y"].mask_of((0, i)).sum() for i in range(3)]
    assert seen == ([3, 3, 3] if dtype == "int16" else [1, 0, 0])
    stored = runner(data)({"x": np.zeros((1, 3), dtype)})["y"].tolist()
    assert (stored[0][1] > np.iinfo(dtype).min * (dtype == "int8")) == (dtype == "int16")
