"""The sheets of a survey: pictures that show the strongest cells of a layer's channels.

Each crop is the exact box of its cell's region. Boxes of more than so many pixels are scaled down
(see ``look.SIDE``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..figures.encode import QUALITY_OF_MANY, jpeg, png
from ..trace.network import Layer
from .look import Box, Crops, scaled_size
from .sources import Ref
from .tally import Tally

_LOSSLESS = 96 * 96
"""The most pixels of a crop that stays exact: so few are shown enlarged, each to be seen."""

_BLOCK = 16
"""JPEG mixes what lies in one such square: crops begin at its borders, so that none mix."""

_SHEET = 6_000_000
"""A sheet has about so many pixels; one that has a single row may have more."""


def regions(layer: Layer, tally: Tally) -> NDArray[np.int32]:
    """The regions of the strongest cells: (channels, top, 4), zeros where there is none."""
    channels, top = tally.cells.shape
    boxes = np.zeros((channels, top, 4), np.int32)
    cells = np.unravel_index(tally.cells, layer.extents) if layer.extents else ()
    spans = layer.spans() if layer.channel_axis is None else None
    for channel in range(channels):
        at = tuple(index[channel] for index in cells)
        for axis, (start, stop) in enumerate(spans or layer.spans(channel)):
            for place, ends in ((axis, start), (axis + 2, stop)):
                boxes[channel, :, place] = np.broadcast_to(ends, layer.extents)[at]
    boxes[tally.images < 0] = 0
    return boxes


class Crop(NamedTuple):
    """A crop in the files of partial results: its chunk, its first byte there, and its size."""

    chunk: int
    start: int
    height: int
    width: int


class Album:
    """All crops of a survey, each once, though several channels may show it."""

    def __init__(
        self, refs: Sequence[Ref], chunk: int, layers: Sequence[tuple[Tally, NDArray[np.int32]]]
    ) -> None:
        """Collect the crops of layers: their tallies, and the regions of their strongest cells.

        ``chunk`` is the number of images in a chunk.
        """
        wanted = defaultdict[int, set[Box]](set)
        for tally, boxes in layers:
            numbers, corners = tally.images.reshape(-1).tolist(), boxes.reshape(-1, 4).tolist()
            for image, (top, left, bottom, right) in zip(numbers, corners, strict=True):
                if image >= 0:
                    wanted[image].add((top, left, bottom, right))
        self._places: dict[tuple[int, Box], Crop] = {}
        images = defaultdict[int, list[tuple[int, Ref, tuple[Box, ...]]]](list)
        ends = defaultdict[int, int](int)
        for image in sorted(wanted):
            number, its = image // chunk, tuple(sorted(wanted[image]))
            images[number].append((image, refs[image], its))
            for box in its:
                height, width = scaled_size(box[2] - box[0], box[3] - box[1])
                self._places[image, box] = Crop(number, ends[number], height, width)
                ends[number] += 3 * height * width
        self.parts = [Crops(number, tuple(its)) for number, its in images.items()]
        self.lengths: Mapping[int, int] = ends

    def crop(self, image: int, box: Sequence[int]) -> Crop:
        """The place of a crop."""
        top, left, bottom, right = box
        return self._places[image, (top, left, bottom, right)]


class Sheet(NamedTuple):
    """One sheet: the name of its file, its height and width, and the file's content."""

    name: str
    height: int
    width: int
    content: bytes


@dataclass(frozen=True)
class Layout:
    """Where the crops of a layer lie on its sheets: each is there once, by its first channel.

    Attributes:
        tile: the height and width of the room for a crop.
        columns, rows: how many stand beside and below each other on a sheet.
        crops: all of them, in the order in which they are laid out.
        sheets: for each channel and rank the number of the sheet.
        places: for each channel and rank top, left, height and width on it.
        lossless: whether the sheets keep each pixel as it is.
    """

    tile: tuple[int, int]
    columns: int
    rows: int
    crops: list[Crop]
    sheets: NDArray[np.int32]
    places: NDArray[np.int32]
    lossless: bool

    @classmethod
    def of(cls, tally: Tally, boxes: NDArray[np.int32], album: Album) -> Layout:
        """Lay out the crops of a layer's strongest cells, which have these regions."""
        slots: dict[Crop, int] = {}
        numbers = np.full(tally.images.shape, -1)
        for channel, rank in np.argwhere(tally.images >= 0).tolist():
            crop = album.crop(int(tally.images[channel, rank]), boxes[channel, rank].tolist())
            numbers[channel, rank] = slots.setdefault(crop, len(slots))
        crops = list(slots)
        height = max((crop.height for crop in crops), default=1)
        width = max((crop.width for crop in crops), default=1)
        lossless = height * width <= _LOSSLESS
        if not lossless:
            height, width = -(-height // _BLOCK) * _BLOCK, -(-width // _BLOCK) * _BLOCK
        columns = tally.images.shape[1]
        rows = max(1, _SHEET // (columns * width * height))
        sheets, slot = np.divmod(numbers.clip(min=0), columns * rows)
        row, column = np.divmod(slot, columns)
        sizes = np.array([(crop.height, crop.width) for crop in crops] or [(0, 0)])
        place = [row * height, column * width, *np.moveaxis(sizes[numbers.clip(min=0)], -1, 0)]
        return cls(
            (height, width),
            columns,
            rows,
            crops,
            sheets.astype(np.int32),
            np.stack(place, axis=-1).astype(np.int32),
            lossless,
        )

    def draw(self, number: int, files: Mapping[int, Path]) -> Iterator[Sheet]:
        """Draw the sheets of the layer with that number; ``files`` hold the crops of chunks."""
        (height, width), room = self.tile, self.columns * self.rows
        for sheet, first in enumerate(range(0, len(self.crops), room)):
            crops = self.crops[first : first + room]
            rows = -(-len(crops) // self.columns)
            canvas = np.zeros((rows * height, self.columns * width, 3), np.uint8)
            for slot, pixels in _read(crops, files):
                y, x = slot // self.columns * height, slot % self.columns * width
                canvas[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
            if self.lossless:
                encoded = png(canvas, fast=True)
            else:
                encoded = jpeg(canvas, quality=QUALITY_OF_MANY)
            extension = "png" if self.lossless else "jpg"
            name = f"{number:03}-{sheet:03}.{extension}"
            yield Sheet(name, *canvas.shape[:2], encoded.content)


def _read(
    crops: Sequence[Crop], files: Mapping[int, Path]
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Crops by their numbers in the list, with their pixels; each file is opened once."""
    order = sorted(range(len(crops)), key=lambda i: crops[i])
    for chunk, numbers in groupby(order, lambda i: crops[i].chunk):
        with files[chunk].open("rb") as file:
            for i in numbers:
                crop = crops[i]
                file.seek(crop.start)
                content = file.read(3 * crop.height * crop.width)
                yield i, np.frombuffer(content, np.uint8).reshape(crop.height, crop.width, 3)
