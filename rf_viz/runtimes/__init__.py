"""Running a model and fetching what any of its layers computes; one package a runtime."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Twin(Protocol):
    """A model's twin: its graph, but its values say only whether a signal arrives.

    Every weight is one, every activation passes, products of two signals are sums, and after
    each operation whatever is positive becomes 1. Nothing can saturate, cancel, over- or
    underflow at any depth, and the windows are slid by the runtime's own kernels, not by this
    project's idea of them.
    """

    @property
    def lost(self) -> Mapping[str, str]:
        """The tensors that it does not compute, each with the reason: an operator has no rule."""
        ...

    def reached(self, signal: NDArray[np.bool_], name: str) -> NDArray[np.bool_]:
        """Mark the elements of a tensor that the marked elements of the input reach.

        ``signal`` has the input's shape, the result the tensor's. Raises ModelError where the twin
        cannot be run.
        """
        ...
