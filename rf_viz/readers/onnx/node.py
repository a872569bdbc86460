"""What an operator's description is given: a node with its inputs' shapes and known values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from ...errors import ModelError
from ...relation import Output, Shape


class DataDependent(Exception):
    """An output's shape depends on the values of the input; the argument says which."""


class Value:
    """What is known of a tensor while a graph is read.

    ``tensor`` is its number among the described tensors, -1 where it does not depend on the
    traced input. ``shape`` is None where it depends on the data. A sequence has ``items``.
    """

    __slots__ = ("_get", "_known", "_value", "items", "shape", "tensor")

    def __init__(
        self,
        shape: Shape | None,
        tensor: int = -1,
        value: NDArray[Any] | None = None,
        get: Callable[[], NDArray[Any] | None] | None = None,
        items: list[Value] | None = None,
    ) -> None:
        self.shape, self.tensor, self.items = shape, tensor, items
        self._value, self._get = value, get
        self._known = get is None

    def value(self) -> NDArray[Any] | None:
        """The values themselves, computed when first asked for; None where they are not known."""
        if not self._known:
            assert self._get is not None
            self._value, self._known = self._get(), True
        return self._value


_ATTRIBUTE: dict[int, Callable[[Any], Any]] = {
    onnx.AttributeProto.INT: lambda a: a.i,
    onnx.AttributeProto.INTS: lambda a: tuple(a.ints),
    onnx.AttributeProto.FLOAT: lambda a: a.f,
    onnx.AttributeProto.FLOATS: lambda a: tuple(a.floats),
    onnx.AttributeProto.STRING: lambda a: a.s.decode("utf-8", "replace"),
    onnx.AttributeProto.STRINGS: lambda a: tuple(s.decode("utf-8", "replace") for s in a.strings),
    onnx.AttributeProto.TENSOR: lambda a: a.t,
    onnx.AttributeProto.GRAPH: lambda a: a.g,
}


class Node:
    """One node of the graph. Optional inputs that are left out are None in ``inputs``."""

    __slots__ = ("_attributes", "inputs", "name", "op", "opset", "proto", "weight_aware")

    def __init__(
        self,
        proto: onnx.NodeProto,
        name: str,
        inputs: Sequence[Value | None],
        opset: int,
        weight_aware: bool,
    ) -> None:
        self.proto, self.name, self.inputs = proto, name, inputs
        self.op: str = proto.op_type
        self.opset, self.weight_aware = opset, weight_aware
        self._attributes: dict[str, Any] | None = None

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute as a Python value (strings decoded, lists as tuples), or the default."""
        if self._attributes is None:
            self._attributes = {
                a.name: _ATTRIBUTE.get(a.type, lambda a: None)(a) for a in self.proto.attribute
            }
        return self._attributes.get(name, default)

    def has(self, i: int) -> bool:
        """Whether optional input ``i`` is given."""
        return i < len(self.inputs) and self.inputs[i] is not None

    def depends(self, i: int) -> bool:
        """Whether input ``i`` depends on the traced input."""
        given = self.inputs[i] if i < len(self.inputs) else None
        return given is not None and given.tensor >= 0

    def shape(self, i: int = 0) -> Shape:
        """The shape of input ``i``. Raises ModelError where it is missing."""
        given = self.inputs[i] if i < len(self.inputs) else None
        if given is None or given.shape is None:
            raise ModelError(f"{self.op} {self.name!r} lacks its input {i}: the graph is invalid")
        return given.shape

    def value(self, i: int) -> NDArray[Any] | None:
        """The values of input ``i`` where they are known: constants, and what shapes yield."""
        given = self.inputs[i] if i < len(self.inputs) else None
        return None if given is None else given.value()

    def ints(self, i: int) -> tuple[int, ...] | None:
        """Input ``i`` as a tuple of ints, None where it is left out.

        Raises DataDependent where it is given but not known.
        """
        if not self.has(i):
            return None
        value = self.value(i)
        if value is None:
            raise DataDependent(f"input {i} of {self.op} depends on the data")
        return tuple(int(v) for v in np.asarray(value).reshape(-1))

    def axis(self, rank: int, default: int = 0, name: str = "axis") -> int:
        """An axis attribute, made not negative."""
        axis = int(self.attribute(name, default))
        if not -rank <= axis < max(rank, 1):
            raise ModelError(f"{self.op} {self.name!r} has axis {axis} for a tensor of {rank} axes")
        return axis % rank if rank else 0


Describe = Callable[[Node], Output | list[Output]]

OPERATORS: dict[tuple[str, str], Describe] = {}
"""The table of operators, by domain and name."""


def operator(*names: str, domain: str = "") -> Callable[[Describe], Describe]:
    """Enter a description into the table under one or more operator names."""

    def enter(describe: Describe) -> Describe:
        for name in names:
            OPERATORS[domain, name] = describe
        return describe

    return enter
