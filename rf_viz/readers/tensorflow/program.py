"""A flat graph as plain Python: read from the message once, walked at every trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from ...runtimes.tensorflow.graph_names import PLACEHOLDERS, VARIABLES
from ..reading.operators import Operator
from . import ops as _table  # noqa: F401  (fills OPERATORS)
from .node import OPERATORS, Value
from .ops.opaque import by_family
from .protobuf.flatten import Body, written_out
from .protobuf.wiring import Wiring


class Call:
    """One node of the graph: an operator called on named tensors.

    Output 0 of node n is called n, output 1 n:1, and so on.
    """

    __slots__ = (
        "_attributes", "_library", "inputs", "local", "name", "op", "operator", "outputs", "proto",
    )  # fmt: skip

    inner: tuple[str, ...] = ()
    graphs: tuple[Any, ...] = ()

    def __init__(
        self,
        proto: Any,  # noqa: ANN401
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        library: Library,
    ) -> None:
        self.proto, self._library = proto, library
        self.op: str = proto.op
        self.name: str = proto.name
        self.inputs, self.outputs = inputs, outputs
        self.operator: Operator | None = OPERATORS.get(self.op) or by_family(self.op)
        self._attributes: Attributes | None = None
        self.local: bool = (
            self.operator is not None
            and self.operator.elementwise
            and len(inputs) == 1 == len(outputs)
        )

    @property
    def attributes(self) -> Attributes:
        if self._attributes is None:
            self._attributes = Attributes(self.proto.attr)
        return self._attributes

    def body(self, attribute: str) -> Function:
        """The function that an attribute names. Raises ModelError."""
        return self._library.body(self.attributes.get(attribute, ""))


class Attributes(Mapping[str, Any]):
    """A node's attributes as Python values (see ``Node``), each read when it is first asked for."""

    __slots__ = ("_attributes", "_read")

    def __init__(self, attributes: Any) -> None:  # noqa: ANN401
        self._attributes = attributes
        self._read: dict[str, Any] = {}

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        if name in self._read:
            return self._read[name]
        if name not in self._attributes:
            return default
        value = self._read[name] = python(self._attributes[name])
        return value

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401
        if name not in self._attributes:
            raise KeyError(name)
        return self.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __len__(self) -> int:
        return len(self._attributes)


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


def declared_shape(node: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    """What a node's attribute says of its shape, as ``dims``; None also where it says nothing."""
    return dims(node.attr["shape"].shape) if "shape" in node.attr else None


class Function:
    """A function's body, as the subgraph of a loop; it sees nothing of the graph around."""

    def __init__(self, body: Body, library: Library) -> None:
        self.inputs, self.outputs = body.arguments, body.results
        self.constants: dict[str, Value] = {}
        wiring = Wiring(body.nodes, body.arguments)
        self.calls = [
            Call(wiring.nodes[n], wiring.inputs[n], wiring.outputs(n), library)
            for n in wiring.order
        ]


class Library:
    """The functions of a graph, each written out when it is first asked for."""

    def __init__(self, functions: Iterable[Any]) -> None:
        self._functions = {f.signature.name: f for f in functions}
        self._bodies: dict[str, Function] = {}

    def body(self, name: str) -> Function:
        if name not in self._bodies:
            self._bodies[name] = Function(written_out(self._functions, name), self)
        return self._bodies[name]


class Program:
    """What a graph computes from its placeholders.

    ``graph_def`` is its message, ``placeholders`` are their nodes, ``nodes`` all that are read, and
    ``variables`` the names of what has no values here. What leads to no output of theirs
    (initialisers, savers) and what is run for its effect only is left out. ``bound`` says what a
    placeholder holds that no person feeds.
    ``work_out`` reads calls, adding to the values it is given.
    """

    def __init__(
        self,
        graph_def: Any,  # noqa: ANN401
        bound: Callable[[Any], Value | None],
        work_out: Callable[[Iterable[Call], dict[str, Value]], None],
    ) -> None:
        self.graph_def, self._work_out = graph_def, work_out
        wiring = Wiring(graph_def.node)
        library = Library(graph_def.library.function)
        self._bound: dict[str, Value] = {}
        depends: set[str] = set()
        fed: dict[str, Any] = {}
        for name in wiring.order:
            node = wiring.nodes[name]
            if node.op in PLACEHOLDERS:
                value = bound(node)
                if value is None:
                    fed[name] = node
                else:
                    self._bound[name] = value
            elif not depends.isdisjoint(wiring.sources[name]):
                depends.add(name)
                continue
            if name in fed:
                depends.add(name)
        needed = wiring.before(depends)
        self.nodes = [wiring.nodes[name] for name in wiring.order if name in needed]
        self.fixed: list[Call] = []
        """The calls that depend on no placeholder, in order."""
        self.calls: list[Call] = []
        """Those that do."""
        for name in wiring.order:
            if name not in needed or name in fed or name in self._bound:
                continue
            call = Call(wiring.nodes[name], wiring.inputs[name], wiring.outputs(name), library)
            (self.calls if name in depends else self.fixed).append(call)
        self.variables = [call.name for call in self.fixed if call.op in VARIABLES]
        self.standard = all(call.operator is not None for call in self.calls)
        """Whether all operators are TensorFlow's own."""
        used = {tensor for call in self.calls for tensor in call.inputs}
        self.placeholders = {name: node for name, node in fed.items() if name in used}

    @cached_property
    def constants(self) -> Mapping[str, Value]:
        """Everything that does not depend on any input, nor on its shape, by name."""
        values = dict(self._bound)
        self._work_out(self.fixed, values)
        return values
