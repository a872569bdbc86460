"""Operators that work element by element, with broadcasting, and those that pass values on."""

from __future__ import annotations

from ...tensorflow.protobuf.tensors import dtype
from ..file import TensorInfo
from ..node import Site, called, enter_alike, enter_renamed, operator
from ..tf_op import TfOp, clipped
from .fused import activated

enter_renamed({
    "ABS": "Abs", "ADD_N": "AddN", "ATAN2": "Atan2", "BITWISE_XOR": "BitwiseXor", "CEIL": "Ceil",
    "COMPLEX_ABS": "ComplexAbs", "COS": "Cos", "DENSIFY": "Identity", "ELU": "Elu",
    "EQUAL": "Equal", "EXP": "Exp", "FLOOR": "Floor", "FLOOR_DIV": "FloorDiv",
    "FLOOR_MOD": "FloorMod", "GREATER": "Greater", "GREATER_EQUAL": "GreaterEqual",
    "IMAG": "Imag", "LESS": "Less", "LESS_EQUAL": "LessEqual", "LOG": "Log",
    "LOGICAL_AND": "LogicalAnd", "LOGICAL_NOT": "LogicalNot", "LOGICAL_OR": "LogicalOr",
    "LOGISTIC": "Sigmoid", "MAXIMUM": "Maximum", "MINIMUM": "Minimum", "NEG": "Neg",
    "NOT_EQUAL": "NotEqual", "POW": "Pow", "REAL": "Real", "RELU": "Relu", "RELU6": "Relu6",
    "RIGHT_SHIFT": "RightShift", "ROUND": "Round", "RSQRT": "Rsqrt", "SELECT": "Select",
    "SELECT_V2": "SelectV2", "SIGN": "Sign", "SIN": "Sin", "SQRT": "Sqrt", "SQUARE": "Square",
    "SQUARED_DIFFERENCE": "SquaredDifference", "TANH": "Tanh",
    "STABLEHLO_ABS": "Abs", "STABLEHLO_ADD": "AddV2", "STABLEHLO_COSINE": "Cos",
    "STABLEHLO_EXPONENTIAL": "Exp", "STABLEHLO_FLOOR": "Floor", "STABLEHLO_LOG": "Log",
    "STABLEHLO_LOGISTIC": "Sigmoid", "STABLEHLO_MAXIMUM": "Maximum",
    "STABLEHLO_MINIMUM": "Minimum", "STABLEHLO_MULTIPLY": "Mul", "STABLEHLO_NEGATE": "Neg",
    "STABLEHLO_POWER": "Pow", "STABLEHLO_RSQRT": "Rsqrt", "STABLEHLO_SELECT": "SelectV2",
    "STABLEHLO_SUBTRACT": "Sub", "STABLEHLO_TANH": "Tanh",
})  # fmt: skip
enter_alike({
    "BUCKETIZE": "Bucketize", "GELU": "Relu", "HARD_SWISH": "Relu", "STABLEHLO_AND": "LogicalAnd",
    "STABLEHLO_CBRT": "Sqrt", "STABLEHLO_COMPARE": "Equal", "STABLEHLO_CONVERT": "Cast",
    "STABLEHLO_DIVIDE": "RealDiv", "STABLEHLO_OR": "LogicalOr", "STABLEHLO_REMAINDER": "FloorMod",
    "STABLEHLO_SHIFT_LEFT": "LeftShift",
})  # fmt: skip
enter_renamed({"LEAKY_RELU": "LeakyRelu"}, {"alpha": "alpha"})
enter_alike({"PRELU": "AddV2"}, category="activation")

for _name, _like in {"ADD": "AddV2", "SUB": "Sub", "MUL": "Mul"}.items():
    operator(_name, like=_like)(activated(called(_like)))


@operator("DIV", like="RealDiv")
@activated
def quotient(site: Site) -> TfOp:
    """A quotient, rounded towards zero if it is of integers."""
    return TfOp("TruncateDiv" if "int" in site.input(0).dtype else "RealDiv", (0, 1))


@operator("RELU_N1_TO_1", like="ClipByValue")
def clipped_both_ways(_site: Site) -> TfOp:
    """The input, clipped to [-1, 1]."""
    return clipped(0, -1, 1)


@operator("RELU_0_TO_1", like="ClipByValue")
def clipped_to_one(_site: Site) -> TfOp:
    """The input, clipped to [0, 1]."""
    return clipped(0, 0, 1)


def _type(tensor: TensorInfo) -> int:
    """TensorFlow's number of a tensor's type. Raises ValueError where it has none."""
    for kind in range(1, 24):
        if dtype(kind) == tensor.dtype:
            return kind
    raise ValueError(f"the type of {tensor.name!r} is none of numbers")


@operator("CAST", like="Cast")
def cast(site: Site) -> TfOp:
    """The input as the type that the file declares of the output."""
    return TfOp("Cast", (0,), {"DstT": _type(site.output())})


@operator("BITCAST", like="Bitcast")
def bitcast(site: Site) -> TfOp:
    """The input's bytes, read as the type that the file declares of the output."""
    return TfOp("Bitcast", (0,), {"T": _type(site.input(0)), "type": _type(site.output())})
