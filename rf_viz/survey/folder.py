"""Opens the folder of a survey, wherever it comes from, and reads of it what is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cached_property, lru_cache
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.effective import EffectiveField
from ..errors import ModelError, printable
from ..inputs.images import ImageError, open_image
from ..readers.bounded import parse_json
from ..trace.network import Region
from . import tables
from .bins import BINS
from .field_table import read_field
from .image_table import LARGEST_FILE
from .packed import RECORD, unpack
from .records import (
    SHEET_NAME,
    Statistics,
    Strong,
    SurveyedChannel,
    SurveyedImage,
    SurveyedLayer,
    SurveyRecord,
)

_LONGEST = 2**24
"""The most bytes of the file that says what a survey is."""


class Survey(SurveyRecord):
    """A survey: what the channels of some layers respond to, over a set of images.

    It reads of its folder what is asked, and trusts nothing there: files are read in bounds, and
    none outside the folder. Its methods raise ModelError where a file is missing or damaged, and
    KeyError for a layer that was not surveyed. Made by ``open_survey``.

    Attributes:
        folder: where it is.
        has_images: whether it has the images that crops are of (see ``image_content``).
    """

    def __init__(
        self,
        folder: Path,
        record: dict[str, Any],
        name: str,
        temporary: TemporaryDirectory[str] | None = None,
    ) -> None:
        """Take what a survey says of itself, and a folder that stays as long as the survey does.

        Raises ModelError where it makes no sense.
        """
        super().__init__(record, name)
        self.folder, self._temporary = folder, temporary
        self.has_images = (folder / "images").is_dir()

    def channel(self, layer: str, channel: int) -> SurveyedChannel:
        """All that there is of a channel, with its crops."""
        strongest = self.strongest(layer, channel)
        statistics = self.statistics(layer)

        def own(values: NDArray[Any]) -> float | None:
            return None if np.ma.is_masked(values[channel]) else float(values[channel])

        return SurveyedChannel(
            strongest=tuple(strongest),
            images=tuple(self.image(one.image) for one in strongest),
            crops=tuple(self.crop(layer, channel, rank) for rank in range(len(strongest))),
            count=int(statistics.count[channel]),
            invalid=int(statistics.invalid[channel]),
            min=own(statistics.min),
            max=own(statistics.max),
            mean=own(statistics.mean),
            std=own(statistics.std),
            fires_in_cells=own(statistics.fires_in_cells),
            fires_in_images=own(statistics.fires_in_images),
            histogram=statistics.histogram[channel],
        )

    def strongest(self, layer: str, channel: int) -> list[Strong]:
        """The strongest cells of a channel, the highest first, at most one of each image."""
        its = self.layer(layer)
        if not 0 <= channel < its.channels:
            raise IndexError(f"{layer} has channels 0 to {its.channels - 1}, not {channel}")
        rows = self._rows(self.number(layer))
        first = channel * self.top
        return [
            self._strong(its, rows, row)
            for row in range(first, first + self.top)
            if not np.ma.getmaskarray(rows["value"])[row]
        ]

    def statistics(self, layer: str) -> Statistics:
        """How the values of a layer lie, for all of its channels."""
        number = self.number(layer)
        channels = self.layers[number].channels
        values = tables.read(self._path("channels.parquet"), tables.CHANNELS, number, channels)
        counts = tables.read(
            self._path("histograms.parquet"), tables.HISTOGRAMS, number, channels * BINS
        )
        return Statistics(
            **{field.name: values[field.name] for field in fields(Statistics)[:-1]},
            histogram=counts["count"].reshape(channels, BINS),
        )

    def field(self, layer: str) -> EffectiveField | None:
        """The effective field of a layer's middle cell, all channels together.

        Its shares are rounded to float32. None where the layer has none, or where the survey
        measured none (see ``SurveyedLayer.field``).
        """
        number = self.number(layer)
        about = self.layers[number].field
        if about is None or not about.pixels:
            return None
        return read_field(self._path("fields.parquet"), number, about, self.size)

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
        if not self.has_images:
            raise ModelError(f"{self.name} has no images of its own: survey with --keep-images")
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
        if not SHEET_NAME.fullmatch(name):
            raise ModelError(f"{printable(name)} is not the name of a sheet: survey again")
        return self._path("atlas", name)

    def _path(self, *parts: str) -> Path:
        """A file of the folder. Raises ModelError where it lies elsewhere, or is missing."""
        path = self.folder.joinpath(*parts)
        if not path.is_file() or not path.resolve().is_relative_to(self.folder.resolve()):
            raise ModelError(f"{self.name} has no file {'/'.join(parts)}")
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
            raise ModelError(f"strongest.parquet of {self.name} is damaged: survey again")
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


def open_survey(place: str | os.PathLike[str], name: str | None = None) -> Survey:
    """Open the folder of a survey, or a zip archive of one.

    ``name`` is what messages call it, by default its place. An archive is unpacked into a temporary
    folder, which goes with the survey. Raises ModelError where there is no survey, or no whole one.
    """
    path, temporary = Path(place), None
    name = name or os.fspath(place)
    if path.is_file():
        temporary = TemporaryDirectory(prefix="rf_viz_survey_")
        unpack(path, name, temporary.name)
        path = Path(temporary.name)
    if not (path / RECORD).is_file():
        begun = (path / "parts").is_dir()
        why = "a survey that is not finished: call it again to go on" if begun else "no survey"
        raise ModelError(f"{name} holds {why}")
    return Survey(path, _read_record(path, name), name, temporary)


def image_file(number: int) -> str:
    """The name of the file with the content of an image."""
    return f"{number:08}"


def finished_key(folder: Path) -> str:
    """The key of the plan of the survey that a folder holds; empty where it holds none."""
    if not (folder / RECORD).is_file():
        return ""
    return str(_read_record(folder, str(folder)).get("key", "")) or "unknown"


def _read_record(folder: Path, name: str) -> dict[str, Any]:
    """What a survey says of itself. Raises ModelError."""
    try:
        with (folder / RECORD).open("rb") as file:
            content = file.read(_LONGEST + 1)
        if len(content) > _LONGEST:
            raise ModelError(
                f"{RECORD} of {name} has more than {_LONGEST:,} bytes: it is of no survey"
            )
        record = parse_json(content)
    except (OSError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{RECORD} of {name} is damaged: survey again") from error
    if not isinstance(record, dict):
        raise ModelError(f"{RECORD} of {name} is damaged: survey again")
    return record


def _within(box: Region, size: tuple[int, ...]) -> bool:
    """Whether a box is one, and lies within so many pixels."""
    return all(
        0 <= start < stop <= extent
        for start, stop, extent in zip(box.start, box.stop, size, strict=True)
    )
