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
from ...reading.outputs import SELF, joined, parameter
from ...reading.values import DataDependent, Value
from ..node import Node, operator
from ..protobuf.tensors import dtype


@operator(
    "Abs", "Acos", "Acosh", "Angle", "AsString", "Asin", "Asinh", "Atan", "Atanh", "BesselI0",
    "BesselI0e", "BesselI1", "BesselI1e", "BesselJ0", "BesselJ1", "BesselK0", "BesselK0e",
    "BesselK1", "BesselK1e", "BesselY0", "BesselY1", "Bucketize", "Cast", "Ceil", "CheckNumerics",
    "CheckNumericsV2", "ComplexAbs", "Conj", "Copy", "CopyHost", "CopyToMesh", "Cos", "Cosh",
    "DataFormatDimMap", "Dawsn", "DebugGradientIdentity", "DebugIdentity", "DebugIdentityV2",
    "DebugIdentityV3", "DecodeBase64", "DeepCopy", "Digamma", "Elu", "EncodeBase64", "EnsureShape",
    "Enter", "Erf", "Erfc", "Erfinv", "Exit", "Exp", "Expint", "Expm1", "FakeQuantWithMinMaxArgs",
    "Floor", "FresnelCos", "FresnelSin", "GuaranteeConst", "Identity", "Imag", "Inv", "Invert",
    "IsFinite", "IsInf", "IsNan", "LeakyRelu", "Lgamma", "Log", "Log1p", "LogicalNot", "LoopCond",
    "Ndtri", "Neg", "NextIteration", "PlaceholderWithDefault", "PopulationCount",
    "PreventGradient", "Real", "Reciprocal", "RefEnter", "RefExit", "RefIdentity",
    "RefNextIteration", "Relayout", "Relu", "Relu6", "Rint", "RiscAbs", "RiscBitcast", "RiscCast",
    "RiscCeil", "RiscCos", "RiscExp", "RiscFloor", "RiscImag", "RiscIsFinite", "RiscLog",
    "RiscLogicalNot", "RiscNeg", "RiscReal", "RiscSign", "RiscUnary", "Round", "Rsqrt", "Selu",
    "Sigmoid", "Sign", "Sin", "Sinh", "Snapshot", "Softplus", "Softsign", "Spence", "Sqrt",
    "Square", "StaticRegexFullMatch", "StaticRegexReplace", "StopGradient", "StringLength",
    "StringLower", "StringStrip", "StringToHashBucket", "StringToHashBucketFast",
    "StringToHashBucketStrong", "StringToNumber", "StringUpper", "Tan", "Tanh", "UnicodeScript",
    "XlaClusterOutput", "XlaReducePrecision", "XlaSharding", "_CopyFromGpuToHost",
    "_CopyFromHostToGpu", "_EagerConst", "_HostCast", "_MklFusedMish", "_MklSwish",
    "_TensorToHashBucketFast", "_UnaryOpsComposition",
    elementwise=True,
)  # fmt: skip
def unary(node: Node) -> Output | Value:
    """Every element by itself. Lists and handles are passed on."""
    return _passed(node, 0)


def _passed(node: Node, i: int) -> Output | Value:
    given = node.inputs[i]
    if given is not None and given.shape is None and given.tensor < 0:
        return given
    return Output(node.shape(i), [Edge(i)])


@operator("Print", "RelayoutLike", "CopyToMeshGrad", asks_types_only=True)
def first(node: Node) -> Output:
    """The first input passed on; the others are only looked at."""
    return Output(node.shape(), SELF)


@operator("SleepIdentityOp")
def second(node: Node) -> Output:
    return Output(node.shape(1), [Edge(1)])


@operator("IdentityN", "XlaOptimizationBarrier", "_ArrayToList", "_ListToArray")
def each(node: Node) -> list[Output | Value]:
    """Every input passed on by itself."""
    return [_passed(node, i) for i in range(len(node.inputs))]


@operator(
    "AccumulateNV2", "Add", "AddN", "AddV2", "ApproximateEqual", "Atan2", "Betainc", "BitwiseAnd",
    "BitwiseOr", "BitwiseXor", "ClipByValue", "Complex", "Div", "DivNoNan", "EluGrad", "Equal",
    "FloorDiv", "FloorMod", "Greater", "GreaterEqual", "Igamma", "IgammaGradA", "Igammac",
    "InvGrad", "LeakyReluGrad", "LeftShift", "Less", "LessEqual", "LogicalAnd", "LogicalOr",
    "Maximum", "Minimum", "Mod", "Mul", "MulNoNan", "NextAfter", "NotEqual", "Polygamma", "Pow",
    "RandomGammaGrad", "RealDiv", "ReciprocalGrad", "Relu6Grad", "ReluGrad", "RightShift",
    "RiscAdd", "RiscBinaryArithmetic", "RiscBinaryComparison", "RiscDiv", "RiscLogicalAnd",
    "RiscLogicalOr", "RiscMax", "RiscMin", "RiscMul", "RiscPow", "RiscRem", "RiscSub",
    "RsqrtGrad", "SelectV2", "SeluGrad", "SigmoidGrad", "SoftplusGrad", "SoftsignGrad",
    "SqrtGrad", "SquaredDifference", "StringJoin", "Sub", "TanhGrad", "TruncateDiv",
    "TruncateMod", "Xdivy", "Xlog1py", "Xlogy", "Zeta",
)  # fmt: skip
def join(node: Node) -> Output:
    """Element by element from several inputs."""
    return joined(node, range(len(node.inputs)))


@operator("Select")
def select(node: Node) -> Output:
    """The condition may be a single one, or one for each row."""
    asked, shape = node.shape(0), node.shape(1)
    output = joined(node, (1, 2))
    if node.depends(0):
        wide = asked + (1,) * (len(shape) - len(asked))
        choice = Edge(0, reshape(asked, wide) + broadcast(wide, output.shape))
        output.edges = [choice, *output.edges]
    return output


@operator("Bitcast")
def bitcast(node: Node) -> Output:
    """Into smaller numbers, whose parts are a new last axis; or from such parts into one."""
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


@operator("ToBool")
def truth(node: Node) -> Output:
    """Whether a number is not zero; whether any other tensor holds anything."""
    return Output((), SELF if node.shape() == () else [])


@operator("BiasAdd", "BiasAddV1")
def bias_add(node: Node) -> Output:
    shape = node.shape()
    axis = 1 if node.attribute("data_format", "NHWC").startswith("NC") else len(shape) - 1
    return Output(shape, [*SELF, *parameter(node, 1, shape, axis)])


@operator("Cross")
def cross(node: Node) -> Output:
    """Of vectors of three: each element sees the other two."""
    shape = node.shape()
    axis = len(shape) - 1
    others = (Taps(axis, 3, np.array([[1, 2], [0, 2], [0, 1]]), why="a cross product"),)
    return Output(shape, [Edge(0, others), Edge(1, others)])


@operator("AdjustContrast", "AdjustContrastv2")
def adjust_contrast(node: Node) -> Output:
    """Around the mean of the image, channel by channel."""
    shape = node.shape()
    edges = normalise(0, shape, (len(shape) - 3, len(shape) - 2))
    edges += [Edge(i, broadcast((), shape)) for i in range(1, len(node.inputs)) if node.depends(i)]
    return Output(shape, edges)


@operator("AdjustHue", "AdjustSaturation", "HSVToRGB", "RGBToHSV")
def colours(node: Node) -> Output:
    """Each pixel's colour channels together."""
    shape = node.shape()
    last = len(shape) - 1
    edges = [Edge(0, reduce(shape, (last,), True) + broadcast((*shape[:-1], 1), shape))]
    if len(node.inputs) > 1 and node.depends(1):
        edges.append(Edge(1, broadcast((), shape)))
    return Output(shape, edges)
