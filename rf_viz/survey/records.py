"""What a survey tells of itself, its layers, images and strongest cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError, printable
from ..trace.network import Region
from .bins import edges
from .plan import LAYOUT, MOST_CHANNELS, MOST_PIXELS, MOST_TOP

_MOST_LAYERS = 10_000

SHEET_NAME = re.compile(r"\d{3,9}-\d{3,9}\.(png|jpg)")
"""What the names of sheets are like."""


@dataclass(frozen=True)
class Sheet:
    """A picture with crops of a layer: the name of its file, and its size."""

    name: str
    height: int
    width: int


@dataclass(frozen=True)
class SurveyedField:
    """What a survey says of a layer's effective field: that of its middle cell, all channels.

    Attributes:
        pixels: so many the cell depends on; 0 where there is no field.
        images: how many images it is the average of.
        still: how many more had no influence on the cell at all.
        failed: how many more could not be measured.
        why: why the first of these could not, or why there is no field, in a sentence; else empty.
        method: "gradient" or "occlusion"; empty where there is no field.
        expected: the size to expect of random weights (see ``EffectiveField.size``), in pixels;
            None where that is too much to work out.
    """

    pixels: int
    images: int
    still: int
    failed: int
    why: str
    method: str
    expected: float | None


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
        field: what is said of its effective field; None where fields were not measured.
    """

    name: str
    title: str
    op: str
    shape: tuple[int, ...]
    grid: tuple[int, ...]
    channels: int
    exact: bool
    sheets: tuple[Sheet, ...]
    field: SurveyedField | None = None


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


@dataclass(frozen=True)
class SurveyedChannel:
    """What a survey tells of one channel: its strongest cells with their images and crops.

    The rest is as in ``Statistics``; numbers are None where the channel has no finite value.
    """

    strongest: tuple[Strong, ...]
    images: tuple[SurveyedImage, ...]
    crops: tuple[NDArray[np.uint8], ...]
    count: int
    invalid: int
    min: float | None
    max: float | None
    mean: float | None
    std: float | None
    fires_in_cells: float | None
    fires_in_images: float | None
    histogram: NDArray[np.int64]


class SurveyRecord:
    """What a survey says of itself.

    Attributes:
        name: what messages call it.
        layers: the layers, in the order in which they were chosen.
        top: at most so many cells of each channel are kept.
        images: how many images were looked at, and ``skipped`` how many of them could not be used.
        model: the name of the model's file, and ``digest`` the SHA-256 of its content.
        input_name, input_shape, spatial_axes: of the input that was traced.
        size: the input's height and width.
        preparation: how images were prepared.
        record: all of it, as JSON has it.
        bin_edges: the numbers between the bins of histograms, ascending.
    """

    def __init__(self, record: dict[str, Any], name: str) -> None:
        """Take a record. Raises ModelError where it makes no sense."""
        self.record, self.name = record, name
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
            for layer in self.layers:
                if layer.field is not None and layer.field.pixels:
                    _require(layer.field.pixels <= prod(self.size) <= MOST_PIXELS)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"survey.json of {name} is damaged, or of another version of RF-Viz: survey again"
            ) from error
        self.bin_edges = np.array(edges())
        self._numbers = {layer.name: i for i, layer in enumerate(self.layers)}

    def __repr__(self) -> str:
        return f"<Survey of {self.model} over {self.images} images, {len(self.layers)} layers>"

    def layer(self, name: str) -> SurveyedLayer:
        """The layer of that name. Raises KeyError."""
        return self.layers[self.number(name)]

    def number(self, name: str) -> int:
        """The number of the layer of that name. Raises KeyError."""
        if name not in self._numbers:
            raise KeyError(f"{name} was not surveyed; {', '.join(list(self._numbers)[:4])} were")
        return self._numbers[name]


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
        None if entry.get("field") is None else _field(entry["field"]),
    )
    _require(all(SHEET_NAME.fullmatch(sheet.name) for sheet in layer.sheets))
    _require(prod(layer.grid) <= 2**40)
    return layer


def _field(entry: dict[str, Any]) -> SurveyedField:
    expected = entry["expected"]
    field = SurveyedField(
        pixels=_int(entry["pixels"], 0),
        images=_int(entry["images"], 0),
        still=_int(entry["still"], 0),
        failed=_int(entry["failed"], 0),
        why=_text(entry["why"]),
        method=_text(entry["method"]),
        expected=None if expected is None else float(expected),
    )
    _require(field.method in (("gradient", "occlusion") if field.pixels else ("",)))
    _require(bool(field.pixels) == (field.images + field.still > 0))
    _require(field.expected is None or 0 < field.expected < MOST_PIXELS)
    return field


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
