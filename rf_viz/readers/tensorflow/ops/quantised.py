"""Quantisation, and the quantised forms of other ops, whose ranges are inputs and outputs too."""

from __future__ import annotations

from collections.abc import Sequence

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
from .linear import transposed_product
from .moves import needed
from .resize import resize
from .windows import convolution, pool


def _ranges(node: Node, output: Output, numbers: Sequence[int]) -> list[Output]:
    """The output after it was scaled by ranges in these inputs, and its own range.

    A range is one number, or one for each channel (the last axis).
    """
    after = output.shape
    edges, limits = [*output.edges], []
    shape: Shape = ()
    for i in numbers:
        given = node.shape(i)
        if len(given) == 1 and given != (1,):
            shape = given
    for i in numbers:
        if node.depends(i):
            edges += parameter(node, i, after, max(len(after) - 1, 0)) if after else [Edge(i)]
            given = node.shape(i)
            one = reshape(given, ()) if given == (1,) else ()
            limits.append(Edge(i, one + broadcast(() if one else given, shape)))
    limit = Output(shape, limits)
    return [Output(after, edges, output.assumed), limit, limit]


@operator("QuantizeV2", "Dequantize", "_MklQuantizeV2", "_MklDequantize")
def quantise(node: Node) -> list[Output]:
    """Element by element; the range is one, or one for each position along an axis."""
    shape = node.shape()
    axis = node.attribute("axis", -1)
    if axis < 0:
        return _ranges(node, Output(shape, SELF), (1, 2))
    edges = [*SELF, *parameter(node, 1, shape, axis), *parameter(node, 2, shape, axis)]
    limit = Output(shape[axis : axis + 1], [Edge(i) for i in (1, 2) if node.depends(i)])
    return [Output(shape, edges), limit, limit]


@operator("UniformQuantize", "UniformDequantize", "UniformRequantize")
def uniform(node: Node) -> Output:
    axis = node.attribute("quantization_axis", node.attribute("input_quantization_axis", -1))
    return _scaled(node, axis)


def _scaled(node: Node, axis: int) -> Output:
    """Element by element; all other inputs are one number, or one for each along an axis."""
    shape = node.shape()
    edges = [*SELF]
    for i in range(1, len(node.inputs)):
        edges += parameter(node, i, shape, max(axis, 0))
    return Output(shape, edges)


@operator("UniformQuantizedAdd")
def uniform_add(node: Node) -> Output:
    return joined(node, (0, 1))


@operator("UniformQuantizedClipByValue")
def uniform_clip(node: Node) -> Output:
    return _scaled(node, node.attribute("quantization_axis", -1))


@operator("UniformQuantizedDot", "UniformQuantizedDotHybrid")
def uniform_dot(node: Node) -> Output:
    return transposed_product(node, 0, 1)


@operator("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel")
def fake_quantise(node: Node) -> Output:
    shape = node.shape()
    edges = [*SELF]
    for i in (1, 2):
        edges += parameter(node, i, shape, len(shape) - 1)
    return Output(shape, edges)


@operator(
    "QuantizeAndDequantize", "QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3",
    "QuantizeAndDequantizeV4",
)  # fmt: skip
def there_and_back(node: Node) -> Output:
    """By a range that is given, or by the smallest and largest of all values, or of all at one
    position along an axis."""
    shape = node.shape()
    axis = node.attribute("axis", -1)
    given = node.attribute("range_given", node.op.endswith("V3"))
    if given:
        edges = [*SELF]
        for i in (1, 2):
            edges += parameter(node, i, shape, max(axis, 0))
        return Output(shape, edges)
    return Output(shape, normalise(0, shape, tuple(i for i in range(len(shape)) if i != axis)))


@operator("QuantizeDownAndShrinkRange")
def shrink(node: Node) -> list[Output]:
    """By the smallest and largest of all values."""
    shape = node.shape()
    axes = tuple(range(len(shape)))
    output = Output(shape, normalise(0, shape, axes))
    scaled, limit, _ = _ranges(node, output, (1, 2))
    limit.edges = [*limit.edges, Edge(0, reduce(shape, axes, False))]
    return [scaled, limit, limit]


@operator("RequantizationRange", "RequantizationRangePerChannel")
def actual_range(node: Node) -> list[Output]:
    """The smallest and the largest of all values, as their range scales them."""
    limit = Output((), [Edge(i, everything(node.shape(i), ())) for i in range(3)])
    limit.edges = [e for e in limit.edges if node.depends(e.input)]
    return [limit, limit]


@operator("Requantize", "RequantizePerChannel")
def requantise(node: Node) -> list[Output]:
    """From one range to another that is asked for, which comes out."""
    scaled, *_ = _ranges(node, Output(node.shape(), SELF), (1, 2, 3, 4))
    limits = [Output((), [Edge(i, reshape(node.shape(i), ()))]) for i in (3, 4)]
    return [scaled, *limits]


@operator("QuantizedRelu", "QuantizedRelu6")
def quantised_relu(node: Node) -> list[Output]:
    return _ranges(node, Output(node.shape(), SELF), (1, 2))


@operator("QuantizedReluX")
def quantised_clip(node: Node) -> list[Output]:
    return _ranges(node, Output(node.shape(), SELF), (1, 2, 3))


@operator("QuantizedAdd", "QuantizedMul")
def quantised_join(node: Node) -> list[Output]:
    return _ranges(node, joined(node, (0, 1)), (2, 3, 4, 5))


@operator("QuantizedBiasAdd")
def quantised_bias(node: Node) -> list[Output]:
    shape = node.shape()
    output = Output(shape, [*SELF, *parameter(node, 1, shape, len(shape) - 1)])
    return _ranges(node, output, (2, 3, 4, 5))


@operator("QuantizedReshape")
def quantised_reshape(node: Node) -> list[Output]:
    return _ranges(node, reshaped(node, needed(node, 1)), (2, 3))


@operator("QuantizedResizeBilinear")
def quantised_resize(node: Node) -> list[Output]:
    return _ranges(node, resize(node), (2, 3))


@operator("QuantizedAvgPool", "QuantizedMaxPool", "_MklQuantizedAvgPool", "_MklQuantizedMaxPool",
    "_QuantizedMaxPool3D",
)  # fmt: skip
def quantised_pool(node: Node) -> list[Output]:
    output = pool(node)
    assert isinstance(output, Output)
    return _ranges(node, output, (1, 2))


@operator("QuantizedConcat")
def quantised_concat(node: Node) -> list[Output]:
    """The axis, all parts, all their minima, all their maxima."""
    count = (len(node.inputs) - 1) // 3
    parts = range(1, 1 + count)
    return _joined_ranges(node, concatenation(node, parts, needed(node, 0)[0]), 1 + count)


@operator("QuantizedConcatV2", "_MklQuantizedConcatV2")
def quantised_concat_axis_after(node: Node) -> list[Output]:
    count = (len(node.inputs) - 1) // 3
    return _joined_ranges(
        node, concatenation(node, range(count), needed(node, count)[0]), 1 + count
    )


def _joined_ranges(node: Node, output: Output, first: int) -> list[Output]:
    return _ranges(node, output, range(first, len(node.inputs)))


@operator("QuantizedInstanceNorm")
def quantised_instance_norm(node: Node) -> list[Output]:
    """Image by image and channel by channel; the range comes from all of them."""
    shape = node.shape()
    scaled, limit, _ = _ranges(node, Output(shape, normalise(0, shape, (1, 2))), (1, 2))
    if not node.attribute("output_range_given"):
        axes = tuple(range(len(shape)))
        limit.edges = [*limit.edges, Edge(0, reduce(shape, axes, False))]
        local = [e._replace(local_beside_mix=True) if e.input == 0 else e for e in scaled.edges]
        scaled.edges = [*normalise(0, shape, axes), *local]
    return [scaled, limit, limit]


@operator("QuantizedBatchNormWithGlobalNormalization")
def quantised_batch_norm(node: Node) -> list[Output]:
    """The data and four parameters, each followed by its range."""
    shape = node.shape()
    edges = [Edge(0)]
    for i in range(3, 15, 3):
        edges += parameter(node, i, shape, len(shape) - 1)
    return _ranges(node, Output(shape, edges), [i for i in range(15) if i % 3])


@operator("QuantizedMatMul")
def quantised_matrices(node: Node) -> list[Output]:
    return _ranges(node, transposed_product(node, 0, 1), (2, 3, 4, 5))


@operator(
    "QuantizedMatMulWithBias", "QuantizedMatMulWithBiasAndDequantize",
    "QuantizedMatMulWithBiasAndRelu", "QuantizedMatMulWithBiasAndReluAndRequantize",
    "QuantizedMatMulWithBiasAndRequantize",
)  # fmt: skip
def quantised_matrices_and_bias(node: Node) -> list[Output]:
    """Two matrices, a bias, then ranges."""
    output = transposed_product(node, 0, 1)
    output.edges = [*output.edges, *parameter(node, 2, output.shape, 1)]
    return _ranges(node, output, range(3, len(node.inputs)))


_CONVOLUTIONS = [
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
]  # fmt: skip


@operator(*_CONVOLUTIONS)
def quantised_convolution(node: Node) -> list[Output]:
    """Data, weights, perhaps a bias, ranges; then perhaps what is added, and its range."""
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
