"""The table of TensorFlow's ops, one module a family; importing it fills ``OPERATORS``.

To add an op, put a function that takes its ``Node`` into the module of its family, decorated with
``@operator``, the op's name or names, and all else that is known of it (see ``Operator``): its
category, what it multiplies, which inputs are weights. The function gets the shapes of the
inputs (``node.shape(0)``), values that shapes or constants make known (``node.ints(1)``, which
raises DataDependent where they are not), and attributes (``node.attribute("strides")``). It
returns an ``Output``, or a list of them: the shape, and one ``Edge`` for each input that it
depends on, with a relation from ``rf_viz.relation.common``; what the formats share is in
``reading.outputs`` and ``reading.picks``. Inputs for which ``node.depends(i)`` is false need no
edge. It raises ModelError where the node breaks its op's rules.

An op that graphs compute on shapes gets its NumPy counterpart in ``fold.COMPUTE`` too, and one
that the twin can follow a rule in ``runtimes.tensorflow.twin.rules``. What no relation describes
goes by name, with the reason, into ``opaque``.
"""

from __future__ import annotations

from ...reading.operators import Operator
from ..node import OPERATORS
from . import (
    blocks,
    control_flow,
    elementwise,
    fused,
    generate,
    linear,
    lists,
    matrices,
    moves,
    opaque,
    quantised,
    recurrent,
    reductions,
    resize,
    sampling,
    select,
    slicing,
    sources,
    stand_in,
    windows,
)

__all__ = [
    "OPERATORS",
    "blocks",
    "control_flow",
    "elementwise",
    "entry",
    "fused",
    "generate",
    "linear",
    "lists",
    "matrices",
    "moves",
    "opaque",
    "quantised",
    "recurrent",
    "reductions",
    "resize",
    "sampling",
    "select",
    "slicing",
    "sources",
    "stand_in",
    "windows",
]


def entry(op: str) -> Operator | None:
    """Return an op's entry, by its name or else by its family; None where it is not known."""
    return OPERATORS.get(op) or opaque.by_family(op)
