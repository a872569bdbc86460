"""Operators that no TensorFlow operation describes, each with the reason."""

from __future__ import annotations

from ....trace.tensors import Category
from ...reading.operators import Operator
from ...tensorflow.ops.opaque import opaque

_BOXES = "which boxes it keeps depends on the data"
_TABLE = "it looks up a table that is filled at run time"
_STATE = "it keeps a state between runs"
_VARIABLE = "it works on a variable that other operations change"
_STABLEHLO = "it is an operator of StableHLO, which files rarely keep"

OPAQUE: dict[str, str] = {}
"""Why operators are not described, by name."""

ENTRIES: dict[str, Operator] = {}
"""Their entries, by name."""


def _enter(why: str, *names: str, category: Category = "other") -> None:
    """Enter operators of these names that no relation describes, for this reason."""
    for name in names:
        OPAQUE[name] = why
        ENTRIES[name] = opaque(why, category)


_enter(_VARIABLE, "ASSIGN_VARIABLE", "READ_VARIABLE", "VAR_HANDLE")
_enter("it runs once before all others, for what it leaves behind", "CALL_ONCE")
_enter("LiteRT has no such operation any more", "CONCAT_EMBEDDINGS")
_enter("it is an operator of the file's own", "CUSTOM")
_enter("it stands for a part that was compiled", "DELEGATE")
_enter("how far it spreads its input is told by numbers that it may compute", "DILATE")
_enter("where it writes may depend on the data", "DYNAMIC_UPDATE_SLICE", category="layout")
_enter(
    "which rows it combines depends on the data",
    "EMBEDDING_LOOKUP_SPARSE",
    category="attention, dense",
)
_enter(
    _TABLE,
    "HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_LOOKUP", "HASHTABLE_SIZE",
)  # fmt: skip
_enter("it hashes its input", "LSH_PROJECTION")
_enter(_STATE, "LSTM", category="attention, dense")
_enter(_BOXES, "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5")
_enter("it stands for an operator that is not named", "PLACEHOLDER_FOR_GREATER_OP_CODES")
_enter(
    "its windows are told by numbers that it may compute", "REDUCE_WINDOW", category="pooling"
)  # fmt: skip
_enter("it works on text", "SKIP_GRAM")
_enter(_STABLEHLO, "STABLEHLO_CONVOLUTION", category="convolution")
_enter(_STABLEHLO, "STABLEHLO_DOT_GENERAL", category="attention, dense")
_enter(_STABLEHLO, "STABLEHLO_REDUCE", "STABLEHLO_REDUCE_WINDOW", category="pooling")
_enter(_STABLEHLO, "STABLEHLO_CONCATENATE", category="join")
_enter(_STABLEHLO, "STABLEHLO_CLAMP", category="activation")
_enter(
    _STABLEHLO,
    "STABLEHLO_BROADCAST_IN_DIM", "STABLEHLO_DYNAMIC_SLICE", "STABLEHLO_DYNAMIC_UPDATE_SLICE",
    "STABLEHLO_GATHER", "STABLEHLO_PAD", "STABLEHLO_RESHAPE", "STABLEHLO_SLICE",
    "STABLEHLO_TRANSPOSE",
    category="layout",
)  # fmt: skip
_enter(
    _STABLEHLO,
    "STABLEHLO_CASE", "STABLEHLO_COMPOSITE", "STABLEHLO_CUSTOM_CALL", "STABLEHLO_IOTA",
    "STABLEHLO_RNG_BIT_GENERATOR", "STABLEHLO_SCATTER", "STABLEHLO_SORT", "STABLEHLO_WHILE",
)  # fmt: skip
