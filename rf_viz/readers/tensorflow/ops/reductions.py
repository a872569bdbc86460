"""Reductions, normalisations and other ops that see a whole axis."""

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
from ...reading.masks import softmax as masked_softmax
from ...reading.outputs import broadcast_shape, parameter, reduction
from ...reading.values import DataDependent
from ..node import Node, operator
from .inputs import needed, needed_number, ranked


@operator(
    "All", "Any", "EuclideanNorm", "Max", "Mean", "Min", "Prod", "RiscReduce", "Sum",
    category="pooling", reduces=True,
)  # fmt: skip
@operator("ReduceJoin", category="other")
def reduce_axes(node: Node) -> Output:
    """Each element depends on all positions along the axes that input 1 holds."""
    axes = needed(node, 1) if node.shape() else ()  # LiteRT ignores them where there are none
    return reduction(node, axes, bool(node.attribute("keep_dims")))


@operator("ArgMax", "ArgMin", category="other")
def arg_reduction(node: Node) -> Output:
    """Each element depends on all positions along the axis that input 1 holds."""
    ranked(node, 0, 1, or_more=True)
    return reduction(node, needed(node, 1), False)


@operator("L2Loss", category="other")
def loss(node: Node) -> Output:
    """One number that depends on all elements."""
    return reduction(node, range(len(node.shape())), False)


@operator("BiasAddGrad", category="other")
def bias_gradient(node: Node) -> Output:
    """Each element depends on all of its channel."""
    rank = len(node.shape())
    channel = 1 if node.attribute("data_format", "NHWC").startswith("NC") else rank - 1
    return reduction(node, [i for i in range(rank) if i != channel], False)


def _top(node: Node, axis: int, k: int) -> list[Output]:
    """The dependence of the largest values on all of the axis: any may be among them."""
    shape = node.shape()
    if k > shape[axis]:
        raise ModelError(f"{node.op} {node.name!r} takes {k} of {shape[axis]} values")
    after = (*shape[:axis], k, *shape[axis + 1 :])
    output = Output(after, [Edge(0, (Mix((axis,), (shape[axis],), (k,)),))])
    return [output, output]


@operator("TopK", "TopKUnique", "TopKWithUnique", category="other")
def top(node: Node) -> list[Output]:
    """Each element depends on all positions along the last axis."""
    return _top(node, len(ranked(node, 0, 1, or_more=True)) - 1, node.attribute("k", 1))


@operator("TopKV2", category="other")
def top_of(node: Node) -> list[Output]:
    """Each element depends on all positions along the last axis."""
    return _top(node, len(ranked(node, 0, 1, or_more=True)) - 1, needed_number(node, 1))


@operator("ApproxTopK", category="other")
def approximate_top(node: Node) -> list[Output]:
    """Each element depends on all positions along one axis."""
    if not node.attribute("aggregate_to_topk", True):
        raise DataDependent(f"how many values {node.op} {node.name} keeps depends on the device")
    rank = len(ranked(node, 0, 1, or_more=True))
    return _top(node, node.axis(rank, -1, "reduction_dimension"), node.attribute("k"))


@operator("NthElement", "KthOrderStatistic", category="other")
def nth_element(node: Node) -> Output:
    """Each element depends on all positions along the last axis."""
    ranked(node, 0, 1, or_more=True)
    return reduction(node, [-1], False)


@operator("RiscSort", "XlaSort", category="other")
def sort(node: Node) -> Output:
    """Each element depends on all positions along one axis."""
    shape = ranked(node, 0, 1, or_more=True)
    axis = node.count_axis(needed_number(node, 1) if node.has(1) else -1, len(shape))
    return Output(shape, [Edge(0, (Mix((axis,), (shape[axis],)),))])


@operator("Softmax", "LogSoftmax", category="attention, dense")
def softmax(node: Node) -> Output:
    """Each element depends on its own and on all positions along the last axis."""
    shape = ranked(node, 0, 1, or_more=True)
    return masked_softmax(node, shape, (len(shape) - 1,))


@operator("IsotonicRegression", "MakeUnique", category="other")
def ordered(node: Node) -> list[Output]:
    """Each element depends on its own and on all positions along the last axis.

    The second output is an IsotonicRegression's segments.
    """
    shape = ranked(node, 0, 1, or_more=True)
    output = Output(shape, normalise(0, shape, (len(shape) - 1,)))
    return [output, output]


@operator("SoftmaxCrossEntropyWithLogits", category="other")
def cross_entropy(node: Node) -> list[Output]:
    """A loss depends on its row of scores and of probabilities; the second output is the gradient.

    An element of the gradient depends on its row of scores, and on its own probability.
    """
    shapes = [node.shape(i) for i in range(2)]
    after = broadcast_shape(node, shapes)
    if not after:
        raise ModelError(f"{node.op} {node.name!r} takes rows of scores, not one number")
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


@operator("SparseSoftmaxCrossEntropyWithLogits", category="other")
def sparse_cross_entropy(node: Node) -> list[Output]:
    """A loss depends on its row of scores and the number of its class; the gradient follows.

    An element of the gradient depends on its row of scores, and on its row's class.
    """
    shape = ranked(node, 0, 1, or_more=True)
    rows = (*shape[:-1], 1)
    losses = [Edge(0, reduce(shape, (len(shape) - 1,), False)), Edge(1)]
    gradients = normalise(0, shape, (len(shape) - 1,))
    if node.depends(1):
        gradients.append(Edge(1, reshape(node.shape(1), rows) + broadcast(rows, shape)))
    return [
        Output(rows[:-1], [e for e in losses if node.depends(e.input)]),
        Output(shape, gradients),
    ]


@operator("LRN", category="normalisation")
def local_response(node: Node) -> Output:
    """Each channel depends on so many before and behind it."""
    shape, radius = ranked(node, 0, 1, or_more=True), node.attribute("depth_radius", 5)
    return Output(shape, [Edge(0, neighbours(len(shape) - 1, shape[-1], radius, radius))])


@operator(
    "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "_FusedBatchNormEx",
    category="normalisation", weights=(1, 2, 3, 4),
)  # fmt: skip
@operator("_MklNativeFusedBatchNorm", category="normalisation")
def batch_normalisation(node: Node) -> list[Output]:
    """Each element depends on its own and on its channel's parameters.

    In training it depends on the channel in the whole batch instead. The statistics are outputs
    too.
    """
    order = node.attribute("data_format", "NHWC")
    shape = ranked(node, 0, len(order))
    axis = order.index("C")
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


@operator(
    "BatchNormWithGlobalNormalization", category="normalisation", weights=(1, 2, 3, 4)
)  # fmt: skip
def global_normalisation(node: Node) -> Output:
    """Each element depends on its own and on its channel's parameters."""
    shape = ranked(node, 0, 4)
    edges = [Edge(0)]
    for i in range(1, 5):
        edges += parameter(node, i, shape, len(shape) - 1)
    return Output(shape, edges)


@operator("_MklLayerNorm", category="normalisation")
def layer_normalisation(node: Node) -> Output:
    """Each element depends on all positions along the last axis, and on its own parameters."""
    shape = ranked(node, 0, 1, or_more=True)
    last = len(shape) - 1
    edges = normalise(0, shape, (last,))
    for i in (1, 2):
        edges += parameter(node, i, shape, last)
    return Output(shape, edges)


@operator("_MklFusedInstanceNorm", category="normalisation")
def instance_normalisation(node: Node) -> Output:
    """Each element depends on its channel in its own image, and on the channel's parameters."""
    shape = ranked(node, 0, 2, or_more=True)
    named = node.attribute("reduction_axes", ()) or range(1, len(shape) - 1)
    axes = tuple(node.count_axis(a, len(shape)) for a in named)
    channels = [i for i in range(1, len(shape)) if i not in axes]
    if not channels:
        raise ModelError(f"{node.op} {node.name!r} normalises over all of its axes")
    edges = normalise(0, shape, axes)
    for i in range(1, len(node.inputs)):
        edges += parameter(node, i, shape, channels[0])
    return Output(shape, edges)
