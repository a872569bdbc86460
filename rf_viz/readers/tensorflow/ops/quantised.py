"""Quantisation, and the quantised forms of other ops, whose ranges are inputs and outputs too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from ....relation import Edge, Output, Shape
from ....relation.common.basic import (
    broadcast,
    everything,
    normalise,
    reduce,
    reshape,
)
from ...reading.outputs import (
    SELF,
    concatenation,
    joined,
    parameter,
    reshaped,
)
from ..node import Node, operator
from .inputs import needed, needed_number, ranked
from .linear import transposed_product
from .resize import resize
from .windows import convolution, pool


def _ranges(node: Node, output: Output, numbers: Sequence[int]) -> list[Output]:
    """The output after it was scaled by ranges in these inputs, and its own range.

    A range is one number, or one for each channel (the last axis).
    """
    after = output.shape
    edges, limits = [*output.edges], []
    ranges: Shape = ()
    for i in numbers:
        shape = node.shape(i)
        if len(shape) == 1 and shape != (1,):
            ranges = shape
    for i in numbers:
        if node.depends(i):
            edges += _scale(node, i, after, len(after) - 1)
            shape = node.shape(i)
            one = reshape(shape, ()) if shape == (1,) else ()
            limits.append(Edge(i, one + broadcast(() if one else shape, ranges)))
    limit = Output(ranges, limits)
    return [Output(after, edges, output.assumed), limit, limit]


def _scale(node: Node, i: int, after: Shape, axis: int) -> list[Edge]:
    """Edges from a scale in input ``i``: as ``parameter``, for a single number too."""
    if after:
        return parameter(node, i, after, axis)
    return [Edge(i)] if node.depends(i) else []


@operator("Dequantize", category="other", weights=(0,))
@operator("QuantizeV2", "_MklQuantizeV2", "_MklDequantize", category="other")
def quantise(node: Node) -> list[Output]:
    """Every element depends on its own and on a range, for all or for its position on an axis."""
    shape = node.shape()
    axis = node.attribute("axis", -1)
    if axis < 0:
        return _ranges(node, Output(shape, SELF), (1, 2))
    edges = [*SELF, *parameter(node, 1, shape, axis), *parameter(node, 2, shape, axis)]
    limit = Output(shape[axis : axis + 1], [Edge(i) for i in (1, 2) if node.depends(i)])
    return [Output(shape, edges), limit, limit]


@operator("UniformQuantize", "UniformDequantize", "UniformRequantize", category="other")
def uniform(node: Node) -> Output:
    """Every element depends on its own and on scales, for all or for its position on an axis."""
    axis = node.attribute("quantization_axis", node.attribute("input_quantization_axis", -1))
    return _scaled(node, axis)


def _scaled(node: Node, axis: int) -> Output:
    """Element by element; all other inputs are one number, or one for each along an axis."""
    shape = node.shape()
    edges = [*SELF]
    for i in range(1, len(node.inputs)):
        edges += _scale(node, i, shape, max(axis, 0))
    return Output(shape, edges)


@operator("UniformQuantizedAdd", category="join")
def uniform_add(node: Node) -> Output:
    """Every element depends on the one in its place in both inputs."""
    return joined(node, (0, 1))


@operator("UniformQuantizedClipByValue", category="activation")
def uniform_clip(node: Node) -> Output:
    """Every element depends on its own and on limits, for all or for its position on an axis."""
    return _scaled(node, node.attribute("quantization_axis", -1))


@operator(
    "UniformQuantizedDot", "UniformQuantizedDotHybrid",
    category="attention, dense", multiplies=True,
)  # fmt: skip
def uniform_dot(node: Node) -> Output:
    """Each element depends on a row of one matrix and a column of the other."""
    return transposed_product(node, 0, 1)


@operator("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel", category="other")
def fake_quantise(node: Node) -> Output:
    """Every element depends on its own and on a range, for all or for its channel."""
    shape = node.shape()
    edges = [*SELF]
    for i in (1, 2):
        edges += _scale(node, i, shape, len(shape) - 1)
    return Output(shape, edges)


@operator(
    "QuantizeAndDequantize", "QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3",
    "QuantizeAndDequantizeV4",
    category="other",
)  # fmt: skip
def there_and_back(node: Node) -> Output:
    """Every element depends on its own and on a range.

    The range is an input, or the smallest and largest of all values, or of all at one position
    along an axis.
    """
    shape = node.shape()
    axis = node.attribute("axis", -1)
    if node.attribute("range_given", node.op.endswith("V3")):
        edges = [*SELF]
        for i in (1, 2):
            edges += _scale(node, i, shape, max(axis, 0))
        return Output(shape, edges)
    return Output(shape, normalise(0, shape, tuple(i for i in range(len(shape)) if i != axis)))


@operator("QuantizeDownAndShrinkRange", category="other")
def shrink(node: Node) -> list[Output]:
    """Every element depends on its own, and on the smallest and largest of all."""
    shape = node.shape()
    axes = tuple(range(len(shape)))
    output = Output(shape, normalise(0, shape, axes))
    scaled, limit, _ = _ranges(node, output, (1, 2))
    limit.edges = [*limit.edges, Edge(0, reduce(shape, axes, False))]
    return [scaled, limit, limit]


@operator("RequantizationRange", "RequantizationRangePerChannel", category="other")
def actual_range(node: Node) -> list[Output]:
    """The smallest and the largest of all values, as their range scales them."""
    limit = Output((), [Edge(i, everything(node.shape(i), ())) for i in range(3)])
    limit.edges = [e for e in limit.edges if node.depends(e.input)]
    return [limit, limit]


@operator("Requantize", "RequantizePerChannel", category="other")
def requantise(node: Node) -> list[Output]:
    """Every element depends on its own, on the range it has and on the one it gets."""
    scaled, *_ = _ranges(node, Output(node.shape(), SELF), (1, 2, 3, 4))
    limits = [Output((), [Edge(i, reshape(node.shape(i), ()))]) for i in (3, 4)]
    return [scaled, *limits]


@operator("QuantizedRelu", "QuantizedRelu6", category="activation")
def quantised_relu(node: Node) -> list[Output]:
    """Every element depends on its own and on the range."""
    return _ranges(node, Output(node.shape(), SELF), (1, 2))


@operator("QuantizedReluX", category="activation")
def quantised_clip(node: Node) -> list[Output]:
    """Every element depends on its own, on the limit and on the range."""
    return _ranges(node, Output(node.shape(), SELF), (1, 2, 3))


@operator("QuantizedAdd", "QuantizedMul", category="join")
def quantised_join(node: Node) -> list[Output]:
    """Every element depends on the one in its place in both inputs, and on both ranges."""
    return _ranges(node, joined(node, (0, 1)), (2, 3, 4, 5))


@operator("QuantizedBiasAdd", category="other", weights=(1,))
def quantised_bias(node: Node) -> list[Output]:
    """Every element depends on its own, on its channel's bias and on both ranges."""
    shape = ranked(node, 0, 1, or_more=True)
    output = Output(shape, [*SELF, *parameter(node, 1, shape, len(shape) - 1)])
    return _ranges(node, output, (2, 3, 4, 5))


@operator("QuantizedReshape", category="layout")
def quantised_reshape(node: Node) -> list[Output]:
    """Elements keep their row-major order in another shape, and their range."""
    return _ranges(node, reshaped(node, needed(node, 1)), (2, 3))


@operator("QuantizedResizeBilinear", category="resize")
def quantised_resize(node: Node) -> list[Output]:
    """Every pixel depends on up to four, and on the range."""
    return _ranges(node, resize(node), (2, 3))


@operator(
    "QuantizedAvgPool", "QuantizedMaxPool", "_MklQuantizedAvgPool", "_MklQuantizedMaxPool",
    "_QuantizedMaxPool3D",
    category="pooling",
)  # fmt: skip
def quantised_pool(node: Node) -> list[Output]:
    """Every element depends on its window, channel by channel, and on the range."""
    return _ranges(node, cast(Output, pool(node)), (1, 2))


@operator("QuantizedConcat", category="join")
def quantised_concat(node: Node) -> list[Output]:
    """The parts one after another; inputs: the axis, all parts, all minima, all maxima."""
    count = (len(node.inputs) - 1) // 3
    parts = range(1, 1 + count)
    return _joined_ranges(node, concatenation(node, parts, needed_number(node, 0)), 1 + count)


@operator("QuantizedConcatV2", "_MklQuantizedConcatV2", category="join")
def quantised_concat_axis_after(node: Node) -> list[Output]:
    """The parts one after another; inputs: all parts, the axis, all minima, all maxima."""
    count = (len(node.inputs) - 1) // 3
    return _joined_ranges(
        node, concatenation(node, range(count), needed_number(node, count)), 1 + count
    )


def _joined_ranges(node: Node, output: Output, first: int) -> list[Output]:
    return _ranges(node, output, range(first, len(node.inputs)))


@operator("QuantizedInstanceNorm", category="normalisation")
def quantised_instance_norm(node: Node) -> list[Output]:
    """Every element depends on its own and on its channel in its image.

    The range comes from all of them, unless it is an input.
    """
    shape = ranked(node, 0, 4)
    scaled, limit, _ = _ranges(node, Output(shape, normalise(0, shape, (1, 2))), (1, 2))
    if not node.attribute("output_range_given"):
        axes = tuple(range(len(shape)))
        limit.edges = [*limit.edges, Edge(0, reduce(shape, axes, False))]
        local = [e._replace(local_beside_mix=True) if e.input == 0 else e for e in scaled.edges]
        scaled.edges = [*normalise(0, shape, axes), *local]
    return [scaled, limit, limit]


@operator("QuantizedBatchNormWithGlobalNormalization", category="normalisation")
def quantised_batch_norm(node: Node) -> list[Output]:
    """Every element depends on its own, on its channel's four parameters, and on all ranges."""
    shape = ranked(node, 0, 1, or_more=True)
    edges = [Edge(0)]
    for i in range(3, 15, 3):
        edges += parameter(node, i, shape, len(shape) - 1)
    return _ranges(node, Output(shape, edges), [i for i in range(15) if i % 3])


@operator("QuantizedMatMul", category="attention, dense", multiplies=True, weights=(0, 1))
def quantised_matrices(node: Node) -> list[Output]:
    """Each element depends on a row of one matrix, a column of the other, and both ranges."""
    return _ranges(node, transposed_product(node, 0, 1), (2, 3, 4, 5))


@operator(
    "QuantizedMatMulWithBias", "QuantizedMatMulWithBiasAndDequantize",
    "QuantizedMatMulWithBiasAndRelu", "QuantizedMatMulWithBiasAndReluAndRequantize",
    "QuantizedMatMulWithBiasAndRequantize",
    category="attention, dense", multiplies=True,
)  # fmt: skip
def quantised_matrices_and_bias(node: Node) -> list[Output]:
    """Each element depends on a row, a column, and its column's bias; ranges follow."""
    output = transposed_product(node, 0, 1)
    output.edges = [*output.edges, *parameter(node, 2, output.shape, 1)]
    return _ranges(node, output, range(3, len(node.inputs)))


_OTHER_CONVOLUTIONS = [
    f"{prefix}Quantized{kind}{rest}"
    for prefix in ("", "_Mkl")
    for kind, forms in (
        (
            "Conv2D",
            (
                "", "AndRelu", "AndReluAndRequantize", "AndRequantize", "PerChannel", "WithBias",
                "WithBiasAndRelu", "WithBiasAndReluAndRequantize", "WithBiasAndRequantize",
                "WithBiasSignedSumAndReluAndRequantize", "WithBiasSumAndRelu",
                "WithBiasSumAndReluAndRequantize",
            ),
        ),
        (
            "DepthwiseConv2D",
            ("", "WithBias", "WithBiasAndRelu", "WithBiasAndReluAndRequantize"),
        ),
    )
    for rest in forms
    if prefix or rest
]  # fmt: skip


@operator(
    "QuantizedConv2D", "QuantizedDepthwiseConv2D",
    category="convolution", multiplies=True, weights=(1,),
)  # fmt: skip
@operator(*_OTHER_CONVOLUTIONS, category="convolution", multiplies=True)
def quantised_convolution(node: Node) -> list[Output]:
    """A convolution; its output depends on a bias, ranges and a tensor that is added, too.

    Inputs: data, weights, perhaps a bias, ranges; then perhaps what is added, and its range.
    """
    output = convolution(node)
    after = output.shape
    edges, ranges = [*output.edges], []
    biased = "WithBias" in node.op
    for i in range(2, len(node.inputs)):
        shape = node.shape(i)
        if i == 2 and biased:
            edges += parameter(node, i, after, len(after) - 1)
        elif len(shape) > 1:
            edges += [Edge(i)] if node.depends(i) else []
        else:
            ranges.append(i)
    return _ranges(node, Output(after, edges), ranges)
