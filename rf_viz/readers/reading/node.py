"""What an operator's description is given: a node with its inputs' shapes and known values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...relation import Output, Shape
from ...trace.tensors import Category, Tensor
from .operators import Operator
from .values import DataDependent, ShapeUnknown, Value


class Call(Protocol):
    """One node as the file has it: an operator called on named tensors.

    Inputs that are left out have an empty name. ``operator`` is its entry in the format's table,
    None where it has none. ``local`` says that it maps its one input element
    by element, to one output: most of a network's operations do.
    """

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    operator: Operator | None
    local: bool

    @property
    def attributes(self) -> Mapping[str, Any]: ...

    @property
    def graphs(self) -> Sequence[Subgraph[Any]]:
        """The subgraphs that the node carries itself: its branches, or its body."""
        ...

    @property
    def inner(self) -> Iterable[str]:
        """The names of the surrounding graph that its subgraphs use, perhaps among others."""
        ...


C = TypeVar("C", bound=Call)
Made = TypeVar("Made", bound=Call, covariant=True)


class Subgraph(Protocol[Made]):
    """The body of a branch or loop."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: dict[str, Value]

    @property
    def calls(self) -> Sequence[Made]: ...


class Surroundings(Protocol):
    """What a node can ask of the pass that reads it. ``tensors`` are those described so far."""

    weight_aware: bool
    tensors: list[Tensor]

    def run(
        self,
        graph: Subgraph[Any],
        inputs: Sequence[Value | None],
        outer: Mapping[str, Value],
        prefix: str,
    ) -> list[Value]:
        """Read a subgraph on these inputs; its tensors' names get the prefix."""
        ...

    def add(self, node: Any, name: str, output: Output) -> Value:  # noqa: ANN401
        """Enter a tensor that no output of the node is called after."""
        ...


class BaseNode(Generic[C]):
    """One node of the graph. Optional inputs that are left out are None in ``inputs``.

    The edges of an ``Output`` count ``inputs``; a description may put others in their place
    (the items of a sequence, what a branch computed). Each format adds what its own nodes have.
    """

    __slots__ = ("call", "inputs", "reading", "scope")

    def __init__(
        self,
        call: C,
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
    def category(self) -> Category:
        """What its operator is to a person."""
        return self.call.operator.category if self.call.operator else "other"

    @property
    def multiplies(self) -> bool | None:
        """As in ``Operator``; what an unknown operator multiplies is not known."""
        return self.call.operator.multiplies if self.call.operator else None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs; empty for those that are left out."""
        return self.call.outputs

    @property
    def weight_aware(self) -> bool:
        return self.reading.weight_aware

    def attribute(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """An attribute as a Python value (strings decoded, lists as tuples), or the default."""
        return self.call.attributes.get(name, default)

    def has(self, i: int) -> bool:
        """Whether optional input ``i`` is given."""
        return i < len(self.inputs) and self.inputs[i] is not None

    def missing(self, part: str) -> ModelError:
        """The error to raise where the node lacks something that its operator requires."""
        return ModelError(f"{self.op} {self.name!r} lacks its {part}: the graph is invalid")

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
            raise self.missing(f"input {i}")
        if given.shape is None:
            if given.tensor >= 0:
                raise ShapeUnknown
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

    def required_ints(self, i: int) -> tuple[int, ...]:
        """Input ``i`` as a tuple of ints.

        Raises ModelError where it is missing, DataDependent where its values are not known.
        """
        numbers = self.ints(i)
        if numbers is None:
            raise self.missing(f"input {i}")
        return numbers

    def axis(self, rank: int, default: int = 0, name: str = "axis") -> int:
        """An axis attribute, made not negative."""
        return self.count_axis(int(self.attribute(name, default)), rank)

    def count_axis(self, axis: int, rank: int) -> int:
        """An axis of a tensor of ``rank`` axes, made not negative. Raises ModelError."""
        if not -rank <= axis < max(rank, 1):
            raise ModelError(f"{self.op} {self.name!r} has axis {axis} for a tensor of {rank} axes")
        return axis % rank if rank else 0

    def run(self, graph: Subgraph[Any], inputs: Sequence[Value | None], part: str) -> list[Value]:
        """Read one of the node's subgraphs; ``part`` sets its tensors' names apart."""
        return self.reading.run(graph, inputs, self.scope, f"{self.name}/{part}/")

    def add(self, name: str, output: Output) -> Value:
        """Enter a tensor beside the node's outputs (an item of a sequence)."""
        return self.reading.add(self, name, output)
