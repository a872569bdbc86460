"""Recurrent layers: a position sees all before it, or all after it where they run backwards."""

from __future__ import annotations

import numpy as np

from ....relation import Edge, Output, Part
from ....relation.common.basic import broadcast, reduce
from ....relation.common.products import scan
from ...reading.operators import Operator
from ...tensorflow.node import Node
from ...tensorflow.ops.inputs import ranked
from ...tensorflow.ops.opaque import opaque
from ..node import Site, operator
from ..tf_op import TfOp, number


def _recurrent(site: Site, weights: int, projection: int = -1) -> TfOp:
    """Each step of the sequence sees the steps up to it, whatever way it remembers them.

    ``weights`` and ``projection`` are the inputs whose rows count what comes out; the latter, if
    the operator has it, comes last.
    """
    time = 0 if site.option("timeMajor", False) else 1
    before = TfOp("Cumsum", (0, number(time)), {"exclusive": False, "reverse": False})
    rows, _ = site.shape(projection if site.has(projection) else weights, 2)
    _, features = site.shape(weights, 2)
    mixed = np.ones((features, rows), np.float32)
    return TfOp("BatchMatMulV2", (before, mixed), {"adj_x": False, "adj_y": False}, same=False)


@operator("UNIDIRECTIONAL_SEQUENCE_LSTM", like="BlockLSTM")
def lstm(site: Site) -> TfOp:
    """A long short-term memory, whose outputs may be projected."""
    return _recurrent(site, 4, projection=16)


@operator("UNIDIRECTIONAL_SEQUENCE_RNN", like="BlockLSTM")
def rnn(site: Site) -> TfOp:
    """A simple recurrent layer."""
    return _recurrent(site, 1)


def _mixed(rows: int, features: int) -> TfOp:
    """Each output of a run depends on all of the run's input; states come from runs before."""
    flat = TfOp("Reshape", (0, np.array([-1, features], np.int32)))
    return TfOp("MatMul", (flat, np.ones((features, rows), np.float32)), same=False)


@operator("SVDF", like="BlockLSTM")
def svdf(site: Site) -> TfOp:
    """Filters of rank ``rank`` over the features, then over time; the past is of earlier runs."""
    filters, features = site.shape(1, 2)
    rank = site.option("rank", 1)
    if rank < 1 or filters % rank:
        raise ValueError(f"it has {filters} filters of rank {rank}")
    return _mixed(filters // rank, features)


@operator("RNN", like="BlockLSTM")
def rnn_step(site: Site) -> TfOp:
    """One step of a simple recurrent layer, on the state that the run before left."""
    units, features = site.shape(1, 2)
    return _mixed(units, features)


def _both_ways(node: Node) -> list[Output]:
    """A layer that runs forwards, and one that runs backwards, side by side or joined."""
    shape = ranked(node, 0, 3)
    time, widths = node.attribute("time"), node.attribute("widths")
    before, total = (*shape[:2], 1), sum(widths)
    outputs = []
    for width, back in zip(widths, (False, True), strict=True):
        relation = reduce(shape, (2,), True) + scan(time, shape[time], back)
        relation += broadcast(before, (*shape[:2], width))
        outputs.append(Output((*shape[:2], width), [Edge(0, relation)]))
    if not node.attribute("merged"):
        return outputs
    forwards, backwards = (output.edges[0].relation for output in outputs)
    first, second = widths
    edges = [
        Edge(0, (*forwards, Part(2, 0, first, total))),
        Edge(0, (*backwards, Part(2, first, second, total))),
    ]
    return [Output((*shape[:2], total), edges)]


_BOTH = Operator(_both_ways, "attention, dense", multiplies=None)
_TWO_SEQUENCES = opaque("it runs over two sequences at once", "attention, dense")


def _bidirectional(
    site: Site, weights: tuple[int, int], projections: tuple[int, int], aux: int
) -> TfOp:
    """Both layers; ``weights`` and ``projections`` are inputs whose rows count what comes out."""
    attributes = {
        "time": 0 if site.option("timeMajor", False) else 1,
        "widths": tuple(
            site.shape(p if site.has(p) else w, 2)[0]
            for w, p in zip(weights, projections, strict=True)
        ),
        "merged": bool(site.option("mergeOutputs", False)),
    }
    if site.has(aux):
        return TfOp("Bidirectional", (0, aux), attributes, False, _TWO_SEQUENCES)
    return TfOp("Bidirectional", (0,), attributes, False, _BOTH)


@operator("BIDIRECTIONAL_SEQUENCE_LSTM", like="BlockLSTM")
def lstm_both_ways(site: Site) -> TfOp:
    """Long short-term memories in both directions, whose outputs may be projected."""
    return _bidirectional(site, (4, 21), (16, 33), 39)


@operator("BIDIRECTIONAL_SEQUENCE_RNN", like="BlockLSTM")
def rnn_both_ways(site: Site) -> TfOp:
    """Simple recurrent layers in both directions."""
    return _bidirectional(site, (1, 5), (-1, -1), 9)
