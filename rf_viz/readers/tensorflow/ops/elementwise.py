"""Ops that work element by element, with broadcasting, and those that only pass values on."""

from __future__ import annotations

import numpy as np

from ....errors import ModelError
from ....relation import Edge, Output, Taps
from ....relation.common.basic import (
    broadcast,
    normalise,
    reduce,
    reshape,
)
from ...reading import masks
from ...reading.outputs import SELF, joined, parameter
from ...reading.values import DataDependent, Value
from ..node import Node, operator
from ..protobuf.tensors import dtype
from .inputs import ranked, tensor


@operator(
    "Elu", "Erf", "Erfc", "Erfinv", "Expm1", "LeakyRelu", "Relu", "Relu6",
    "Rsqrt", "Selu", "Sigmoid", "Softplus", "Softsign", "Sqrt", "Tanh", "_MklFusedMish",
    "_MklSwish",
    category="activation", elementwise=True,
)  # fmt: skip
@operator(
    "Cast", "CheckNumerics", "CheckNumericsV2", "Copy", "CopyHost", "CopyToMesh",
    "DebugGradientIdentity", "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3", "DeepCopy",
    "Enter", "Exit", "GuaranteeConst", "Identity", "LoopCond", "NextIteration",
    "PlaceholderWithDefault", "PreventGradient", "RefEnter", "RefExit", "RefIdentity",
    "RefNextIteration", "Relayout", "RiscBitcast", "RiscCast", "Snapshot", "StopGradient",
    "XlaClusterOutput", "XlaSharding", "_CopyFromGpuToHost", "_CopyFromHostToGpu", "_EagerConst",
    "_HostCast",
    category="layout", elementwise=True,
)  # fmt: skip
@operator(
    "Abs", "Acos", "Acosh", "Angle", "AsString", "Asin", "Asinh", "Atan", "Atanh", "BesselI0",
    "BesselI0e", "BesselI1", "BesselI1e", "BesselJ0", "BesselJ1", "BesselK0", "BesselK0e",
    "BesselK1", "BesselK1e", "BesselY0", "BesselY1", "Bucketize", "Ceil", "ComplexAbs", "Conj",
    "Cos", "Cosh", "DataFormatDimMap", "Dawsn", "DecodeBase64", "Digamma", "EncodeBase64", "Expint",
    "FakeQuantWithMinMaxArgs", "Floor", "FresnelCos", "FresnelSin", "Imag", "Inv", "Invert",
    "IsFinite", "IsInf", "IsNan", "Lgamma", "Log", "Log1p", "LogicalNot", "Ndtri", "Neg",
    "PopulationCount", "Real", "Reciprocal", "Rint", "RiscAbs", "RiscCeil", "RiscCos", "RiscFloor",
    "RiscImag", "RiscIsFinite", "RiscLog", "RiscLogicalNot", "RiscNeg", "RiscReal", "RiscSign",
    "RiscUnary", "Round", "Sign", "Sin", "Sinh", "Spence", "Square", "StaticRegexFullMatch",
    "StaticRegexReplace", "StringLength", "StringLower", "StringStrip", "StringToHashBucket",
    "StringToHashBucketFast", "StringToHashBucketStrong", "StringToNumber", "StringUpper", "Tan",
    "UnicodeScript", "XlaReducePrecision", "_TensorToHashBucketFast", "_UnaryOpsComposition",
    category="other", elementwise=True,
)  # fmt: skip
def unary(node: Node) -> Output | Value:
    """Every element depends on its own. Lists and handles are passed on."""
    return _passed(node, 0)


@operator("Exp", "RiscExp", category="activation")
def exponential(node: Node) -> Output:
    """Every element by itself; zero where a mask hides it."""
    return masks.exponential(node)


def _passed(node: Node, i: int) -> Output | Value:
    value = tensor(node, i)
    if value.shape is None and value.tensor < 0:
        return value
    return Output(node.shape(i), [Edge(i)])


@operator("Print", "RelayoutLike", "CopyToMeshGrad", category="layout", asks_types_only=True)
def first(node: Node) -> Output:
    """The first input is passed on; of the others only types are read, or nothing."""
    return Output(node.shape(), SELF)


@operator("SleepIdentityOp", category="layout")
def second(node: Node) -> Output:
    """The second input is passed on; the first says how long to wait."""
    return Output(node.shape(1), [Edge(1)])


@operator(
    "IdentityN", "XlaOptimizationBarrier", "_ArrayToList", "_ListToArray", category="layout"
)  # fmt: skip
def each(node: Node) -> list[Output | Value]:
    """Every input is passed on by itself."""
    return [_passed(node, i) for i in range(len(node.inputs))]


@operator("Add", "AddV2", "Div", "Mul", "RealDiv", "Sub", category="join", weights="any")
@operator(
    "AccumulateNV2", "AddN", "DivNoNan", "Maximum", "Minimum", "MulNoNan", "RiscAdd", "RiscDiv",
    "RiscMax", "RiscMin", "RiscMul", "RiscSub", "SquaredDifference",
    category="join",
)  # fmt: skip
@operator(
    "ClipByValue", "EluGrad", "LeakyReluGrad", "Relu6Grad", "ReluGrad", "RsqrtGrad", "SeluGrad",
    "SigmoidGrad", "SoftplusGrad", "SoftsignGrad", "SqrtGrad", "TanhGrad",
    category="activation",
)  # fmt: skip
@operator(
    "ApproximateEqual", "Atan2", "Betainc", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Complex",
    "Equal", "FloorDiv", "FloorMod", "Greater", "GreaterEqual", "Igamma", "IgammaGradA", "Igammac",
    "InvGrad", "LeftShift", "Less", "LessEqual", "LogicalAnd", "LogicalOr", "Mod", "NextAfter",
    "NotEqual", "Polygamma", "Pow", "RandomGammaGrad", "ReciprocalGrad", "RightShift",
    "RiscBinaryArithmetic", "RiscBinaryComparison", "RiscLogicalAnd", "RiscLogicalOr", "RiscPow",
    "RiscRem", "SelectV2", "StringJoin", "TruncateDiv", "TruncateMod", "Xdivy", "Xlog1py", "Xlogy",
    "Zeta",
    category="other",
)  # fmt: skip
def join(node: Node) -> Output:
    """Every element depends on the one in its place in each input, all broadcast to one shape."""
    tensor(node, 0)
    return joined(node, range(len(node.inputs)))


@operator("Select", category="other")
def select(node: Node) -> Output:
    """Every element depends on its own of two inputs, and on a condition.

    There is one condition for each element, one for each row, or a single one.
    """
    condition, shape = node.shape(0), node.shape(1)
    edges = [Edge(i, broadcast(node.shape(i), shape)) for i in (1, 2) if node.depends(i)]
    if node.depends(0):
        wide = condition + (1,) * (len(shape) - len(condition))
        edges = [Edge(0, reshape(condition, wide) + broadcast(wide, shape)), *edges]
    return masks.masked_join(node, (0, 1, 2), Output(shape, edges))


@operator("Bitcast", category="layout")
def bitcast(node: Node) -> Output:
    """A number depends on the one whose bytes it has.

    Into smaller numbers, whose parts are a new last axis; or from such parts into one.
    """
    shape = node.shape()
    old, new = (_width(node, name) for name in ("T", "type"))
    if old == new:
        return Output(shape, SELF)
    if old > new:
        after = (*shape, old // new)
        return Output(after, [Edge(0, reshape(shape, (*shape, 1)) + broadcast((*shape, 1), after))])
    if not shape or shape[-1] * old != new:
        raise ModelError(f"Bitcast {node.name!r} cannot make one number of {list(shape)}")
    return Output(shape[:-1], [Edge(0, reduce(shape, (len(shape) - 1,), False))])


def _width(node: Node, name: str) -> int:
    """The bytes of a number of the type that an attribute names."""
    kind = dtype(node.attribute(name, 1))
    if kind is None:
        raise DataDependent(f"the types of {node.op} {node.name} are no numbers")
    return 2 if kind == "bfloat16" else np.dtype(kind).itemsize


@operator("ToBool", category="other")
def truth(node: Node) -> Output:
    """Whether a number is not zero; whether any other tensor holds anything."""
    return Output((), SELF if node.shape() == () else [])


@operator("BiasAdd", "BiasAddV1", category="other", weights=(1,))
def bias_add(node: Node) -> Output:
    """Every element depends on its own, and on its channel's bias."""
    shape = node.shape()
    axis = 1 if node.attribute("data_format", "NHWC").startswith("NC") else len(shape) - 1
    return Output(shape, [*SELF, *parameter(node, 1, shape, axis)])


@operator("Cross", category="other")
def cross(node: Node) -> Output:
    """Each element of a product of vectors of three depends on the other two of both."""
    shape = node.shape()
    if not shape or shape[-1] != 3 or node.shape(1) != shape:
        raise ModelError(f"{node.op} {node.name!r} takes vectors of three, not {list(shape)}")
    axis = len(shape) - 1
    others = (Taps(axis, 3, np.array([[1, 2], [0, 2], [0, 1]]), why="a cross product"),)
    return Output(shape, [Edge(0, others), Edge(1, others)])


@operator("AdjustContrast", "AdjustContrastv2", category="other")
def adjust_contrast(node: Node) -> Output:
    """Every element depends on the mean of its image, channel by channel."""
    shape = ranked(node, 0, 3, or_more=True)
    edges = normalise(0, shape, (len(shape) - 3, len(shape) - 2))
    edges += [Edge(i, broadcast((), shape)) for i in range(1, len(node.inputs)) if node.depends(i)]
    return Output(shape, edges)


@operator("AdjustHue", "AdjustSaturation", "HSVToRGB", "RGBToHSV", category="other")
def colours(node: Node) -> Output:
    """Every element depends on all colour channels of its pixel."""
    shape = ranked(node, 0, 1, or_more=True)
    last = len(shape) - 1
    edges = [Edge(0, reduce(shape, (last,), True) + broadcast((*shape[:-1], 1), shape))]
    if len(node.inputs) > 1 and node.depends(1):
        edges.append(Edge(1, broadcast((), shape)))
    return Output(shape, edges)
