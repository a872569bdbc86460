"""Writes the twin's graph, node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT, INT32, INT64, BOOL = 1, 3, 9, 10
"""DataType's DT_FLOAT, DT_INT32, DT_INT64 and DT_BOOL."""

Attribute = bool | int | float | str | Sequence[int] | None


class NoTwinError(Exception):
    """The twin has no node with the same reach; the argument says why."""


def maker(reference: str) -> str:
    """The node that makes a tensor."""
    return reference.lstrip("^").partition(":")[0]


class Writer:
    """The twin's graph as it is made.

    ``signals`` say where the twin holds each tensor that a signal may come to, always as float32.
    The nodes that are ``kept`` have their old names. ``lost`` says why a node is not there.
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
        self._shapes = shapes

    def why_lost(self, tensor: str) -> str:
        """Why the twin does not have a tensor; empty if it has, under whatever name."""
        name = maker(tensor)
        if tensor in self.signals or name in self.kept:
            return ""
        return self.lost.get(name) or f"of {name} the twin has only some outputs"

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor that depends on the input."""
        if name not in self._shapes:
            raise NoTwinError(f" has no traced shape for {name}")
        return tuple(self._shapes[name])

    def node(self, op: str, name: str = "", *inputs: str) -> Any:  # noqa: ANN401
        """One more node, without attributes."""
        return self.graph_def.node.add(
            op=op, name=name or f"twin/{len(self.graph_def.node)}", input=inputs
        )

    def keep(self, op: str, name: str, *inputs: str) -> Any:  # noqa: ANN401
        """A node under its old name, without attributes."""
        self.kept.add(name)
        return self.node(op, name, *inputs)

    def copy(self, node: Any) -> Any:  # noqa: ANN401
        """A node as it is."""
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
        """One more node; returns the name of its output.

        It has the attributes of ``like`` besides its own; those that are None are left out. The
        attribute ``kind`` is the type of its data, float32.
        """
        node = self.node(op, "", *inputs)
        if like is not None:
            for key, value in like.attr.items():
                if key not in attributes and key[0] != "_":
                    node.attr[key].CopyFrom(value)
        for key, given in attributes.items():
            if given is not None:
                _set(node.attr[key], given)
        if kind:
            node.attr[kind].type = FLOAT
        name: str = node.name
        return name

    def constant(self, value: NDArray[Any]) -> str:
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
        return self.constant(np.asarray(values, np.int32))

    def number(self, kind: int, value: int) -> str:
        """A single number of any type."""
        return self._cast(self.constant(np.asarray(value, np.float32)), FLOAT, kind)

    def ones_of(self, variable: Any) -> None:  # noqa: ANN401
        """A variable's name for ones of its type and shape."""
        kind, shape = variable.attr["dtype"].type, variable.attr["shape"].shape
        if shape.unknown_rank or any(d.size < 0 for d in shape.dim):
            self.lost[variable.name] = f"{variable.op} {variable.name} has no known shape"
            return
        dims = self.ints([d.size for d in shape.dim])
        node = self.keep("Fill", variable.name, dims, self.number(kind, 1))
        node.attr["T"].type = kind

    def dimensions(self, name: str) -> str:
        """The shape of a tensor that depends on the input, as a tensor."""
        return self.ints(self.shape(name))

    def filled(self, name: str, kind: int, value: float) -> str:
        """Some number in the shape of any tensor; ``kind`` is its type where no signal comes."""
        if name in self.signals:
            dims = self.dimensions(name)
        else:
            node = self.node("Shape", "", name)
            node.attr["T"].type = kind
            dims = node.name
        return self.add("Fill", dims, self.constant(np.asarray(value, np.float32)))

    def total(self, names: Sequence[str]) -> str:
        """The sum of these, broadcast."""
        first, *rest = names
        for name in rest:
            first = self.add("AddV2", first, name)
        return first

    def reshape(self, name: str, shape: Sequence[int]) -> str:
        return self.add("Reshape", name, self.ints(shape))

    def expand(self, name: str, shape: Sequence[int]) -> str:
        return self.add("BroadcastTo", name, self.ints(shape))

    def reduce(self, name: str, axes: Sequence[int], *, keep: bool = True) -> str:
        return self.add("Max", name, self.ints(list(axes)), keep_dims=keep)

    def mixed(self, name: str, axes: Sequence[int]) -> str:
        """All to all along these axes."""
        return self.add("AddV2", name, self.reduce(name, axes)) if axes else name

    def used(self, weights: str, kind: int) -> str:
        """1 at the positions of a kernel where some weight is not zero, over the last two axes."""
        sizes = self.add("Abs", self._cast(weights, kind, FLOAT))
        return self.add("Sign", self.reduce(sizes, [-2, -1]))

    def _cast(self, name: str, before: int, after: int) -> str:
        node = self.node("Cast", "", name)
        node.attr["SrcT"].type, node.attr["DstT"].type = before, after
        made: str = node.name
        return made


def _set(attribute: Any, value: bool | int | float | str | Sequence[int]) -> None:  # noqa: ANN401
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
