"""The panel on the pinned cell: its position, its region, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ...analysis.seen import Influence, Mode
from ...figures import encode
from ...figures.colours import PINNED
from ...figures.overlays import shades
from ...trace.network import Layer, Region
from ..pictures import Cell, FeatureMap, Picture
from ..text import by, minus, number, percent, position, ranges, unit_of
from .certainty import certainty
from .seen import seen_by

_CROP = 512
"""Crops are sent with at most so many pixels along a side; they are shown smaller."""

_MOST_EQUATIONS = 6
"""A framework's layer of many operations has too many equations to show."""

_POINTS = 400
"""About so many values of a signal are drawn: there are no more pixels across."""


def cell_panel(
    picture: Picture,
    feature_map: FeatureMap,
    cell: Cell,
    mode: Mode,
    influence: Influence | None = None,
) -> None:
    """Draws the crop of the cell's region, coloured by what shows of its pixels, and the numbers.

    ``influence`` is what was measured of the cell so far.
    """
    layer = feature_map.layer
    seen = seen_by(layer, cell, feature_map.channel)
    region, crop = seen.region, None
    if mode == "influence" and influence is None:
        mode = "box"
    if mode != "box" and picture.kind == "image" and not region.empty:
        limits = (0.0, 0.0) if influence is None else seen.limits(influence)
        marks = seen.marks(mode, influence)
        crop = veiled(picture.values[region.slices], marks, mode, limits)
    sure = certainty(layer, kind=picture.kind, region=region)
    st.html(
        '<section class="rf-answer">'
        f'<div class="crop">{_crop(picture, region, crop)}{_headline(picture, region)}</div>'
        f'<div class="numbers">{_table(_numbers(feature_map, cell, region))}'
        f"{_paragraphs([*_recurrence(layer), *sure])}</div></section>"
    )


def _headline(picture: Picture, region: Region) -> str:
    if region.empty:
        return "<p><b>Sees no pixel</b>Nothing of the input reaches this cell.</p>"
    share = np.prod(region.size) / np.prod(picture.extent)
    unit = unit_of(picture.extent)
    what: str = picture.kind
    if picture.within:
        unit, what = "cells", "layer"
    return (
        f'<p><b><span data-of="size">{by(region.size)}</span> {unit}</b>'
        f'<span data-of="share">{percent(share)}</span> of the {what}</p>'
    )


def _numbers(feature_map: FeatureMap, cell: Cell, region: Region) -> Iterable[tuple[str, str, str]]:
    """Rows of the table: key, label, HTML."""
    layer = feature_map.layer
    yield "cell", "Cell", position(cell) if cell else "the only one"
    if feature_map.values is not None:
        yield "value", "Value", number(float(feature_map.values[cell]))
    if not region.empty:
        yield "region", "Region", "<br>".join(ranges(region.start, region.stop))
        index = ", ".join(f"{s}:{e}" for s, e in zip(region.start, region.stop, strict=True))
        yield "slices", "In NumPy", f"<code>[{index}]</code>"
    field = layer.receptive_field
    if field is None:
        return
    yield "r", "Size r", by(field.size)
    yield "S", "Stride S", by(field.stride)
    yield "P", "Padding P", by(field.padding)
    if None not in field.padding and len(field.size) == len(cell):
        yield "centre", "Centre", position(field.centre(cell))


def _recurrence(layer: Layer) -> Iterable[tuple[str, str]]:
    """The step by which the layer's closed form follows from those before it, in equations."""
    texts = layer.recurrence_texts
    if texts:
        equations = "; ".join(texts[:_MOST_EQUATIONS])
        yield "recurrence", minus(equations.replace(" x ", " \N{MULTIPLICATION SIGN} "))


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    cells = "".join(
        f'<dt>{label}</dt><dd data-of="{key}">{value}</dd>' for key, label, value in rows
    )
    return f"<dl>{cells}</dl>"


def _paragraphs(sentences: Iterable[tuple[str, str]]) -> str:
    return "".join(f'<p data-of="{key}">{escape(text)}</p>' for key, text in sentences)


def _crop(picture: Picture, region: Region, crop: NDArray[np.uint8] | None) -> str:
    if region.empty:
        return ""
    part = picture.values[region.slices] if crop is None else crop
    if part.ndim == 1:
        drawn = encode.signal(part, size=(500, 180), colour=PINNED, stroke=3, points=_POINTS)
    else:
        part = picture.drawable(part, len(part) // 2)
        drawn = encode.picture(part, side=_CROP, fast=True)
    return f'<img alt="What the cell sees" src="{drawn.data_url}">'


def veiled(
    part: NDArray[np.uint8],
    marks: NDArray[np.uint8],
    mode: Mode,
    limits: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.uint8]:
    """A crop (height, width, 3) with its pixels marked as ``Seen.marks`` says.

    By "pixels" those that count stay bright, else each has the colour of its mark (see ``shades``).
    """
    dark = 0.4 * part
    if mode == "pixels":
        shown = np.where(marks[..., None] > 0, part, dark)
    else:
        shade = shades(mode, limits)[marks]
        colour, opacity = shade[..., :3], shade[..., 3:]
        shown = np.where(marks[..., None] > 0, opacity * colour + (1 - opacity) * part, dark)
    return shown.round().astype(np.uint8)
