"""Quantisation, and the quantised forms of other operators (those of com.microsoft too)."""

from __future__ import annotations

from ....relation import Edge, Output
from ....relation.common.basic import everything, normalise, reduce
from ....relation.common.products import matmul
from ...reading.outputs import (
    SELF,
    concatenation,
    joined,
    parameter,
    product,
)
from ..node import MICROSOFT, Node, operator
from .channels_last import DescribeTensors, channels_last
from .linear import general_product, zero_points
from .reductions import global_pool, reduced
from .windows import conv, pool


@operator("QuantizeLinear", "DequantizeLinear", category="other", weights=(0,))
@operator("QuantizeLinear", "DequantizeLinear", domain=MICROSOFT, category="other", weights=(0,))
def quantise(node: Node) -> Output:
    """Every element by itself and its scale and zero point.

    These are one for all, one for each position along an axis, or one for each block of positions.
    """
    shape = node.shape()
    axis = node.axis(max(len(shape), 2), 1) if len(shape) > 1 else 0
    edges = [*SELF]
    for i in (1, 2):
        if not node.depends(i):
            continue
        scale = node.shape(i)
        if len(scale) < 2:
            edges += parameter(node, i, shape, axis)
        else:
            edges.append(Edge(i, everything(scale, shape)))
    blocked = any(node.depends(i) and len(node.shape(i)) > 1 for i in (1, 2))
    why = f"the scales of {node.op} {node.name} depend on the input" if blocked else ""
    return Output(shape, edges, why)


@operator("DynamicQuantizeLinear", category="other")
def dynamic(node: Node) -> list[Output]:
    """Every element scaled by the smallest and the largest of all elements."""
    shape = node.shape()
    axes = tuple(range(len(shape)))
    whole = Output((), [Edge(0, reduce(shape, axes, False))])
    return [Output(shape, normalise(0, shape, axes)), whole, whole]


@operator(
    "DynamicQuantizeMatMul",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=True,
    weights=(1, 4),
)
def dynamic_product(node: Node) -> Output:
    """A product of A with B, where A is quantised by its smallest and largest values.

    Inputs: A, B, B's scale, its zero point, bias.
    """
    output = product(node, (0, 1), matmul(node.shape(0), node.shape(1)))
    after = output.shape
    if node.depends(0):
        statistics = Edge(0, everything(node.shape(0), after))
        local = [e._replace(local_beside_mix=True) if e.input == 0 else e for e in output.edges]
        output.edges = [statistics, *local]
    for i in (2, 3, 4):
        output.edges = [*output.edges, *parameter(node, i, after, len(after) - 1)]
    return output


@operator(
    "MatMulIntegerToFloat",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=True,
    weights=(0, 1, 6),
)
def scaled_product(node: Node) -> Output:
    """A product of integer matrices, with scales and zero points of its rows and columns."""
    output = product(node, (0, 1), matmul(node.shape(0), node.shape(1)))
    after = output.shape
    output.edges = [
        *output.edges,
        *zero_points(node, 2, 3, after),
        *zero_points(node, 4, 5, after),
        *parameter(node, 6, after, len(after) - 1),
    ]
    return output


@operator(
    "MatMulInteger16",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=True,
    weights=(0, 1),
)
def integer_product(node: Node) -> Output:
    """A product of integer matrices: each number sees a row of A and a column of B."""
    return product(node, (0, 1), matmul(node.shape(0), node.shape(1)))


@operator(
    "MatMulNBits",
    "MatMulBnb4",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=True,
)
def packed_product(node: Node) -> Output:
    """A product with a packed B, whose shape is in the attributes."""
    return product(
        node, (0,), matmul(node.shape(0), (node.required("K", like=1), node.required("N", like=1)))
    )


@operator(
    "QGemm",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=True,
    weights=(0, 3, 6),
)
def quantised_general_product(node: Node) -> Output:
    """A product of two matrices plus a third."""
    return general_product(node, 0, 3, 6)


@operator("QLinearAdd", "QLinearMul", domain=MICROSOFT, category="join")
def quantised_join(node: Node) -> Output:
    """Element by element from two tensors, each with its scale and zero point."""
    return joined(node, (0, 3))


@operator("QLinearWhere", domain=MICROSOFT, category="other")
def quantised_choice(node: Node) -> Output:
    """Element by element from one input or the other, as a condition says."""
    return joined(node, (0, 1, 4))


@operator("QLinearSigmoid", "QLinearLeakyRelu", domain=MICROSOFT, category="activation")
def quantised_unary(node: Node) -> Output:
    """Every element by itself."""
    return Output(node.shape(), SELF)


@operator("QLinearSoftmax", domain=MICROSOFT, category="attention, dense")
def quantised_softmax(node: Node) -> Output:
    """Every element by the sum over an axis (before opset 13, over all axes from that one on)."""
    shape = node.shape()
    axis = node.axis(len(shape), -1)
    single = node.attribute("opset", 13) >= 13
    axes = (axis,) if single else tuple(range(axis, len(shape)))
    return Output(shape, normalise(0, shape, axes))


@operator("QLinearConcat", domain=MICROSOFT, category="join")
def quantised_concat(node: Node) -> Output:
    """All parts one after another along an axis.

    Inputs: the output's scale and zero point, then of each part its values and the same two.
    """
    return concatenation(node, range(2, len(node.inputs), 3), node.attribute("axis", 0))


@operator(
    "QLinearReduceMean", "ReduceSumInteger", domain=MICROSOFT, category="pooling", reduces=True
)
def quantised_reduction(node: Node) -> Output:
    """One number per reduced part, which sees all of that part."""
    return reduced(node, node.attribute("axes", ()))


@operator("QLinearAveragePool", domain=MICROSOFT, category="pooling")
def quantised_pool(node: Node) -> Output | list[Output]:
    """A window over space, channel by channel."""
    return _either_layout(node, pool)


@operator("QLinearGlobalAveragePool", domain=MICROSOFT, category="pooling")
def quantised_global_pool(node: Node) -> Output | list[Output]:
    """One number per channel, which sees all of space."""
    return _either_layout(node, global_pool)


@operator("QLinearConv", domain=MICROSOFT, category="convolution", multiplies=True, weights=(3, 8))
def quantised_conv(node: Node) -> Output | list[Output]:
    """A convolution of quantised tensors."""
    return _either_layout(node, conv)


def _either_layout(node: Node, describe: DescribeTensors) -> Output | list[Output]:
    if node.attribute("channels_last", 0):
        return channels_last(node, describe)
    return describe(node)
