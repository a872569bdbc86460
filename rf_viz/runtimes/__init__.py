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
