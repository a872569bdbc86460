"""Layers that resize and crop as Keras 1 and 2 did."""

from __future__ import annotations

from typing import Any

from .base import retired_base


def _resized(x: Any, height: int, width: int, method: str) -> Any:  # noqa: ANN401
    """Resize a picture by a method of TensorFlow's, some of which Keras 3 does not have."""
    import tensorflow as tf

    return tf.cast(tf.image.resize(x, (height, width), method=method), x.dtype)


def _resized_to_ratio(x: Any, height: int, width: int, method: str) -> Any:  # noqa: ANN401
    """Resize the largest part in the middle that has the ratio of the result."""
    import tensorflow as tf

    rows, columns = (tf.shape(x)[i] if x.shape[i] is None else x.shape[i] for i in (1, 2))
    part_rows = tf.minimum(rows, _times_ratio(columns, height, width))
    part_columns = tf.minimum(columns, _times_ratio(rows, width, height))
    top, left = (rows - part_rows) // 2, (columns - part_columns) // 2
    part = x[:, top : top + part_rows, left : left + part_columns]
    return _resized(part, height, width, method)


def _times_ratio(extent: Any, over: int, under: int) -> Any:  # noqa: ANN401
    """An extent times a ratio, cut to a whole number as Keras 2 did."""
    import tensorflow as tf

    return tf.cast(tf.cast(extent * over, tf.float32) / under, tf.int32)


def layers() -> tuple[Any, ...]:
    """Define the layers of this module, on Keras, and return their classes."""
    import keras
    from keras import ops

    base: Any = retired_base()

    class ResizingOfKeras2(base):  # type: ignore[misc]
        """``Resizing`` as Keras 2 had it."""

        kind = "Resizing"

        def __init__(
            self, height: int, width: int, interpolation: str = "bilinear",
            crop_to_aspect_ratio: bool = False, **kwargs: Any,  # noqa: ANN401
        ) -> None:  # fmt: skip
            super().__init__(**kwargs)
            self.height, self.width, self.interpolation = height, width, interpolation
            self._resize = _resized_to_ratio if crop_to_aspect_ratio else _resized

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Resize."""
            return self._resize(x, self.height, self.width, self.interpolation)

    class RandomCropOfKeras2(base):  # type: ignore[misc]
        """``RandomCrop`` of Keras 2: at inference it resizes, and crops to the ratio only."""

        kind = "RandomCrop"

        def __init__(self, height: int, width: int, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(**kwargs)
            self.height, self.width = height, width

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Resize."""
            return _resized_to_ratio(x, self.height, self.width, "bilinear")

    class CenterCropOfKeras2(RandomCropOfKeras2):
        """``CenterCrop`` as Keras 2 had it: a picture that is too small is resized."""

        kind = "CenterCrop"

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Crop."""
            rows, columns = x.shape[1:3]
            if rows is None or columns is None:
                raise ValueError("a picture of unknown size is not cropped in the middle")
            if rows < self.height or columns < self.width:
                return super().call(x)
            top, left = (rows - self.height) // 2, (columns - self.width) // 2
            return x[:, top : top + self.height, left : left + self.width]

    class UpSampling2DOfKeras2(base):  # type: ignore[misc]
        """``UpSampling2D`` by a method that Keras 3 does not have."""

        kind = "UpSampling2D"

        def __init__(
            self, size: Any = 2, data_format: str | None = None, interpolation: str = "area",  # noqa: ANN401
            **kwargs: Any,  # noqa: ANN401
        ) -> None:  # fmt: skip
            super().__init__(**kwargs)
            self.size = tuple(size) if isinstance(size, list | tuple) else (size, size)
            self.interpolation = interpolation
            self._channels_first = data_format == "channels_first"

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Resize."""
            if self._channels_first:
                x = ops.transpose(x, (0, 2, 3, 1))
            rows, columns = ops.shape(x)[1:3]
            x = _resized(x, rows * self.size[0], columns * self.size[1], self.interpolation)
            return ops.transpose(x, (0, 3, 1, 2)) if self._channels_first else x

    class Deconvolution2D(base):  # type: ignore[misc]
        """Keras 1's transposed convolution, to an output whose shape is a setting."""

        kind = "Deconvolution2D"

        def __init__(
            self,
            filters: int,
            kernel_size: Any,  # noqa: ANN401
            output_shape: Any,  # noqa: ANN401
            strides: Any = (1, 1),  # noqa: ANN401
            padding: str = "valid",
            data_format: str | None = None,
            activation: Any = None,  # noqa: ANN401
            use_bias: bool = True,
            **kwargs: Any,  # noqa: ANN401
        ) -> None:
            super().__init__(**kwargs)
            self.filters, self.kernel_size, self.padding = filters, tuple(kernel_size), padding
            self.strides, self.activation = tuple(strides), keras.activations.get(activation)
            self._use_bias, self._channels_first = use_bias, data_format == "channels_first"
            self._extents = tuple(output_shape[2:] if self._channels_first else output_shape[1:3])

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Make the weights."""
            channels = input_shape[1 if self._channels_first else -1]
            self.kernel = self.add_weight(
                shape=(*self.kernel_size, channels, self.filters), name="W"
            )
            self.bias = self.add_weight(shape=(self.filters,), name="b") if self._use_bias else None

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Convolve."""
            import tensorflow as tf

            if self._channels_first:
                x = ops.transpose(x, (0, 2, 3, 1))
            shape = (tf.shape(x)[0], *self._extents, self.filters)
            kernel = tf.transpose(ops.convert_to_tensor(self.kernel), (0, 1, 3, 2))
            x = tf.nn.conv2d_transpose(x, kernel, shape, self.strides, self.padding.upper())
            x = self.activation(x if self.bias is None else x + self.bias)
            return ops.transpose(x, (0, 3, 1, 2)) if self._channels_first else x

    return (
        ResizingOfKeras2, RandomCropOfKeras2, CenterCropOfKeras2, UpSampling2DOfKeras2,
        Deconvolution2D,
    )  # fmt: skip
