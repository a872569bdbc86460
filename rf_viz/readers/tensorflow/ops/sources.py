"""Ops that values come from: constants, variables, and what a person feeds."""

from __future__ import annotations

from ...reading.values import Value
from ..node import Node, operator
from ..protobuf.tensors import constant


@operator("Const")
def const(node: Node) -> Value:
    return constant(node.attribute("value"))


@operator("VarHandleOp", "Variable", "VariableV2")
def variable(node: Node) -> Value:
    """A variable, or the handle of one: known by its shape only."""
    shape = node.attribute("shape")
    return Value(None if shape is None or -1 in shape else shape)


@operator("ReadVariableOp")
def read(node: Node) -> Value:
    given = node.inputs[0]
    assert given is not None
    return given


@operator("Placeholder", "PlaceholderV2")
def placeholder(node: Node) -> Value:
    """One that nothing is fed to."""
    shape = node.attribute("shape")
    return Value(None if shape is None or -1 in shape else shape)
