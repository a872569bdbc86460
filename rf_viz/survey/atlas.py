"""The sheets of a survey: pictures that show each channel's strongest cells, a row a channel.

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

from ..figures.encode import QUALITY, jpeg, png
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


@dataclass(frozen=True)
class Sheet:
    """One sheet, and where its crops lie.

    Attributes:
        name: of its file.
        size: its height and width.
        places: for each of its channels and ranks top, left, height and width on the sheet.
        content: of its file.
    """

    name: str
    size: tuple[int, int]
    places: NDArray[np.int32]
    content: bytes


def sheets(
    number: int, tally: Tally, boxes: NDArray[np.int32], album: Album, files: Mapping[int, Path]
) -> Iterator[Sheet]:
    """Draw the sheets of a layer, by its number; ``files`` hold the crops of chunks."""
    channels, top = tally.images.shape
    crops = [
        [
            album.crop(image, box) if image >= 0 else None
            for image, box in zip(row.tolist(), its.tolist(), strict=True)
        ]
        for row, its in zip(tally.images, boxes, strict=True)
    ]
    there = [crop for row in crops for crop in row if crop is not None]
    if not there:
        return
    height, width = max(c.height for c in there), max(c.width for c in there)
    lossless = height * width <= _LOSSLESS
    if not lossless:
        height, width = -(-height // _BLOCK) * _BLOCK, -(-width // _BLOCK) * _BLOCK
    rows = max(1, _SHEET // (top * width * height))
    for sheet, first in enumerate(range(0, channels, rows)):
        part = crops[first : first + rows]
        canvas = np.zeros((len(part) * height, top * width, 3), np.uint8)
        places = np.zeros((len(part), top, 4), np.int32)
        wanted = [
            (crop, row, rank)
            for row, its in enumerate(part)
            for rank, crop in enumerate(its)
            if crop is not None
        ]
        for (crop, row, rank), pixels in zip(wanted, _read(wanted, files), strict=True):
            y, x = row * height, rank * width
            canvas[y : y + crop.height, x : x + crop.width] = pixels
            places[row, rank] = y, x, crop.height, crop.width
        encoded = png(canvas, fast=True) if lossless else jpeg(canvas, quality=QUALITY)
        extension = "png" if lossless else "jpg"
        name = f"{number:03}-{sheet:03}.{extension}"
        yield Sheet(name, canvas.shape[:2], places, encoded.content)


def _read(
    wanted: Sequence[tuple[Crop, int, int]], files: Mapping[int, Path]
) -> list[NDArray[np.uint8]]:
    """The pixels of crops, each file opened once."""
    pixels: list[NDArray[np.uint8]] = [np.zeros((0, 0, 3), np.uint8)] * len(wanted)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i][0])
    for chunk, numbers in groupby(order, lambda i: wanted[i][0].chunk):
        with files[chunk].open("rb") as file:
            for i in numbers:
                crop = wanted[i][0]
                file.seek(crop.start)
                content = file.read(3 * crop.height * crop.width)
                pixels[i] = np.frombuffer(content, np.uint8).reshape(crop.height, crop.width, 3)
    return pixels
