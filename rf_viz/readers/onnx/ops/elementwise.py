"""Operators that work element by element, with NumPy broadcasting."""

from __future__ import annotations

from ....relation import Output
from ...reading import masks
from ...reading.outputs import SELF, joined
from ...reading.values import Value
from ..node import Node, operator


@operator(
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Bernoulli", "BitwiseNot", "Ceil",
    "Cos", "Cosh", "Floor", "IsInf", "IsNaN", "Log", "Neg", "Not", "Reciprocal", "Round", "Sign",
    "Sin", "Sinh", "Tan",
    category="other",
    elementwise=True,
)  # fmt: skip
@operator("BitCast", "Cast", "Identity", category="layout", elementwise=True)
@operator(
    "Celu", "Elu", "Erf", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "Relu",
    "Selu", "Shrink", "Sigmoid", "Softplus", "Softsign", "Sqrt", "Swish", "Tanh", "ThresholdedRelu",
    category="activation",
    elementwise=True,
)  # fmt: skip
@operator("CastLike", category="layout", elementwise=True, asks_types_only=True)
def unary(node: Node) -> Output | Value:
    """Every element by itself. CastLike's second input only says the type."""
    sequence = node.inputs[0]
    if sequence is not None and sequence.items is not None:
        return sequence
    return Output(node.shape(), SELF)


@operator("Exp", category="activation")
def exponential(node: Node) -> Output:
    """Every element by itself; zero where a mask hides it."""
    return masks.exponential(node)


@operator("Add", "Div", "Mul", "Sub", category="join", weights="any")
@operator(
    "And", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Equal", "Greater",
    "GreaterOrEqual", "Less", "LessOrEqual", "Mod", "Or", "Pow", "Where", "Xor",
    category="other",
)  # fmt: skip
@operator("Clip", "SwiGLU", category="activation")
@operator("Max", "Mean", "Min", "Sum", category="join")
@operator("PRelu", category="activation", weights=(1,))
def join(node: Node) -> Output:
    """Element by element from several inputs, broadcast to one shape."""
    return joined(node, [i for i, value in enumerate(node.inputs) if value is not None])
