"""What is known of a tensor's elements while a graph is read, whatever its input holds.

Followed from operation to operation, for the constant masks of ``masks``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...relation import SUM, Relation, push
from ...trace.tensors import Tensor
from .values import Value

Mask = NDArray[np.bool_]
Bias = NDArray[np.floating]

_DEEPEST = 60
"""The longest chain of operations that facts are followed along."""


class Masking(NamedTuple):
    """What is known of a tensor's elements; both arrays broadcast to the tensor.

    ``bias`` is what constants have added to the elements, None for nothing. ``zero`` marks
    elements that are 0 (or not a number) whatever the input holds, None for none.
    """

    bias: Bias | None = None
    zero: Mask | None = None


NOTHING = Masking()
Rule = Callable[[], Masking]


class Maskings:
    """The maskings of a reading's tensors, worked out when a description asks for them.

    ``zeros`` says whether any tensor may have elements that are zero, so that most networks need
    not be searched for any.
    """

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.zeros = False
        self._tensors = tensors
        self._rules: dict[int, Rule] = {}
        self._worked_out: dict[int, Masking] = {}
        self._depth = 0

    def enter(self, number: int, rule: Rule) -> None:
        """Enter the rule for a tensor, by its number."""
        self._rules[number] = rule

    def forget(self, mark: int) -> None:
        """Forget the tensors from this number on, which the reading has dropped."""
        for kept in (self._rules, self._worked_out):
            for number in [n for n in kept if n >= mark]:
                kept.pop(number)

    def of(self, value: Value | None) -> Masking:
        """The masking of a tensor; of a constant its own values."""
        if value is None:
            return NOTHING
        if value.tensor >= 0:
            return self._of_tensor(value.tensor)
        constant = value.value()
        if constant is None or constant.dtype.kind not in "bf":  # whole numbers may be quantised
            return NOTHING
        return Masking(constant.astype(np.float32), constant == 0)

    def _of_tensor(self, number: int) -> Masking:
        worked_out = self._worked_out.get(number)
        if worked_out is None:
            if self._depth > _DEEPEST:
                return NOTHING
            self._depth += 1
            try:
                rule = self._rules.get(number)
                with np.errstate(all="ignore"):
                    worked_out = self._moved(number) if rule is None else rule()
            finally:
                self._depth -= 1
            self._worked_out[number] = worked_out
        return worked_out

    def _moved(self, number: int) -> Masking:
        """The masking of a tensor whose elements are moved, but not changed."""
        tensor = self._tensors[number]
        if not tensor.sources or tensor.assumed or not _passes_on(tensor):
            return NOTHING
        bias: Bias | None = None
        zero: Mask | None = None
        for source in tensor.sources:
            masking = self._of_tensor(source.tensor)
            rank = len(self._tensors[source.tensor].shape)
            if masking.bias is not None and tensor.op not in _QUANTISING:
                moved = _push(source.relation, of_rank(masking.bias, rank))
                bias = moved if bias is None else bias + moved
            if masking.zero is not None:
                marks = _push(source.relation, of_rank(masking.zero, rank)) > 0
                zero = marks if zero is None else zero | marks
        return Masking(bias, zero)


def _push(relation: Relation, a: NDArray[Any]) -> NDArray[Any]:
    pushed: NDArray[Any] = push(relation, a.astype(np.float32), SUM)
    return pushed


_CHANGING = {"BitCast", "Bitcast", "RiscBitcast", "OneHot"}
_QUANTISING = {"QuantizeLinear", "DequantizeLinear"}  # which leave 0 what it is, not -1e9
_UNCHANGED = {"Dropout", "Concat", "ConcatV2", "Pack", *_QUANTISING}


def _passes_on(tensor: Tensor) -> bool:
    """Whether every element is one of the sources', as it is."""
    if tensor.op in _CHANGING or (tensor.category != "layout" and tensor.op not in _UNCHANGED):
        return False
    for source in tensor.sources:
        for step in source.relation:
            pairs = step.pairs()
            if pairs is None or pairs.combines:
                return False
    return True


def of_rank(a: NDArray[Any], rank: int) -> NDArray[Any]:
    """An array with axes of length 1 in front, to have as many as the tensor."""
    return a.reshape((1,) * (rank - a.ndim) + a.shape)
