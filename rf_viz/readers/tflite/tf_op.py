"""A TFLite operator told in TensorFlow's own: what each translates to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...relation import Shape
from ...trace.tensors import Category
from ..reading.operators import Operator
from .file import FileOperator, TensorInfo

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class TfOp:
    """A TensorFlow operation, with attributes as its own table reads them.

    Attributes:
        op: the operation's name.
        inputs: each the operator's input of that number, what another operation makes, or a
            constant.
        attributes: the operation's attributes as Python values.
        same: False where only the dependence is the same, not the values themselves.
        operator: the entry to read it by, where LiteRT's operation does not depend on the same
            elements as TensorFlow's.
    """

    op: str
    inputs: tuple[int | TfOp | NDArray[Any], ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    same: bool = True
    operator: Operator | None = None

    def numbers(self) -> set[int]:
        """Return the numbers of the operator's inputs that are used here, however deep."""
        numbers: set[int] = set()
        for source in self.inputs:
            if isinstance(source, int):
                numbers.add(source)
            elif isinstance(source, TfOp):
                numbers |= source.numbers()
        return numbers


class Site:
    """An operator where it stands in a graph, as a translation reads it.

    Whatever the file should hold and does not raises ValueError.
    """

    def __init__(self, operator: FileOperator, tensors: Sequence[TensorInfo]) -> None:
        self._operator, self._tensors = operator, tensors

    @property
    def every(self) -> tuple[int, ...]:
        """The numbers of the inputs up to the last one that is not left out."""
        numbers = [i for i in range(len(self._operator.inputs)) if self.has(i)]
        return tuple(range(numbers[-1] + 1)) if numbers else ()

    @property
    def outputs(self) -> int:
        """How many outputs the operator has."""
        return len(self._operator.outputs)

    def has(self, i: int) -> bool:
        """Whether the operator has input ``i``."""
        inputs = self._operator.inputs
        return 0 <= i < len(inputs) and inputs[i] >= 0

    def option(self, name: str, default: Any = 0) -> Any:  # noqa: ANN401
        """Return an option of the schema, or the default where the file leaves it out."""
        return self._operator.options.get(name, default)

    def choice(self, name: str, choices: Mapping[int, T]) -> T:
        """Return what an option means, whose values the schema enumerates. Raises ValueError."""
        number = self.option(name)
        if number not in choices:
            raise ValueError(f"its option {name} is {number}, which the schema does not know")
        return choices[number]

    def input(self, i: int) -> TensorInfo:
        """Return input ``i`` as the file declares it. Raises ValueError where it is missing."""
        if not self.has(i):
            raise ValueError(f"it lacks its input {i}")
        return self._tensors[self._operator.inputs[i]]

    def shape(self, i: int, rank: int) -> Shape:
        """Return the declared shape of input ``i``. Raises ValueError if it has other axes."""
        shape = self.input(i).shape
        if len(shape) != rank:
            raise ValueError(f"its input {i} is of {list(shape)}, where {rank} axes are due")
        return shape

    def output(self, i: int = 0) -> TensorInfo:
        """Return output ``i`` as the file declares it. Raises ValueError where it is missing."""
        outputs = self._operator.outputs
        if i >= len(outputs) or outputs[i] < 0:
            raise ValueError(f"it lacks its output {i}")
        return self._tensors[outputs[i]]


Translate = Callable[[Site], TfOp]


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything that is known of a TFLite operator, in one place.

    The inputs that hold weights are those of the TensorFlow operations that it translates to.

    Attributes:
        translate: from the operator where it stands to TensorFlow operations. Raises ValueError
            where it breaks the schema's rules.
        category: what the operator is to a person, and so its colour.
        multiplies: as in ``reading.operators.Operator``.
    """

    translate: Translate
    category: Category
    multiplies: bool | None


def ints(*numbers: int) -> NDArray[np.int32]:
    """Return a constant vector."""
    return np.array(numbers, np.int32)


def number(value: int) -> NDArray[np.int32]:
    """Return a constant number."""
    return np.array(value, np.int32)


def called(op: str, *, same: bool = True, **options: str) -> Translate:
    """Return a translation to an operation on the same inputs.

    Each of TensorFlow's attributes comes from an option of the schema. ``same`` as in ``TfOp``.
    """

    def translate(site: Site) -> TfOp:
        attributes = {name: site.option(option) for name, option in options.items()}
        return TfOp(op, site.every, attributes, same)

    return translate


_ACTIVATIONS = {0: "", 1: "Relu", 2: "RELU_N1_TO_1", 3: "Relu6", 4: "Tanh", 5: "Sign"}
"""ActivationFunctionType of the schema."""


def activated(translate: Translate) -> Translate:
    """Add the activation that is fused to the operator to its translation."""

    def fused(site: Site) -> TfOp:
        tf_op, activation = translate(site), site.choice("fusedActivationFunction", _ACTIVATIONS)
        if activation == "RELU_N1_TO_1":
            return clipped(tf_op, -1, 1)
        return TfOp(activation, (tf_op,)) if activation else tf_op

    return fused


def clipped(source: int | TfOp, low: float, high: float) -> TfOp:
    """Return what clips an input, or what an operation makes, to a range."""
    return TfOp("ClipByValue", (source, np.array(low), np.array(high)))


def biased(tf_op: TfOp, site: Site, i: int) -> TfOp:
    """Add input ``i`` along the channels where the operator has it."""
    return TfOp("BiasAdd", (tf_op, i), {"data_format": "NHWC"}) if site.has(i) else tf_op
