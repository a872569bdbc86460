"""The channels of a layer as small maps, a page of them at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any, Literal, get_args

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from ..analysis.numbers import number
from ..trace.network import Layer
from . import colours, encode
from .maps import arranged, by_channel, strongest, value_range
from .sheet import Frame, Shape, Sheet, Tile, line

PAGE = 48
"""So many channels make a page."""

_SIDE = 64
"""Maps are drawn with at most so many pixels along a side: a page stays below 300 kB."""

_SHARP = 96
"""Smaller maps are enlarged up to so many pixels along a side: what shows a figure may blur."""

Maps = NDArray[np.float32]
"""The values of several channels: (channels, *grid)."""

Figures = NDArray[np.float32]
"""A number for each channel."""

Order = Literal["maximum", "mean", "cell", "number"]
"""The order of channels: the strongest first by the largest value, by the mean, by the value at
the cell; or as they are numbered."""


def figures_of(maps: Maps, order: Order, cell: Sequence[int]) -> Figures:
    """The numbers that channels are ordered by."""
    figures: Figures
    if order == "cell":
        at: tuple[slice | int, ...] = (slice(None), *cell)
        figures = maps[at]
    elif order == "mean":
        figures = maps.reshape(len(maps), -1).mean(axis=1)
    else:
        figures = maps.reshape(len(maps), -1).max(axis=1)
    return figures


def strongest_first(figures: Figures) -> list[int]:
    """Orders channels by their figures; equal ones by number, and last what is no number."""
    order: list[int] = np.argsort(-np.nan_to_num(figures, nan=-np.inf), kind="stable").tolist()
    return order


@dataclass(frozen=True)
class Channels:
    """The channels of a layer in an order.

    Attributes:
        layer: the layer.
        maps: the values of all channels, (channels, *grid).
        cell: the pinned cell.
        order: what puts the channels in order.
        same_scale: whether all maps are drawn to one scale of values; else each from its own
            lowest value to its own highest.
        names: what the channels stand for; empty where that is not known.
    """

    layer: Layer
    maps: Maps
    cell: tuple[int, ...]
    order: Order = "maximum"
    same_scale: bool = False
    names: Sequence[str] = ()

    @property
    def single(self) -> bool:
        """Whether each channel is a single value, drawn as a bar."""
        return bool(self.maps[0].size == 1)

    @cached_property
    def figures(self) -> Figures:
        """The number that each channel is ordered by."""
        return figures_of(self.maps, self.order, self.cell)

    @cached_property
    def channels(self) -> list[int]:
        """All channels in order."""
        if self.order == "number":
            return list(range(len(self.maps)))
        return strongest_first(self.figures)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return ceil(len(self.maps) / PAGE)

    def shown(self, page: int) -> list[int]:
        """The channels of a page; the first page is 0."""
        return self.channels[page * PAGE : (page + 1) * PAGE]

    @cached_property
    def places(self) -> NDArray[np.int32]:
        """The arrangement of the cells in the maps, see ``maps.arranged``."""
        return arranged(self.layer, flat=len(self.layer.net.input.size) == 1)

    @cached_property
    def limits(self) -> tuple[float, float] | None:
        """The lowest and the highest value where all maps have the same scale."""
        return value_range(self.maps) if self.same_scale and not self.single else None

    def sheet(self, page: int = 0, columns: int = 0) -> Sheet:
        """The tiles of a page; with 0 columns as many side by side as fit on a wide page."""
        rows, across = self.places.shape
        flat = rows == 1
        shape: Shape = "wide" if self.single or flat else "small"
        aspect = min(max(across / rows, 0.5), 2.5)
        shown = self.shown(page)
        tiles = [self._tile(c, p) for c, p in zip(shown, self._pictures(shown), strict=True)]
        limits = None if flat else self.limits
        return Sheet(tiles, shape, columns, 14.0 if self.single else aspect, limits)

    def _pictures(self, shown: Sequence[int]) -> Iterator[Any]:
        if self.single:
            yield from bars(self.figures, shown)
            return
        laid_out = self.maps[shown].reshape(len(shown), -1)[:, self.places]
        if len(self.places) == 1:
            yield from (line(v, *(self.limits or value_range(v))) for v in laid_out[:, 0])
        else:
            yield from thumbnails(laid_out, self.limits)

    def _tile(self, channel: int, picture: Any) -> Tile:  # noqa: ANN401
        value = number(float(self.figures[channel]))
        what = {"mean": "mean", "cell": "here"}.get(self.order, "up to")
        name = self.names[channel] if self.names else ""
        return Tile(
            picture=picture,
            title=str(channel),
            figure=value,
            notes=(name,) if name else (),
            spoken=f"Channel {channel}{f' ({name})' if name else ''}: {what} {value}",
            mark=None if self.single else self._mark,
        )

    @cached_property
    def _mark(self) -> Frame:
        grid = self.layer.extents
        flat = int(np.ravel_multi_index(self.cell, grid)) if grid else 0
        y, x = np.argwhere(self.places == flat)[0]
        rows, columns = self.places.shape
        return float(x / columns), float(y / rows), 1 / columns, 1 / rows


def channels_figure(
    layer: Layer,
    values: NDArray[np.floating[Any]],
    cell: Sequence[int] | None = None,
    *,
    order: Order = "maximum",
    same_scale: bool = False,
    page: int = 0,
    columns: int = 0,
    names: Sequence[str] = (),
) -> go.Figure:
    """Draw a page of a layer's channels, each as a small map with its number and its value.

    Args:
        layer: a layer of a network that was traced at a size.
        values: the layer's values, as ``Model.activations`` returns them.
        cell: the cell to mark in every map. Default: the one with the largest value in the
            strongest channel.
        order: "maximum" for the channels with the largest values first, "mean" for those with the
            largest means, "cell" for those with the largest values at the cell, "number" for as
            they are numbered.
        same_scale: draw all maps in the colours of one scale, so that they can be compared; else
            each from its own lowest value to its own highest.
        page: which 48 channels: 0 for the first.
        columns: how many stand side by side; by default as many as fit on a wide page.
        names: what the channels stand for, such as the names of classes.

    Returns:
        A figure with an image for each map, named by the channel's number. Channels of single
        values are bars, those of signals are lines. Its traces are named "titles", "figures",
        "pinned cell" and the like.

    Raises:
        IndexError: the cell or the page does not exist.
        ValueError: the network was traced at an unknown size, or ``values`` or ``order`` do not
            fit.
    """
    if layer.net.any_size:
        raise ValueError("Channels can be drawn of networks that were traced at a size")
    if order not in get_args(Order):
        raise ValueError(f"There is no order {order!r}: use {', '.join(get_args(Order))}")
    values = np.asarray(values, np.float32)
    if values.shape != layer.shape:
        raise ValueError(
            f"The values have the shape {values.shape}, but {layer.name} has the shape "
            f"{layer.shape}"
        )
    maps = by_channel(values, layer)
    if cell is None:
        cell = strongest(maps)[1:]
    layer.region(cell)  # raises for a cell that does not exist
    shown = Channels(layer, maps, tuple(int(i) for i in cell), order, same_scale, names)
    if not 0 <= page < shown.pages:
        raise IndexError(f"There is no page {page}: {layer.name} has {shown.pages}")
    return shown.sheet(page, columns).figure()


def thumbnails(maps: Maps, limits: tuple[float, float] | None = None) -> Iterator[encode.Encoded]:
    """Encodes maps (channels, rows, columns) as PNG, without limits each on its own scale."""
    for values in reduced(maps):
        steps, palette = colours.indexed(values, *(limits or value_range(values)))
        times = max(1, _SHARP // max(steps.shape))
        image = Image.fromarray(steps.repeat(times, axis=0).repeat(times, axis=1))
        image.putpalette(palette.tobytes())
        yield encode.png(image, fast=times == 1)


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


def bars(figures: Figures, shown: Sequence[int]) -> Iterator[tuple[float, float]]:
    """Draws single values as bars from zero, in shares of the range of all of them."""
    low, high = value_range(figures)
    low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or 1.0
    for channel in shown:
        value = float(np.nan_to_num(figures[channel], nan=0.0, posinf=high, neginf=low))
        ends = sorted([-low / span, (value - low) / span])
        yield ends[0], ends[1]
