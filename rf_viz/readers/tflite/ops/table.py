"""The table of TFLite's operators: what each is in TensorFlow's terms, which has the relations.

To add an operator, put an entry into ``TABLE``: a translation to TensorFlow operations, with the
category and the products of the one that it is most like. What has no equivalent goes into
``opaque``, with the reason.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....trace.tensors import Category
from ...reading.operators import Operator
from ...tensorflow.ops import OPERATORS
from ...tensorflow.protobuf.tensors import dtype
from ..file import TensorInfo
from ..fixed_point import resize_bilinear
from ..tf_op import Entry, Site, TfOp, Translate, activated, biased, called, clipped, ints, number

_PADDING = {0: "SAME", 1: "VALID"}
_MIRROR = {0: "REFLECT", 1: "SYMMETRIC"}


def _strides(site: Site) -> tuple[int, ...]:
    return (1, site.option("strideH", 1), site.option("strideW", 1), 1)


def _padding(site: Site) -> str:
    return site.choice("padding", _PADDING)


def _convolution(op: str, kernel: TfOp, site: Site) -> TfOp:
    attributes = {
        "strides": _strides(site),
        "dilations": (1, site.option("dilationHFactor", 1), site.option("dilationWFactor", 1), 1),
        "padding": _padding(site),
        "data_format": "NHWC",
    }
    return biased(TfOp(op, (0, kernel), attributes), site, 2)


def _conv(site: Site) -> TfOp:
    """The kernel's axes are (out, height, width, in)."""
    return _convolution("Conv2D", TfOp("Transpose", (1, ints(1, 2, 3, 0))), site)


def _depthwise(site: Site) -> TfOp:
    """The kernel's axes are (1, height, width, in * multiplier)."""
    _, height, width, out = site.shape(1, 4)
    channels = (site.input(0).shape or (0,))[-1]
    if not channels or out % channels:
        raise ValueError(f"it makes {out} channels of {channels}")
    kernel = TfOp("Reshape", (1, ints(height, width, channels, out // channels)))
    return _convolution("DepthwiseConv2dNative", kernel, site)


def _transposed(site: Site) -> TfOp:
    """The kernel's axes are (out, height, width, in)."""
    kernel = TfOp("Transpose", (1, ints(1, 2, 0, 3)))
    attributes = {"strides": _strides(site), "padding": _padding(site), "data_format": "NHWC"}
    return biased(TfOp("Conv2DBackpropInput", (0, kernel, 2), attributes), site, 3)


def _volumes(op: str, inputs: tuple[int, ...], bias: int) -> Translate:
    def translate(site: Site) -> TfOp:
        strides, dilations = (
            (1, *(site.option(name.format(axis), 1) for axis in "DHW"), 1)
            for name in ("stride{}", "dilation{}Factor")
        )
        attributes = {
            "strides": strides,
            "dilations": dilations,
            "padding": _padding(site),
            "data_format": "NDHWC",
        }
        return biased(TfOp(op, inputs, attributes), site, bias)

    return translate


def _pool(op: str, same: bool = True) -> Translate:
    def translate(site: Site) -> TfOp:
        attributes = {
            "ksize": (1, site.option("filterHeight", 1), site.option("filterWidth", 1), 1),
            "strides": _strides(site),
            "padding": _padding(site),
            "data_format": "NHWC",
        }
        return TfOp(op, (0,), attributes, same)

    return translate


def _fully_connected(site: Site) -> TfOp:
    """The weights' axes are (out, in); unless told to keep them, all axes but the last are one."""
    if site.option("keepNumDims"):
        product = TfOp("BatchMatMulV2", (0, 1), {"adj_x": False, "adj_y": True})
    else:
        _, columns = site.shape(1, 2)
        rows = TfOp("Reshape", (0, ints(-1, columns)))
        product = TfOp("MatMul", (rows, 1), {"transpose_a": False, "transpose_b": True})
    return biased(product, site, 2)


def _concatenation(site: Site) -> TfOp:
    return TfOp("ConcatV2", (*site.every, number(site.option("axis"))))


def _divide(site: Site) -> TfOp:
    return TfOp("TruncateDiv" if "int" in site.input(0).dtype else "RealDiv", (0, 1))


def _reshape(site: Site) -> TfOp:
    """Old files tell the shape in an option, some of those that make a scalar as [0]."""
    if site.has(1):
        return TfOp("Reshape", (0, 1))
    shape = site.option("newShape", ())
    return TfOp("Reshape", (0, ints(*(() if shape == (0,) else shape))))


def _resized(op: str) -> Translate:
    return called(op, align_corners="alignCorners", half_pixel_centers="halfPixelCenters")


def _bilinear(site: Site) -> TfOp:
    tf_op = _resized("ResizeBilinear")(site)
    if site.input(0).dtype in ("int8", "int16"):
        return replace(tf_op, operator=Operator(resize_bilinear, "resize"))
    return tf_op


def _strided_slice(site: Site) -> TfOp:
    end = TfOp("AddV2", (1, 2)) if site.option("offset", False) else 2
    names = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    options = ("beginMask", "endMask", "ellipsisMask", "newAxisMask", "shrinkAxisMask")
    masks = {f"{n}_mask": site.option(o) for n, o in zip(names, options, strict=True)}
    return TfOp("StridedSlice", (0, 1, end, 3), masks)


def _gather(site: Site) -> TfOp:
    attributes = {"batch_dims": site.option("batchDims")}
    return TfOp("GatherV2", (0, 1, number(site.option("axis"))), attributes)


def _embedding(site: Site) -> TfOp:
    return TfOp("GatherV2", (1, 0, number(0)), {"batch_dims": 0})


def _type(tensor: TensorInfo) -> int:
    """TensorFlow's number of a tensor's type. Raises ValueError where it has none."""
    for kind in range(1, 24):
        if dtype(kind) == tensor.dtype:
            return kind
    raise ValueError(f"the type of {tensor.name!r} is none of numbers")


def _cast(site: Site) -> TfOp:
    return TfOp("Cast", (0,), {"DstT": _type(site.output())})


def _bitcast(site: Site) -> TfOp:
    return TfOp("Bitcast", (0,), {"T": _type(site.input(0)), "type": _type(site.output())})


def _pack(site: Site) -> TfOp:
    return TfOp("Pack", site.every, {"axis": site.option("axis"), "N": len(site.every)})


def _unpack(site: Site) -> TfOp:
    return TfOp("Unpack", (0,), {"axis": site.option("axis"), "num": site.outputs})


def _mirror(site: Site) -> TfOp:
    return TfOp("MirrorPad", (0, 1), {"mode": site.choice("mode", _MIRROR)})


def _local_response(site: Site) -> TfOp:
    return TfOp("LRN", (0,), {"depth_radius": site.option("radius")})


def _recurrent(weights: int, projection: int = -1) -> Translate:
    """Each step of the sequence sees the steps up to it, whatever way it remembers them.

    ``weights`` and ``projection`` are the inputs whose rows count what comes out; the latter, if
    it is given, comes last.
    """

    def translate(site: Site) -> TfOp:
        time = 0 if site.option("timeMajor", False) else 1
        before = TfOp("Cumsum", (0, number(time)), {"exclusive": False, "reverse": False})
        rows, _ = site.shape(projection if site.has(projection) else weights, 2)
        _, features = site.shape(weights, 2)
        mixed = np.ones((features, rows), np.float32)
        return TfOp("BatchMatMulV2", (before, mixed), {"adj_x": False, "adj_y": False}, same=False)

    return translate


def _entry(like: str, translate: Translate, category: Category | None = None) -> Entry:
    """An entry that has its category and its products from a TensorFlow operator."""
    operator = OPERATORS[like]
    return Entry(translate, category or operator.category, operator.multiplies)


def _called(op: str, category: Category | None = None, **options: str) -> Entry:
    """An operator that is another one on the same inputs."""
    return _entry(op, called(op, same=True, **options), category)


def _as(op: str, category: Category | None = None) -> Entry:
    """An operator whose dependence is that of another, though it computes something else."""
    return _entry(op, called(op, same=False), category)


SAME_INPUTS = {
    "ABS": "Abs", "ADD_N": "AddN", "ATAN2": "Atan2", "BATCH_TO_SPACE_ND": "BatchToSpaceND",
    "BITWISE_XOR": "BitwiseXor", "BROADCAST_ARGS": "BroadcastArgs", "BROADCAST_TO": "BroadcastTo",
    "CEIL": "Ceil", "COMPLEX_ABS": "ComplexAbs", "COS": "Cos", "DENSIFY": "Identity",
    "ELU": "Elu", "EQUAL": "Equal", "EXP": "Exp",
    "EXPAND_DIMS": "ExpandDims", "FILL": "Fill", "FLOOR": "Floor", "FLOOR_DIV": "FloorDiv",
    "FLOOR_MOD": "FloorMod", "GATHER_ND": "GatherNd", "GREATER": "Greater",
    "GREATER_EQUAL": "GreaterEqual", "LESS": "Less", "LESS_EQUAL": "LessEqual", "LOG": "Log",
    "LOGICAL_AND": "LogicalAnd", "LOGICAL_NOT": "LogicalNot", "LOGICAL_OR": "LogicalOr",
    "LOGISTIC": "Sigmoid", "LOG_SOFTMAX": "LogSoftmax", "MATRIX_DIAG": "MatrixDiag",
    "MATRIX_SET_DIAG": "MatrixSetDiag", "MAXIMUM": "Maximum", "MINIMUM": "Minimum", "NEG": "Neg",
    "NOT_EQUAL": "NotEqual", "PAD": "Pad", "PADV2": "PadV2", "POW": "Pow", "RANGE": "Range",
    "RANK": "Rank", "RELU": "Relu", "RELU6": "Relu6", "REVERSE_V2": "ReverseV2",
    "RFFT2D": "RFFT2D", "RIGHT_SHIFT": "RightShift", "ROUND": "Round", "RSQRT": "Rsqrt",
    "SCATTER_ND": "ScatterNd", "SEGMENT_SUM": "SegmentSum", "SELECT": "Select",
    "SELECT_V2": "SelectV2", "SHAPE": "Shape", "SIGN": "Sign", "SIN": "Sin", "SLICE": "Slice",
    "SPACE_TO_BATCH_ND": "SpaceToBatchND", "SPARSE_TO_DENSE": "SparseToDense", "SQRT": "Sqrt",
    "SQUARE": "Square", "SQUARED_DIFFERENCE": "SquaredDifference", "TANH": "Tanh", "TILE": "Tile",
    "TOPK_V2": "TopKV2", "TRANSPOSE": "Transpose", "UNIQUE": "Unique",
    "UNSORTED_SEGMENT_MAX": "UnsortedSegmentMax", "UNSORTED_SEGMENT_MIN": "UnsortedSegmentMin",
    "UNSORTED_SEGMENT_PROD": "UnsortedSegmentProd", "UNSORTED_SEGMENT_SUM": "UnsortedSegmentSum",
    "WHERE": "Where", "ZEROS_LIKE": "ZerosLike", "REAL": "Real", "IMAG": "Imag",
    "RANDOM_STANDARD_NORMAL": "RandomStandardNormal", "RANDOM_UNIFORM": "RandomUniform",
    "MULTINOMIAL": "Multinomial",
    "STABLEHLO_ABS": "Abs", "STABLEHLO_ADD": "AddV2", "STABLEHLO_COSINE": "Cos",
    "STABLEHLO_EXPONENTIAL": "Exp", "STABLEHLO_FLOOR": "Floor", "STABLEHLO_LOG": "Log",
    "STABLEHLO_LOGISTIC": "Sigmoid", "STABLEHLO_MAXIMUM": "Maximum",
    "STABLEHLO_MINIMUM": "Minimum", "STABLEHLO_MULTIPLY": "Mul", "STABLEHLO_NEGATE": "Neg",
    "STABLEHLO_POWER": "Pow", "STABLEHLO_RSQRT": "Rsqrt", "STABLEHLO_SELECT": "SelectV2",
    "STABLEHLO_SUBTRACT": "Sub", "STABLEHLO_TANH": "Tanh",
}  # fmt: skip
"""Operators that TensorFlow has under another name, their inputs and values the same."""

ALIKE = {
    "BUCKETIZE": "Bucketize", "GELU": "Relu", "HARD_SWISH": "Relu", "SOFTMAX": "Softmax",
    "STABLEHLO_AND": "LogicalAnd", "STABLEHLO_CBRT": "Sqrt", "STABLEHLO_COMPARE": "Equal",
    "STABLEHLO_CONVERT": "Cast", "STABLEHLO_DIVIDE": "RealDiv", "STABLEHLO_OR": "LogicalOr",
    "STABLEHLO_REMAINDER": "FloorMod", "STABLEHLO_SHIFT_LEFT": "LeftShift",
}  # fmt: skip
"""Operators whose dependence is that of another, though they may compute something else."""

REDUCTIONS = {
    "MEAN": "Mean", "SUM": "Sum", "REDUCE_PROD": "Prod", "REDUCE_MAX": "Max", "REDUCE_MIN": "Min",
    "REDUCE_ANY": "Any", "REDUCE_ALL": "All",
}  # fmt: skip

TABLE: dict[str, Entry] = {
    **{op: _called(theirs) for op, theirs in SAME_INPUTS.items()},
    **{op: _as(theirs) for op, theirs in ALIKE.items()},
    **{op: _called(theirs, keep_dims="keepDims") for op, theirs in REDUCTIONS.items()},
    "ADD": _entry("AddV2", activated(called("AddV2"))),
    "SUB": _entry("Sub", activated(called("Sub"))),
    "MUL": _entry("Mul", activated(called("Mul"))),
    "DIV": _entry("RealDiv", activated(_divide)),
    "CONV_2D": _entry("Conv2D", activated(_conv)),
    "DEPTHWISE_CONV_2D": _entry("DepthwiseConv2dNative", activated(_depthwise)),
    "TRANSPOSE_CONV": _entry("Conv2DBackpropInput", activated(_transposed)),
    "CONV_3D": _entry("Conv3D", activated(_volumes("Conv3D", (0, 1), 2))),
    "CONV_3D_TRANSPOSE": _entry(
        "Conv3DBackpropInputV2", activated(_volumes("Conv3DBackpropInputV2", (0, 1, 2), 3))
    ),
    "AVERAGE_POOL_2D": _entry("AvgPool", activated(_pool("AvgPool"))),
    "MAX_POOL_2D": _entry("MaxPool", activated(_pool("MaxPool"))),
    "L2_POOL_2D": _entry("AvgPool", activated(_pool("AvgPool", same=False))),
    "FULLY_CONNECTED": _entry("MatMul", activated(_fully_connected)),
    "BATCH_MATMUL": _called("BatchMatMulV2", adj_x="adjX", adj_y="adjY"),
    "CONCATENATION": _entry("ConcatV2", activated(_concatenation)),
    "RESHAPE": _entry("Reshape", _reshape),
    "RELU_N1_TO_1": _entry("ClipByValue", lambda site: clipped(0, -1, 1)),
    "RELU_0_TO_1": _entry("ClipByValue", lambda site: clipped(0, 0, 1)),
    "LEAKY_RELU": _called("LeakyRelu", alpha="alpha"),
    "PRELU": _as("AddV2", "activation"),
    "L2_NORMALIZATION": _as("Softmax", "normalisation"),
    "LOCAL_RESPONSE_NORMALIZATION": _entry("LRN", _local_response),
    "RESIZE_BILINEAR": _entry("ResizeBilinear", _bilinear),
    "RESIZE_NEAREST_NEIGHBOR": _entry("ResizeNearestNeighbor", _resized("ResizeNearestNeighbor")),
    "SPACE_TO_DEPTH": _called("SpaceToDepth", block_size="blockSize"),
    "DEPTH_TO_SPACE": _called("DepthToSpace", block_size="blockSize"),
    "MIRROR_PAD": _entry("MirrorPad", _mirror),
    "SQUEEZE": _called("Squeeze", squeeze_dims="squeezeDims"),
    "SPLIT": _called("Split", num_split="numSplits"),
    "SPLIT_V": _called("SplitV", num_split="numSplits"),
    "PACK": _entry("Pack", _pack),
    "UNPACK": _entry("Unpack", _unpack),
    "STRIDED_SLICE": _entry("StridedSlice", _strided_slice),
    "GATHER": _entry("GatherV2", _gather),
    "EMBEDDING_LOOKUP": _entry("GatherV2", _embedding, "attention, dense"),
    "CAST": _entry("Cast", _cast),
    "ARG_MAX": _called("ArgMax"),
    "ARG_MIN": _called("ArgMin"),
    "ONE_HOT": _called("OneHot", axis="axis"),
    "CUMSUM": _called("Cumsum", exclusive="exclusive", reverse="reverse"),
    "REVERSE_SEQUENCE": _called("ReverseSequence", seq_dim="seqDim", batch_dim="batchDim"),
    "BITCAST": _entry("Bitcast", _bitcast),
    "DEQUANTIZE": _called("Identity", "other"),
    "FAKE_QUANT": _as("Identity", "other"),
    "QUANTIZE": _as("Identity", "other"),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _entry("BlockLSTM", _recurrent(4, projection=16)),
    "UNIDIRECTIONAL_SEQUENCE_RNN": _entry("BlockLSTM", _recurrent(1)),
}
"""The entry of every operator that has an equivalent; of all others ``OPAQUE`` says why not."""
