"""Layers that Keras writes out once for each step in time, kept short."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

MOST_STEPS = 1024
"""The most steps in time that the recurrent layers of a model are unrolled over, all together.

Each takes milliseconds. A layer beyond computes the same in a loop, which is how Keras runs layers
that are not to be unrolled.
"""


@contextmanager
def unrolled_in_bounds(model: Any) -> Iterator[None]:  # noqa: ANN401
    """Let a model's recurrent layers run as loops meanwhile where they would unroll for long."""
    import keras

    layers = {id(x): x for x in model._flatten_layers()}.values()
    unrolled = [x for x in layers if isinstance(x, keras.layers.RNN) and x.unroll]
    left = MOST_STEPS

    def in_bounds(layer: Any, loop: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401
        """A layer's way through its steps, unrolled where these are few."""

        def through_steps(sequences: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            """Go through all steps."""
            nonlocal left
            left -= sequences.shape[1] or 0
            # Past Keras, which would track what is set, and has to find its layers unchanged.
            object.__setattr__(layer, "unroll", left >= 0)
            try:
                return loop(sequences, *args, **kwargs)
            finally:
                object.__setattr__(layer, "unroll", True)

        return through_steps

    try:
        for layer in unrolled:
            object.__setattr__(layer, "inner_loop", in_bounds(layer, layer.inner_loop))
        yield
    finally:
        for layer in unrolled:
            object.__delattr__(layer, "inner_loop")
