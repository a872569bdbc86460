"""A TensorFlow operation that a TFLite operator translates to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reading.operators import Operator


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


def ints(*numbers: int) -> NDArray[np.int32]:
    """Return a constant vector."""
    return np.array(numbers, np.int32)


def number(value: int) -> NDArray[np.int32]:
    """Return a constant number."""
    return np.array(value, np.int32)


def clipped(source: int | TfOp, low: float, high: float) -> TfOp:
    """Return what clips an input, or what an operation makes, to a range."""
    return TfOp("ClipByValue", (source, np.array(low), np.array(high)))
