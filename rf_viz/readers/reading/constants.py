"""Arithmetic on constants with NumPy, shared by the tables of all formats."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

Constant = NDArray[Any]

LARGEST = 2**24
"""Constants of more elements are not computed."""

Compute = Callable[[Any, list[Any]], Any]
"""From a node and its inputs' values to the value of its output."""


def each(function: Callable[..., Any]) -> Compute:
    """Apply a function to the inputs as they are."""
    return lambda node, values: function(*values)


def chain(function: Callable[[Any, Any], Any]) -> Compute:
    """Apply a function of two to any number of inputs in turn."""
    return lambda node, values: reduce(function, values)


def divide(a: Constant, b: Constant) -> Constant:
    """Divide; integers are rounded towards zero."""
    if a.dtype.kind not in "iu":
        return np.asarray(a / b)
    quotient = np.abs(a) // np.abs(b)
    return np.asarray(np.where((a < 0) != (b < 0), -quotient, quotient).astype(a.dtype))
