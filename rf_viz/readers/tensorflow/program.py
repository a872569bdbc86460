"""A flat graph as plain Python: read from the message once, walked at every trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from . import ops as _table  # noqa: F401  (fills OPERATORS)
from .node import OPERATORS, Describe, Value
from .ops.elementwise import unary

PLACEHOLDERS = ("Placeholder", "PlaceholderV2")
"""What a person feeds."""

VARIABLES = ("VarHandleOp", "Variable", "VariableV2")
"""What is known by its shape only."""

_COUNTS = ("num_split", "num")
"""Attributes that say how many outputs an operator has."""

_EFFECTS = (
    "Abort", "Assert", "Assign", "AudioSummary", "HistogramSummary", "ImageSummary", "MergeSummary",
    "NoOp", "PrintV2", "Restore", "Save", "ScalarSummary", "TensorSummary", "WriteFile",
)  # fmt: skip
"""How the names of operators begin that are run for their effect, not for what they return."""


class Call:
    """One node of the graph: an operator called on named tensors.

    Output 0 of node n is called n, output 1 n:1, and so on.
    """

    __slots__ = (
        "_attributes", "describe", "inputs", "local", "name", "op", "outputs", "proto",
    )  # fmt: skip

    inner: tuple[str, ...] = ()

    def __init__(self, proto: Any, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> None:  # noqa: ANN401
        self.proto = proto
        self.op: str = proto.op
        self.name: str = proto.name
        self.inputs, self.outputs = inputs, outputs
        self.describe: Describe | None = OPERATORS.get(self.op)
        self._attributes: dict[str, Any] | None = None
        self.local: bool = self.describe is unary and len(inputs) == 1 == len(outputs)

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes as Python values; see ``Node``."""
        if self._attributes is None:
            self._attributes = {name: python(value) for name, value in self.proto.attr.items()}
        return self._attributes


def python(value: Any) -> Any:  # noqa: ANN401
    """An AttrValue as a Python value."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    content = getattr(value, kind)
    if kind != "list":
        return _plain(kind, content)
    for field, items in content.ListFields():
        return tuple(_plain(field.name, item) for item in items)
    return ()


def _plain(kind: str, content: Any) -> Any:  # noqa: ANN401
    if kind == "s":
        return content.decode("utf-8", "replace")
    if kind == "shape":
        return dims(content)
    return content.name if kind == "func" else content


def dims(shape: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    """A TensorShapeProto as a tuple, -1 along axes of any size; None for any rank."""
    return None if shape.unknown_rank else tuple([d.size for d in shape.dim])


def tensor_name(reference: str) -> str:
    """The tensor that a node's input refers to; empty for a mere order of execution."""
    if reference[0] == "^":
        return ""
    return reference[:-2] if reference.endswith(":0") else reference


class Program:
    """What a graph computes from its placeholders.

    ``placeholders`` are their nodes, ``variables`` the names of what has no values here. What leads to no output of theirs (initialisers, savers) and
    what is run for its effect only is left out. ``work_out`` reads calls, adding to the values it
    is given.
    """

    def __init__(
        self,
        graph_def: Any,  # noqa: ANN401
        bound: Callable[[Any], Value | None],
        work_out: Callable[[Iterable[Call], dict[str, Value]], None],
    ) -> None:
        self._work_out = work_out
        inputs: dict[str, tuple[str, ...]] = {}
        last: dict[str, int] = {}
        depends: set[str] = set()
        fed: dict[str, Any] = {}
        self._bound: dict[str, Value] = {}
        nodes = list(graph_def.node)
        for node in nodes:
            name, op = node.name, node.op
            if op in PLACEHOLDERS:
                value = bound(node)
                if value is None:
                    fed[name] = node
                    depends.add(name)
                else:
                    self._bound[name] = value
            if op.startswith(_EFFECTS):
                continue
            mine = []
            for reference in node.input:
                tensor = tensor_name(reference)
                if tensor:
                    mine.append(tensor)
                    maker, _, number = tensor.partition(":")
                    if number:
                        last[maker] = max(last.get(maker, 0), int(number))
                    if maker in depends:
                        depends.add(name)
            inputs[name] = tuple(mine)
        needed = self._needed(inputs, depends)
        self._calls: list[Call] = []
        self._fixed: list[Call] = []
        for node in nodes:
            name = node.name
            if name not in needed or name in fed or name in self._bound:
                continue
            count = last.get(name, 0) + 1
            count = max([count, *(node.attr[a].i for a in _COUNTS if a in node.attr)])
            outputs = (name, *(f"{name}:{i}" for i in range(1, count)))
            call = Call(node, inputs[name], outputs)
            (self._calls if name in depends else self._fixed).append(call)
        self.variables = [call.name for call in self._fixed if call.op in VARIABLES]
        used = {tensor for call in self._calls for tensor in call.inputs}
        self.placeholders = {name: node for name, node in fed.items() if name in used}

    @staticmethod
    def _needed(inputs: Mapping[str, tuple[str, ...]], depends: set[str]) -> set[str]:
        """The nodes from which those that depend on an input are computed, these among them."""
        needed: set[str] = set()
        todo = [name for name in depends if name in inputs]
        while todo:
            name = todo.pop()
            if name not in needed:
                needed.add(name)
                todo.extend(tensor.partition(":")[0] for tensor in inputs.get(name, ()))
        return needed

    @cached_property
    def constants(self) -> Mapping[str, Value]:
        """Everything that does not depend on any input, nor on its shape, by name."""
        values = dict(self._bound)
        self._work_out(self._fixed, values)
        return values

    @property
    def calls(self) -> list[Call]:
        """The calls that depend on an input."""
        return self._calls
