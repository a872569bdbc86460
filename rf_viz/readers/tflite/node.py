"""A TFLite operator as its translation reads it, and the table of operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ...relation import Shape
from ...trace.tensors import Category
from ..tensorflow.ops import OPERATORS as TENSORFLOW
from .file import FileOperator, TensorInfo
from .tf_op import TfOp

T = TypeVar("T")


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


OPERATORS: dict[str, Entry] = {}
"""The table of operators that TensorFlow has an equivalent of, by name."""


def entry_like(like: str, translate: Translate, category: Category | None = None) -> Entry:
    """Return an entry that takes its category and its products from a TensorFlow operator.

    ``category`` overrides that of the operator. Raises KeyError where TensorFlow has none such.
    """
    counterpart = TENSORFLOW[like]
    return Entry(translate, category or counterpart.category, counterpart.multiplies)


def operator(
    name: str, *, like: str, category: Category | None = None
) -> Callable[[Translate], Translate]:
    """Enter a translation into the table under an operator's name (see ``entry_like``)."""

    def enter(translate: Translate) -> Translate:
        OPERATORS[name] = entry_like(like, translate, category)
        return translate

    return enter


def enter_renamed(
    names: Mapping[str, str],
    options: Mapping[str, str] = {},
    category: Category | None = None,
) -> None:
    """Enter operators whose inputs and values are those of a TensorFlow operator of another name.

    ``names`` are TensorFlow's names by TFLite's. ``options`` as in ``called``.
    """
    for name, like in names.items():
        operator(name, like=like, category=category)(called(like, options))


def enter_alike(names: Mapping[str, str], category: Category | None = None) -> None:
    """Enter operators that depend on their inputs as a TensorFlow operator does.

    They may compute other values. ``names`` are TensorFlow's names by TFLite's.
    """
    for name, like in names.items():
        operator(name, like=like, category=category)(called(like, same=False))


def called(op: str, options: Mapping[str, str] = {}, *, same: bool = True) -> Translate:
    """Return a translation to an operation on the same inputs.

    ``options`` are the schema's options that TensorFlow's attributes come from, by attribute.
    ``same`` as in ``TfOp``.
    """

    def translate(site: Site) -> TfOp:
        attributes = {name: site.option(option) for name, option in options.items()}
        return TfOp(op, site.every, attributes, same)

    return translate
