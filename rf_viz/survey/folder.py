"""Opens the folder of a survey, wherever it comes from, and reads of it what is asked."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cached_property, lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError, printable
from ..inputs.images import ImageError, open_image
from ..readers.bounded import parse_json
from ..trace.network import Region
from . import tables
from .bins import BINS, edges
from .image_table import LARGEST_FILE
from .plan import LAYOUT, MOST_CHANNELS, MOST_TOP
from .records import Sheet, Statistics, Strong, SurveyedImage, SurveyedLayer

_LONGEST = 2**24
"""The most bytes of the file that says what a survey is."""

_MOST_LAYERS = 10_000

_SHEET_NAME = re.compile(r"\d{3,9}-\d{3,9}\.(png|jpg)")


class Survey:
    """A survey: what the channels of some layers respond to, over a set of images.

    It reads of its folder what is asked, and trusts nothing there: files are read in bounds, and
    none outside the folder. Its methods raise ModelError where a file is missing or damaged, and
    KeyError for a layer that was not surveyed. Made by ``open_survey``.

    Attributes:
        folder: where it is.
        layers: the layers, in the order in which they were chosen.
        top: at most so many cells of each channel are kept.
        images: how many images were looked at, and ``skipped`` how many of them could not be used.
        model: the name of the model's file, and ``digest`` the SHA-256 of its content.
        input_name, input_shape, spatial_axes: of the input that was traced.
        preparation: how images were prepared.
        record: all that the survey says of itself, as JSON has it.
        bin_edges: the numbers between the bins of histograms, ascending.
    """

    def __init__(self, folder: Path, record: dict[str, Any]) -> None:
        """Take what a survey says of itself. Raises ModelError where it makes no sense."""
        self.folder, self.record = folder, record
        try:
            _require(record["survey"] == LAYOUT)
            self.top = _int(record["top"], 1, MOST_TOP)
            images = record["images"]
            self.images = _int(images["number"], 0)
            self.skipped = _int(images["skipped"], 0, self.images)
            self.model, self.digest = (
                _text(record["model"]["name"]),
                _text(record["model"]["digest"]),
            )
            self.input_name = _text(record["input"]["name"])
            self.input_shape = _ints(record["input"]["shape"])
            self.spatial_axes = _ints(record["input"]["spatial_axes"])
            _require(len(self.spatial_axes) == 2)
            self.size = tuple(self.input_shape[axis] for axis in self.spatial_axes)
            self.preparation = {str(key): value for key, value in record["preparation"].items()}
            _require(record["bin_edges"] == edges())
            _require(0 < len(record["layers"]) <= _MOST_LAYERS)
            self.layers = tuple(_layer(entry) for entry in record["layers"])
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"{folder / 'survey.json'} is damaged, or of another version of RF-Viz: survey "
                "again"
            ) from error
        self.bin_edges = np.array(edges())
        self._numbers = {layer.name: i for i, layer in enumerate(self.layers)}

    def __repr__(self) -> str:
        return f"<Survey of {self.model} over {self.images} images, {len(self.layers)} layers>"

    def layer(self, name: str) -> SurveyedLayer:
        """The layer of that name. Raises KeyError."""
        return self.layers[self._number(name)]

    def strongest(self, layer: str, channel: int) -> list[Strong]:
        """The strongest cells of a channel, the highest first, at most one of each image."""
        its = self.layer(layer)
        if not 0 <= channel < its.channels:
            raise IndexError(f"{layer} has channels 0 to {its.channels - 1}, not {channel}")
        rows = self._rows(self._number(layer))
        first = channel * self.top
        return [
            self._strong(its, rows, row)
            for row in range(first, first + self.top)
            if not np.ma.getmaskarray(rows["value"])[row]
        ]

    def statistics(self, layer: str) -> Statistics:
        """How the values of a layer lie, for all of its channels."""
        number = self._number(layer)
        channels = self.layers[number].channels
        values = tables.read(self._path("channels.parquet"), tables.CHANNELS, number, channels)
        counts = tables.read(
            self._path("histograms.parquet"), tables.HISTOGRAMS, number, channels * BINS
        )
        return Statistics(
            **{field.name: values[field.name] for field in fields(Statistics)[:-1]},
            histogram=counts["count"].reshape(channels, BINS),
        )

    def image(self, number: int) -> SurveyedImage:
        """What was noted of an image, by its number."""
        if not 0 <= number < self.images:
            raise IndexError(f"there are images 0 to {self.images - 1}, not {number}")
        group, row = divmod(number, tables.IMAGES_A_GROUP)
        rows = self._images(group)
        return SurveyedImage(
            printable(rows["name"][row]),
            int(rows["height"][row]),
            int(rows["width"][row]),
            printable(rows["skipped"][row]),
        )

    def left_out(self) -> Iterator[str]:
        """Why images were left out, a sentence each, in their order."""
        for group in range(-(-self.images // tables.IMAGES_A_GROUP)):
            yield from (printable(why) for why in self._images(group)["skipped"] if why)

    def image_content(self, number: int) -> bytes:
        """The file of an image that a crop is of. Raises ModelError where it was not kept."""
        if not (self.folder / "images").is_dir():
            raise ModelError(
                f"the survey in {self.folder} has no images of its own: survey with --keep-images"
            )
        with self._path("images", image_file(number)).open("rb") as file:
            return file.read(LARGEST_FILE)

    def crop(self, layer: str, channel: int, rank: int) -> NDArray[np.uint8]:
        """The crop of a strongest cell, (height, width, 3). Raises IndexError where there is none.

        It shows the cell's region; one of more than 512 pixels along a side is scaled down.
        """
        strong = self.strongest(layer, channel)[rank]
        sheet = self._sheet(strong.sheet)
        if not _within(strong.box, sheet.shape[:2]):
            raise ModelError(f"a sheet of the survey is damaged ({strong.sheet}): survey again")
        return sheet[strong.box.slices]

    def sheet_path(self, name: str) -> Path:
        """The file of a sheet. Raises ModelError for a name that no sheet has."""
        if not _SHEET_NAME.fullmatch(name):
            raise ModelError(f"{printable(name)} is not the name of a sheet: survey again")
        return self._path("atlas", name)

    def _number(self, name: str) -> int:
        if name not in self._numbers:
            raise KeyError(f"{name} was not surveyed; {', '.join(list(self._numbers)[:4])} were")
        return self._numbers[name]

    def _path(self, *parts: str) -> Path:
        """A file of the folder. Raises ModelError where it lies elsewhere, or is missing."""
        path = self.folder.joinpath(*parts)
        if not path.is_file() or not path.resolve().is_relative_to(self.folder.resolve()):
            raise ModelError(f"the survey in {self.folder} has no file {'/'.join(parts)}")
        return path

    def _strong(self, layer: SurveyedLayer, rows: dict[str, NDArray[Any]], row: int) -> Strong:
        value = {name: column[row] for name, column in rows.items()}
        region = Region(
            (int(value["top"]), int(value["left"])), (int(value["bottom"]), int(value["right"]))
        )
        corner = int(value["sheet_top"]), int(value["sheet_left"])
        extent = int(value["sheet_height"]), int(value["sheet_width"])
        box = Region(corner, (corner[0] + extent[0], corner[1] + extent[1]))
        number, sheet, image = int(value["cell"]), int(value["sheet"]), int(value["image"])
        sound = (
            _within(region, self.size)
            and _within(box, (2**31, 2**31))
            and 0 <= number < prod(layer.grid)
            and 0 <= sheet < len(layer.sheets)
            and 0 <= image < self.images
        )
        if not sound:
            raise ModelError(
                f"strongest.parquet of the survey in {self.folder} is damaged: survey again"
            )
        cell = tuple(int(i) for i in np.unravel_index(number, layer.grid)) if layer.grid else ()
        return Strong(float(value["value"]), image, cell, region, layer.sheets[sheet].name, box)

    @cached_property
    def _rows(self) -> Callable[[int], dict[str, NDArray[Any]]]:
        """What reads the strongest cells of a layer, by its number; the latest are kept."""

        @lru_cache(2)
        def rows(number: int) -> dict[str, NDArray[Any]]:
            count = self.layers[number].channels * self.top
            return tables.read(self._path("strongest.parquet"), tables.STRONGEST, number, count)

        return rows

    @cached_property
    def _images(self) -> Callable[[int], dict[str, NDArray[Any]]]:
        """What reads a row group of the table of images; the latest are kept."""

        @lru_cache(4)
        def rows(group: int) -> dict[str, NDArray[Any]]:
            first = group * tables.IMAGES_A_GROUP
            count = min(tables.IMAGES_A_GROUP, self.images - first)
            return tables.read(self._path("images.parquet"), tables.IMAGES, group, count)

        return rows

    @cached_property
    def _sheet(self) -> Callable[[str], NDArray[np.uint8]]:
        """What opens a sheet; the latest are kept."""

        @lru_cache(2)
        def pixels(name: str) -> NDArray[np.uint8]:
            try:
                return np.asarray(open_image(self.sheet_path(name)))
            except ImageError as error:
                raise ModelError(f"a sheet of the survey cannot be shown: {error}") from error

        return pixels


def open_survey(folder: str | os.PathLike[str]) -> Survey:
    """Open the folder of a survey. Raises ModelError where it holds none, or no whole one."""
    path = Path(folder)
    if not (path / "survey.json").is_file():
        begun = (path / "parts").is_dir()
        why = "a survey that is not finished: call it again to go on" if begun else "no survey"
        raise ModelError(f"{path} holds {why}")
    return Survey(path, _read_record(path))


def image_file(number: int) -> str:
    """The name of the file with the content of an image."""
    return f"{number:08}"


def finished_key(folder: Path) -> str:
    """The key of the plan of the survey that a folder holds; empty where it holds none."""
    if not (folder / "survey.json").is_file():
        return ""
    return str(_read_record(folder).get("key", "")) or "unknown"


def _read_record(folder: Path) -> dict[str, Any]:
    """What a survey says of itself. Raises ModelError."""
    path = folder / "survey.json"
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
        if len(content) > _LONGEST:
            raise ModelError(f"{path} has more than {_LONGEST:,} bytes: it is of no survey")
        record = parse_json(content)
    except (OSError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path} is damaged: survey again") from error
    if not isinstance(record, dict):
        raise ModelError(f"{path} is damaged: survey again")
    return record


def _layer(entry: dict[str, Any]) -> SurveyedLayer:
    layer = SurveyedLayer(
        _text(entry["name"]),
        _text(entry["title"]),
        _text(entry["op"]),
        _ints(entry["shape"]),
        _ints(entry["grid"]),
        _int(entry["channels"], 1, MOST_CHANNELS),
        bool(entry["exact"]),
        tuple(
            Sheet(_text(sheet["name"]), _int(sheet["height"], 1), _int(sheet["width"], 1))
            for sheet in entry["sheets"]
        ),
    )
    _require(all(_SHEET_NAME.fullmatch(sheet.name) for sheet in layer.sheets))
    _require(prod(layer.grid) <= 2**40)
    return layer


def _within(box: Region, size: tuple[int, ...]) -> bool:
    """Whether a box is one, and lies within so many pixels."""
    return all(
        0 <= start < stop <= extent
        for start, stop, extent in zip(box.start, box.stop, size, strict=True)
    )


def _require(fact: bool) -> None:
    if not fact:
        raise ValueError


def _int(value: object, least: int, most: int = 2**53) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError
    return value


def _ints(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > 64:
        raise ValueError
    return tuple(_int(n, 0, 2**31) for n in value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return printable(value)
