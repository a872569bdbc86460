"""Kinds of operators, told by their names in any framework, each with its colour."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

CATEGORIES: Mapping[str, str] = {
    "convolution": "#0072b2",
    "pooling": "#56b4e9",
    "resize": "#009e73",
    "join": "#e69f00",
    "attention, dense": "#d55e00",
    "normalisation": "#cc79a7",
    "activation": "#999999",
    "layout": "#c9b40f",
    "other": "#666666",
}
"""The colour of each kind: those of Okabe and Ito, which colour-blind people can tell apart."""

_WORDS: tuple[tuple[str, str], ...] = (
    ("pooling", r"pool|reducemean|reducemax|^mean$|^max$"),
    ("convolution", r"conv"),
    ("resize", r"resize|upsampl|interpol"),
    ("normalisation", r"norm|lrn"),
    (
        "attention, dense",
        r"matmul|gemm|dense|attention|einsum|softmax|lstm|gru|rnn|fullyconnected|fft|embedding",
    ),
    (
        "layout",
        r"reshape|transpose|permut|flatten|squeeze|expanddims|pad|slice|split|gather|shuffle|tile"
        r"|space|depthto|batchnd|crop|unpack|reverse|expand|identity|cast|shape",
    ),
    (
        "activation",
        r"relu|sigmoid|swish|silu|tanh|elu|gelu|mish|clip|activation|softplus|softsign|erf|sqrt"
        r"|exp|dropout|minimum|maximum|rescaling",
    ),
    ("join", r"concat|^add|^sub|^mul|^sum$|^div|realdiv|multiply|average|merge|pack"),
)


@lru_cache(maxsize=4096)
def category(operator: str) -> str:
    """The kind of an operator ("Conv", "DepthwiseConv2dNative") or of a framework's layer."""
    name = operator.lower().replace("_", "")
    return next((category for category, words in _WORDS if re.search(words, name)), "other")
