"""Run a model and fetch what any of its layers computes; one module for each framework."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Runtime(Protocol):
    """Something that runs a model."""

    def activations(
        self, feeds: Mapping[str, NDArray[np.generic]], names: Sequence[str]
    ) -> dict[str, NDArray[np.float32]]:
        """The values of the named tensors, as float32, for these inputs (by name).

        Raises ModelError where the model cannot be run that far.
        """
        ...


class Twin(Protocol):
    """A model's twin: its graph, but its values say only whether a signal arrives.

    Every weight is one, every activation passes, products of two signals are sums, and after
    each operation whatever is positive becomes 1. Nothing can saturate, cancel, over- or
    underflow at any depth, and the windows are slid by the runtime's own kernels, not by this
    project's idea of them.
    """

    @property
    def lost(self) -> Mapping[str, str]:
        """The tensors that it does not compute, and why: an operator has no counterpart here."""
        ...

    def reached(self, signal: NDArray[np.bool_], name: str) -> NDArray[np.bool_]:
        """Which elements of a tensor the marked elements of the input reach.

        ``signal`` has the input's shape. Raises ModelError where the twin cannot be run.
        """
        ...
