"""Recurrent layers: a position sees all before it."""

from __future__ import annotations

import numpy as np

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
