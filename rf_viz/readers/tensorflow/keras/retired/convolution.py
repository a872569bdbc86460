"""Convolutions that Keras 3 does not have: locally connected ones, and a causal one."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np

from .base import retired_base

_MOST_PLACES = 2**24
"""The most numbers of a kernel that have to be looked for in a file's own form."""


def _row(shape: tuple[int, ...], indices: tuple[Any, ...]) -> Any:  # noqa: ANN401
    """The place in a row of the elements of an array, by their indices."""
    place: Any = 0
    for extent, index in zip(shape, indices, strict=True):
        place = place * extent + index
    return place


def layers() -> tuple[Any, ...]:
    """Define the layers of this module, on Keras, and return their classes."""
    import keras
    from keras import ops

    base: Any = retired_base()

    class _LocallyConnected(base):  # type: ignore[misc]
        """A locally connected layer along ``rank`` axes.

        ``implementation`` says how a file holds the kernels: 1, one matrix for each position; 2,
        one matrix from all inputs to all outputs; 3, only what of that matrix connects them, in a
        row.
        """

        rank = 0

        def __init__(
            self,
            filters: int,
            kernel_size: Any,  # noqa: ANN401
            strides: Any = 1,  # noqa: ANN401
            padding: str = "valid",
            data_format: str | None = None,
            activation: Any = None,  # noqa: ANN401
            use_bias: bool = True,
            implementation: int = 1,
            **kwargs: Any,  # noqa: ANN401
        ) -> None:
            super().__init__(**kwargs)
            self.filters, self.padding = filters, padding
            self.kernel_size, self.strides = self._numbers(kernel_size), self._numbers(strides)
            self.activation, self._use_bias = keras.activations.get(activation), use_bias
            self._channels_first = data_format == "channels_first"
            self._implementation = implementation

        def _numbers(self, value: Any) -> tuple[int, ...]:  # noqa: ANN401
            """A number for each axis."""
            return tuple(value) if isinstance(value, list | tuple) else (value,) * self.rank

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Make the weights."""
            *inner, last = input_shape[1:]
            self._extents = (*inner[1:], last) if self._channels_first else tuple(inner)
            self._channels = inner[0] if self._channels_first else last
            same = self.padding == "same"
            self._before = [k // 2 if same else 0 for k in self.kernel_size]
            self._grid = tuple(
                -(-n // s) if same else (n - k) // s + 1
                for n, k, s in zip(self._extents, self.kernel_size, self.strides, strict=True)
            )
            self.kernel = self.add_weight(shape=self._layout(), name="kernel")
            self.bias = None
            if self._use_bias:
                self.bias = self.add_weight(shape=(*self._grid, self.filters), name="bias")

        def _layout(self) -> tuple[int, ...]:
            """Return the kernel's shape in a file, and find the places of its numbers in it.

            There is a place for each (position, offset, channel, filter), in the kernel as a row;
            and whether it connects the output with an input rather than with the padding. Raises
            ValueError where there are too many.
            """
            kernel, grid, extents = self.kernel_size, self._grid, self._extents
            channels, filters = self._channels, self.filters
            if self._implementation == 1:
                return (prod(grid), prod(kernel) * channels, filters)
            full = (*grid, *kernel, channels, filters)
            if prod(full) > _MOST_PLACES:
                raise ValueError(f"a kernel of {prod(full):,} numbers is too large for this form")
            at = np.indices(full, sparse=True)
            out, offset, channel, number = at[: self.rank], at[self.rank : -2], at[-2], at[-1]
            inner = [
                o * s + k - b
                for o, k, s, b in zip(out, offset, self.strides, self._before, strict=True)
            ]
            connected = np.ones((1,) * len(full), bool)
            for place, extent in zip(inner, extents, strict=True):
                connected = connected & (place >= 0) & (place < extent)
            inner = [np.clip(p, 0, n - 1) for p, n in zip(inner, extents, strict=True)]
            inputs = ((*extents, channels), (*inner, channel))
            outputs = ((*grid, filters), (*out, number))
            if self._channels_first:
                inputs = ((channels, *extents), (channel, *inner))
                outputs = ((filters, *grid), (number, *out))
            self._connected = np.broadcast_to(connected, full).ravel()
            if self._implementation == 2:
                shape = (*inputs[0], *outputs[0])
                places = np.broadcast_to(_row(shape, (*inputs[1], *outputs[1])), full)
                self._places = places.ravel()
                return shape
            pairs = _row(*outputs) * prod(inputs[0]) + _row(*inputs)
            pairs = np.broadcast_to(pairs, full).ravel()
            order = np.sort(pairs[self._connected])
            self._places = np.minimum(np.searchsorted(order, pairs), len(order) - 1)
            return (len(order),)

        def _kernel(self) -> Any:  # noqa: ANN401
            """The kernel of each position: (position, offset and channel, filter)."""
            shape = (prod(self._grid), prod(self.kernel_size) * self._channels, self.filters)
            if self._implementation != 1:
                kernel = ops.take(ops.reshape(self.kernel, (-1,)), self._places, axis=0)
                return ops.reshape(kernel * self._connected.astype("float32"), shape)
            if not self._channels_first:
                return self.kernel
            kernel = ops.reshape(self.kernel, (shape[0], self._channels, -1, self.filters))
            return ops.reshape(ops.transpose(kernel, (0, 2, 1, 3)), shape)

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Multiply what each position sees by its own kernel."""
            rank = self.rank
            if self._channels_first:
                x = ops.transpose(x, (0, *range(2, rank + 2), 1))
            ends = [
                (g - 1) * s + k
                for g, s, k in zip(self._grid, self.strides, self.kernel_size, strict=True)
            ]
            after = [
                max(0, end - n - b)
                for end, n, b in zip(ends, self._extents, self._before, strict=True)
            ]
            if any(self._before) or any(after):
                x = ops.pad(x, [(0, 0), *zip(self._before, after, strict=True), (0, 0)])
            seen = ops.stack(
                [x[self._slices(at)] for at in product(*map(range, self.kernel_size))], -2
            )
            positions, length = prod(self._grid), prod(self.kernel_size) * self._channels
            seen = ops.reshape(seen, (-1, positions, 1, length))
            outputs = ops.reshape(ops.matmul(seen, self._kernel()), (-1, *self._grid, self.filters))
            if self.bias is not None:
                outputs = outputs + self.bias
            outputs = self.activation(outputs)
            if self._channels_first:
                outputs = ops.transpose(outputs, (0, rank + 1, *range(1, rank + 1)))
            return outputs

        def _slices(self, offset: tuple[int, ...]) -> tuple[slice, ...]:
            """What all positions see at one offset within their kernels."""
            along = [
                slice(k, k + (g - 1) * s + 1, s)
                for k, g, s in zip(offset, self._grid, self.strides, strict=True)
            ]
            return (slice(None), *along, slice(None))

    class LocallyConnected1D(_LocallyConnected):
        """A locally connected layer along one axis."""

        kind, rank = "LocallyConnected1D", 1

    class LocallyConnected2D(_LocallyConnected):
        """A locally connected layer along two axes."""

        kind, rank = "LocallyConnected2D", 2

    class CausalSeparableConv1D(keras.layers.SeparableConv1D):  # type: ignore[misc]
        """A separable convolution that sees no later position."""

        kind = "SeparableConv1D"

        def __init__(self, *arguments: Any, padding: str = "causal", **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(*arguments, padding="valid", **kwargs)
            self._before = (self.kernel_size[0] - 1) * self.dilation_rate[0]

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Convolve what is padded in front only."""
            axes = [(0, 0), (self._before, 0), (0, 0)]
            if self.data_format == "channels_first":
                axes = [axes[i] for i in (0, 2, 1)]
            return super().call(ops.pad(x, axes))

        def compute_output_shape(self, input_shape: Any) -> Any:  # noqa: ANN401
            """Return the shape of the output: as long as the input where nothing is skipped."""
            axis = 2 if self.data_format == "channels_first" else 1
            shape = list(input_shape)
            shape[axis] = None if shape[axis] is None else shape[axis] + self._before
            return super().compute_output_shape(tuple(shape))

    return (CausalSeparableConv1D, LocallyConnected1D, LocallyConnected2D)
