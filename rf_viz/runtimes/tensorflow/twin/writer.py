"""The writer of the twin's graph, node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..graph_names import maker

FLOAT, INT32, INT64, BOOL = 1, 3, 9, 10
"""DataType's DT_FLOAT, DT_INT32, DT_INT64 and DT_BOOL."""

Attribute = bool | int | float | str | Sequence[int] | None


class NoTwinError(Exception):
    """Raised where the twin has no node with the same dependence; the argument says why."""


class Masking(Protocol):
    """The constant masks of the graph, as the twin's rules ask for them.

    Each method returns the name of a tensor that holds 1 where a mask leaves something, else 0.
    Where there is no mask it returns None.
    """

    def kept(self, name: str) -> str | None:
        """The elements of a signal that may be other than 0."""
        ...

    def above_gap(self, name: str) -> str | None:
        """The elements of a signal that count in a softmax over its last axis."""
        ...

    def largest(self, name: str) -> str | None:
        """The elements of a signal that may be the largest along its last axis."""
        ...

    def exponential(self, name: str) -> str | None:
        """The elements of a signal whose exponential may be other than 0."""
        ...

    def factor(self, name: str, kind: int) -> str | None:
        """A constant factor that is a mask itself."""
        ...

    def chosen(self, name: str, node: Any, one: str, two: str) -> str:  # noqa: ANN401
        """One where the constant condition of a node holds, else two."""
        ...


class Writer:
    """Writer of the twin's graph.

    ``masks`` are set once the writer is there, which they need. ``signals`` say where the twin
    holds each tensor that a signal may come to, always as float32. The nodes that are ``kept`` have
    their old names. ``lost`` says why a node is not there.
    """

    def __init__(
        self,
        graph_def: Any,  # noqa: ANN401  (protobuf messages have no types)
        shapes: Mapping[str, Sequence[int]],
        weight_aware: bool,
    ) -> None:
        self.graph_def = type(graph_def)()
        self.graph_def.versions.CopyFrom(graph_def.versions)
        self.graph_def.library.CopyFrom(graph_def.library)
        self.weight_aware = weight_aware
        self.signals: dict[str, str] = {}
        self.kept: set[str] = set()
        self.lost: dict[str, str] = {}
        self.masks: Masking
        self._shapes = shapes

    def why_lost(self, tensor: str) -> str:
        """Say why the twin does not have a tensor; empty if it has, under whatever name."""
        name = maker(tensor)
        if tensor in self.signals or name in self.kept:
            return ""
        return self.lost.get(name) or f"of {name} the twin has only some outputs"

    def shape(self, name: str) -> tuple[int, ...]:
        """Look up the shape of a tensor that depends on the input. Raises NoTwinError."""
        if name not in self._shapes:
            raise NoTwinError(f" has no traced shape for {name}")
        return tuple(self._shapes[name])

    def node(self, op: str, name: str = "", *inputs: str) -> Any:  # noqa: ANN401
        """Add a node without attributes."""
        return self.graph_def.node.add(
            op=op, name=name or f"twin/{len(self.graph_def.node)}", input=inputs
        )

    def keep(self, op: str, name: str, *inputs: str) -> Any:  # noqa: ANN401
        """Add a node under its old name, without attributes."""
        self.kept.add(name)
        return self.node(op, name, *inputs)

    def copy(self, node: Any) -> Any:  # noqa: ANN401
        """Add a node as it is."""
        self.kept.add(node.name)
        self.graph_def.node.append(node)
        return self.graph_def.node[-1]

    def add(
        self,
        op: str,
        *inputs: str,
        like: Any = None,  # noqa: ANN401
        kind: str = "T",
        **attributes: Attribute,
    ) -> str:
        """Add a node; returns the name of its output.

        It has the attributes of ``like`` besides its own; those that are None are left out. The
        attribute ``kind`` is the type of its data, float32.
        """
        node = self.node(op, "", *inputs)
        if like is not None:
            for key, attribute in like.attr.items():
                if key not in attributes and not key.startswith("_"):
                    node.attr[key].CopyFrom(attribute)
        for key, value in attributes.items():
            if value is not None:
                _set(node.attr[key], value)
        if kind:
            node.attr[kind].type = FLOAT
        name: str = node.name
        return name

    def constant(self, value: NDArray[Any]) -> str:
        """Add a constant of float32, int32 or int64; returns its name."""
        node = self.node("Const")
        kind = {"f4": FLOAT, "i4": INT32, "i8": INT64}[value.dtype.str[1:]]
        tensor = node.attr["value"].tensor
        node.attr["dtype"].type = tensor.dtype = kind
        for n in value.shape:
            tensor.tensor_shape.dim.add(size=n)
        tensor.tensor_content = np.ascontiguousarray(value).tobytes()
        name: str = node.name
        return name

    def ints(self, values: Sequence[int] | int) -> str:
        """Add a constant of int32; returns its name."""
        return self.constant(np.asarray(values, np.int32))

    def numbers(self, name: str) -> list[int]:
        """Read the int32 numbers of a constant that the graph holds; none of any other tensor."""
        node = next((n for n in self.graph_def.node if n.name == name and n.op == "Const"), None)
        if node is None or node.attr["dtype"].type != INT32:
            return []
        tensor = node.attr["value"].tensor
        if tensor.tensor_content:
            return [int(n) for n in np.frombuffer(tensor.tensor_content, np.int32)]
        return [int(n) for n in tensor.int_val]

    def number(self, kind: int, value: int) -> str:
        """Add a constant of one number, of the type ``kind``; returns its name."""
        return self.cast(self.constant(np.asarray(value, np.float32)), FLOAT, kind)

    def ones_of(self, variable: Any) -> None:  # noqa: ANN401
        """Write ones of a variable's type and shape under its name, or note that it is lost."""
        kind, shape = variable.attr["dtype"].type, variable.attr["shape"].shape
        if shape.unknown_rank or any(d.size < 0 for d in shape.dim):
            self.lost[variable.name] = f"{variable.op} {variable.name} has no known shape"
            return
        dims = self.ints([d.size for d in shape.dim])
        node = self.keep("Fill", variable.name, dims, self.number(kind, 1))
        node.attr["T"].type = kind

    def dimensions(self, name: str) -> str:
        """Add the shape of a tensor that depends on the input, as a constant."""
        return self.ints(self.shape(name))

    def filled(self, name: str, kind: int, value: float) -> str:
        """Add a tensor of the shape of another, filled with one number.

        ``kind`` is the type of the other where no signal comes to it.
        """
        if name in self.signals:
            dims = self.dimensions(name)
        else:
            node = self.node("Shape", "", name)
            node.attr["T"].type = kind
            dims = node.name
        return self.add("Fill", dims, self.constant(np.asarray(value, np.float32)))

    def total(self, names: Sequence[str]) -> str:
        """Add the sum of tensors, broadcast; returns its name."""
        first, *rest = names
        for name in rest:
            first = self.add("AddV2", first, name)
        return first

    def reshape(self, name: str, shape: Sequence[int]) -> str:
        """Add a tensor in another shape; returns its name."""
        return self.add("Reshape", name, self.ints(shape))

    def expand(self, name: str, shape: Sequence[int]) -> str:
        """Add a tensor broadcast to another shape; returns its name."""
        return self.add("BroadcastTo", name, self.ints(shape))

    def reduce(self, name: str, axes: Sequence[int], *, keep: bool = True) -> str:
        """Add the largest values along axes, kept at length 1 with ``keep``; returns its name."""
        return self.add("Max", name, self.ints(list(axes)), keep_dims=keep)

    def mixed(self, name: str, axes: Sequence[int]) -> str:
        """Mix a tensor all to all along axes; returns the name of what it adds."""
        return self.add("AddV2", name, self.reduce(name, axes)) if axes else name

    def used(self, weights: str, kind: int) -> str:
        """Add 1 at the positions of a kernel where some weight is not zero, 0 elsewhere.

        The channels are the last two axes, and are kept at length 1.
        """
        sizes = self.add("Abs", self.cast(weights, kind))
        return self.add("Sign", self.reduce(sizes, [-2, -1]))

    def cast(self, name: str, before: int, after: int = FLOAT) -> str:
        """Add a tensor as another type, float32 by default; returns its name."""
        node = self.node("Cast", "", name)
        node.attr["SrcT"].type, node.attr["DstT"].type = before, after
        output: str = node.name
        return output


def _set(attribute: Any, value: bool | int | float | str | Sequence[int]) -> None:  # noqa: ANN401
    """Set an AttrValue to a Python value."""
    if isinstance(value, bool):
        attribute.b = value
    elif isinstance(value, int):
        attribute.i = value
    elif isinstance(value, float):
        attribute.f = value
    elif isinstance(value, str):
        attribute.s = value.encode()
    else:
        attribute.list.i.extend(value)
