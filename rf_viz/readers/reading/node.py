"""Nodes as operators' descriptions get them: with the shapes and constant values of inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ...relation import MOST_AXES, Output, Shape
from ...trace.tensors import Setting, Source, Tensor
from .maskings import Maskings, Rule
from .operators import Operator
from .values import DataDependent, ShapeUnknown, Value


class Call(Protocol):
    """A node as the file has it: an operator called on named tensors.

    Inputs that are left out have an empty name. ``operator`` is its entry in the format's table,
    None where it has none. ``local`` says that it maps its one input element by element to one
    output, as most of a network's operations do.
    """

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    operator: Operator | None
    local: bool

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes as Python values, by name."""
        ...

    @property
    def settings(self) -> Mapping[str, Setting]:
        """The settings among the attributes, by their common names."""
        ...

    @property
    def graphs(self) -> Sequence[Subgraph[Any]]:
        """The subgraphs that the node carries itself: its branches, or its body."""
        ...

    @property
    def inner(self) -> Iterable[str]:
        """The names of the surrounding graph that its subgraphs use, possibly among others."""
        ...


C = TypeVar("C", bound=Call)
Choice = TypeVar("Choice")
BodyCall = TypeVar("BodyCall", bound=Call, covariant=True)


class Subgraph(Protocol[BodyCall]):
    """The body of a branch or loop."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def constants(self) -> Mapping[str, Value]:
        """The values that it holds itself, by name."""
        ...

    @property
    def calls(self) -> Sequence[BodyCall]:
        """The calls in the order of execution."""
        ...


class Surroundings(Protocol):
    """The reading that a node is part of.

    ``tensors`` holds the tensors described so far, ``maskings`` what masks hide of them; ``loops``
    what is to be said of each loop whose body was followed, by the name of its node.
    """

    weight_aware: bool
    tensors: list[Tensor]
    loops: dict[str, str]
    maskings: Maskings

    def inside(self, calls: int, of: str) -> AbstractContextManager[None]:
        """Count a body of so many calls, and what is read meanwhile as within it; as ``spend``."""
        ...

    def spend(self, calls: int, of: str) -> None:
        """Count calls of a body that are read; DataDependent if there are too many in all."""
        ...

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

    def read(self, calls: Iterable[Any], values: MutableMapping[str, Value]) -> None:
        """Describe calls in order; ``values`` is what is in scope, and is added to."""
        ...

    def node(
        self,
        call: Any,  # noqa: ANN401
        inputs: Sequence[Value | None],
        scope: MutableMapping[str, Value],
    ) -> Any:  # noqa: ANN401
        """Make the node that the call's description gets."""
        ...

    def described(self, node: Any) -> Sequence[Output | Value]:  # noqa: ANN401
        """Describe a node's outputs."""
        ...

    def inferred_shape(self, name: str) -> Shape | None:
        """Infer the shape of a tensor as the format itself does; None where that fails."""
        ...

    def shapeless(self, node: Any, name: str, why: str) -> Value:  # noqa: ANN401
        """Enter a tensor whose shape depends on the data, listed as one without axes."""
        ...

    def bind(self, node: Any, name: str, output: Output | Value) -> Value:  # noqa: ANN401
        """Give an output its name, and enter it as a tensor if it depends on the input."""
        ...


class BaseNode(Generic[C]):
    """A node of the graph; optional inputs that are left out are None in ``inputs``.

    The edges of an ``Output`` count ``inputs``; a description may replace them by others (the items
    of a sequence, the results of a branch). Each format adds what its own nodes have. A description
    sets ``masking`` where it knows what masks hide of its outputs, and ``doubt`` where it took
    something to be possible that a constant would tell, if it could be computed.
    """

    __slots__ = ("call", "doubt", "inputs", "masking", "reading", "scope")

    def __init__(
        self,
        call: C,
        inputs: Sequence[Value | None],
        reading: Surroundings,
        scope: Mapping[str, Value],
    ) -> None:
        self.call, self.inputs, self.reading, self.scope = call, inputs, reading, scope
        self.masking: Rule | None = None
        self.doubt = ""

    @property
    def op(self) -> str:
        """The operator's name."""
        return self.call.op

    @property
    def name(self) -> str:
        """The node's own name, or its first output's."""
        return self.call.name

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs; empty for those that are left out."""
        return self.call.outputs

    @property
    def weight_aware(self) -> bool:
        """Whether kernel positions whose weights are all zero are left out."""
        return self.reading.weight_aware

    def attribute(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """An attribute as a Python value (strings decoded, lists as tuples), or the default.

        Raises ModelError where it is of another type than a default.
        """
        value = self.call.attributes.get(name, default)
        if value is not None and default is not None and not _is_like(value, default):
            raise mistyped(self.call, name)
        return value

    def required(self, name: str, *, like: Any = None) -> Any:  # noqa: ANN401
        """An attribute without a default.

        Raises ModelError where it is missing, or of another type than the example ``like``.
        """
        value = self.attribute(name)
        if value is None:
            raise self.missing(f"attribute {name}")
        if like is not None and not _is_like(value, like):
            raise mistyped(self.call, name)
        return value

    def choice(self, name: str, choices: Mapping[str, Choice], default: str) -> Choice:
        """Look up the meaning of an attribute's word. Raises ModelError for any other."""
        word = self.attribute(name, default)
        if word not in choices:
            raise ModelError(
                f"{self.op} {self.name!r} has {name} {word!r}, which is none of "
                f"{', '.join(choices)}"
            )
        return choices[word]

    def _input(self, i: int) -> Value | None:
        return self.inputs[i] if i < len(self.inputs) else None

    def has(self, i: int) -> bool:
        """Whether optional input ``i`` is there."""
        return self._input(i) is not None

    def missing(self, part: str) -> ModelError:
        """The error to raise where the node lacks something that its operator requires."""
        return ModelError(f"{self.op} {self.name!r} lacks its {part}: the graph is invalid")

    def depends(self, i: int) -> bool:
        """Whether input ``i`` depends on the traced input."""
        value = self.inputs[i] if i < len(self.inputs) else None
        return value is not None and value.tensor >= 0

    def shape(self, i: int = 0, *, axes: int | None = None, least: int = 0) -> Shape:
        """The shape of input ``i``, checked to have ``axes`` axes, or at ``least`` so many.

        Raises ModelError where the input is missing or has another number of axes, DataDependent
        where its shape is not known.
        """
        value = self.inputs[i] if i < len(self.inputs) else None
        if value is None:
            raise self.missing(f"input {i}")
        shape = value.shape
        if shape is None:
            if value.tensor >= 0:
                raise ShapeUnknown
            raise DataDependent(f"the shape of input {i} of {self.op} {self.name} is not known")
        if len(shape) > MOST_AXES:
            raise ModelError(
                f"{self.op} {self.name!r} takes a tensor of {len(shape)} axes: the limit is "
                f"{MOST_AXES}"
            )
        if len(shape) < least or (axes is not None and len(shape) != axes):
            needed = f"at least {least}" if axes is None else axes
            raise ModelError(
                f"{self.op} {self.name!r} takes an input {i} of {needed} axes, not of {list(shape)}"
            )
        return shape

    def value(self, i: int) -> NDArray[Any] | None:
        """The values of input ``i`` where they are known: constants, and results of shapes."""
        value = self._input(i)
        return None if value is None else value.value()

    def ints(self, i: int) -> tuple[int, ...] | None:
        """Input ``i`` as a tuple of ints, None where it is left out.

        Raises DataDependent where it is there but its values are not known.
        """
        value = self._input(i)
        if value is None:
            return None
        array = value.value()
        if array is None:
            raise DataDependent(f"input {i} of {self.op} {self.name} depends on the data")
        if array.dtype.kind not in "biuf":
            raise ModelError(
                f"{self.op} {self.name!r} takes numbers as input {i}: the graph is invalid"
            )
        return tuple(np.asarray(array).reshape(-1).astype(int).tolist())

    def required_ints(self, i: int) -> tuple[int, ...]:
        """Input ``i`` as a tuple of ints.

        Raises ModelError where it is missing, DataDependent where its values are not known.
        """
        numbers = self.ints(i)
        if numbers is None:
            raise self.missing(f"input {i}")
        return numbers

    def required_int(self, i: int) -> int:
        """Input ``i``, which holds one int. Raises as ``required_ints`` does."""
        numbers = self.required_ints(i)
        if len(numbers) != 1:
            raise ModelError(f"{self.op} {self.name!r} takes one number as its input {i}")
        return numbers[0]

    def known_int(self, i: int) -> int | None:
        """The first number of input ``i``; None where it is left out, empty or not known.

        Raises ModelError where it holds no numbers.
        """
        try:
            numbers = self.ints(i)
        except DataDependent:
            return None
        return numbers[0] if numbers else None

    def axis(self, rank: int, default: int = 0, name: str = "axis") -> int:
        """An axis attribute, made not negative."""
        return self.count_axis(int(self.attribute(name, default)), rank)

    def count_axis(self, axis: int, rank: int) -> int:
        """An axis of a tensor of ``rank`` axes, made not negative. Raises ModelError."""
        if not -rank <= axis < rank:
            raise ModelError(f"{self.op} {self.name!r} has axis {axis} for a tensor of {rank} axes")
        return axis % rank

    def run(self, graph: Subgraph[Any], inputs: Sequence[Value | None], part: str) -> list[Value]:
        """Read one of the node's subgraphs; ``part`` sets its tensors' names apart."""
        return self.reading.run(graph, inputs, self.scope, f"{self.name}/{part}/")

    def add(self, name: str, output: Output) -> Value:
        """Enter a tensor beside the node's outputs (an item of a sequence)."""
        return self.reading.add(self, name, output)


def mistyped(call: Call, name: str) -> ModelError:
    """The error to raise where an attribute is of another type than the operator takes."""
    return ModelError(
        f"{call.op} {call.name!r} has {name} of another type than its operator takes: "
        "the graph is invalid"
    )


def _is_like(value: object, example: object) -> bool:
    """Whether a value is of the type of another; a whole number may stand for any number.

    A list is of whole numbers, as in all attributes that are lists and have a default. A shape of
    floats must not come about: it would be found in caches of shapes in the place of its ints.
    """
    match example:
        case int():
            return isinstance(value, int)
        case float():
            return isinstance(value, int | float)
        case tuple():
            return isinstance(value, tuple | list) and all(isinstance(n, int) for n in value)
        case _:
            return isinstance(value, type(example))


def outputs_of(graph: Subgraph[Any], scope: Mapping[str, Value], where: str) -> list[Value]:
    """The outputs of a subgraph that was read, by what is in ``scope`` then.

    ``where`` names the subgraph in the error. Raises ModelError where nothing makes an output.
    """
    for name in graph.outputs:
        if name not in scope:
            raise ModelError(f"nothing in {where} makes its output {name!r}")
    return [scope[name] for name in graph.outputs]


def described_tensor(
    node: BaseNode[Any], name: str, shape: Shape, sources: Sequence[Source], assumed: str
) -> Tensor:
    """Make a tensor of a node, with what its operator's entry says of it."""
    call = node.call
    operator = call.operator
    if operator is None:  # what an unknown operator multiplies is not known
        return Tensor(name, call.name, call.op, shape, sources, assumed, multiplies=None, call=call)
    category, multiplies = operator.category, operator.multiplies
    return Tensor(
        name, call.name, call.op, shape, sources, assumed, None, category, multiplies, call
    )
