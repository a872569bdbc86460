"""Real numbers kept as small integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Quantised:
    """A stored number q stands for ``scale * (q - zero)``.

    There is one of each, or one for each position along ``axis``.
    """

    scale: NDArray[np.float32]
    zero: NDArray[np.int64]
    axis: int

    def real(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Decode stored numbers."""
        numbers = stored.astype(np.float64) - self._along(self.zero, stored)
        return np.asarray(numbers * self._along(self.scale, stored), np.float32)

    def stored(self, real: NDArray[Any]) -> NDArray[np.float64]:
        """Encode real numbers by the nearest whole ones, whether these fit their type or not."""
        numbers = np.rint(real / self._along(self.scale, real)) + self._along(self.zero, real)
        return np.asarray(numbers, np.float64)

    def _along(self, values: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
        if values.size == 1:
            return values.reshape(())
        return values.reshape([-1 if i == self.axis else 1 for i in range(like.ndim)])
