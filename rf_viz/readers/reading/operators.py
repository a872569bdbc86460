"""Entries of operators in a format's table: the relation, and all other facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Required, TypedDict

from ...trace.tensors import Category
from .values import Outputs

Describe = Callable[[Any], Outputs]
"""An operator's description: from its format's node to its outputs, in order."""

Weights = tuple[int, ...] | Literal["any"]
"""The inputs that hold weights, by number; "any" where every input may hold some."""


class Facts(TypedDict, total=False):
    """The facts of an entry besides its description, each as in ``Operator``."""

    category: Required[Category]
    multiplies: bool | None
    weights: Weights
    elementwise: bool
    reduces: bool
    asks_shape_only: bool
    asks_types_only: bool


@dataclass(frozen=True, slots=True)
class Operator:
    """All that is known of one operator of a format, in one place.

    Attributes:
        describe: the description: from a node to its outputs. It raises ``DataDependent`` where
            the node depends on values that are not known, and ModelError where the node breaks
            its operator's rules.
        category: the group of operators that people sort it into, which gives its colour.
        multiplies: whether each pair of an output element and an input element that it depends on
            is one multiply-add. None where the operator multiplies, but the relation does not
            tell how often (recurrences, factorisations, attention in one operator).
        weights: the inputs that hold weights, by number. With "any", constants of real numbers,
            more than one each, count as weights wherever they stand (arithmetic).
        elementwise: whether it maps its one input element by element to one output.
        reduces: whether it combines whole axes, whatever they hold, where no window slides.
        asks_shape_only: whether it reads only the shapes of its inputs.
        asks_types_only: whether it reads only the types of all inputs but the first.
    """

    describe: Describe
    category: Category
    multiplies: bool | None = False
    weights: Weights = ()
    elementwise: bool = False
    reduces: bool = False
    asks_shape_only: bool = False
    asks_types_only: bool = False
