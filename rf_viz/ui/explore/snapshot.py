"""A picture of the view with a caption: the region in the input, and the cell in its map."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import ImageFont

from ...figures.colours import PINNED, mapped
from ...figures.drawing import (
    Area,
    Drawing,
    Frame,
    Line,
    Outline,
    Raster,
    Shape,
    Veil,
    Words,
)
from ...figures.linked_view import LinkedView
from ...trace.network import Region
from ..inspector.certainty import certainty
from ..outline import title_of
from ..pictures import Cell, FeatureMap, Picture
from ..text import by, extent, number, position, ranges

_WIDTH, _MARGIN, _GAP = 960, 24, 32
_INNER = _WIDTH - 2 * _MARGIN
_HEAD = 44
"""How much room a pane's title and numbers take."""

_FLAT = 150
"""How high a line is drawn."""

_TITLE, _NAME, _TEXT = 21, 15, 14
"""The sizes of words."""

_INK, _GREY, _GROUND, _CASING = "#31333f", "#6b6d78", "#f0f2f6", "#303030"


def snapshot(
    title: str, credit: str, picture: Picture, feature_map: FeatureMap, cell: Cell
) -> Drawing:
    """Draws a pinned cell and its region; ``credit`` says whom to thank for the input."""
    layer = feature_map.layer
    region = layer.region(cell, feature_map.channel)
    flat = len(picture.extent) == 1
    headline = f"{title} · {title_of(layer)[0]}"
    caption = " ".join(_caption(picture, feature_map, cell, region, credit))
    caption = caption.replace(" \N{MULTIPLICATION SIGN} ", "\xa0\N{MULTIPLICATION SIGN}\xa0")

    shapes: list[Shape] = [
        Words(_MARGIN, 38, _fitted(headline, _TITLE, True), _TITLE, _INK, bold=True)
    ]
    wide = _INNER if flat else (_INNER - _GAP) / 2
    left, top = float(_MARGIN), 60.0
    bottom = top
    for pane in range(2):
        room = Frame(left, top + _HEAD, wide, wide)
        if pane == 0:
            name, numbers = picture.title, _seen(region)
            frame, drawn = _input(picture, region, room)
        else:
            name, numbers = feature_map.title, _value(feature_map, cell)
            frame, drawn = _map(picture, feature_map, cell, room)
        shapes += [
            Words(left, top + 12, _fitted(name, _NAME, True, wide), _NAME, _INK, bold=True),
            Words(left, top + 32, _fitted(numbers, _TEXT, False, wide), _TEXT, _GREY),
            *drawn,
        ]
        bottom = max(bottom, frame.y + frame.height + 20)
        left, top = (left, bottom) if flat else (left + wide + _GAP, top)
    for line in _wrapped(caption, _TEXT):
        bottom += 20
        shapes.append(Words(_MARGIN, bottom, line, _TEXT, _GREY))
    return Drawing(_WIDTH, bottom + 20, shapes, f"{headline}. {caption}")


@lru_cache(maxsize=32)
def app_font(size: float, bold: bool) -> ImageFont.FreeTypeFont:
    """The font of the app, which comes with Streamlit; Pillow's own where it is not there."""
    for path in Path(st.__file__).parent.glob("static/static/media/SourceSansVF-Upright*"):
        font = ImageFont.truetype(str(path), size)
        font.set_variation_by_axes([600 if bold else 400])
        return font
    default = ImageFont.load_default(size)
    assert isinstance(default, ImageFont.FreeTypeFont)
    return default


def _seen(region: Region) -> str:
    if region.empty:
        return "sees no pixel"
    return f"{extent(region.size)} · {', '.join(ranges(region.start, region.stop))}"


def _value(feature_map: FeatureMap, cell: Cell) -> str:
    name = f"cell {position(cell)}" if cell else "the only cell"
    if feature_map.values is None:
        return name
    return f"{name} · {number(float(feature_map.values[cell]))}"


def _caption(
    picture: Picture, feature_map: FeatureMap, cell: Cell, region: Region, credit: str
) -> Iterator[str]:
    """Sentences that describe the picture."""
    layer = feature_map.layer
    name, what = title_of(layer)
    who = f"Cell {position(cell)}" if cell else "The only cell"
    where = f" in channel {feature_map.channel}" if feature_map.channel is not None else ""
    sees = "no pixel" if region.empty else " and ".join(ranges(region.start, region.stop))
    yield f"{who} of {name} ({what}, {by(layer.shape)}){where} sees {sees}"
    yield f"of the input ({extent(picture.extent)})."
    field = layer.receptive_field
    if field is not None:
        yield f"Size r {by(field.size)}, stride S {by(field.stride)},"
        yield f"padding P {by(field.padding)}."
    yield from (text for _, text in certainty(layer, region=region))
    if credit:
        yield credit
    yield "Made with RF-Viz."


def _input(picture: Picture, region: Region, room: Frame) -> tuple[Frame, list[Shape]]:
    """The input with the region, at the top left of its room: where it lies, and its shapes."""
    box = None if region.empty else _box(region.start, region.stop)
    if picture.values.ndim == 1:
        return _line(picture.values, box, room, steps=False, veiled=True)
    height, width = picture.extent
    frame = _fit(width, height, room)
    place = box and frame.part(box, Frame(0, 0, width, height))
    shapes: list[Shape] = [
        Raster(frame, picture.values),
        Veil(frame, place, "#000000", 0.5),
        *(_outlined(place) if place else ()),
    ]
    return frame, shapes


def _map(
    picture: Picture, feature_map: FeatureMap, cell: Cell, room: Frame
) -> tuple[Frame, list[Shape]]:
    """The feature map with the cell, as the linked view lays it out."""
    view = LinkedView(feature_map.layer, picture.values, feature_map.values, cell)
    rows, columns = view.places.shape
    row, column = view.place_of(cell)
    box = _box((row, column), (row + 1, column + 1))
    if view.is_line:
        return _line(view.shown[0], box, room, steps=True, veiled=False)
    frame = _fit(columns, rows, room)
    pixels = mapped(view.shown, *view.range)
    place = frame.part(box, Frame(0, 0, columns, rows))
    around = Frame(place.x - 1, place.y - 1, place.width + 2, place.height + 2)
    return frame, [Raster(frame, pixels), *_outlined(around)]


def _line(
    values: NDArray[Any], box: Frame | None, room: Frame, *, steps: bool, veiled: bool
) -> tuple[Frame, list[Shape]]:
    """Values as a line, with the marked part tinted and, where asked for, the rest veiled."""
    frame = Frame(room.x, room.y, room.width, _FLAT)
    heights = np.nan_to_num(values.astype(float))
    low, span = heights.min(), np.ptp(heights) or 1
    x = np.arange(len(values)) + 0.5
    if steps:
        x = np.repeat(np.arange(len(values) + 1.0), 2)[1:-1]
        heights = np.repeat(heights, 2)
    points = np.stack(
        [
            frame.x + x * frame.width / len(values),
            frame.y + (0.95 - 0.9 * (heights - low) / span) * frame.height,
        ],
        axis=1,
    )
    place = box and frame.part(box, Frame(0, 0, len(values), 1))
    shapes: list[Shape] = [Area(frame, _GROUND), Line(points, _INK, 1.25)]
    if veiled:
        shapes.append(Veil(frame, place, "#ffffff", 0.7))
    if place:
        shapes += [Area(place, PINNED, 0.25), Outline(place, PINNED, 1.5)]
    return frame, shapes


def _box(start: tuple[int, ...], stop: tuple[int, ...]) -> Frame:
    """A box from start to stop along y and x, or along x alone."""
    if len(start) == 1:
        return Frame(start[0], 0, stop[0] - start[0], 1)
    return Frame(start[1], start[0], stop[1] - start[1], stop[0] - start[0])


def _fit(width: int, height: int, room: Frame) -> Frame:
    """The largest frame of this shape in the room, no thinner than can be seen."""
    scale = min(room.width / width, room.height / height)
    return Frame(room.x, room.y, max(width * scale, 8), max(height * scale, 8))


def _outlined(frame: Frame) -> tuple[Shape, Shape]:
    return Outline(frame, _CASING, 4), Outline(frame, PINNED, 2)


def _fitted(text: str, size: float, bold: bool, width: float = _INNER) -> str:
    """The text in one line, cut where it would be longer than that."""
    text = " ".join(text.splitlines())
    font = app_font(size, bold)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _wrapped(text: str, size: float) -> Iterator[str]:
    """The text in lines that fit into the picture in any usual font."""
    line = ""
    for word in " ".join(text.splitlines()).split(" "):
        longer = f"{line} {word}".strip()
        if line and app_font(size, False).getlength(longer) > 0.85 * _INNER:
            yield _fitted(line, size, False)
            line = word
        else:
            line = longer
    if line:
        yield _fitted(line, size, False)
