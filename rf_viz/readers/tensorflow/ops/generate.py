"""Ops that make tensors from shapes and constants, and tell shapes; random numbers."""

from __future__ import annotations

from math import prod

import numpy as np

from ....errors import ModelError
from ....relation import Edge, Mix, Output, Shape
from ....relation.common.basic import broadcast, everything
from ....relation.common.picks import pick
from ...reading.outputs import SELF, arranged, broadcast_shape
from ...reading.values import DataDependent
from ..node import Node, operator
from ..protobuf.tensors import dtype
from .inputs import needed, needed_number, ranked


def _numbers(node: Node, numbers: int | tuple[int, ...]) -> Output:
    """Numbers that shapes alone make known, of the type that the node tells."""
    try:
        array = np.array(numbers, dtype(node.attribute("out_type", 3)))
    except OverflowError as error:
        raise ModelError(
            f"{node.op} {node.name!r} cannot count so many elements: "
            "the model does not work at this input size"
        ) from error
    return Output(array.shape, value=array)


@operator("Shape", category="layout", asks_shape_only=True)
@operator("RiscShape", "VariableShape", category="layout")
def shape_of(node: Node) -> Output:
    """The shape of the input; no value of it is read."""
    return _numbers(node, node.shape())


@operator("ShapeN", category="layout", asks_shape_only=True)
def shapes_of(node: Node) -> list[Output]:
    """The shape of each input; no value of them is read."""
    return [_numbers(node, node.shape(i)) for i in range(len(node.inputs))]


@operator("Size", category="layout", asks_shape_only=True)
def size_of(node: Node) -> Output:
    """The number of the input's elements; no value of it is read."""
    return _numbers(node, prod(node.shape()))


@operator("Rank", category="layout", asks_shape_only=True)
def rank_of(node: Node) -> Output:
    """The number of the input's axes; no value of it is read."""
    return Output((), value=np.array(len(node.shape()), np.int32))


@operator("BroadcastArgs", category="other")
def broadcast_arguments(node: Node) -> Output:
    """The shape that two shapes broadcast to."""
    after = broadcast_shape(node, [needed(node, 0), needed(node, 1)])
    return Output((len(after),), value=np.array(after, np.int32))


@operator("BroadcastGradientArgs", category="other")
def broadcast_gradients(node: Node) -> list[Output]:
    """The axes along which each of two shapes is repeated when they are broadcast."""
    shapes = [needed(node, i) for i in range(2)]
    rank = max(map(len, shapes))
    wide = [(1,) * (rank - len(s)) + s for s in shapes]
    outputs = []
    for shape, other in (wide, wide[::-1]):
        axes = [i for i in range(rank) if shape[i] == 1 and (other[i] != 1 or shape == other)]
        outputs.append(Output((len(axes),), value=np.array(axes, np.int32)))
    return outputs


@operator("ConcatOffset", category="other")
def offsets(node: Node) -> list[Output]:
    """The positions where the parts of a concatenation begin."""
    axis = needed_number(node, 0)
    shapes = [needed(node, i) for i in range(1, len(node.inputs))]
    outputs, start = [], 0
    for shape in shapes:
        axis = node.count_axis(axis, len(shape))
        first = np.zeros(len(shape), np.int32)
        first[axis] = start
        outputs.append(Output((len(shape),), value=first))
        start += shape[axis]
    return outputs


@operator("ZerosLike", "OnesLike", category="other", asks_shape_only=True)
def like(node: Node) -> Output:
    """A constant of the input's shape; no value of the input is read."""
    shape, kind = node.shape(), dtype(node.attribute("T", 1))
    if kind in (None, "bfloat16"):
        return Output(shape)
    number = np.array(node.op == "OnesLike").astype(kind)
    return Output(shape, value=np.broadcast_to(number, shape))


@operator("Fill", category="other")
def fill(node: Node) -> Output:
    """Every element depends on the one number that input 1 is."""
    after = needed(node, 0)
    return Output(after, [Edge(1, broadcast(node.shape(1), after))] if node.depends(1) else [])


@operator("Empty", "NonDeterministicInts", category="other")
def empty(node: Node) -> Output:
    """A tensor of that shape that depends on nothing."""
    return Output(needed(node, 0))


@operator("Range", category="other")
def arrange(node: Node) -> Output:
    """Numbers from input 0 up to input 1, in steps of input 2, all of them known."""
    return arranged(node)


@operator("LinSpace", category="other")
def linear_space(node: Node) -> Output:
    """Evenly spaced numbers from input 0 to input 1; each but the ends depends on both."""
    count = needed_number(node, 2)
    edges = []
    for i, other_end in ((0, count - 1 if count > 1 else -1), (1, 0)):
        if node.depends(i):
            seen = [-1 if at == other_end else at for at in range(count)]
            edges.append(Edge(i, broadcast((), (count,)) + pick(0, count, seen)))
    return Output((count,), edges)


@operator(
    "HostConst", "ImmutableConst", "FakeParam", "InfeedDequeue", "TemporaryVariable",
    category="other",
)  # fmt: skip
def declared(node: Node) -> Output:
    """A tensor that depends on nothing, of a shape that is declared."""
    shape = node.attribute("shape")
    if shape is None or -1 in shape:
        raise DataDependent(f"the shape of {node.op} {node.name} is not declared")
    return Output(shape)


@operator(
    "DeviceIndex", "GetDeadline", "GlobalIterId", "GraphDefVersion", "IsTensorFloat32Enabled",
    "StatelessRandomGetAlg", "Timestamp",
    category="other",
)  # fmt: skip
def a_number(node: Node) -> Output:
    """A number that depends on nothing."""
    return Output(())


@operator("StatelessRandomGetKeyCounter", "StatelessRandomGetKeyCounterAlg", category="other")
def random_key(node: Node) -> list[Output]:
    """The key, the counter and the algorithm of a random generator."""
    return [Output((1,)), Output((2,)), Output(())]


@operator(
    "RandomStandardNormal", "RandomUniform", "RandomUniformInt", "RiscRandomUniform",
    "StatelessRandomNormal", "StatelessRandomNormalV2", "StatelessRandomUniform",
    "StatelessRandomUniformFullInt", "StatelessRandomUniformFullIntV2",
    "StatelessRandomUniformInt", "StatelessRandomUniformIntV2", "StatelessRandomUniformV2",
    "StatelessTruncatedNormal", "StatelessTruncatedNormalV2", "TruncatedNormal",
    category="other",
)  # fmt: skip
def random(node: Node) -> Output:
    """Random numbers of the shape that input 0 holds."""
    return Output(needed(node, 0))


@operator("StatefulStandardNormal", category="other")
def stateful_random(node: Node) -> Output:
    """Random numbers of the shape that input 1 holds."""
    return Output(needed(node, 1))


@operator(
    "StatefulStandardNormalV2", "StatefulTruncatedNormal", "StatefulUniform",
    "StatefulUniformFullInt", "StatefulUniformInt",
    category="other",
)  # fmt: skip
def stateful_random_by(node: Node) -> Output:
    """Random numbers of the shape that input 2 holds."""
    return Output(needed(node, 2))


def _by_parameters(node: Node, after: Shape, parameters: tuple[int, ...]) -> Output:
    """Random numbers, each drawn by parameters that broadcast to its place."""
    edges = [Edge(i, broadcast(node.shape(i), after)) for i in parameters if node.depends(i)]
    return Output(after, edges)


@operator("RandomGamma", "RandomPoisson", "RandomPoissonV2", category="other")
def random_by_rates(node: Node) -> Output:
    """So many draws for each rate in input 1."""
    return _by_parameters(node, (*needed(node, 0), *node.shape(1)), (1,))


@operator("StatelessRandomGammaV2", "StatelessRandomPoisson", category="other")
def stateless_by_rates(node: Node) -> Output:
    """Each draw depends on its rate in input 2."""
    return _by_parameters(node, needed(node, 0), (2,))


@operator("StatelessRandomGammaV3", category="other")
def stateless_gamma(node: Node) -> Output:
    """Each draw depends on its rate in input 4."""
    return _by_parameters(node, needed(node, 0), (4,))


@operator("StatelessRandomBinomial", category="other")
def stateless_binomial(node: Node) -> Output:
    """Each draw depends on its count and probability in inputs 2 and 3."""
    return _by_parameters(node, needed(node, 0), (2, 3))


@operator("StatefulRandomBinomial", category="other")
def stateful_binomial(node: Node) -> Output:
    """Each draw depends on its count and probability in inputs 3 and 4."""
    return _by_parameters(node, needed(node, 2), (3, 4))


@operator("Multinomial", "StatelessMultinomial", category="other")
def multinomial(node: Node) -> Output:
    """Each draw depends on all scores of its row."""
    (batch, classes), count = ranked(node, 0, 2), needed_number(node, 1)
    return Output((batch, count), [Edge(0, (Mix((1,), (classes,), (count,)),))])


@operator("RandomShuffle", "StatelessShuffle", category="layout")
def shuffle(node: Node) -> Output:
    """Rows in an order that is drawn: each may be any."""
    shape = node.shape()
    if not shape or shape[0] == 1:
        return Output(shape, SELF)
    return Output(shape, [Edge(0, (Mix((0,), shape[:1]),))])


@operator(
    "VarIsInitializedOp", "IsVariableInitialized", "ResourceInitializedOp", category="other"
)  # fmt: skip
def initialised(node: Node) -> Output:
    """True: a graph that is run has its variables."""
    return Output((), value=np.array(True))


@operator("ParameterizedTruncatedNormal", category="other")
def truncated_normal(node: Node) -> Output:
    """Each draw depends on its parameters, one number each or one for each of the batch."""
    after = needed(node, 0)
    edges = [Edge(i, everything(node.shape(i), after)) for i in range(1, 5) if node.depends(i)]
    why = f"the parameters of {node.op} {node.name} depend on the input" if edges else ""
    return Output(after, edges, why)


@operator("StatelessParameterizedTruncatedNormal", category="other")
def stateless_truncated_normal(node: Node) -> Output:
    """Each draw depends on its parameters, which broadcast to its place."""
    return _by_parameters(node, needed(node, 0), (2, 3, 4, 5))
