"""What an operator's description is given: a node with its inputs' shapes and known values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray

from ...errors import ModelError
from ...relation import Output, Shape

if TYPE_CHECKING:
    from .program import Call, Graph


class DataDependent(Exception):  # noqa: N818  (a finding, not an error)
    """An output's shape depends on the values of the input; the argument says which."""


class Value:
    """What is known of a tensor while a graph is read.

    ``tensor`` is its number among the described tensors, -1 where it does not depend on the
    traced input. ``shape`` is None where it depends on the data. A sequence has ``items``.
    ``get`` computes the values when first asked for; ``after`` are those it is computed from.
    """

    __slots__ = ("_after", "_get", "_value", "items", "shape", "tensor")

    def __init__(
        self,
        shape: Shape | None,
        tensor: int = -1,
        value: NDArray[Any] | None = None,
        get: Callable[[], NDArray[Any] | None] | None = None,
        items: Sequence[Value] | None = None,
        after: Sequence[Value | None] = (),
    ) -> None:
        self.shape, self.tensor, self.items = shape, tensor, items
        self._value, self._get, self._after = value, get, after

    def value(self) -> NDArray[Any] | None:
        """The values themselves, computed when first asked for; None where they are not known."""
        if self._get is None:
            return self._value
        pending = [self]
        while pending:  # not by recursion: a chain of such values may be as deep as the graph
            last = pending[-1]
            waiting = [v for v in last._after if v is not None and v._get is not None]
            if waiting:
                pending.extend(waiting)
            elif last._get is not None:
                last._value, last._get, last._after = last._get(), None, ()
            else:
                pending.pop()
        return self._value


Outputs = Output | Value | Sequence[Output | Value]
"""What an operator's description returns: its outputs in order. A ``Value`` is passed on as is:
a sequence, or what a subgraph computed."""

Describe = Callable[["Node"], Outputs]


class Surroundings(Protocol):
    """What a node can ask of the pass that reads it."""

    weight_aware: bool

    def run(
        self,
        graph: Graph,
        inputs: Sequence[Value | None],
        outer: Mapping[str, Value],
        prefix: str,
    ) -> list[Value]:
        """Read a subgraph on these inputs; its tensors' names get the prefix."""
        ...

    def add(self, node: Node, name: str, output: Output) -> Value:
        """Enter a tensor that no output of the node is called after."""
        ...


class Node:
    """One node of the graph. Optional inputs that are left out are None in ``inputs``.

    The edges of an ``Output`` count ``inputs``; a description may put others in their place
    (the items of a sequence, what a branch computed).
    """

    __slots__ = ("call", "inputs", "reading", "scope")

    def __init__(
        self,
        call: Call,
        inputs: Sequence[Value | None],
        reading: Surroundings,
        scope: Mapping[str, Value],
    ) -> None:
        self.call, self.inputs, self.reading, self.scope = call, inputs, reading, scope

    @property
    def op(self) -> str:
        return self.call.op

    @property
    def name(self) -> str:
        return self.call.name

    @property
    def opset(self) -> int:
        """The version of the operator's domain that the model is written in."""
        return self.call.opset

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs; empty for those that are left out."""
        return self.call.outputs

    @property
    def proto(self) -> onnx.NodeProto:
        return self.call.proto

    @property
    def weight_aware(self) -> bool:
        return self.reading.weight_aware

    def attribute(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """An attribute as a Python value (strings decoded, lists as tuples), or the default."""
        return self.call.attributes.get(name, default)

    def has(self, i: int) -> bool:
        """Whether optional input ``i`` is given."""
        return i < len(self.inputs) and self.inputs[i] is not None

    def depends(self, i: int) -> bool:
        """Whether input ``i`` depends on the traced input."""
        given = self.inputs[i] if i < len(self.inputs) else None
        return given is not None and given.tensor >= 0

    def shape(self, i: int = 0) -> Shape:
        """The shape of input ``i``.

        Raises ModelError where it is missing, DataDependent where it is not known.
        """
        given = self.inputs[i] if i < len(self.inputs) else None
        if given is None:
            raise ModelError(f"{self.op} {self.name!r} lacks its input {i}: the graph is invalid")
        if given.shape is None:
            raise DataDependent(f"the shape of input {i} of {self.op} {self.name} is not known")
        return given.shape

    def value(self, i: int) -> NDArray[Any] | None:
        """The values of input ``i`` where they are known: constants, and what shapes yield."""
        given = self.inputs[i] if i < len(self.inputs) else None
        return None if given is None else given.value()

    def ints(self, i: int) -> tuple[int, ...] | None:
        """Input ``i`` as a tuple of ints, None where it is left out.

        Raises DataDependent where it is given but not known.
        """
        given = self.inputs[i] if i < len(self.inputs) else None
        if given is None:
            return None
        value = given.value()
        if value is None:
            raise DataDependent(f"input {i} of {self.op} {self.name} depends on the data")
        return tuple(np.asarray(value).reshape(-1).astype(int).tolist())

    def axis(self, rank: int, default: int = 0, name: str = "axis") -> int:
        """An axis attribute, made not negative."""
        return self.count_axis(int(self.attribute(name, default)), rank)

    def count_axis(self, axis: int, rank: int) -> int:
        """An axis of a tensor of ``rank`` axes, made not negative. Raises ModelError."""
        if not -rank <= axis < max(rank, 1):
            raise ModelError(f"{self.op} {self.name!r} has axis {axis} for a tensor of {rank} axes")
        return axis % rank if rank else 0

    def run(self, graph: Graph, inputs: Sequence[Value | None], part: str) -> list[Value]:
        """Read one of the node's subgraphs; ``part`` sets its tensors' names apart."""
        return self.reading.run(graph, inputs, self.scope, f"{self.name}/{part}/")

    def add(self, name: str, output: Output) -> Value:
        """Enter a tensor beside the node's outputs (an item of a sequence)."""
        return self.reading.add(self, name, output)


OPERATORS: dict[tuple[str, str], Describe] = {}
"""The table of operators, by domain and name."""


def operator(*names: str, domain: str = "") -> Callable[[Describe], Describe]:
    """Enter a description into the table under one or more operator names."""

    def enter(describe: Describe) -> Describe:
        for name in names:
            OPERATORS[domain, name] = describe
        return describe

    return enter
