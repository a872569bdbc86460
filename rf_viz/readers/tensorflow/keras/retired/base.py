"""What the retired layers have in common."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def retired_base() -> Any:  # noqa: ANN401
    """Define the class that most retired layers build on, on Keras, and return it."""
    import keras

    class RetiredLayer(keras.layers.Layer):  # type: ignore[misc]
        """A layer that tells its output's shape by being called, as wrappers around it ask."""

        kind = ""
        """The class that configurations and people know."""

        def compute_output_shape(self, input_shape: Any) -> Any:  # noqa: ANN401
            """Return the shape of the output for an input of this shape."""
            several = any(isinstance(part, list | tuple) for part in input_shape)
            shapes = input_shape if several else [input_shape]
            tensors = [keras.KerasTensor(shape, self.compute_dtype) for shape in shapes]
            inputs = tensors if several else tensors[0]
            return keras.src.backend.compute_output_spec(self.call, inputs).shape

    return RetiredLayer
