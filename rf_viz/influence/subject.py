"""What is measured: some elements of a tensor, on one input, by the model as it was traced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..model import Model
from ..trace.network import Index, Layer
from ..verify.experiment import Pixels, fixed_shape

Values = NDArray[np.float64]

Report = Callable[[int, int], object]
"""Called with how much is done and how much there is; it may raise, to end the work."""


@dataclass(frozen=True)
class Subject:
    """Some elements of a layer's tensor, on one input.

    It knows no network, so that it travels fast between processes.

    Attributes:
        name, shape: the tensor, and its shape.
        at: an index of the tensor (see ``Layer.region_of``); it selects the elements.
        source: the name of the tensor that the model is fed.
        spatial_axes: the axes of that tensor which the pixels lie along.
        tensor: its values.
        feeds: the values of other tensors, side inputs among them, by name.
    """

    name: str
    shape: tuple[int, ...]
    at: tuple[Index, ...]
    source: str
    spatial_axes: tuple[int, ...]
    tensor: NDArray[Any] = field(repr=False)
    feeds: Mapping[str, NDArray[np.generic]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        model: Model,
        layer: Layer,
        at: Sequence[Index],
        tensor: NDArray[np.generic],
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
    ) -> Subject:
        """Describe elements of a traced layer; ``feeds`` are values of other inputs.

        Tensors through which no path of the network counts (``trace(stop=...)``) are held at the
        values that they have on this input. Raises ModelError for an input of another shape than
        was traced, and where these values cannot be computed.
        """
        net = layer.net
        if net.any_size or tensor.shape != net.input.shape:
            raise ModelError(
                f"the input has the shape {list(tensor.shape)}, and {net.input.name} was traced "
                f"at {list(net.input.shape)}: trace the model at the input's shape"
            )
        fed = {**(feeds or {}), **net.feeds}
        stopped = [other.name for other in net.layers if other.name in net.stop]
        if stopped:
            held = model.activations(tensor, stopped, input=net.input.name, feeds=fed)
            fed |= {name: values for name, values in held.items() if name != layer.name}
        return cls.unstopped(layer, at, tensor, fed)

    @classmethod
    def unstopped(
        cls,
        layer: Layer,
        at: Sequence[Index],
        tensor: NDArray[np.generic],
        feeds: Mapping[str, NDArray[np.generic]] | None = None,
    ) -> Subject:
        """Describe elements of a layer whose network has no stops: that takes no model."""
        net = layer.net
        return cls(
            layer.name,
            fixed_shape(layer),
            tuple(at),
            net.input.name,
            tuple(net.input.spatial_axes),
            tensor,
            {**(feeds or {}), **net.feeds},
        )

    @property
    def off_space(self) -> tuple[int, ...]:
        """The axes of the input that are not spatial: examples and channels."""
        return tuple(a for a in range(self.tensor.ndim) if a not in self.spatial_axes)

    @property
    def extent(self) -> tuple[int, ...]:
        """The extents of the input along its spatial axes."""
        return tuple(self.tensor.shape[axis] for axis in self.spatial_axes)

    def on_input(self, pixels: Pixels) -> Pixels:
        """An array over the spatial axes as one that broadcasts to the input."""
        return np.expand_dims(pixels, self.off_space)
