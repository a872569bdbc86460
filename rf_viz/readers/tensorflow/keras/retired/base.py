"""What the retired layers have in common."""

from __future__ import annotations

from typing import Any

import keras


class RetiredLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer that tells its output's shape by being called, as wrappers around it ask."""

    kind = ""
    """The class that configurations and people know."""

    def compute_output_shape(self, input_shape: Any) -> Any:  # noqa: ANN401
        """Return the shape of the output for an input of this shape."""
        tensor = keras.KerasTensor(input_shape, self.compute_dtype)
        return keras.src.backend.compute_output_spec(self.call, tensor).shape
