"""Batch normalisation in the forms that Keras 3 does not have."""

from __future__ import annotations

from typing import Any

from .base import retired_base


def layers() -> tuple[Any, ...]:
    """Define the layers of this module, on Keras, and return their classes."""
    from keras import ops

    base: Any = retired_base()

    class BatchNormalizationOfKeras2(base):  # type: ignore[misc]
        """Batch normalisation over several axes, of virtual batches, or with ``renorm``.

        At inference all of them use the moving statistics only.
        """

        kind = "BatchNormalization"

        def __init__(
            self,
            axis: Any = -1,  # noqa: ANN401
            epsilon: float = 1e-3,
            momentum: float = 0.99,
            center: bool = True,
            scale: bool = True,
            renorm: bool = False,
            virtual_batch_size: int | None = None,
            **kwargs: Any,  # noqa: ANN401
        ) -> None:
            super().__init__(**kwargs)
            self._axes = axis if isinstance(axis, list | tuple) else [axis]
            self._epsilon, self._center, self._scale, self._renorm = epsilon, center, scale, renorm
            self._virtual_batches = bool(virtual_batch_size)

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Make the weights: one for each element along the axes."""
            axes = [axis % len(input_shape) for axis in self._axes]
            shape: list[int] = [n if i in axes else 1 for i, n in enumerate(input_shape)]
            if len(axes) == 1:
                shape, self._after = [input_shape[axes[0]]], shape
            else:
                self._after = shape
            if self._virtual_batches:  # Keras 2 split the batch along an axis of its own
                shape = [1, *self._after]
            self._gamma = self.add_weight(shape=shape, name="gamma") if self._scale else None
            self._beta = self.add_weight(shape=shape, name="beta") if self._center else None
            self._mean, self._variance = [
                self.add_weight(shape=shape, name=name, trainable=False)
                for name in ("moving_mean", "moving_variance")
            ]
            if self._renorm:
                self._of_training = [
                    self.add_weight(shape=shape, name=name, trainable=False)
                    for name in ("moving_stddev", "renorm_mean", "renorm_stddev")
                ]

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Normalise."""
            factor = ops.rsqrt(self._variance + self._epsilon)
            if self._gamma is not None:
                factor = factor * self._gamma
            offset = -self._mean * factor
            if self._beta is not None:
                offset = offset + self._beta
            return x * ops.reshape(factor, self._after) + ops.reshape(offset, self._after)

    class BatchNormalizationByStatistics(base):  # type: ignore[misc]
        """Keras 1's ``BatchNormalization`` with ``mode`` 1 or 2: by the input's own statistics.

        Mode 1 takes them along the last axis, mode 2 along all axes but ``axis``.
        """

        kind = "BatchNormalization"

        def __init__(
            self, mode: int = 2, axis: int = -1, epsilon: float = 1e-3, momentum: float = 0.99,
            **kwargs: Any,  # noqa: ANN401
        ) -> None:  # fmt: skip
            super().__init__(**kwargs)
            self._mode, self._axis, self._epsilon = mode, axis, epsilon

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Make the weights; the moving statistics are in the file, and not used."""
            axis = self._axis % len(input_shape)
            self._along = [i for i in range(len(input_shape)) if i != axis]
            self._after = [n if i == axis else 1 for i, n in enumerate(input_shape)]
            self._parameters = [
                self.add_weight(shape=(input_shape[axis],), name=name, trainable=trainable)
                for name, trainable in (
                    ("gamma", True), ("beta", True), ("running_mean", False), ("running_std", False)
                )
            ]  # fmt: skip

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Normalise."""
            gamma, beta = self._parameters[:2]
            if self._mode == 1:
                mean, variance = ops.moments(x, -1, keepdims=True)
                spread = ops.sqrt(variance + self._epsilon) + self._epsilon
                return gamma * (x - mean) / spread + beta
            mean, variance = ops.moments(x, self._along, keepdims=True)
            factor = ops.rsqrt(variance + self._epsilon) * ops.reshape(gamma, self._after)
            return (x - mean) * factor + ops.reshape(beta, self._after)

    return (BatchNormalizationOfKeras2, BatchNormalizationByStatistics)
