"""A node of an ONNX graph, and the table of operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import onnx

from ...trace.tensors import Category
from ..reading.node import BaseNode
from ..reading.operators import Describe, Operator, Weights
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

OPERATORS: dict[tuple[str, str], Operator] = {}
"""The table of operators, by domain and name."""


def operator(
    *names: str,
    domain: str = "",
    category: Category,
    multiplies: bool | None = False,
    weights: Weights = (),
    elementwise: bool = False,
    asks_shape_only: bool = False,
    asks_types_only: bool = False,
) -> Callable[[D], D]:
    """Enter a description into the table under one or more operator names (see ``Operator``)."""

    def enter(describe: D) -> D:
        entry = Operator(
            describe,
            category,
            multiplies,
            weights,
            elementwise,
            asks_shape_only,
            asks_types_only,
        )
        for name in names:
            OPERATORS[domain, name] = entry
        return describe

    return enter
