"""Ops that values come from: constants, variables and placeholders."""

from __future__ import annotations

from ....runtimes.tensorflow.graph_names import PLACEHOLDERS, VARIABLES
from ...reading.values import Value
from ..node import Node, operator
from ..protobuf.tensors import constant
from .inputs import tensor


@operator("Const", category="other")
def const(node: Node) -> Value:
    """A constant, decoded when its values are first needed."""
    return constant(node.attribute("value"))


@operator(*VARIABLES, category="other")
def variable(node: Node) -> Value:
    """A variable, or the handle of one: known by its shape only."""
    shape = node.attribute("shape")
    return Value(None if shape is None or -1 in shape else shape)


@operator("ReadVariableOp", category="other")
def read(node: Node) -> Value:
    """A variable's value, which its handle holds."""
    return tensor(node, 0)


@operator(*PLACEHOLDERS, category="other")
def placeholder(node: Node) -> Value:
    """A placeholder that nothing is fed to: known by its shape only."""
    shape = node.attribute("shape")
    return Value(None if shape is None or -1 in shape else shape)


@operator(
    "AnonymousHashTable", "AnonymousMutableHashTable", "HashTable", "HashTableV2",
    "MutableHashTable", "MutableHashTableV2",
    category="other",
)  # fmt: skip
def table(_: Node) -> Value:
    """The handle of a table from single keys to single values."""
    return Value(())
