"""Operators that make tensors from shapes and constants, and tell shapes; random numbers."""

from __future__ import annotations

from ..node import enter_renamed

enter_renamed({
    "BROADCAST_ARGS": "BroadcastArgs", "FILL": "Fill", "MULTINOMIAL": "Multinomial",
    "RANDOM_STANDARD_NORMAL": "RandomStandardNormal", "RANDOM_UNIFORM": "RandomUniform",
    "RANGE": "Range", "RANK": "Rank", "SHAPE": "Shape", "ZEROS_LIKE": "ZerosLike",
})  # fmt: skip
