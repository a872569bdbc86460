"""Channels: all maps of a layer as thumbnails, in the order that the person asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from ...figures import encode
from ...figures.colours import colours
from ...figures.maps import arranged, quantised, value_range
from ..address import put, read_numbers
from ..address_choice import kept, one_of
from ..inspector.scene import Scene
from ..navigation import open_now
from ..pictures import Cell
from ..text import number, whole
from .tiles.tiles import (
    Box,
    Drawn,
    Scale,
    Tile,
    line,
    page_of,
    tiles,
)

PAGE = 48
"""So many thumbnails make a page."""

_SIDE = 64
"""Thumbnails have at most so many pixels along a side: a page stays below 300 kB."""

_KEY = "channels"

Maps = NDArray[np.float32]
"""The values of several channels: (channels, *grid)."""

Figures = NDArray[np.float32]
"""A number for each channel."""


def by_maximum(maps: Maps, cell: Cell) -> Figures:
    """The largest value of each map."""
    figures: Figures = maps.reshape(len(maps), -1).max(axis=1)
    return figures


def by_mean(maps: Maps, cell: Cell) -> Figures:
    """The mean of each map."""
    figures: Figures = maps.reshape(len(maps), -1).mean(axis=1)
    return figures


def by_cell(maps: Maps, cell: Cell) -> Figures:
    """The value of each map at the cell."""
    at: tuple[slice | int, ...] = (slice(None), *cell)
    return maps[at]


_Order = Callable[[Maps, Cell], Figures]

ORDERS: Mapping[str, _Order | None] = {
    "Maximum": by_maximum,
    "Mean": by_mean,
    "At this cell": by_cell,
    "Number": None,
}
"""What puts the channels in order, the strongest first; None leaves them as they are numbered."""

_TEXTS = {"Maximum": "maximum", "Mean": "mean", "At this cell": "cell", "Number": "number"}
"""The orders as an address spells them."""


def strongest_first(figures: Figures) -> list[int]:
    """Orders channels by their figures; equal ones by number, and last what is no number."""
    order: list[int] = np.argsort(-np.nan_to_num(figures, nan=-np.inf), kind="stable").tolist()
    return order


def channel_gallery(scene: Scene) -> None:
    """Draws a page of thumbnails; choosing one shows its channel."""
    maps, cell = scene.maps, scene.cell
    if maps is None:
        st.caption("This model cannot be run, so its channels have no values to show.")
        return
    single = maps[0].size == 1
    name, common = _choose_order(single)
    order = ORDERS[name]
    figures = (order or by_maximum)(maps, cell)
    channels = strongest_first(figures) if order else list(range(len(maps)))
    of = f"{scene.file.digest} {scene.layer.name} {name} {cell if order is by_cell else ''}"
    pages = ceil(len(channels) / PAGE)
    page = min(page_of(_KEY, of, first=_page_of_address(of)), pages - 1)
    put("page", str(page + 1) if page else "")
    shown = channels[page * PAGE : (page + 1) * PAGE]

    places = arranged(scene.layer, flat=len(scene.picture.extent) == 1)
    rows, columns = places.shape
    limits = value_range(maps) if common else None
    pictures: list[Drawn]
    if single:
        pictures = [*bars(figures, shown)]
    else:
        with st.spinner("Drawing the channels ..."):
            these = maps[shown].reshape(len(shown), -1)[:, places]
            pictures = [*(lines(these[:, 0], limits) if rows == 1 else thumbnails(these, limits))]
    mark = None if single else _mark(cell, scene.layer.extents, places)
    aspect = 14.0 if single else 2.5 if rows == 1 else min(max(columns / rows, 0.5), 2.5)
    chosen = tiles(
        [
            _tile(scene, channel, picture, float(figures[channel]), order, mark)
            for channel, picture in zip(shown, pictures, strict=True)
        ],
        of=of,
        title=f"Channels of {scene.layer.title}",
        key=_KEY,
        shape="small" if aspect < 2.5 else "wide",
        aspect=aspect,
        current=shown.index(scene.shown) if scene.shown in shown else None,
        page=page,
        pages=pages,
        where=f"{whole(page * PAGE + 1)}\N{EN DASH}{whole(page * PAGE + len(shown))} "
        f"of {whole(len(channels))}",
        scale=Scale(number(limits[0]), number(limits[1])) if limits and rows > 1 else None,
    )
    if chosen is not None:
        open_now(scene.layer.name, cell, shown[chosen])


def _page_of_address(of: str) -> int:
    """The page that the address names for what the gallery shows when it is first drawn; else 0."""
    numbers = read_numbers("page")
    if numbers and numbers[0] > 0:
        st.session_state["channels page"] = of, numbers[0] - 1
    first, page = st.session_state.get("channels page", ("", 0))
    return int(page) if first == of else 0


def _choose_order(single: bool) -> tuple[str, bool]:
    """The name of an order, and whether all maps have the same scale of values."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        names = ["Maximum", "Number"] if single else list(ORDERS)
        name = st.segmented_control(
            "Order by",
            names,
            required=True,
            format_func=lambda name: "Value" if single and name == "Maximum" else name,
            **kept(
                "channels.order",
                f"order of channels {single}",
                one_of({_TEXTS[name]: name for name in names}),
            ),
        )
        common = not single and st.toggle(
            "Same scale",
            help="All maps in the colours of one scale, so that they can be compared. "
            "Else each runs from its own lowest value to its own highest.",
            **kept("channels.scale", "same scale", one_of({"own": False, "same": True})),
        )
    return str(name), common


def _tile(
    scene: Scene,
    channel: int,
    picture: Drawn,
    figure: float,
    order: _Order | None,
    mark: Box | None,
) -> Tile:
    what = "mean" if order is by_mean else "here" if order is by_cell else "up to"
    name = scene.names[channel] if scene.names else ""
    value = number(figure)
    return Tile(
        picture=picture,
        title=str(channel),
        figure=value,
        note=name,
        spoken=f"Channel {channel}{f' ({name})' if name else ''}: {what} {value}",
        mark=mark,
    )


def thumbnails(maps: Maps, limits: tuple[float, float] | None) -> Iterable[bytes]:
    """Encodes maps (channels, rows, columns) as PNG, without limits each on its own scale."""
    palette = colours("Viridis").tobytes()
    for values in reduced(maps):
        image = Image.fromarray(quantised(values, *(limits or value_range(values))))
        image.putpalette(palette)
        yield encode.png(image, fast=True).content


def reduced(maps: Maps) -> Maps:
    """Reduces maps (channels, rows, columns) that are too large to the means of their blocks."""
    for axis in (1, 2):
        extent = maps.shape[axis]
        block = ceil(extent / _SIDE)
        if block > 1:
            edges = np.arange(0, extent, block)
            lengths = np.diff(edges, append=extent).astype(np.float32)
            sums: Maps = np.add.reduceat(maps, edges, axis=axis)
            maps = sums / lengths.reshape(1, *((-1, 1) if axis == 1 else (1, -1)))
    return maps


def lines(maps: Maps, limits: tuple[float, float] | None) -> Iterable[str]:
    """Draws maps (channels, cells) as lines, without limits each on its own scale."""
    for values in maps:
        yield line(values, *(limits or value_range(values)))


def bars(figures: Figures, shown: Sequence[int]) -> Iterable[tuple[float, float]]:
    """Draws single values as bars from zero, in shares of the range of all of them."""
    low, high = value_range(figures)
    low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or 1.0
    for channel in shown:
        value = float(np.nan_to_num(figures[channel], nan=0.0, posinf=high, neginf=low))
        ends = sorted([-low / span, (value - low) / span])
        yield ends[0], ends[1]


def _mark(cell: Cell, grid: Sequence[int], places: NDArray[np.int32]) -> Box:
    flat = int(np.ravel_multi_index(cell, tuple(grid)))
    y, x = np.argwhere(places == flat)[0]
    rows, columns = places.shape
    return float(x / columns), float(y / rows), 1 / columns, 1 / rows
