"""Relations: the inputs that each element of an operation's output depends on.

A relation is a tuple of steps, applied from input to output; the empty tuple is the identity. Every
step can be *pushed* (from input values to output values) and *pulled* (from output values back to
input values) over a semiring, which is all that the walks need:

    push:  out[o] = plus over the inputs i that o depends on of in[i]
    pull:  in[i]  = plus over the outputs o that depend on i of out[o]

A step answers every other question itself too (see ``Step``): nobody asks for its class.

Arrays have one axis for each tensor axis. An axis of length 1 means "the same all along this axis",
whatever the tensor's extent: that is what keeps the walks cheap.
"""

from __future__ import annotations

from .base import (
    FAR,
    IDENTITY,
    MAX,
    MIN,
    MOST_AXES,
    MOST_BYTES,
    OR,
    SUM,
    Array,
    AxisIndex,
    AxisMap,
    BaseStep,
    Edge,
    Effort,
    Factor,
    Labels,
    NoMap,
    Output,
    Pairs,
    Relation,
    Semiring,
    Shape,
    Step,
    Stretch,
    TooLargeError,
    blank,
    check_room,
    combine,
    pairs_of,
    pull,
    push,
    shape_after,
    shapes_along,
    slim,
    spread,
)
from .mixes import MaskedMix, Mix, Opaque
from .moves import Broadcast, Reshape, Transpose
from .selections import Elements, Only, Part, Scatter, Taps
from .windows import Scan, Slide, TransposedWindow, Window

__all__ = [
    "FAR",
    "IDENTITY",
    "MAX",
    "MIN",
    "MOST_AXES",
    "MOST_BYTES",
    "OR",
    "SUM",
    "Array",
    "AxisIndex",
    "AxisMap",
    "BaseStep",
    "Broadcast",
    "Edge",
    "Effort",
    "Elements",
    "Factor",
    "Labels",
    "MaskedMix",
    "Mix",
    "NoMap",
    "Only",
    "Opaque",
    "Output",
    "Pairs",
    "Part",
    "Relation",
    "Reshape",
    "Scan",
    "Scatter",
    "Semiring",
    "Shape",
    "Slide",
    "Step",
    "Stretch",
    "Taps",
    "TooLargeError",
    "Transpose",
    "TransposedWindow",
    "Window",
    "blank",
    "check_room",
    "combine",
    "pairs_of",
    "pull",
    "push",
    "shape_after",
    "shapes_along",
    "slim",
    "spread",
]
