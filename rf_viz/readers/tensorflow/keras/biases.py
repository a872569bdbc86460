"""Biases as Keras 2 adds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def broadcast_biases() -> Iterator[None]:
    """Let layers add a bias along the axis that it is shaped for meanwhile.

    Keras 3 puts a bias of channels that come first along the last axis where both have the same
    length. Keras 2 does not.
    """
    from keras.src.backend.tensorflow import numpy

    add = numpy.add

    def broadcast(x1: Any, x2: Any) -> Any:  # noqa: ANN401
        """Add two tensors; Keras looks for a bias only in the second."""
        shape: Any = getattr(x2, "shape", ())
        return add(x2, x1) if len(shape) > 1 and shape[-1] == 1 else add(x1, x2)

    try:
        numpy.add = broadcast
        yield
    finally:
        numpy.add = add
