"""Operators that no TensorFlow operation describes, each with the reason."""

from __future__ import annotations

_BOTH_WAYS = "it runs over its sequence both ways"
_BOXES = "which boxes it keeps depends on the data"
_BRANCHES = "its branches are graphs of their own"
_TABLE = "it looks up a table that is filled at run time"
_STATE = "it keeps a state between runs"
_VARIABLE = "it works on a variable that other operations change"
_STABLEHLO = "it is an operator of StableHLO, which files rarely keep"

OPAQUE: dict[str, str] = {
    "ASSIGN_VARIABLE": _VARIABLE,
    "BIDIRECTIONAL_SEQUENCE_LSTM": _BOTH_WAYS,
    "BIDIRECTIONAL_SEQUENCE_RNN": _BOTH_WAYS,
    "CALL": _BRANCHES,
    "CALL_ONCE": _BRANCHES,
    "CONCAT_EMBEDDINGS": "LiteRT has no such operation any more",
    "CUSTOM": "it is an operator of the file's own",
    "DELEGATE": "it stands for a part that was compiled",
    "DILATE": "how far it spreads its input is told by numbers that it may compute",
    "DYNAMIC_UPDATE_SLICE": "where it writes may depend on the data",
    "EMBEDDING_LOOKUP_SPARSE": "which rows it combines depends on the data",
    "HASHTABLE": _TABLE,
    "HASHTABLE_FIND": _TABLE,
    "HASHTABLE_IMPORT": _TABLE,
    "HASHTABLE_LOOKUP": _TABLE,
    "HASHTABLE_SIZE": _TABLE,
    "IF": _BRANCHES,
    "LSH_PROJECTION": "it hashes its input",
    "LSTM": _STATE,
    "NON_MAX_SUPPRESSION_V4": _BOXES,
    "NON_MAX_SUPPRESSION_V5": _BOXES,
    "PLACEHOLDER_FOR_GREATER_OP_CODES": "it stands for an operator that is not named",
    "READ_VARIABLE": _VARIABLE,
    "REDUCE_WINDOW": "its windows are told by numbers that it may compute",
    "RNN": _STATE,
    "SKIP_GRAM": "it works on text",
    "SVDF": _STATE,
    "VAR_HANDLE": _VARIABLE,
    "WHILE": "how often it repeats its graph depends on the data",
    **{
        f"STABLEHLO_{op}": _STABLEHLO
        for op in (
            "BROADCAST_IN_DIM", "CASE", "CLAMP", "COMPOSITE", "CONCATENATE", "CONVOLUTION",
            "CUSTOM_CALL", "DOT_GENERAL", "DYNAMIC_SLICE", "DYNAMIC_UPDATE_SLICE", "GATHER",
            "IOTA", "PAD", "REDUCE", "REDUCE_WINDOW", "RESHAPE", "RNG_BIT_GENERATOR", "SCATTER",
            "SLICE", "SORT", "TRANSPOSE", "WHILE",
        )
    },
}  # fmt: skip
