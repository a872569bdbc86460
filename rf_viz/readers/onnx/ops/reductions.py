"""Reductions, normalisations and other operators that see a whole axis."""

from __future__ import annotations

from math import prod

from ....errors import ModelError
from ....relation import Edge, Mix, Output, Shape
from ....relation.common.basic import (
    broadcast,
    everything,
    mix,
    normalise,
    reduce,
    reshape,
)
from ....relation.common.products import neighbours, scan
from ...reading import outputs
from ...reading.masks import softmax as masked_softmax
from ...reading.outputs import SELF, parameter
from ..node import MICROSOFT, Node, operator


@operator(
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
    category="pooling", reduces=True,
)  # fmt: skip
def reduction(node: Node) -> Output:
    """One number per reduced part, which sees all of that part."""
    return reduced(node, node.attribute("axes") or node.ints(1))


def reduced(node: Node, axes: tuple[int, ...] | None) -> Output:
    """Reduce over some axes; over all where none are named, unless the node says not to."""
    shape = node.shape()
    if not axes and node.attribute("noop_with_empty_axes", 0):
        return Output(shape, SELF)
    return outputs.reduction(node, axes or range(len(shape)), bool(node.attribute("keepdims", 1)))


@operator("ArgMax", "ArgMin", category="other")
def arg_reduction(node: Node) -> Output:
    """The position of the largest or smallest value, which sees all of the axis."""
    return outputs.reduction(
        node, (node.axis(len(node.shape())),), bool(node.attribute("keepdims", 1))
    )


@operator("TopK", category="other")
def top(node: Node) -> list[Output]:
    """The largest values along an axis and their positions; each sees all of the axis."""
    shape = node.shape()
    axis = node.axis(len(shape), -1)
    k = node.required("k") if node.opset < 10 else node.required_int(1)
    after = (*shape[:axis], k, *shape[axis + 1 :])
    output = Output(after, [Edge(0, (Mix((axis,), (shape[axis],), (k,)),))])
    return [output, output]


@operator("CumSum", "CumProd", category="other")
def cumulative(node: Node) -> Output:
    """Each position sees those before it along the axis, or after it in reverse."""
    shape = node.shape()
    axis = node.count_axis(node.required_int(1), len(shape))
    relation = scan(
        axis,
        shape[axis],
        reverse=bool(node.attribute("reverse", 0)),
        exclusive=bool(node.attribute("exclusive", 0)),
        spatial=False,
    )
    return Output(shape, [Edge(0, relation)])


@operator("Softmax", "LogSoftmax", "Hardmax", category="attention, dense")
def softmax(node: Node) -> Output:
    """Every element by the sum over an axis (before opset 13, over all axes from that one on)."""
    shape = node.shape()
    axis = node.axis(len(shape), -1 if node.opset >= 13 else 1)
    axes = (axis,) if node.opset >= 13 else tuple(range(axis, len(shape)))
    return masked_softmax(node, shape, axes)


@operator("LpNormalization", category="normalisation")
def lp_normalisation(node: Node) -> Output:
    """Every element by the norm over an axis."""
    shape = node.shape()
    return Output(shape, normalise(0, shape, (node.axis(len(shape), -1),)))


@operator("MeanVarianceNormalization", category="normalisation")
def mean_variance(node: Node) -> Output:
    """Every element by statistics over some axes."""
    shape = node.shape()
    named = node.attribute("axes", (0, 2, 3))
    axes = tuple(sorted({node.count_axis(a, len(shape)) for a in named}))
    return Output(shape, normalise(0, shape, axes))


@operator("LayerNormalization", category="normalisation", weights=(1, 2))
@operator("LayerNormalization", domain=MICROSOFT, category="normalisation", weights=(1, 2))
@operator(
    "RMSNormalization",
    "SimplifiedLayerNormalization",
    category="normalisation",
    weights=(1,),
)
@operator(
    "SimplifiedLayerNormalization",
    domain=MICROSOFT,
    category="normalisation",
    weights=(1,),
)
def layer_normalisation(node: Node) -> list[Output]:
    """Every element by statistics over the axes from one on; they are outputs too."""
    shape = node.shape()
    first = node.axis(len(shape), -1)
    axes = tuple(range(first, len(shape)))
    edges = normalise(0, shape, axes)
    edges += [Edge(i, broadcast(node.shape(i), shape)) for i in (1, 2) if node.depends(i)]
    statistics = Output(shape[:first] + (1,) * len(axes), [Edge(0, reduce(shape, axes, True))])
    return [Output(shape, edges), statistics, statistics]


@operator("InstanceNormalization", category="normalisation", weights=(1, 2))
def instance_normalisation(node: Node) -> Output:
    """Every element by statistics over its channel, scaled and shifted."""
    shape = node.shape()
    edges = normalise(0, shape, tuple(range(2, len(shape))))
    edges += parameter(node, 1, shape, 1) + parameter(node, 2, shape, 1)
    return Output(shape, edges)


@operator("GroupNormalization", category="normalisation", weights=(1, 2))
def group_normalisation(node: Node) -> Output:
    """Every element by statistics over its group of channels and all of space.

    The scale and bias are one number a group before opset 21, one a channel since.
    """
    shape = node.shape()
    groups = node.attribute("num_groups", 1)
    edges = grouped_statistics(node, shape, groups)
    for i in (1, 2):
        if node.depends(i) and node.shape(i) == (groups,) != (shape[1],):
            each = shape[1] // groups
            channels = broadcast((groups, 1), (groups, each)) + reshape((groups, each), shape[1:2])
            wide = (1, shape[1], *(1,) * (len(shape) - 2))
            spread = reshape(shape[1:2], wide) + broadcast(wide, shape)
            edges.append(Edge(i, reshape((groups,), (groups, 1)) + channels + spread))
        else:
            edges += parameter(node, i, shape, 1)
    return Output(shape, edges)


def grouped_statistics(node: Node, shape: Shape, groups: int) -> list[Edge]:
    """Edges from every element to its group of channels (axis 1) over all of space."""
    if len(shape) < 2 or groups < 1 or shape[1] % groups:
        raise ModelError(
            f"{node.op} {node.name!r} cannot share the channels of {list(shape)} among "
            f"{groups} groups"
        )
    split = (shape[0], groups, shape[1] // groups, *shape[2:])
    if prod(split[2:]) == 1:
        return [Edge(0)]
    within = mix(split, tuple(range(2, len(split))))
    relation = reshape(shape, split) + within + reshape(split, shape)
    return [Edge(0, relation), Edge(0, (), local_beside_mix=True)]


@operator("LRN", category="normalisation")
def local_response(node: Node) -> Output:
    """Each channel by its neighbours: ``(size - 1) // 2`` before, ``size // 2`` after."""
    shape, size = node.shape(least=2), node.attribute("size", 1)
    return Output(shape, [Edge(0, neighbours(1, shape[1], (size - 1) // 2, size // 2))])


@operator("BatchNormalization", category="normalisation", weights=(1, 2, 3, 4))
def batch_normalisation(node: Node) -> list[Output]:
    """Every element by constants of its channel.

    In training by the batch's own statistics over all other axes, which are outputs too.
    """
    shape = node.shape()
    channel = shape[1:2]
    if node.opset >= 14:
        training = bool(node.attribute("training_mode", 0))
    else:
        training = len(node.outputs) > 1
    others = tuple(i for i in range(len(shape)) if i != 1)
    edges = normalise(0, shape, others) if training else [Edge(0)]
    for i in range(1, 3 if training else 5):
        edges += parameter(node, i, shape, 1)
    output = Output(shape, edges)
    if not training:
        return [output]
    running = [
        Output(channel, [Edge(0, reduce(shape, others, False)), *parameter(node, i, channel, 0)])
        for i in (3, 4)
    ]
    return [output, *running, *running]


@operator("Dropout", category="activation")
def dropout(node: Node) -> list[Output]:
    """Every element by itself; which ones are dropped does not depend on the data."""
    shape = node.shape()
    return [Output(shape, SELF), Output(shape)]


@operator("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", category="pooling")
def global_pool(node: Node) -> Output:
    """One number per channel, which sees all of space."""
    return outputs.reduction(node, tuple(range(2, len(node.shape()))), True)


@operator("SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss", category="other")
def loss(node: Node) -> list[Output]:
    """A loss of scores (batch, classes, ...) against labels (batch, ...), and the likelihoods."""
    shape, labels = node.shape(0, least=2), node.shape(1)
    rows = (shape[0], *shape[2:])
    if labels != rows:
        raise ModelError(f"{node.op} {node.name!r} has labels of {list(labels)} for {list(shape)}")
    edges = [Edge(0, reduce(shape, (1,), False)), Edge(1)]
    if node.depends(2):
        edges.append(Edge(2, everything(node.shape(2), rows)))
    if node.attribute("reduction", "mean") != "none":
        whole = reduce(rows, tuple(range(len(rows))), False)
        edges = [Edge(e.input, e.relation + whole) for e in edges]
        rows = ()
    likelihood = Output(shape, normalise(0, shape, (1,)))
    return [Output(rows, edges), likelihood]
