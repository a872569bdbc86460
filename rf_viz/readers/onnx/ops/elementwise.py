"""Operators that work element by element, with NumPy broadcasting."""

from __future__ import annotations

from ....operators import broadcast
from ....relation import Edge, Output, Shape
from ..node import Node, operator

UNARY = """
    Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Cast CastLike Ceil Celu Clip Cos Cosh
    Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Log Mish Neg
    Not Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Swish
    Tan Tanh ThresholdedRelu
""".split()

N_ARY = """
    Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less
    LessOrEqual Max Mean Min Mod Mul Or PRelu Pow Sub Sum Where Xor
""".split()


@operator(*UNARY)
def unary(node: Node) -> Output:
    """Only the first input matters; the others (bounds of a Clip) are scalars."""
    return Output(node.shape(), SELF)


SELF = (Edge(0),)


@operator(*N_ARY)
def join(node: Node) -> Output:
    shapes = [given.shape for given in node.inputs if given is not None]
    after = shapes[0]
    if any(shape != after for shape in shapes):
        after = broadcast_shape(node, [s for s in shapes if s is not None])
    assert after is not None
    return Output(
        after,
        [
            Edge(i, broadcast(node.shape(i), after))
            for i, given in enumerate(node.inputs)
            if given is not None and given.tensor >= 0
        ],
    )


def broadcast_shape(node: Node, shapes: list[Shape]) -> Shape:
    """The shape that all broadcast to. Raises ModelError where they do not."""
    from ....errors import ModelError

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
