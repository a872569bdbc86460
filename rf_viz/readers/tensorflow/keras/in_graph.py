"""What Keras computes otherwise in a graph than with values, computed as with values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_MOST_TIMES = 512
"""The most times that a ``TimeDistributed`` layer calls the layer within at one by one."""


@contextmanager
def as_with_values(model: Any) -> Iterator[None]:  # noqa: ANN401
    """Let a model's layers compute in a graph meanwhile what they compute with values."""
    import keras
    from keras.src.backend.tensorflow import nn
    from keras.src.ops import image

    layers = {id(x): x for x in model._flatten_layers()}.values()
    distributed = [x for x in layers if isinstance(x, keras.layers.TimeDistributed)]
    sizes = nn.compute_adaptive_pooling_window_sizes
    average, largest = nn.adaptive_average_pool, nn.adaptive_max_pool
    resize = image.resize
    try:
        image.resize = _to_any_size(resize)
        nn.compute_adaptive_pooling_window_sizes = _within_axis(sizes)
        nn.adaptive_average_pool = _at_any_size(average, keras.ops.mean)
        nn.adaptive_max_pool = _at_any_size(largest, keras.ops.max)
        for layer in distributed:
            object.__setattr__(layer, "call", _at_all_times(layer, layer.call))
        yield
    finally:
        nn.compute_adaptive_pooling_window_sizes = sizes
        nn.adaptive_average_pool, nn.adaptive_max_pool = average, largest
        image.resize = resize
        for layer in distributed:
            object.__delattr__(layer, "call")


def _to_any_size(resize: Callable[..., Any]) -> Callable[..., Any]:
    """Keras's resizing, past its check that the size is positive where it is not known."""
    import keras
    from keras.src.backend.tensorflow import image

    def resize_to_any_size(images: Any, size: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Resize pictures."""
        is_open = any(keras.ops.is_tensor(n) for n in size)
        return (image.resize if is_open else resize)(images, size, *args, **kwargs)

    return resize_to_any_size


def _within_axis(sizes: Callable[[int, int], tuple[int, int]]) -> Callable[..., tuple[int, int]]:
    """Keras's window sizes of an adaptive pooling, none larger than its axis.

    Keras pools with windows of two sizes and picks from both results. Where one window covers the
    whole axis, the larger size exceeds it: nothing is picked, but a graph cannot hold it.
    """

    def within_axis(extent: int, count: int) -> tuple[int, int]:
        """Return the smaller and the larger size of ``count`` windows along an axis."""
        small, large = sizes(extent, count)
        return small, min(large, extent)

    return within_axis


def _at_any_size(pool: Callable[..., Any], reduce: Callable[..., Any]) -> Callable[..., Any]:
    """Keras's adaptive pooling, window by window where it does not know the size.

    ``reduce`` makes one cell of a window.
    """
    import keras

    def pool_at_any_size(x: Any, output_size: Any, data_format: str | None = None) -> Any:  # noqa: ANN401
        """Pool to a number of cells along each axis."""
        first = (data_format or keras.config.image_data_format()) == "channels_first"
        axes = range(2, len(x.shape)) if first else range(1, len(x.shape) - 1)
        if None not in [x.shape[axis] for axis in axes]:
            return pool(x, output_size, data_format)
        counts = (output_size,) * len(axes) if isinstance(output_size, int) else output_size
        for axis, count in zip(axes, counts, strict=True):
            extent = keras.ops.shape(x)[axis]
            windows = [
                (slice(None),) * axis + (slice(i * extent // count, -(-(i + 1) * extent // count)),)
                for i in range(count)
            ]
            cells = [reduce(x[window], axis=axis, keepdims=True) for window in windows]
            x = keras.ops.concatenate(cells, axis)
        return x

    return pool_at_any_size


def _at_all_times(layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401
    """A ``TimeDistributed`` layer's ``call`` that takes any number of times.

    Where the number is not known, Keras 3 takes that of the batch for it, and else it calls the
    layer within once for each. Keras 2 calls it once, with all times as a batch, and so does this
    where the times are unknown or many.
    """
    import keras

    def together(x: Any) -> Any:  # noqa: ANN401
        """Put the batch and the times into one axis."""
        return keras.ops.reshape(x, (-1, *keras.ops.shape(x)[2:]))

    def call_at_all_times(inputs: Any, training: Any = None, mask: Any = None) -> Any:  # noqa: ANN401
        """Call the layer at every time."""
        if inputs.shape[1] is not None and inputs.shape[1] <= _MOST_TIMES:
            return call(inputs, training=training, mask=mask)
        kwargs: dict[str, Any] = {}
        if "mask" in layer.layer.call_signature_parameters and mask is not None:
            kwargs["mask"] = together(mask)
        if "training" in layer.layer.call_signature_parameters:
            kwargs["training"] = training
        merged = together(inputs)
        with keras.name_scope(layer.layer.name):
            outputs = layer.layer.call(merged, **kwargs)
        extents = (*keras.ops.shape(inputs)[:2], *keras.ops.shape(outputs)[1:])
        return keras.ops.reshape(outputs, extents)

    return call_at_all_times
