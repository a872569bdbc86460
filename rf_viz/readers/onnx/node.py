"""A node of an ONNX graph, and the table of operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, Unpack

import onnx

from ..reading.node import BaseNode
from ..reading.operators import Describe, Facts, Operator
from .call import Call


class Node(BaseNode[Call]):
    """One node of an ONNX graph."""

    __slots__ = ()

    @property
    def opset(self) -> int:
        """The version of the operator's domain that the model is written in."""
        return self.call.opset

    @property
    def proto(self) -> onnx.NodeProto:
        """The node's message."""
        return self.call.proto


D = TypeVar("D", bound=Describe)

MICROSOFT = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""

ATEN = "aten"
"""The domain of PyTorch's own operators, those that have no counterpart in ONNX."""

OPERATORS: dict[tuple[str, str], Operator] = {}
"""The table of operators, by domain and name."""


def operator(
    *names: str,
    domain: str = "",
    **facts: Unpack[Facts],
) -> Callable[[D], D]:
    """Enter a description into the table under one or more operator names.

    ``facts`` are the other facts of its entry (see ``Operator``).
    """

    def enter(describe: D) -> D:
        entry = Operator(describe, **facts)
        for name in names:
            OPERATORS[domain, name] = entry
        return describe

    return enter
