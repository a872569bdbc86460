"""A node of an ONNX graph, and the table of operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import onnx

from ..reading.node import BaseNode
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

OPERATORS: dict[tuple[str, str], Describe] = {}
"""The table of operators, by domain and name."""


def operator(*names: str, domain: str = "") -> Callable[[Describe], Describe]:
    """Enter a description into the table under one or more operator names."""

    def enter(describe: Describe) -> Describe:
        for name in names:
            OPERATORS[domain, name] = describe
        return describe

    return enter
