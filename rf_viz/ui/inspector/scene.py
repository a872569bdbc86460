"""The scene: all that the Explore page shows, for the questions about a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...analysis.seen import Influence, Mode
from ...trace.network import Index, Layer, Network, Region
from ...verify.experiment import fixed_shape
from ..cache import Fed, File
from ..navigation import Destination
from ..pictures import Cell, FeatureMap, Picture
from .seen import seen_by


@dataclass(frozen=True)
class Scene:
    """A cell of a layer, and what its model was fed.

    Attributes:
        file, net: the model, and how it was traced (global context cut).
        picture, fed: what it was fed, as people see it and as the model takes it.
        feature_map: the channel that is shown.
        maps: the values of all channels, (channels, *grid); None where the model cannot be run.
        shown: which of ``maps`` it is.
        names: what the channels stand for; empty where that is not known.
        cell: the pinned cell, one index for each grid axis.
        pixel: the pinned pixel of the input, if there is one.
        mode: what shows of the pinned cell.
        influence: what is measured of the pinned cell so far.
    """

    file: File
    net: Network
    picture: Picture
    fed: Fed
    feature_map: FeatureMap
    maps: NDArray[np.float32] | None
    shown: int
    names: Sequence[str]
    cell: Cell
    pixel: Cell | None = None
    mode: Mode = "box"
    influence: Influence | None = None

    @property
    def layer(self) -> Layer:
        """The layer that the feature map is of."""
        return self.feature_map.layer

    @property
    def region(self) -> Region:
        """The region that the pinned cell sees."""
        return seen_by(self.layer, self.cell, self.feature_map.channel).region

    @property
    def element(self) -> tuple[Index, ...]:
        """The pinned cell as an index into the layer's tensor; without values over all channels."""
        layer = self.layer
        shape = fixed_shape(layer)
        index: list[Index] = [slice(None) if self.maps is None else 0] * len(shape)
        for axis, position in zip(layer.grid_axes, self.cell, strict=True):
            index[axis] = position
        others = [axis for axis in range(len(shape)) if axis not in layer.grid_axes]
        if self.maps is None:
            return tuple(index)
        if layer.channel_axis is not None:
            index[layer.channel_axis] = self.shown
            return tuple(index)
        places = np.unravel_index(self.shown, [shape[axis] for axis in others])
        for axis, place in zip(others, places, strict=True):
            index[axis] = int(place)
        return tuple(index)

    @property
    def destination(self) -> Destination:
        """The destination that leads to this scene by an address."""
        channel = None if self.maps is None else self.shown
        return Destination(self.layer.name, self.cell, channel, self.pixel, self.mode)
