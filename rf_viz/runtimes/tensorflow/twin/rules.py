"""Rules by which the twin follows each operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..graph_names import data_inputs
from .writer import BOOL, NoTwinError, Writer

_Make = Callable[[Writer, Any], list[str]]


class Rule(NamedTuple):
    """Rule for an operator. ``make`` returns its outputs, positive where a signal arrives.

    ``data`` are the inputs that a signal may come from. ``clean`` says that elements only move, so
    that they are still 0 or 1.
    """

    make: _Make
    data: slice
    clean: bool


RULES: dict[str, Rule] = {}
"""The rules, by operator."""

_FIRST, _SECOND, _THIRD = slice(1), slice(1, 2), slice(2, 3)
_FIRST_TWO, _FIRST_AND_THIRD, _ALL = slice(2), slice(0, 3, 2), slice(None)


def _rule(*ops: str, data: slice = _FIRST, clean: bool = False) -> Callable[[_Make], _Make]:
    """Enter a rule for these operators."""

    def enter(make: _Make) -> _Make:
        """Enter one rule under every operator."""
        for op in ops:
            RULES[op] = Rule(make, data, clean)
        return make

    return enter


def _at(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """The tensors that a node reads, as the twin calls them."""
    return [writer.signals.get(name, name) for name in data_inputs(node)]


def _kind(node: Any) -> int:  # noqa: ANN401
    """The type of a node's data, as a number of the enumeration DataType."""
    kind: int = node.attr["T"].type
    return kind


@_rule("Abs", "Acos", "Acosh", "Angle", "Asin", "Asinh", "Atan", "Atanh", "BiasAdd", "BiasAddV1",
       "Bucketize", "Cast", "Ceil", "CheckNumerics", "CheckNumericsV2", "ComplexAbs", "Conj", "Cos",
       "Cosh", "DeepCopy", "Digamma", "Elu", "EnsureShape", "Erf", "Erfc", "Erfinv",
       "Expm1", "FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars",
       "FakeQuantWithMinMaxVarsPerChannel", "Floor", "GuaranteeConst", "Identity", "Imag", "Inv",
       "Invert", "IsFinite", "IsInf", "IsNan", "LeakyRelu", "Lgamma", "Log", "Log1p", "LogicalNot",
       "Ndtri", "Neg", "PlaceholderWithDefault", "PreventGradient", "Print",
       "QuantizeAndDequantize", "QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3",
       "QuantizeAndDequantizeV4", "Real", "Reciprocal", "Relu", "Relu6", "Rint", "Round", "Rsqrt",
       "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Snapshot", "Softplus", "Softsign", "Sqrt",
       "Square", "StopGradient", "Tan", "Tanh", "BatchNormWithGlobalNormalization",
       "BesselI0", "BesselI0e", "BesselI1", "BesselI1e", "BesselJ0", "BesselJ1", "BesselK0",
       "BesselK0e", "BesselK1", "BesselK1e", "BesselY0", "BesselY1", "Copy", "CopyHost", "Dawsn",
       "Expint", "FresnelCos", "FresnelSin", "PopulationCount", "Spence",
       clean=True)  # fmt: skip
def _pass(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Element by element from the first input."""
    return _at(writer, node)[:1]


@_rule("Switch", clean=True)
def _switch(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Both outputs from the first input: which side runs is not followed."""
    return _at(writer, node)[:1] * 2


@_rule("_SwitchN", clean=True)
def _switch_by_number(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """All outputs from the first input: which of them runs is not followed."""
    return _at(writer, node)[:1] * int(node.attr["num_outs"].i)


@_rule("IdentityN", data=_ALL, clean=True)
def _pass_each(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Every output from the input of its number."""
    kinds = node.attr["T"].list.type
    return [
        writer.signals.get(name) or writer.filled(name, kind, 0)
        for name, kind in zip(data_inputs(node), kinds, strict=True)
    ]


@_rule("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", clean=True)
def _batch_norm(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Element by element, where the statistics are constants."""
    if "is_training" not in node.attr or node.attr["is_training"].b:
        raise NoTwinError(" computes its statistics from the image")
    return _at(writer, node)[:1]


@_rule("AccumulateNV2", "Add", "AddN", "AddV2", "ApproximateEqual", "Atan2", "Betainc",
       "BitwiseAnd", "BitwiseOr", "BitwiseXor", "ClipByValue", "Complex",
       "Equal", "FloorDiv", "FloorMod", "Greater", "GreaterEqual", "Igamma", "Igammac",
       "LeftShift", "Less", "LessEqual", "LogicalOr", "Maximum", "Merge", "Minimum",
       "Mod", "NextAfter", "NotEqual", "Polygamma", "Pow",
       "RightShift", "SquaredDifference", "Sub", "TruncateDiv", "TruncateMod",
       "Xdivy", "Xlog1py", "Xlogy", "Zeta", data=_ALL)  # fmt: skip
def _join(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Element by element from all inputs, broadcast."""
    names = [name for name in data_inputs(node) if name in writer.signals]
    return [_joined(writer, node, [writer.signals[n] for n in names], map(writer.shape, names))]


@_rule("Exp", clean=True)
def _exponential(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Element by element, without what a mask hides."""
    (name,) = data_inputs(node)
    return [_hidden(writer, writer.signals[name], [writer.masks.exponential(name)])]


def _hidden(writer: Writer, signal: str, masks: Sequence[str | None]) -> str:
    """A signal without the elements that any of the masks hides."""
    for mask in masks:
        if mask is not None:
            signal = writer.add("Mul", signal, mask)
    return signal


@_rule("LogicalAnd", "Mul", "MulNoNan", data=_ALL)
def _masked_product(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Element by element from all inputs, without what zeros of one of them hide."""
    kind = node.attr["T"].type if "T" in node.attr else BOOL
    masks = [
        writer.masks.kept(name) if name in writer.signals else writer.masks.factor(name, kind)
        for name in data_inputs(node)
    ]
    return [_hidden(writer, _join(writer, node)[0], masks)]


@_rule("Div", "DivNoNan", "RealDiv", data=_ALL)
def _quotient(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Element by element from both inputs, without what zeros of the first hide."""
    mask = writer.masks.kept(data_inputs(node)[0])
    return [_hidden(writer, _join(writer, node)[0], [mask])]


@_rule("Select", "SelectV2", data=_ALL)
def _select(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Element by element from the input that a constant condition chooses; else from all.

    Select's condition may be one for each row.
    """
    after = writer.shape(node.name)
    condition, *sides = data_inputs(node)
    if condition not in writer.signals:
        none = writer.constant(np.zeros((), np.float32))
        chosen = [writer.signals.get(name, none) for name in sides]
        return [writer.masks.chosen(node.name, node, *chosen)]
    if node.op == "SelectV2":
        return _join(writer, node)
    parts, shapes = [], []
    for i, name in enumerate(data_inputs(node)):
        if name in writer.signals:
            shape = writer.shape(name)
            if i == 0:
                shape += (1,) * (len(after) - len(shape))
            parts.append(writer.reshape(writer.signals[name], shape))
            shapes.append(shape)
    return [_joined(writer, node, parts, shapes)]


def _joined(writer: Writer, node: Any, parts: Sequence[str], shapes: Any) -> str:  # noqa: ANN401
    """The sum of signals, broadcast to the shape of the node's output."""
    after = writer.shape(node.name)
    value = writer.total(parts)
    return value if np.broadcast_shapes(*shapes) == after else writer.expand(value, after)


@_rule("BatchToSpace", "BatchToSpaceND", "BroadcastTo", "DepthToSpace", "ExpandDims",
       "ExtractImagePatches", "ExtractVolumePatches", "MatrixBandPart", "MatrixDiag",
       "MatrixDiagPart", "MirrorPad", "Pad", "Reshape", "Reverse", "ReverseSequence", "ReverseV2",
       "Roll", "Slice", "SpaceToBatch", "SpaceToBatchND", "SpaceToDepth", "Squeeze",
       "StridedSlice", "Tile", "Transpose", clean=True)  # fmt: skip
def _move(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Elements move, by the operator itself."""
    return [writer.add(node.op, *_at(writer, node), like=node)]


@_rule("PadV2", clean=True)
def _pad(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Zeros around the input, whatever the operator pads with."""
    return [writer.add("Pad", *_at(writer, node)[:2], like=node)]


@_rule("Gather", "GatherV2", "GatherNd", "ResourceGather", data=_FIRST_TWO, clean=True)
def _gather(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Selected slices; where indices come from the image, all that they select."""
    data, where, *_ = data_inputs(node)
    if where not in writer.signals:
        return [writer.add(node.op, *_at(writer, node), like=node, kind="Tparams")]
    after, before = writer.shape(node.name), writer.shape(where)
    if data in writer.signals or node.op == "GatherNd" or after[: len(before)] != before:
        raise NoTwinError(" takes its indices from the image")
    column = writer.reshape(writer.signals[where], before + (1,) * (len(after) - len(before)))
    return [writer.expand(column, after)]


@_rule("Unpack", clean=True)
@_rule("Split", data=_SECOND, clean=True)
@_rule("SplitV", clean=True)
def _split(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Slices, by the operator itself."""
    count = node.attr["num" if node.op == "Unpack" else "num_split"].i
    first = writer.add(node.op, *_at(writer, node), like=node)
    return [first, *(f"{first}:{i}" for i in range(1, count))]


@_rule("ConcatV2", "Pack", data=_ALL, clean=True)
def _concat(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Parts side by side, by the operator itself."""
    parts = _parts(writer, node, range(node.attr["N"].i))
    return [writer.add(node.op, *parts, like=node)]


@_rule("Concat", data=_ALL, clean=True)
def _old_concat(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Parts side by side, behind the axis that comes first."""
    parts = _parts(writer, node, range(1, node.attr["N"].i + 1))
    return [writer.add("Concat", *parts, like=node)]


def _parts(writer: Writer, node: Any, data: Sequence[int]) -> list[str]:  # noqa: ANN401
    """A node's inputs, with zeros for those of ``data`` that no signal comes to."""
    return [
        writer.filled(name, _kind(node), 0)
        if i in data and name not in writer.signals
        else writer.signals.get(name, name)
        for i, name in enumerate(data_inputs(node))
    ]


@_rule("TensorScatterAdd", "TensorScatterMax", "TensorScatterMin", "TensorScatterSub",
       "TensorScatterUpdate", data=_FIRST_AND_THIRD)  # fmt: skip
def _scatter(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """The first input with the third put into it."""
    op = node.op if node.op == "TensorScatterUpdate" else "TensorScatterAdd"
    return [writer.add(op, *_parts(writer, node, (0, 2)), like=node)]


@_rule("Max")
def _largest(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """The largest along axes is none of those that a mask hides, where it is along the last."""
    name, axes = data_inputs(node)
    rank = len(writer.shape(name))
    mask = writer.masks.largest(name) if writer.numbers(axes) in ([-1], [rank - 1]) else None
    return [writer.add("Max", _hidden(writer, writer.signals[name], [mask]), axes, like=node)]


@_rule("ScatterNd", data=_SECOND)
@_rule("AvgPool", "AvgPool3D", "Cumsum", "MaxPool", "MaxPool3D", "MaxPoolV2", "Mean", "Sum")
def _positive(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Windows and reductions that are positive for any positive input already."""
    return [writer.add(node.op, *_at(writer, node), like=node)]


@_rule("All", "Any", "EuclideanNorm", "Min", "Prod")
def _reduce(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Reductions along axes, as a maximum."""
    return [writer.add("Max", *_at(writer, node), like=node)]


@_rule("ArgMax", "ArgMin")
def _arg(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Positions of extremes: from all along the axis, as a maximum."""
    return [writer.add("Max", *_at(writer, node), like=node, output_type=None)]


@_rule("CumulativeLogsumexp", "Cumprod")
def _cumulate(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Sums of all signals before each position along the axis."""
    return [writer.add("Cumsum", *_at(writer, node), like=node)]


@_rule("L2Loss")
def _loss(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """One number from all."""
    (name,) = data_inputs(node)
    return [writer.reduce(writer.signals[name], range(len(writer.shape(name))), keep=False)]


@_rule("MaxPoolWithArgmax")
def _pool_with_argmax(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Windows: the values and where they were found see the same."""
    pooled = writer.add(
        "MaxPool", *_at(writer, node), like=node, Targmax=None, include_batch_in_index=None
    )
    return [pooled, pooled]


@_rule("Conv2D", "Conv3D", "DepthwiseConv2dNative")
def _convolution(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Windows, by the operator itself with a kernel of ones."""
    data, weights = data_inputs(node)
    kernel = _kernel(writer, node, weights)
    return [writer.add(node.op, writer.signals[data], kernel, like=node)]


@_rule("Conv2DBackpropInput", "Conv3DBackpropInputV2", "DepthwiseConv2dNativeBackpropInput",
       data=_THIRD)  # fmt: skip
def _transposed(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Windows the other way round, by the operator itself with a kernel of ones."""
    size, weights, data = data_inputs(node)
    kernel = _kernel(writer, node, weights)
    return [writer.add(node.op, size, kernel, writer.signals[data], like=node)]


def _kernel(writer: Writer, node: Any, weights: str) -> str:  # noqa: ANN401
    """Ones, but with exact zeros where a weight-aware walk does not count a position."""
    ones = writer.filled(weights, _kind(node), 1)
    if not writer.weight_aware or weights in writer.signals:
        return ones
    return writer.add("Mul", ones, writer.used(weights, _kind(node)))


@_rule("BatchMatMul", "BatchMatMulV2", "MatMul", data=_FIRST_TWO)
@_rule("Einsum", data=_ALL)
def _product(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """The signals' products with ones, each by itself, added up."""
    names = data_inputs(node)
    ones = [
        (writer.masks.kept(name) if name in writer.signals else None)
        or writer.filled(name, _kind(node), 1)
        for name in names
    ]
    return [
        writer.total(
            [
                writer.add(node.op, *ones[:i], writer.signals[name], *ones[i + 1 :], like=node)
                for i, name in enumerate(names)
                if name in writer.signals
            ]
        )
    ]


def _mixing(*axes: int) -> _Make:
    """A rule that mixes all to all along these axes."""

    def make(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
        """The input, each element with all along these axes."""
        return [writer.mixed(_at(writer, node)[0], axes)]

    return make


@_rule("Softmax")
def _softmax(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """All along the last axis that no mask hides, at the elements that it leaves."""
    (name,) = data_inputs(node)
    mask = writer.masks.above_gap(name)
    mixed = writer.mixed(_hidden(writer, writer.signals[name], [mask]), (-1,))
    return [_hidden(writer, mixed, [mask])]


@_rule("LogSoftmax")
def _log_softmax(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Every element, and all along the last axis that no mask hides."""
    (name,) = data_inputs(node)
    left = _hidden(writer, writer.signals[name], [writer.masks.above_gap(name)])
    return [writer.add("AddV2", writer.signals[name], writer.reduce(left, [-1]))]


_rule("RGBToHSV", "HSVToRGB", "AdjustHue", "AdjustSaturation")(_mixing(-1))
_rule("AdjustContrastv2")(_mixing(-3, -2))


def _transform(axes: int) -> _Make:
    """A rule that mixes all to all along the last axes, whose extents may change."""

    def make(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
        """All along the axes, at every position of the output."""
        mixed = writer.reduce(_at(writer, node)[0], range(-axes, 0))
        return [writer.expand(mixed, writer.shape(node.name))]

    return make


_rule("FFT", "IFFT", "RFFT", "IRFFT")(_transform(1))
_rule("FFT2D", "IFFT2D", "RFFT2D", "IRFFT2D")(_transform(2))
_rule("FFT3D", "IFFT3D", "RFFT3D", "IRFFT3D")(_transform(3))


@_rule("LRN")
def _local_response(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Windows over the channels, slid as a pool over the rows of an image of one column."""
    shape = writer.shape(node.name)
    radius = node.attr["depth_radius"].i if "depth_radius" in node.attr else 5
    rows = writer.reshape(_at(writer, node)[0], (prod(shape[:-1]), shape[-1], 1, 1))
    pooled = writer.add(
        "AvgPool", rows, ksize=[1, 2 * radius + 1, 1, 1], strides=[1, 1, 1, 1], padding="SAME"
    )
    return [writer.reshape(pooled, shape)]


@_rule("CropAndResize", "ResizeArea", "ResizeBicubic", "ResizeBilinear", "ResizeNearestNeighbor")
def _resize(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """Resampling, by the operator itself."""
    # Cubic weights may be negative. Those of one output never add up to zero by themselves.
    resized = writer.add(node.op, *_at(writer, node), like=node, extrapolation_value=None)
    return [writer.add("Abs", resized)]


@_rule("TopK", "TopKV2")
def _top(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """The largest along the last axis: from all along it."""
    best = writer.expand(writer.reduce(_at(writer, node)[0], [-1]), writer.shape(node.name))
    return [best, best]


@_rule("OneHot", clean=True)
def _one_hot(writer: Writer, node: Any) -> list[str]:  # noqa: ANN401
    """An axis more, all of which sees the index."""
    axis = node.attr["axis"].i if "axis" in node.attr else -1
    column = writer.add("ExpandDims", _at(writer, node)[0], writer.ints(axis))
    return [writer.expand(column, writer.shape(node.name))]
