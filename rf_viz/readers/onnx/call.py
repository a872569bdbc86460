"""A model's graphs as plain Python: each node of a file as a call of an operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import onnx

from ...errors import ModelError
from ...trace.settings import settings_by_name
from ...trace.tensors import Setting
from ..reading.node import mistyped
from ..reading.operators import Operator
from ..reading.values import Value
from .constants import dense, initializer

Table = Mapping[tuple[str, str], Operator]
"""The entries of operators, by domain and name."""

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

_WHOLE = {
    onnx.AttributeProto.FLOAT: onnx.AttributeProto.INT,
    onnx.AttributeProto.FLOATS: onnx.AttributeProto.INTS,
}
"""The types of whole numbers that stand for numbers of any kind."""

_POSITIVE = ("dilations", "kernel_shape", "strides")
"""Attributes of which no operator takes a number below 1."""


_SETTINGS = {
    "num_heads": "heads",
    "q_num_heads": "heads",
    "kv_num_heads": "kv_heads",
    "is_causal": "causal",
    "unidirectional": "causal",
    "hidden_size": "units",
    "direction": "direction",
    "mode": "mode",
    "num_groups": "groups",
    "blocksize": "block",
    "size": "size",
    "axis": "axis",
    "perm": "order",
    "epsilon": "epsilon",
}
"""The settings that attributes hold, by the attribute; windows have theirs from the relation."""


def domain(name: str) -> str:
    """An operator domain under its one name."""
    return "" if name == "ai.onnx" else name


@lru_cache(maxsize=4096)
def _types(op: str, domain: str, opset: int) -> Mapping[str, int]:
    """The types of an operator's attributes, by the standard; none for another's operators."""
    if not onnx.defs.has(op, opset, domain):
        return {}
    attributes = onnx.defs.get_schema(op, opset, domain).attributes
    return {name: int(a.type.value) for name, a in attributes.items()}  # type: ignore[attr-defined]


class File:
    """The facts that all graphs of a model share.

    These are the folder with its side files, the operator versions by domain, and the table in
    which operators have their entries.
    """

    def __init__(self, model: onnx.ModelProto, folder: str | Path | None, table: Table) -> None:
        self.folder = None if folder is None else str(folder)
        self.opsets = {domain(o.domain): int(o.version) for o in model.opset_import}
        self.table = table


class Call:
    """A node as the file has it: an operator called on named tensors.

    ``opset`` is the version of the operator's domain that the model is written in. ``local`` says
    that it maps its one input element by element, as most of a network's operations do.
    """

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
        self.operator: Operator | None = file.table.get((self.domain, self.op))
        self._attributes: dict[str, Any] | None = None
        self.local: bool = (
            self.operator is not None
            and self.operator.elementwise
            and len(self.inputs) == 1 == len(self.outputs)
            and bool(self.outputs[0])
        )

    @property
    def opsets(self) -> Mapping[str, int]:
        """The versions of all domains that the model is written in."""
        return self._file.opsets

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes as Python values (strings decoded, lists as tuples, graphs read).

        Raises ModelError where one is of another type than its operator has it, and where a
        window's numbers are not positive, or no numbers.
        """
        if self._attributes is None:
            self._check_types()
            attributes = {a.name: self._attribute(a) for a in self.proto.attribute}
            for name in _POSITIVE:
                self._check_positive(name, attributes.get(name))
            self._attributes = attributes
        return self._attributes

    def _check_types(self) -> None:
        """Raises ModelError where an attribute is not of the type that the standard names."""
        types = _types(self.op, self.domain, self.opset)
        for attribute in self.proto.attribute:
            expected = types.get(attribute.name, attribute.type)
            # The oldest files leave the type out; whole numbers do for others.
            fits = (expected, onnx.AttributeProto.UNDEFINED, _WHOLE.get(expected, expected))
            if attribute.type not in fits:
                raise mistyped(self, attribute.name)

    def _check_positive(self, name: str, numbers: object) -> None:
        """Raises ModelError where an attribute holds other things than positive numbers."""
        if not numbers:
            return
        if not isinstance(numbers, tuple) or not all(isinstance(n, int) for n in numbers):
            raise ModelError(
                f"{self.op} {self.name!r} has {name} that are no list of whole numbers: "
                "the graph is invalid"
            )
        if not all(n > 0 for n in numbers):
            raise ModelError(
                f"{self.op} {self.name!r} has {name} of {list(numbers)}: they must be positive"
            )

    @property
    def settings(self) -> dict[str, Setting]:
        """The settings among the attributes, by their common names."""
        settings = settings_by_name(self.attributes, _SETTINGS)
        rule = self.attributes.get("auto_pad")
        if rule in ("SAME_UPPER", "SAME_LOWER"):
            settings["padding_rule"] = "same"
        elif self.attributes.get("ceil_mode"):
            settings["padding_rule"] = "ceil"
        return settings

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
        """The names that its subgraphs use, including their own."""
        for graph in self.graphs:
            yield from graph.outputs
            for call in graph.calls:
                yield from filter(None, call.inputs)
                yield from call.inner


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
        """Raises ModelError where two nodes make a tensor of one name."""
        names = {*self.inputs, *self.constants}
        for call in self.calls:
            for name in call.outputs:
                if name in names:
                    raise ModelError(
                        f"{call.op} {call.name!r} makes {name!r}, which already exists: "
                        "the graph is invalid"
                    )
                if name:
                    names.add(name)
