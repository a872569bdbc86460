"""What a survey tells of its layers, images and strongest cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..trace.network import Region


@dataclass(frozen=True)
class Sheet:
    """A picture with crops of a layer: the name of its file, and its size."""

    name: str
    height: int
    width: int


@dataclass(frozen=True)
class SurveyedLayer:
    """A layer of a survey.

    Attributes:
        name: the name of its tensor; ``title`` is the one that people know.
        op: its operator.
        shape: of the tensor; ``grid`` of its cells.
        channels: how many it has.
        exact: whether the regions are exact (see ``Layer.exact``).
        sheets: the pictures that show its crops.
    """

    name: str
    title: str
    op: str
    shape: tuple[int, ...]
    grid: tuple[int, ...]
    channels: int
    exact: bool
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True)
class SurveyedImage:
    """An image of a survey: its name, its own height and width, and why it was left out."""

    name: str
    height: int
    width: int
    skipped: str


@dataclass(frozen=True)
class Strong:
    """One of the strongest cells of a channel.

    Attributes:
        value: the cell's value.
        image: the number of the image.
        cell: the position on the layer's grid.
        region: its input region, in pixels of the model's input.
        sheet: the name of the file that shows the crop.
        box: where the crop is on it.
    """

    value: float
    image: int
    cell: tuple[int, ...]
    region: Region
    sheet: str
    box: Region


@dataclass(frozen=True)
class Statistics:
    """The values of a layer's cells in all images, by channel.

    All but the counts are masked where a channel has no finite value. ``histogram`` is an array
    (channels, bins); the edges between bins are the survey's ``bin_edges``.
    """

    count: NDArray[np.int64]
    invalid: NDArray[np.int64]
    min: NDArray[np.float32]
    max: NDArray[np.float32]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    fires_in_cells: NDArray[np.float64]
    fires_in_images: NDArray[np.float64]
    histogram: NDArray[np.int64]
