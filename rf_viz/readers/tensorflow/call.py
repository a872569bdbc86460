"""A node of a TensorFlow graph as plain Python, and the functions that graphs call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ...trace.settings import settings_by_name
from ...trace.tensors import Setting
from ..reading.operators import Operator
from ..reading.values import Value
from .protobuf.flatten import Body, written_out
from .protobuf.scopes import shorten
from .protobuf.wiring import Wiring

Table = Callable[[str], Operator | None]
"""From an op's name to its entry; None where the op is not known."""


_SETTINGS = {
    "block_size": "block",
    "depth_radius": "radius",
    "epsilon": "epsilon",
    "num_heads": "heads",
    "rate": "rate",
}
"""The settings that attributes hold, by the attribute; windows have theirs from the relation."""

_MODES = {
    "ResizeArea": "area",
    "ResizeBicubic": "cubic",
    "ResizeBilinear": "linear",
    "ResizeNearestNeighbor": "nearest",
    "MirrorPad": "reflect",
}
"""How operations interpolate or pad, which their names say."""


def settings(op: str, attributes: Mapping[str, Any]) -> dict[str, Setting]:
    """The settings that an operation's attributes hold, by their common names."""
    settings = settings_by_name(attributes, _SETTINGS)
    if op in _MODES:
        settings["mode"] = str(attributes.get("mode") or _MODES[op]).lower()
    if attributes.get("padding") == "SAME":
        settings["padding_rule"] = "same"
    return settings


class Call:
    """One node of the graph: an operator called on named tensors.

    Output 0 of node n is called n, output 1 n:1, and so on.
    """

    __slots__ = (
        "_attributes", "_library", "inputs", "local", "name", "op", "operator", "outputs", "proto",
    )  # fmt: skip

    inner: tuple[str, ...] = ()
    """A TensorFlow function sees nothing of the graph around it."""

    graphs: tuple[Any, ...] = ()
    """Functions are named in attributes, not carried (see ``body``)."""

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
        self.operator: Operator | None = library.table(self.op)
        self._attributes: Attributes | None = None
        self.local: bool = (
            self.operator is not None
            and self.operator.elementwise
            and len(inputs) == 1 == len(outputs)
        )

    @property
    def attributes(self) -> Attributes:
        """The node's attributes, read from the message when they are first needed."""
        if self._attributes is None:
            self._attributes = Attributes(self.proto.attr)
        return self._attributes

    @property
    def settings(self) -> dict[str, Setting]:
        """The settings among the attributes, by their common names."""
        return settings(self.op, self.attributes)

    def body(self, attribute: str) -> Function:
        """Return the function that an attribute names. Raises ModelError."""
        return self._library.body(self.attributes.get(attribute, ""))


class Attributes(Mapping[str, Any]):
    """A node's attributes as Python values (see ``Node``), each read when it is first needed."""

    __slots__ = ("_attributes", "_read")

    def __init__(self, attributes: Any) -> None:  # noqa: ANN401
        self._attributes = attributes
        self._read: dict[str, Any] = {}

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """Return an attribute, or the default where the node does not have it."""
        if name in self._read:
            return self._read[name]
        # The map of a protobuf message makes an entry of every name that it is indexed with.
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
    """Convert an AttrValue to a Python value; lists become tuples."""
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
    """Convert a TensorShapeProto: -1 along axes of any size, None for any rank."""
    return None if shape.unknown_rank else tuple([d.size for d in shape.dim])


def declared_shape(node: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    """Return the shape in a node's attribute, as ``dims``; None also where it has none."""
    return dims(node.attr["shape"].shape) if "shape" in node.attr else None


class Function:
    """A function's body, as the subgraph of a loop; it sees nothing of the graph around."""

    def __init__(self, body: Body, library: Library) -> None:
        self.inputs = body.arguments
        self.outputs = shorten(body.nodes, body.arguments, body.results)
        self.constants: dict[str, Value] = {}
        wiring = Wiring(body.nodes, body.arguments, self.outputs)
        self.calls = [
            Call(wiring.nodes[n], wiring.inputs[n], wiring.outputs(n), library)
            for n in wiring.order
        ]


class Library:
    """The functions of a graph, each written out when first called, and the table of its ops.

    ``bodies`` are functions that are written out already, by name.
    """

    def __init__(
        self, functions: Iterable[Any], table: Table, bodies: Mapping[str, Body] = {}
    ) -> None:
        self.table = table
        self._written = bodies
        self._functions = {f.signature.name: f for f in functions}
        self._bodies: dict[str, Function] = {}

    def body(self, name: str) -> Function:
        """Return the function of that name. Raises ModelError."""
        if name not in self._bodies:
            body = self._written.get(name) or written_out(self._functions, name)
            self._bodies[name] = Function(body, self)
        return self._bodies[name]
