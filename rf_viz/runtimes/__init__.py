"""Runtimes: they run a model and fetch the values of any layer; one package per framework."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Twin(Protocol):
    """A model's twin: its graph, with values that say only whether a signal arrives.

    Every weight is one, every activation passes, products of two signals are sums, and after each
    operation whatever is positive becomes 1. Nothing can saturate, cancel, overflow or underflow at
    any depth, and the windows are slid by the runtime's own kernels, so that the twin shares no
    assumption with this project.
    """

    @property
    def lost(self) -> Mapping[str, str]:
        """The tensors that the twin does not compute, each with the reason."""
        ...

    def reached(self, signal: NDArray[np.bool_], name: str) -> NDArray[np.bool_]:
        """Mark the elements of a tensor that the marked elements of the input reach.

        ``signal`` has the input's shape, the result the tensor's. Raises ModelError where the twin
        cannot be run.
        """
        ...
