"""Conversions of the arrays that go into a model and come out of it, for every runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError


def cast(value: NDArray[np.generic], dtype: np.dtype[Any]) -> NDArray[np.generic]:
    """Cast an input to the model's type; for whole numbers it is rounded and kept in range."""
    if dtype.kind in "iu" and value.dtype.kind == "f":
        limits = np.iinfo(dtype)
        value = np.clip(np.rint(value), limits.min, limits.max)
    return np.asarray(value, dtype, order="C")


def neutral(name: str, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[np.generic]:
    """Make up an input: ones where its name says that it is a mask, else zeros.

    Raises ModelError where it is too large.
    """
    try:
        return np.full(tuple(shape), 1 if "mask" in name.lower() else 0, dtype)
    except (ValueError, MemoryError) as error:
        raise ModelError(
            f"input {name} has the shape {list(shape)}, too large to be filled: say a smaller one "
            "with input_shape"
        ) from error


def as_float(name: str, value: object) -> NDArray[np.float32]:
    """Cast an output to float32, complex numbers to their magnitude. Raises ModelError."""
    if isinstance(value, np.generic):  # as TensorFlow hands out a single number
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "c":
        value = np.abs(value)
    # Short floats (bfloat16) are a kind of their own to NumPy.
    if not isinstance(value, np.ndarray) or not (
        value.dtype.kind in "fiub" or "float" in value.dtype.name
    ):
        raise ModelError(f"{name} is not a tensor of numbers, so it cannot be shown")
    return value.astype(np.float32, copy=False)
