"""Quantisation, and the quantised forms of other operators (those of com.microsoft too)."""

from __future__ import annotations

from ....errors import ModelError
from ....relation import Edge, Output, Shape
from ....relation.common.basic import everything, normalise, reduce
from ....relation.common.products import concatenated, matmul
from ...reading.outputs import (
    SELF,
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
    """Element by element; the scale is one number, or one for each position along an axis, or
    one for each block of positions."""
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
    """The scale and zero point come from the smallest and the largest of all values."""
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
    """A, quantised by its smallest and largest values, times B. Then scale, zero point, bias."""
    made = matmul(node.shape(0), node.shape(1))
    output = product(node, (0, 1), made)
    if node.depends(0):
        statistics = Edge(0, everything(node.shape(0), made.shape))
        local = [e._replace(local_beside_mix=True) if e.input == 0 else e for e in output.edges]
        output.edges = [statistics, *local]
    last = len(made.shape) - 1
    for i in (2, 3, 4):
        output.edges = [*output.edges, *parameter(node, i, made.shape, last)]
    return output


@operator(
    "MatMulIntegerToFloat",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=True,
    weights=(0, 1, 6),
)
def scaled_product(node: Node) -> Output:
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
    return product(node, (0, 1), matmul(node.shape(0), node.shape(1)))


@operator(
    "MatMulNBits",
    "MatMulBnb4",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=True,
)
def packed_product(node: Node) -> Output:
    """B is packed: its shape is in the attributes."""
    made = matmul(node.shape(0), (node.required("K"), node.required("N")))
    return product(node, (0,), made)


@operator(
    "QGemm",
    domain=MICROSOFT,
    category="attention, dense",
    multiplies=True,
    weights=(0, 3, 6),
)
def quantised_general_product(node: Node) -> Output:
    return general_product(node, 0, 3, 6)


@operator("QLinearAdd", "QLinearMul", domain=MICROSOFT, category="join")
def quantised_join(node: Node) -> Output:
    return joined(node, (0, 3))


@operator("QLinearWhere", domain=MICROSOFT, category="other")
def quantised_choice(node: Node) -> Output:
    return joined(node, (0, 1, 4))


@operator("QLinearSigmoid", "QLinearLeakyRelu", domain=MICROSOFT, category="activation")
def quantised_unary(node: Node) -> Output:
    return Output(node.shape(), SELF)


@operator("QLinearSoftmax", domain=MICROSOFT, category="attention, dense")
def quantised_softmax(node: Node) -> Output:
    shape = node.shape()
    axis = node.axis(len(shape), -1)
    single = node.attribute("opset", 13) >= 13
    axes = (axis,) if single else tuple(range(axis, len(shape)))
    return Output(shape, normalise(0, shape, axes))


@operator("QLinearConcat", domain=MICROSOFT, category="join")
def quantised_concat(node: Node) -> Output:
    """Inputs: the output's scale and zero point, then of each part its values and the same."""
    numbers = range(2, len(node.inputs), 3)
    shapes: list[Shape] = [node.shape(i) for i in numbers]
    if not shapes:
        raise node.missing("inputs")
    axis = node.axis(len(shapes[0]))
    if len({(*s[:axis], *s[axis + 1 :]) for s in shapes}) != 1:
        raise ModelError(f"{node.op} {node.name!r} cannot join {' and '.join(map(str, shapes))}")
    edges = [
        Edge(i, r)
        for i, r in zip(numbers, concatenated(shapes, axis), strict=True)
        if node.depends(i)
    ]
    total = sum(s[axis] for s in shapes)
    return Output((*shapes[0][:axis], total, *shapes[0][axis + 1 :]), edges)


@operator("QLinearReduceMean", "ReduceSumInteger", domain=MICROSOFT, category="pooling")
def quantised_reduction(node: Node) -> Output:
    return reduced(node, node.attribute("axes"))


@operator("QLinearAveragePool", domain=MICROSOFT, category="pooling")
def quantised_pool(node: Node) -> Output | list[Output]:
    return _either_layout(node, pool)


@operator("QLinearGlobalAveragePool", domain=MICROSOFT, category="pooling")
def quantised_global_pool(node: Node) -> Output | list[Output]:
    return _either_layout(node, global_pool)


@operator("QLinearConv", domain=MICROSOFT, category="convolution", multiplies=True, weights=(3, 8))
def quantised_conv(node: Node) -> Output | list[Output]:
    return _either_layout(node, conv)


def _either_layout(node: Node, describe: DescribeTensors) -> Output | list[Output]:
    if node.attribute("channels_last", 0):
        return channels_last(node, describe)
    return describe(node)
