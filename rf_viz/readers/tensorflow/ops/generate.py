"""Ops that make tensors from shapes and constants, and tell shapes; random numbers."""

from __future__ import annotations

from math import ceil, prod

import numpy as np

from ....relation import Edge, Mix, Output, Shape
from ....relation.common.basic import broadcast, everything
from ....relation.common.picks import pick
from ...reading.outputs import SELF
from ...reading.values import DataDependent
from ..node import Node, operator
from ..protobuf.tensors import dtype
from .moves import needed


def _told(node: Node, numbers: tuple[int, ...]) -> Output:
    """Numbers that say something about a shape."""
    kind = dtype(node.attribute("out_type", 3))
    return Output((len(numbers),), value=np.array(numbers, kind))


@operator("Shape", asks_shape_only=True)
@operator("RiscShape", "VariableShape")
def shape_of(node: Node) -> Output:
    return _told(node, node.shape())


@operator("ShapeN", asks_shape_only=True)
def shapes_of(node: Node) -> list[Output]:
    return [_told(node, node.shape(i)) for i in range(len(node.inputs))]


@operator("Size", asks_shape_only=True)
def size_of(node: Node) -> Output:
    return Output((), value=np.array(prod(node.shape()), dtype(node.attribute("out_type", 3))))


@operator("Rank", asks_shape_only=True)
def rank_of(node: Node) -> Output:
    return Output((), value=np.array(len(node.shape()), np.int32))


@operator("BroadcastArgs")
def broadcast_arguments(node: Node) -> Output:
    after = np.broadcast_shapes(needed(node, 0), needed(node, 1))
    return Output((len(after),), value=np.array(after, np.int32))


@operator("BroadcastGradientArgs")
def broadcast_gradients(node: Node) -> list[Output]:
    """Along which axes each of two shapes is repeated to make one."""
    shapes = [needed(node, i) for i in range(2)]
    rank = max(map(len, shapes))
    wide = [(1,) * (rank - len(s)) + s for s in shapes]
    outputs = []
    for mine, other in (wide, wide[::-1]):
        axes = [i for i in range(rank) if mine[i] == 1 and (other[i] != 1 or mine == other)]
        outputs.append(Output((len(axes),), value=np.array(axes, np.int32)))
    return outputs


@operator("ConcatOffset")
def offsets(node: Node) -> list[Output]:
    """Where each part of a concatenation begins."""
    axis = needed(node, 0)[0]
    shapes = [needed(node, i) for i in range(1, len(node.inputs))]
    outputs, start = [], 0
    for shape in shapes:
        at = np.zeros(len(shape), np.int32)
        at[axis] = start
        outputs.append(Output((len(shape),), value=at))
        start += shape[axis]
    return outputs


@operator("ZerosLike", "OnesLike", asks_shape_only=True)
def like(node: Node) -> Output:
    """Only the input's shape is used."""
    return Output(node.shape())


@operator("Fill")
def fill(node: Node) -> Output:
    after = needed(node, 0)
    return Output(after, [Edge(1, broadcast(node.shape(1), after))] if node.depends(1) else [])


@operator("Empty", "NonDeterministicInts")
def empty(node: Node) -> Output:
    return Output(needed(node, 0))


@operator("Range")
def arrange(node: Node) -> Output:
    start, limit, delta = (node.value(i) for i in range(3))
    if start is None or limit is None or delta is None:
        raise DataDependent(f"how long Range {node.name} is depends on the data")
    return Output((max(0, ceil((limit.item() - start.item()) / delta.item())),))


@operator("LinSpace")
def linear_space(node: Node) -> Output:
    """From input 0 to input 1; all but the ends lie between both."""
    count = needed(node, 2)[0]
    edges = []
    for i, other_end in ((0, count - 1 if count > 1 else -1), (1, 0)):
        if node.depends(i):
            seen = [-1 if at == other_end else at for at in range(count)]
            edges.append(Edge(i, broadcast((), (count,)) + pick(0, count, seen)))
    return Output((count,), edges)


@operator("HostConst", "ImmutableConst", "FakeParam", "InfeedDequeue", "TemporaryVariable")
def declared(node: Node) -> Output:
    """A tensor of a shape that is declared."""
    shape = node.attribute("shape")
    if shape is None or -1 in shape:
        raise DataDependent(f"the shape of {node.op} {node.name} is not declared")
    return Output(shape)


@operator(
    "DeviceIndex", "GetDeadline", "GlobalIterId", "GraphDefVersion", "IsTensorFloat32Enabled",
    "StatelessRandomGetAlg", "Timestamp",
)  # fmt: skip
def a_number(node: Node) -> Output:
    return Output(())


@operator("StatelessRandomGetKeyCounter", "StatelessRandomGetKeyCounterAlg")
def random_key(node: Node) -> list[Output]:
    return [Output((1,)), Output((2,)), Output(())]


@operator(
    "RandomStandardNormal", "RandomUniform", "RandomUniformInt", "RiscRandomUniform",
    "StatelessRandomNormal", "StatelessRandomNormalV2", "StatelessRandomUniform",
    "StatelessRandomUniformFullInt", "StatelessRandomUniformFullIntV2",
    "StatelessRandomUniformInt", "StatelessRandomUniformIntV2", "StatelessRandomUniformV2",
    "StatelessTruncatedNormal", "StatelessTruncatedNormalV2", "TruncatedNormal",
)  # fmt: skip
def random(node: Node) -> Output:
    return Output(needed(node, 0))


@operator("StatefulStandardNormal")
def stateful_random(node: Node) -> Output:
    return Output(needed(node, 1))


@operator(
    "StatefulStandardNormalV2", "StatefulTruncatedNormal", "StatefulUniform",
    "StatefulUniformFullInt", "StatefulUniformInt",
)  # fmt: skip
def stateful_random_by(node: Node) -> Output:
    return Output(needed(node, 2))


def _by_parameters(node: Node, after: Shape, parameters: tuple[int, ...]) -> Output:
    """Random numbers, each drawn by parameters that broadcast to its place."""
    edges = [Edge(i, broadcast(node.shape(i), after)) for i in parameters if node.depends(i)]
    return Output(after, edges)


@operator("RandomGamma", "RandomPoisson", "RandomPoissonV2")
def random_by_rates(node: Node) -> Output:
    return _by_parameters(node, (*needed(node, 0), *node.shape(1)), (1,))


@operator("StatelessRandomGammaV2", "StatelessRandomPoisson")
def stateless_by_rates(node: Node) -> Output:
    return _by_parameters(node, needed(node, 0), (2,))


@operator("StatelessRandomGammaV3")
def stateless_gamma(node: Node) -> Output:
    return _by_parameters(node, needed(node, 0), (4,))


@operator("StatelessRandomBinomial")
def stateless_binomial(node: Node) -> Output:
    return _by_parameters(node, needed(node, 0), (2, 3))


@operator("StatefulRandomBinomial")
def stateful_binomial(node: Node) -> Output:
    return _by_parameters(node, needed(node, 2), (3, 4))


@operator("Multinomial", "StatelessMultinomial")
def multinomial(node: Node) -> Output:
    """So many draws for each row of scores."""
    (batch, classes), count = node.shape(), needed(node, 1)[0]
    return Output((batch, count), [Edge(0, (Mix((1,), (classes,), (count,)),))])


@operator("RandomShuffle", "StatelessShuffle")
def shuffle(node: Node) -> Output:
    """Rows in an order that is drawn: each may be any."""
    shape = node.shape()
    if not shape or shape[0] == 1:
        return Output(shape, SELF)
    return Output(shape, [Edge(0, (Mix((0,), shape[:1]),))])


@operator("VarIsInitializedOp", "IsVariableInitialized", "ResourceInitializedOp")
def initialised(node: Node) -> Output:
    return Output((), value=np.array(True))


@operator("ParameterizedTruncatedNormal")
def truncated_normal(node: Node) -> Output:
    """The parameters are one number, or one for each of the batch."""
    after = needed(node, 0)
    edges = [Edge(i, everything(node.shape(i), after)) for i in range(1, 5) if node.depends(i)]
    why = f"the parameters of {node.op} {node.name} depend on the input" if edges else ""
    return Output(after, edges, why)


@operator("StatelessParameterizedTruncatedNormal")
def stateless_truncated_normal(node: Node) -> Output:
    return _by_parameters(node, needed(node, 0), (2, 3, 4, 5))
