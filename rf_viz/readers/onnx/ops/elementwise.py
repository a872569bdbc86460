"""Operators that work element by element, with NumPy broadcasting."""

from __future__ import annotations

from collections.abc import Sequence

from ....errors import ModelError
from ....operators import broadcast, reshape
from ....relation import Edge, Output, Shape
from ..node import Node, Value, operator

SELF = (Edge(0),)


@operator(
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Bernoulli", "BitCast",
    "BitwiseNot", "Cast", "CastLike", "Ceil", "Celu", "Cos", "Cosh", "Elu", "Erf", "Exp",
    "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu",
    "Log", "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid",
    "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh",
    "ThresholdedRelu",
)  # fmt: skip
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


def joined(node: Node, inputs: Sequence[int]) -> Output:
    """Element by element from the inputs of these numbers, broadcast to one shape."""
    shapes = [node.shape(i) for i in inputs]
    after = shapes[0]
    if any(shape != after for shape in shapes):
        after = broadcast_shape(node, shapes)
    return Output(
        after,
        [
            Edge(i, broadcast(shape, after))
            for i, shape in zip(inputs, shapes, strict=True)
            if node.depends(i)
        ],
    )


def broadcast_shape(node: Node, shapes: Sequence[Shape]) -> Shape:
    """The shape that all broadcast to. Raises ModelError where they do not."""
    rank = max(map(len, shapes))
    after = [1] * rank
    for shape in shapes:
        for i, n in enumerate(shape, rank - len(shape)):
            if n != 1:
                if after[i] not in (1, n):
                    raise ModelError(
                        f"{node.op} {node.name!r} cannot combine shapes "
                        f"{' and '.join(str(list(s)) for s in shapes)}: "
                        "the model does not work at this input size"
                    )
                after[i] = n
    return tuple(after)


def parameter(node: Node, i: int, after: Shape, axis: int) -> list[Edge]:
    """How an output of shape ``after`` depends on input ``i``, one number for each position
    along an axis (a scale, a bias) or a single one; no edge where that is a constant."""
    if not node.depends(i):
        return []
    shape = node.shape(i)
    if len(shape) > 1 or axis >= len(after) or shape not in ((), (1,), (after[axis],)):
        raise ModelError(
            f"{node.op} {node.name!r} has parameters of {list(shape)} for a tensor of {list(after)}"
        )
    wide = (1,) * axis + (shape or (1,)) + (1,) * (len(after) - axis - 1)
    return [Edge(i, reshape(shape, wide) + broadcast(wide, after))]
