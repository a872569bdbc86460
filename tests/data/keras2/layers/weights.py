"""Values of weights and inputs, as functions of their shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def weight_values(shape: Sequence[int], dtype: str = "float32") -> Any:  # noqa: ANN401
    """Return values of either sign, larger than 0 on average, so that roots of them exist."""
    count = int(np.prod(tuple(shape)))
    return (0.3 + 0.25 * np.sin(1.3 * np.arange(count))).reshape(tuple(shape)).astype(dtype)


def input_values(shape: Sequence[int], dtype: str = "float32") -> Any:  # noqa: ANN401
    """Return an input, of whole numbers where its type has them."""
    count = int(np.prod(tuple(shape)))
    if dtype != "float32":
        return (np.arange(count) * 3 % 7).reshape(1, *shape).astype(dtype)
    return np.sin(0.7 * np.arange(count) ** 1.1).reshape(1, *shape).astype(dtype)
