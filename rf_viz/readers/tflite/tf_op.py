"""A TFLite operator told in TensorFlow's own: what each translates to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reading.operators import Operator
from .file import FileOperator, TensorInfo


@dataclass(frozen=True, slots=True, eq=False)
class TfOp:
    """A TensorFlow operation, with attributes as its own table reads them.

    An input is the operator's input of that number, what another step makes, or a constant.
    ``same`` is False where only what depends on what is the same, not the values themselves;
    where LiteRT's operation sees something else than TensorFlow's, ``operator`` tells it.
    """

    op: str
    inputs: tuple[int | TfOp | NDArray[Any], ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    same: bool = True
    operator: Operator | None = None


class Site:
    """An operator where it stands in a graph: what a translation can ask."""

    def __init__(self, operator: FileOperator, tensors: Sequence[TensorInfo]) -> None:
        self._operator, self._tensors = operator, tensors

    @property
    def every(self) -> tuple[int, ...]:
        """The numbers of the inputs up to the last one that is given."""
        given = [i for i in range(len(self._operator.inputs)) if self.has(i)]
        return tuple(range(given[-1] + 1)) if given else ()

    @property
    def outputs(self) -> int:
        return len(self._operator.outputs)

    def has(self, i: int) -> bool:
        """Whether input ``i`` is given."""
        inputs = self._operator.inputs
        return 0 <= i < len(inputs) and inputs[i] >= 0

    def option(self, name: str, default: Any = 0) -> Any:  # noqa: ANN401
        return self._operator.options.get(name, default)

    def input(self, i: int) -> TensorInfo:
        """Input ``i`` as the file declares it. Raises IndexError where it is missing."""
        if not self.has(i):
            raise IndexError(f"lacks its input {i}")
        return self._tensors[self._operator.inputs[i]]

    def output(self, i: int = 0) -> TensorInfo:
        return self._tensors[self._operator.outputs[i]]


Translate = Callable[[Site], TfOp]


def ints(*numbers: int) -> NDArray[np.int32]:
    """A constant vector."""
    return np.array(numbers, np.int32)


def number(value: int) -> NDArray[np.int32]:
    """A constant number."""
    return np.array(value, np.int32)


def called(op: str, *, same: bool = True, **options: str) -> Translate:
    """The same inputs; each of TensorFlow's attributes comes from an option of the schema."""

    def translate(site: Site) -> TfOp:
        attributes = {name: site.option(option) for name, option in options.items()}
        return TfOp(op, site.every, attributes, same)

    return translate


_ACTIVATIONS = {1: "Relu", 2: "RELU_N1_TO_1", 3: "Relu6", 4: "Tanh", 5: "Sign"}
"""ActivationFunctionType of the schema."""


def activated(translate: Translate) -> Translate:
    """With the activation that is fused to the operator."""

    def fused(site: Site) -> TfOp:
        step, kind = translate(site), site.option("fusedActivationFunction")
        if not kind:
            return step
        op = _ACTIVATIONS[kind]
        if op == "RELU_N1_TO_1":
            return clipped(step, -1, 1)
        return TfOp(op, (step,))

    return fused


def clipped(given: int | TfOp, low: float, high: float) -> TfOp:
    return TfOp("ClipByValue", (given, np.array(low), np.array(high)))


def biased(step: TfOp, site: Site, i: int) -> TfOp:
    """With input ``i`` added along the channels where it is given."""
    return TfOp("BiasAdd", (step, i), {"data_format": "NHWC"}) if site.has(i) else step
