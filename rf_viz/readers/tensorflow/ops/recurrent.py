"""Recurrent layers: a position sees all before it, or all after it where they run backwards."""

from __future__ import annotations

from ....errors import ModelError
from ....relation import Edge, Output, Part, Relation, Shape
from ....relation.common.basic import (
    broadcast,
    everything,
    reduce,
    reshape,
)
from ....relation.common.products import scan
from ...reading.values import DataDependent
from ..node import Node, operator
from .inputs import needed, needed_number, ranked


def _weights(node: Node, outputs: list[Output], numbers: tuple[int, ...]) -> list[Output]:
    """Weights that depend on the input reach everything."""
    dependent = [i for i in numbers if node.depends(i)]
    why = f"the weights of {node.op} {node.name} depend on the input"
    for output in {id(o): o for o in outputs if dependent}.values():  # some are the same one
        all_of_them = [Edge(i, everything(node.shape(i), output.shape)) for i in dependent]
        output.edges, output.assumed = [*output.edges, *all_of_them], why
    return outputs


def _row(shape: Shape, out: Shape) -> Relation:
    """All of a row of features reaches all of another."""
    one = (*shape[:-1], 1)
    return reduce(shape, (len(shape) - 1,), True) + broadcast(one, out)


@operator("LSTMBlockCell", category="attention, dense", multiplies=None)
def lstm_cell(node: Node) -> list[Output]:
    """One step: every element depends on all of its row of x and of the hidden state.

    A new state depends on its own cell state, too. Inputs: x, the cell's state and the hidden
    one, weights, peepholes, bias. Outputs: input gate, new cell state, forget gate, output gate,
    candidate, its tanh, hidden state.
    """
    x, state = (ranked(node, i, 2) for i in range(2))
    mixed = [Edge(0, _row(x, state)), Edge(2, _row(state, state))]
    peeks = bool(node.attribute("use_peephole"))
    gates = [e for e in mixed if node.depends(e.input)]
    with_cell = [*gates, Edge(1)] if node.depends(1) else gates
    early = Output(state, with_cell if peeks else gates)
    late = Output(state, with_cell)
    outputs = [early, late, early, late if peeks else Output(state, gates), Output(state, gates)]
    return _weights(node, [*outputs, late, late], (3, 4, 5, 6, 7))


@operator("GRUBlockCell", category="attention, dense", multiplies=None)
def gru_cell(node: Node) -> list[Output]:
    """One step: every element depends on all of its row of x and of the state.

    Inputs: x, the state, weights. Outputs: both gates, candidate, new state.
    """
    x, state = (ranked(node, i, 2) for i in range(2))
    mixed = [Edge(0, _row(x, state)), Edge(1, _row(state, state))]
    output = Output(state, [e for e in mixed if node.depends(e.input)])
    return _weights(node, [output] * 4, (2, 3, 4, 5))


@operator("BlockLSTM", "BlockLSTMV2", category="attention, dense", multiplies=None)
def block_lstm(node: Node) -> list[Output]:
    """All steps of ``LSTMBlockCell``: a position depends on those up to it and the first states.

    Input 0 is how many positions count, input 1 is (positions, batch, features).
    """
    shape, (batch, hidden) = ranked(node, 1, 3), ranked(node, 2, 2)
    length = shape[0]
    if needed_number(node, 0) < length:
        raise DataDependent(f"{node.op} {node.name} ends its sequences early")
    after = (length, batch, hidden)
    peeks = bool(node.attribute("use_peephole"))
    edges = []
    if node.depends(1):
        mixed = reduce(shape, (2,), True) + scan(0, length)
        edges.append(Edge(1, mixed + broadcast((length, batch, 1), after)))
    if node.depends(3):
        once = reduce((batch, hidden), (1,), True) + reshape((batch, 1), (1, batch, 1))
        edges.append(Edge(3, once + broadcast((1, batch, 1), after)))
    later = [*edges, *_from_cell(node, after, own=False)]
    own = [*edges, *_from_cell(node, after, own=True)]
    gate, state = Output(after, own if peeks else later), Output(after, own)
    outputs = [gate, state, gate, gate, Output(after, later), state, state]
    return _weights(node, outputs, (4, 5, 6, 7, 8))


def _from_cell(node: Node, after: Shape, own: bool) -> list[Edge]:
    """The relation from the first cell state, input 2.

    At the first position an element meets only its own, or none unless ``own``; one position later
    all of its row.
    """
    if not node.depends(2):
        return []
    length, batch, hidden = after
    edges = []
    if own:
        first = reshape((batch, hidden), (1, batch, hidden))
        edges.append(Edge(2, (*first, Part(0, 0, 1, length))))
    if length > 1:
        rest = (length - 1, batch, hidden)
        once = reduce((batch, hidden), (1,), True) + reshape((batch, 1), (1, batch, 1))
        spread = once + broadcast((1, batch, 1), rest)
        edges.append(Edge(2, (*spread, Part(0, 1, length - 1, length))))
    return edges


@operator(
    "CudnnRNN", "CudnnRNNV2", "CudnnRNNV3", category="attention, dense", multiplies=None
)  # fmt: skip
def cudnn(node: Node) -> list[Output]:
    """A position depends on those up to it, those from it on, or all, and on the first states.

    Inputs: x of (positions, batch, features), or (batch, positions, features); the first states
    of (layers and directions, batch, hidden), the other way round alike; weights; lengths.
    """
    shape, first = ranked(node, 0, 3), ranked(node, 1, 3)
    time_major = bool(node.attribute("time_major", True))
    time, batch = (0, 1) if time_major else (1, 0)
    both = node.attribute("direction", "unidirectional") == "bidirectional"
    if node.attribute("input_mode", "linear_input") != "linear_input":
        raise DataDependent(f"{node.op} {node.name} leaves out its first weights")
    if node.has(4) and set(needed(node, 4)) != {shape[time]}:
        raise DataDependent(f"{node.op} {node.name} ends its sequences early")
    stack, n, hidden = first if time_major else (first[1], first[0], first[2])
    directions = 2 if both else 1
    if n != shape[batch] or stack % directions:
        raise ModelError(f"{node.op} {node.name!r} has states of {list(first)} for {list(shape)}")
    width = hidden * directions
    after = (*shape[:2], width)
    single = (*shape[:2], 1)
    mixed = reduce(shape, (2,), True)
    every: list[Relation] = []
    if not both:
        every.append(mixed + scan(time, shape[time]) + broadcast(single, after))
    elif stack > 2:
        whole = reduce(single, (time,), True)
        one = tuple(1 if i == time else m for i, m in enumerate(single))
        every.append(mixed + whole + broadcast(one, after))
    else:
        half = (*shape[:2], hidden)
        for start, back in ((0, False), (hidden, True)):
            place = Part(2, start, hidden, width)
            every.append((*mixed, *scan(time, shape[time], back), *broadcast(single, half), place))
    edges = [Edge(0, r) for r in every] if node.depends(0) else []
    alone = tuple(1 if i != batch else n for i in range(3))
    line = reduce(shape, (time, 2), False) + reshape((n,), alone)
    last_edges = [Edge(0, line + broadcast(alone, first))] if node.depends(0) else []
    why = ""
    for i in (1, 2):
        if node.depends(i):
            why = f"the first states of {node.op} {node.name} depend on the input"
            state = reduce(first, tuple(a for a in range(3) if a != batch), False)
            state += reshape((n,), alone)
            edges.append(Edge(i, state + broadcast(alone, after)))
            last_edges.append(Edge(i, state + broadcast(alone, first)))
    last = Output(first, last_edges, why)
    outputs = _weights(node, [Output(after, edges, why), last, last], (3,))
    return [*outputs, Output(()), Output(())]
