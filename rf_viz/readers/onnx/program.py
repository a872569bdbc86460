"""A model's graph as plain Python: read from the file once, walked at every trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import onnx

from ...errors import ModelError
from ..reading.operators import Operator
from . import ops as _table  # noqa: F401  (fills OPERATORS)
from .fold import dense, initializer
from .node import OPERATORS, Value

_ATTRIBUTE: dict[int, Callable[[Any], Any]] = {
    onnx.AttributeProto.INT: lambda a: a.i,
    onnx.AttributeProto.INTS: lambda a: tuple(a.ints),
    onnx.AttributeProto.FLOAT: lambda a: a.f,
    onnx.AttributeProto.FLOATS: lambda a: tuple(a.floats),
    onnx.AttributeProto.STRING: lambda a: a.s.decode("utf-8", "replace"),
    onnx.AttributeProto.STRINGS: lambda a: tuple(s.decode("utf-8", "replace") for s in a.strings),
    onnx.AttributeProto.TENSOR: lambda a: a.t,
    onnx.AttributeProto.SPARSE_TENSOR: lambda a: a.sparse_tensor,
}

_POSITIVE = ("dilations", "kernel_shape", "strides")
"""Attributes of which no operator takes a number below 1."""


class Call:
    """One node as the file has it: an operator called on named tensors."""

    __slots__ = (
        "_attributes", "_file", "domain", "inputs", "local", "name", "op", "operator", "opset",
        "outputs", "proto",
    )  # fmt: skip

    def __init__(self, proto: onnx.NodeProto, file: File) -> None:
        self.proto, self._file = proto, file
        self.op: str = proto.op_type
        self.domain = domain(proto.domain)
        self.inputs: tuple[str, ...] = tuple(proto.input)
        self.outputs: tuple[str, ...] = tuple(proto.output)
        self.name: str = proto.name or next(filter(None, self.outputs), self.op)
        self.opset = file.opsets.get(self.domain, 1)
        self.operator: Operator | None = OPERATORS.get((self.domain, self.op))
        self._attributes: dict[str, Any] | None = None
        self.local: bool = (
            self.operator is not None
            and self.operator.elementwise
            and len(self.inputs) == 1 == len(self.outputs)
            and bool(self.outputs[0])
        )
        """Whether it maps its one input element by element: most of a network's operations do."""

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes as Python values (strings decoded, lists as tuples, graphs read)."""
        if self._attributes is None:
            self._attributes = {a.name: self._attribute(a) for a in self.proto.attribute}
            for name in _POSITIVE:
                if not all(n > 0 for n in self._attributes.get(name) or ()):
                    raise ModelError(
                        f"{self.op} {self.name!r} has {name} of "
                        f"{list(self._attributes[name])}: they must be positive"
                    )
        return self._attributes

    def _attribute(self, attribute: onnx.AttributeProto) -> Any:  # noqa: ANN401
        if attribute.type == onnx.AttributeProto.GRAPH:
            return Graph(attribute.g, self._file)
        convert = _ATTRIBUTE.get(attribute.type)
        return None if convert is None else convert(attribute)

    @property
    def graphs(self) -> list[Graph]:
        """The subgraphs that the node carries."""
        if not any(a.type == onnx.AttributeProto.GRAPH for a in self.proto.attribute):
            return []
        return [v for v in self.attributes.values() if isinstance(v, Graph)]

    @property
    def inner(self) -> Iterator[str]:
        """The names that its subgraphs use, their own among them."""
        for graph in self.graphs:
            yield from graph.outputs
            for call in graph.calls:
                yield from filter(None, call.inputs)
                yield from call.inner


class File:
    """What all graphs of a model share: where its side files lie, its operator versions."""

    def __init__(self, model: onnx.ModelProto, folder: str | Path | None) -> None:
        self.folder = None if folder is None else str(folder)
        self.opsets = {domain(o.domain): int(o.version) for o in model.opset_import}


class Graph:
    """The inputs, constants and calls of a graph or subgraph, in the file's order."""

    def __init__(self, proto: onnx.GraphProto, file: File) -> None:
        self.outputs: tuple[str, ...] = tuple(o.name for o in proto.output)
        self.constants: dict[str, Value] = {
            t.name: initializer(t, file.folder) for t in proto.initializer
        }
        for sparse in proto.sparse_initializer:
            self.constants[sparse.values.name] = Value(
                tuple(sparse.dims), get=partial(dense, sparse)
            )
        self.inputs: tuple[str, ...] = tuple(
            i.name for i in proto.input if i.name not in self.constants
        )
        self.calls = [Call(node, file) for node in proto.node]
        self._check()

    def _check(self) -> None:
        made = {*self.inputs, *self.constants}
        for call in self.calls:
            for name in call.outputs:
                if name in made:
                    raise ModelError(
                        f"{call.op} {call.name!r} makes {name!r}, which already exists: "
                        "the graph is invalid"
                    )
                if name:
                    made.add(name)


class Program:
    """A model's main graph, and of that what no input reaches, worked out once.

    ``work_out`` reads calls, adding to the values it is given.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        folder: str | Path | None,
        work_out: Callable[[Iterable[Call], dict[str, Value]], None],
    ) -> None:
        self.proto = model
        self.graph = Graph(model.graph, File(model, folder))
        self._work_out = work_out

    @cached_property
    def _split(self) -> tuple[dict[str, Value], list[Call]]:
        values = dict(self.graph.constants)
        known = {"", *values}
        fixed: list[Call] = []
        calls: list[Call] = []
        for call in self.graph.calls:
            if call.operator is not None and known.issuperset(call.inputs) and not call.graphs:
                known.update(call.outputs)
                fixed.append(call)
            else:
                calls.append(call)
        self._work_out(fixed, values)
        return values, calls

    @property
    def constants(self) -> Mapping[str, Value]:
        """Everything that does not depend on any input, nor on its shape, by name."""
        return self._split[0]

    @property
    def calls(self) -> list[Call]:
        """The calls that are left."""
        return self._split[1]


def domain(name: str) -> str:
    """An operator domain under its one name."""
    return "" if name == "ai.onnx" else name
