"""Recurrent layers: a position sees all before it, or all after it where they run backwards."""

from __future__ import annotations

from ....relation import Edge, Output, Part, Relation, Shape
from ....relation.common.basic import (
    broadcast,
    everything,
    reduce,
    reshape,
    transpose,
)
from ....relation.common.products import crop, scan
from ...reading.values import DataDependent
from ..node import Node, operator

_DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
"""Which ways a layer runs: whether each is backwards."""


@operator("RNN", "GRU", category="attention, dense", multiplies=None, weights=(1, 2, 3))
@operator("LSTM", category="attention, dense", multiplies=None, weights=(1, 2, 3, 7))
def recurrent(node: Node) -> list[Output]:
    """Each position sees all before it, or all after it in the other direction.

    Inputs: X, W, R, bias, lengths, first hidden state, first cell state, peepholes. Outputs:
    every hidden state (positions, directions, batch, hidden), the last one, and an LSTM's last
    cell state; with ``layout`` 1 the batch comes first.
    """
    batch_first = bool(node.attribute("layout", 0))
    shape = node.shape(axes=3)
    swap = transpose((1, 0, 2)) if batch_first else ()
    length, batch, width = (shape[1], shape[0], shape[2]) if batch_first else shape
    hidden = node.shape(2, axes=3)[2]
    directions = node.choice("direction", _DIRECTIONS, "forward")
    count = len(directions)
    _check_lengths(node, length)

    def one(position: int, shape: Shape, axis: int) -> Relation:
        """From one direction's states to its place among all directions'."""
        single = (*shape[:axis], 1, *shape[axis + 1 :])
        return () if count == 1 else (Part(axis, position, single[axis], count),)

    states, last = (length, count, batch, hidden), (count, batch, hidden)
    every: list[Edge] = []
    final: list[Edge] = []
    mixed = swap + reduce((length, batch, width), (2,), True)
    for i, reverse in enumerate(directions):
        column, wide = (length, 1, batch, 1), (length, 1, batch, hidden)
        every.append(
            Edge(
                0,
                mixed
                + scan(0, length, reverse)
                + reshape((length, batch, 1), column)
                + broadcast(column, wide)
                + one(i, states, 1),
            )
        )
        final.append(
            Edge(
                0,
                mixed
                + reduce((length, batch, 1), (0,), True)
                + broadcast((1, batch, 1), (1, batch, hidden))
                + one(i, last, 0),
            )
        )
    for number in (5, 6):
        if not node.has(number):
            continue
        start = transpose((1, 0, 2)) if batch_first else ()
        for i, reverse in enumerate(directions):
            state = start + crop(0, count, i, 1)
            early, late = _from_state(length, batch, hidden, reverse, cell=number == 6)
            every += [Edge(number, state + r + one(i, states, 1)) for r in early]
            final.append(Edge(number, state + late + one(i, last, 0)))
    if batch_first:
        turned, turned_last = transpose((2, 0, 1, 3)), transpose((1, 0, 2))
        every = [Edge(e.input, e.relation + turned) for e in every]
        final = [Edge(e.input, e.relation + turned_last) for e in final]
        states, last = (batch, length, count, hidden), (batch, count, hidden)
    outputs = [Output(states, every), Output(last, final), Output(last, final)]
    return [_with_parameters(node, output) for output in outputs]


def _from_state(
    length: int, batch: int, hidden: int, reverse: bool, cell: bool
) -> tuple[list[Relation], Relation]:
    """The relations from one direction's first state (1, batch, hidden) to all states and the last.

    A hidden state enters through a matrix, so that every later element sees all of it. A cell
    state's elements first only meet their own, and all others one position later.
    """
    state = (1, batch, hidden)
    mixed = reduce(state, (2,), True)
    row = (1, 1, batch, hidden)
    if not cell:
        everywhere = mixed + reshape((1, batch, 1), (1, 1, batch, 1))
        return [everywhere + broadcast((1, 1, batch, 1), (length, *row[1:]))], mixed + broadcast(
            (1, batch, 1), state
        )
    begin, rest = (length - 1, 0) if reverse else (0, 1)
    if length == 1:
        return [reshape(state, row)], ()
    own = (*reshape(state, row), Part(0, begin, 1, length))
    later = (
        mixed
        + reshape((1, batch, 1), (1, 1, batch, 1))
        + broadcast((1, 1, batch, 1), (length - 1, *row[1:]))
        + (Part(0, rest, length - 1, length),)
    )
    return [own, later], mixed + broadcast((1, batch, 1), state)


def _check_lengths(node: Node, length: int) -> None:
    """Sequences that end early are as good as unknown, unless all are of full length."""
    if not node.has(4):
        return
    lengths = node.ints(4)
    if lengths is None or any(n != length for n in lengths):
        raise DataDependent(f"{node.op} {node.name} ends its sequences early")


def _with_parameters(node: Node, output: Output) -> Output:
    """Weights that depend on the input reach everything."""
    dependent = [i for i in (1, 2, 3, 7) if node.depends(i)]
    if not dependent:
        return output
    edges = [*output.edges]
    edges += [Edge(i, everything(node.shape(i), output.shape)) for i in dependent]
    return Output(output.shape, edges, f"the weights of {node.op} {node.name} depend on the input")
