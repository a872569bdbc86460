"""Reductions, normalisations and whatever else sees a whole axis."""

from __future__ import annotations

from ....errors import ModelError
from ....relation import Edge, Mix, Output
from ....relation.common.basic import (
    broadcast,
    normalise,
    reduce,
    reshape,
)
from ....relation.common.products import neighbours
from ...reading.outputs import broadcast_shape, parameter, reduction
from ...reading.values import DataDependent
from ..node import Node, operator
from .moves import needed


@operator(
    "All", "Any", "EuclideanNorm", "Max", "Mean", "Min", "Prod", "ReduceJoin", "RiscReduce", "Sum",
)  # fmt: skip
def reduce_axes(node: Node) -> Output:
    return reduction(node, needed(node, 1), bool(node.attribute("keep_dims")))


@operator("ArgMax", "ArgMin")
def arg_reduction(node: Node) -> Output:
    return reduction(node, needed(node, 1), False)


@operator("L2Loss")
def loss(node: Node) -> Output:
    return reduction(node, range(len(node.shape())), False)


@operator("BiasAddGrad")
def bias_gradient(node: Node) -> Output:
    rank = len(node.shape())
    channel = 1 if node.attribute("data_format", "NHWC").startswith("NC") else rank - 1
    return reduction(node, [i for i in range(rank) if i != channel], False)


def _top(node: Node, axis: int, k: int) -> list[Output]:
    """Any of the axis' values may be among the largest."""
    shape = node.shape()
    if k > shape[axis]:
        raise ModelError(f"{node.op} {node.name!r} takes {k} of {shape[axis]} values")
    after = (*shape[:axis], k, *shape[axis + 1 :])
    output = Output(after, [Edge(0, (Mix((axis,), (shape[axis],), (k,)),))])
    return [output, output]


@operator("TopK", "TopKUnique", "TopKWithUnique")
def top(node: Node) -> list[Output]:
    return _top(node, len(node.shape()) - 1, node.attribute("k", 1))


@operator("TopKV2")
def top_of(node: Node) -> list[Output]:
    return _top(node, len(node.shape()) - 1, needed(node, 1)[0])


@operator("ApproxTopK")
def approximate_top(node: Node) -> list[Output]:
    if not node.attribute("aggregate_to_topk", True):
        raise DataDependent(f"how many values {node.op} {node.name} keeps depends on the device")
    return _top(node, node.axis(len(node.shape()), -1, "reduction_dimension"), node.attribute("k"))


@operator("NthElement")
def nth_element(node: Node) -> Output:
    return reduction(node, [-1], False)


@operator("KthOrderStatistic")
def order_statistic(node: Node) -> Output:
    return reduction(node, [-1], False)


@operator("RiscSort", "XlaSort")
def sort(node: Node) -> Output:
    shape = node.shape()
    axis = node.count_axis(needed(node, 1)[0] if node.has(1) else -1, len(shape))
    return Output(shape, [Edge(0, (Mix((axis,), (shape[axis],)),))])


@operator("Softmax", "LogSoftmax", "IsotonicRegression", "MakeUnique")
def softmax(node: Node) -> list[Output]:
    """Along the last axis. (The second output are an IsotonicRegression's segments.)"""
    shape = node.shape()
    output = Output(shape, normalise(0, shape, (len(shape) - 1,)))
    return [output, output]


@operator("SoftmaxCrossEntropyWithLogits")
def cross_entropy(node: Node) -> list[Output]:
    """Scores against probabilities, row by row; the second output is the gradient."""
    shapes = [node.shape(i) for i in range(2)]
    after = broadcast_shape(node, shapes)
    rows = (*after[:-1], 1)
    losses, gradients = [], []
    for i, shape in enumerate(shapes):
        if node.depends(i):
            row = broadcast(shape, after) + reduce(after, (len(after) - 1,), True)
            losses.append(Edge(i, row + reduce(rows, (len(after) - 1,), False)))
            local = Edge(i, broadcast(shape, after), local_beside_mix=True)
            gradients += [Edge(i, row + broadcast(rows, after)), local] if i == 0 else [local]
    if node.depends(1):  # a probability meets its own score only
        gradients = [e._replace(local_beside_mix=False) if e.input == 1 else e for e in gradients]
    return [Output(after[:-1], losses), Output(after, gradients)]


@operator("SparseSoftmaxCrossEntropyWithLogits")
def sparse_cross_entropy(node: Node) -> list[Output]:
    """Scores against the number of a class, row by row; the second output is the gradient."""
    shape = node.shape()
    rows = (*shape[:-1], 1)
    losses = [Edge(0, reduce(shape, (len(shape) - 1,), False)), Edge(1)]
    gradients = normalise(0, shape, (len(shape) - 1,))
    if node.depends(1):
        gradients.append(Edge(1, reshape(node.shape(1), rows) + broadcast(rows, shape)))
    return [
        Output(rows[:-1], [e for e in losses if node.depends(e.input)]),
        Output(shape, gradients),
    ]


@operator("LRN")
def local_response(node: Node) -> Output:
    """Each channel by so many before and behind it."""
    shape, radius = node.shape(), node.attribute("depth_radius", 5)
    return Output(shape, [Edge(0, neighbours(len(shape) - 1, shape[-1], radius, radius))])


@operator(
    "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "_FusedBatchNormEx",
    "_MklNativeFusedBatchNorm",
)  # fmt: skip
def batch_normalisation(node: Node) -> list[Output]:
    """By constants; in training by the batch's own statistics. These are outputs too."""
    shape = node.shape()
    axis = node.attribute("data_format", "NHWC").index("C")
    others = tuple(i for i in range(len(shape)) if i != axis)
    training = bool(node.attribute("is_training", True))
    edges = normalise(0, shape, others) if training else [Edge(0)]
    for i in range(1, 3 if training else 5):
        edges += parameter(node, i, shape, axis)
    if node.has(5):  # added before the activation
        edges.append(Edge(5))
    channel = shape[axis : axis + 1]
    mean, variance = (
        Output(
            channel,
            [Edge(0, reduce(shape, others, False))] if training else parameter(node, i, channel, 0),
        )
        for i in (3, 4)
    )
    return [Output(shape, edges), mean, variance, mean, variance, Output(())]


@operator("BatchNormWithGlobalNormalization")
def global_normalisation(node: Node) -> Output:
    shape = node.shape()
    edges = [Edge(0)]
    for i in range(1, 5):
        edges += parameter(node, i, shape, len(shape) - 1)
    return Output(shape, edges)


@operator("_MklLayerNorm")
def layer_normalisation(node: Node) -> Output:
    shape = node.shape()
    last = len(shape) - 1
    edges = normalise(0, shape, (last,))
    for i in (1, 2):
        edges += parameter(node, i, shape, last)
    return Output(shape, edges)


@operator("_MklFusedInstanceNorm")
def instance_normalisation(node: Node) -> Output:
    shape = node.shape()
    axes = node.attribute("reduction_axes") or tuple(range(1, len(shape) - 1))
    channel = next(i for i in range(1, len(shape)) if i not in axes)
    edges = normalise(0, shape, axes)
    for i in range(1, len(node.inputs)):
        edges += parameter(node, i, shape, channel)
    return Output(shape, edges)
