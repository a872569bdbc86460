"""A node of an ONNX graph, and the table of operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import onnx

from ...trace.tensors import Category
from ..reading.node import BaseNode
from ..reading.operators import Operator, Weights
from ..reading.values import DataDependent, Outputs, Value

if TYPE_CHECKING:
    from .program import Call  # noqa: F401  (named as a string below)

__all__ = ["OPERATORS", "DataDependent", "Describe", "Node", "Outputs", "Value", "operator"]


class Node(BaseNode["Call"]):
    """One node of an ONNX graph."""

    __slots__ = ()

    @property
    def opset(self) -> int:
        """The version of the operator's domain that the model is written in."""
        return self.call.opset

    @property
    def proto(self) -> onnx.NodeProto:
        return self.call.proto


Describe = Callable[[Node], Outputs]

OPERATORS: dict[tuple[str, str], Operator] = {}
"""The table of operators, by domain and name."""


def operator(
    *names: str,
    domain: str = "",
    category: Category = "other",
    multiplies: bool | None = False,
    weights: Weights = (),
    elementwise: bool = False,
    asks_shape_only: bool = False,
    asks_types_only: bool = False,
) -> Callable[[Describe], Describe]:
    """Enter a description into the table under one or more operator names (see ``Operator``)."""

    def enter(describe: Describe) -> Describe:
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
