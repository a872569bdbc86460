"""Operators that work element by element, with NumPy broadcasting."""

from __future__ import annotations

from ....relation import Output
from ...reading.outputs import SELF, joined
from ...reading.values import Value
from ..node import Node, operator


@operator(
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Bernoulli", "BitCast",
    "BitwiseNot", "Cast", "Ceil", "Celu", "Cos", "Cosh", "Elu", "Erf", "Exp",
    "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu",
    "Log", "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid",
    "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh",
    "ThresholdedRelu",
    elementwise=True,
)  # fmt: skip
@operator("CastLike", elementwise=True, asks_types_only=True)
def unary(node: Node) -> Output | Value:
    """Every element by itself. CastLike's second input only says the type."""
    given = node.inputs[0]
    if given is not None and given.items is not None:
        return given
    return Output(node.shape(), SELF)


@operator(
    "Add", "And", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Clip", "Div", "Equal",
    "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul", "Or",
    "PRelu", "Pow", "Sub", "Sum", "SwiGLU", "Where", "Xor",
)  # fmt: skip
def join(node: Node) -> Output:
    """Element by element from several inputs."""
    given = [i for i, value in enumerate(node.inputs) if value is not None]
    return joined(node, given)
