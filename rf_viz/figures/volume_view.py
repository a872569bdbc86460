"""The view of volumes: three slices through the input, and three through a feature map.

The slices of either side lie as in an engineer's drawing: the one across depth with that across
columns to its right and that across rows below, so that neighbours share an axis.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..analysis.numbers import VALUE_FORMAT
from ..analysis.seen import Mode
from ..inputs.volumes import fit_volume, open_volume
from ..trace.network import Layer
from . import overlays
from .cell_view import (
    BAR,
    MAP,
    PICTURE,
    CellView,
    axes_of,
    edge,
    heading,
    influence_of,
    map_title,
    picture_url,
    refuse,
    region_outlines,
    settle,
)
from .maps import boxed, quantised
from .overlays import Box, Pane

AXES = ("depth", "row", "column")
"""The axes in words."""

ACROSS = ((1, 2), (0, 2), (1, 0))
"""For the slice across each axis the axes that run down and to the right in it."""

FLATTEST = 2.5
"""An axis is drawn no shorter than the longest one divided by this."""

_HEIGHT = 640
_SIDE, _GAP = 0.47, 0.04
"""The share of the figure's width that a side takes, and of each extent between two slices."""

_LEGEND = 0.2
"""The share of the figure's height that the legend takes."""


@dataclass(frozen=True)
class Slice:
    """A slice through a box: the voxels with one position along an axis.

    Attributes:
        axis: the axis that it lies across.
        at: the position along that axis.
        pane: where it is drawn.
    """

    axis: int
    at: int
    pane: Pane

    @property
    def axes(self) -> tuple[int, int]:
        """The axes that run down and to the right in it."""
        return ACROSS[self.axis]

    def box(self, box: Box | None) -> Box | None:
        """The part of a box in this slice, as (down, right); None where it passes by."""
        if box is None or not box[self.axis][0] <= self.at < box[self.axis][1]:
            return None
        down, right = self.axes
        return [box[down], box[right]]

    def point(self, point: Sequence[float] | None) -> list[float] | None:
        """A point as (down, right), if this is the slice that is nearest to it."""
        box = None if point is None else self.box([(n - 0.5, n + 0.5) for n in point])
        return None if box is None else [start + 0.5 for start, _ in box]

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        """The values in this slice, (down, right), of an array (depth, height, width, ...)."""
        down, right = self.axes
        part: NDArray[Any] = values.take(self.at, self.axis)
        return part if down < right else part.swapaxes(0, 1)


@dataclass(frozen=True)
class VolumeView(CellView):
    """A view of volumes, and the figure of it."""

    @cached_property
    def places(self) -> NDArray[np.int32]:
        """The map: at (depth, row, column) the number of a cell in the flattened grid."""
        return boxed(self.layer)

    @property
    def place(self) -> tuple[int, ...] | None:
        """Where the pinned cell is in the map; None for a class token."""
        number = int(np.ravel_multi_index(self.cell, self.layer.extents)) if self.cell else 0
        places = np.argwhere(self.places == number).tolist()
        return tuple(places[0]) if places else None

    @property
    def slices(self) -> tuple[list[Slice], list[Slice]]:
        """The slices through the input and through the map.

        They pass through the pixel, else through the middle of what the cell sees, and through the
        cell.
        """
        region: Box = self.region or [(0, n) for n in self.extent]
        point = self.pixel or [int(start + stop - 1) // 2 for start, stop in region]
        place = self.place or [n // 2 for n in self.places.shape]
        return (
            [Slice(axis, n, Pane(str(axis + 1) if axis else "")) for axis, n in enumerate(point)],
            [Slice(axis, n, Pane(str(axis + 4))) for axis, n in enumerate(place)],
        )

    def figure(self) -> go.Figure:
        """Draws the view as a Plotly figure."""
        figure = self.panes_alone()
        shapes = [shape for shape in self.shapes() if not overlays.is_hidden(shape)]
        figure.update_layout(shapes=legended(shapes), annotations=list(self.titles()))
        picture = quantised(self.picture, 0, 1)
        shown, labels = self.laid_out(self.places), self.seen_sizes(self.places)
        through, plan = self.slices
        for piece, trace in zip(through, figure.select_traces({"name": PICTURE}), strict=True):
            trace.source = picture_url(np.repeat(piece.of(picture)[..., None], 3, axis=-1))
        for piece, trace in zip(plan, figure.select_traces({"name": MAP}), strict=True):
            trace.update(z=piece.of(shown), customdata=piece.of(labels))
        if self.mode != "box":
            figure.add_traces([*self.marks_traces(self.marks)])
        return figure

    def panes_alone(self) -> go.Figure:
        """Draws the panes without overlays and titles, and without their content."""
        figure = go.Figure([*self._pictures(), *self._maps()])
        figure.update_layout(
            height=_HEIGHT,
            margin={"l": 44, "r": 12, "t": 64, "b": 36},
            legend={"x": 0, "yanchor": "top", "bgcolor": "rgba(0,0,0,0)"},
        )
        reaches = self.border, max(self.border, self.reach)
        for left, extent, slices, (margin, reach) in (
            (0, self.extent, self.slices[0], reaches),
            (1 - _SIDE, self.places.shape, self.slices[1], (0.0, 0.0)),
        ):
            lengths = drawn_lengths(extent)
            for piece in slices:
                down, right = piece.axes
                axes = axes_of(piece.pane.axes, [extent[down], extent[right]], margin, reach)
                x, y = axes.values()
                x["domain"], y["domain"] = _domains(extent, left, piece.axis)
                y["scaleratio"] = (lengths[down] / extent[down]) / (lengths[right] / extent[right])
                figure.update_layout(**axes)
        corner = _bar(self.extent, 0)
        figure.update_layout(legend={"x": corner["x"], "y": corner["y"]})
        return figure

    def shapes(self) -> Iterator[dict[str, Any]]:
        """All overlays of all slices, also those that do not show."""
        for piece in self.slices[0]:
            pane = piece.pane
            down, right = piece.axes
            extent = [self.extent[down], self.extent[right]]
            point = [other.at for other in self.slices[0]]
            yield overlays.outside(extent, piece.box(self.region), pane)
            yield edge(extent if self.border else None, pane)
            yield overlays.cross([point[down], point[right]], extent, pane)
            for name, box, options in region_outlines(self):
                yield from overlays.outline(name, piece.box(box), pane, **options)
            yield overlays.centre(piece.point(self.middle), pane, legend=self.field is not None)
        seeing, place = self.seeing(self.places), self.place
        for piece in self.slices[1]:
            down, right = piece.axes
            extent = [self.places.shape[down], self.places.shape[right]]
            point = [other.at for other in self.slices[1]]
            yield overlays.blind_cells(None if seeing is None else piece.of(seeing), piece.pane)
            yield overlays.cross([point[down], point[right]], extent, piece.pane)
            cell = None if place is None else piece.box([(n, n + 1) for n in place])
            yield from overlays.outline(overlays.CELL, cell, piece.pane)

    def titles(self) -> Iterator[dict[str, Any]]:
        """What stands over either side and over each slice, as annotations."""
        titles = (("image title", self.title), ("map title", self.map_title))
        for (name, text), slices in zip(titles, self.slices, strict=True):
            yield heading(name, f"<b>{text}</b>", slices[0].pane.axes, shift=24)
            for piece in slices:
                position = f"{AXES[piece.axis]} {piece.at}"
                yield heading(f"{name}: slice", position, piece.pane.axes)

    def marks_traces(self, marks: NDArray[np.uint8]) -> Iterator[go.Heatmap]:
        """The marks of the region, as ``Seen.marks`` gives them, in the slices that pass through.

        Where a slice passes by the region its trace does not show.
        """
        for piece in self.slices[0]:
            box = piece.box(self.region)
            start = [int(first) for first, _ in box or [(0, 0)] * 2]
            inside = np.zeros((1, 1), np.uint8)
            if box and self.region and self.mode != "box":
                first = int(self.region[piece.axis][0])
                inside = Slice(piece.axis, piece.at - first, piece.pane).of(marks)
            trace = overlays.marks_trace(start, inside, self.mode, self.limits)
            bar = _bar(self.extent, 0, _LEGEND)
            trace.update(**_references(piece.pane), visible=box is not None, colorbar=bar)
            yield trace.update(showscale=trace.showscale and not piece.axis)

    def _pictures(self) -> Iterator[go.Image]:
        for piece in self.slices[0]:
            down, right = (AXES[n] for n in piece.axes)
            yield go.Image(
                name=PICTURE,
                **_references(piece.pane),
                zsmooth=False,
                hovertemplate=f"{down} %{{y}}, {right} %{{x}}<extra></extra>",
            )

    def _maps(self) -> Iterator[go.Heatmap]:
        scale = self.scale
        bar = {**_bar(self.places.shape, 1 - _SIDE), **scale.pop("colorbar", {})}
        value = "" if self.values is None else f"<br>value %{{z:{VALUE_FORMAT}}}"
        sees = " \N{MULTIPLICATION SIGN} ".join(f"%{{customdata[{n}]}}" for n in range(3))
        for piece in self.slices[1]:
            down, right = (AXES[n] for n in piece.axes)
            label = f"{down} %{{y}}, {right} %{{x}}{value}<br>sees {sees} voxels<extra></extra>"
            shown = {**scale, "showscale": scale["showscale"] and not piece.axis}
            yield go.Heatmap(
                name=MAP, **_references(piece.pane), colorbar=bar, hovertemplate=label, **shown
            )


def volume_figure(
    layer: Layer,
    volume: Any = None,  # noqa: ANN401
    cell: Sequence[int] | None = None,
    *,
    mode: Mode = "box",
    channel: int | None = None,
    values: NDArray[np.floating[Any]] | None = None,
    pixel: Sequence[int] | None = None,
    title: str = "",
    influence: NDArray[np.floating[Any]] | None = None,
) -> go.Figure:
    """Draw what a cell of a layer sees of a volume, in slices through the middle of its region.

    Args:
        layer: a layer of a network that was traced at a size, on volumes.
        volume: what the network sees: an array (depth, height, width), or the path of a NumPy file
            (.npy), a TIFF or a GIF; it is stretched to the network's input. Without it, a plain
            ground.
        cell: the cell, one index for each axis of ``layer.grid``. Default: the cell with the
            largest value, or the one in the middle where there are no values.
        mode: "box" for the region, "pixels" for the exact pixels of it, "paths" for the share of
            all paths that begin at each pixel, "influence" for what ``influence`` holds.
        channel: the channel of the layer. Default: with ``values`` that hold several channels the
            one with the largest value, else the union over all channels.
        values: the layer's values, as ``Model.activations`` returns them, or those of one channel
            over ``layer.grid``. Without them the map is plain.
        pixel: a voxel (depth, row, column): the slices pass through it, and the cells that do not
            see it turn grey.
        title: what stands over the volume.
        influence: the influence of each voxel on the cell, as ``Model.influence`` returns it.

    Returns:
        A figure of six panes: slices of the volume across depth, rows and columns (axes 1 to 3),
        and the same of the feature map through the cell (axes 4 to 6). Traces and shapes have the
        same names and strokes as in ``linked_figure``, once for each slice.

    Raises:
        IndexError: the cell, the channel or the voxel does not exist.
        ValueError: the network was traced at an unknown size, the input is no volume, or volume or
            values have a shape that does not fit.
    """
    refuse(layer, mode, (3,), "volumes")
    cell, channel, plane = settle(layer, cell, channel, values)
    return VolumeView(
        layer,
        _volume_of(volume, layer.net.input.size),
        plane,
        cell,
        channel,
        mode,
        None if pixel is None else tuple(int(i) for i in pixel),
        title or "Volume",
        map_title(layer, channel),
        influence=influence_of(layer, mode, influence),
    ).figure()


def legended(shapes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Gives overlays of several slices one entry in the legend for each name."""
    entries: set[str] = set()
    result = []
    for shape in shapes:
        name = shape["name"]
        entry = bool(shape.get("showlegend")) and name not in entries
        entries |= {name} if entry else set()
        result.append({**shape, "showlegend": entry, "legendgroup": name})
    return result


def drawn_lengths(extent: Sequence[int]) -> list[float]:
    """How long the axes of a box are drawn, so that none is too short to be seen."""
    return [max(n, max(extent) / FLATTEST) for n in extent]


def _domains(extent: Sequence[int], left: float, axis: int) -> tuple[list[float], list[float]]:
    """Where a slice lies in the figure, across and along; its side begins at ``left``."""
    depth, row, column = drawn_lengths(extent)
    wide, high = (_SIDE - _GAP) / (column + depth), (1 - 2 * _GAP) / (row + depth)
    across = [left, left + wide * column]
    if axis == 2:
        across = [left + _SIDE - wide * depth, left + _SIDE]
    return across, [0, high * depth] if axis == 1 else [1 - high * row, 1]


def _bar(extent: Sequence[int], left: float, down: float = 0) -> dict[str, Any]:
    """A colour bar in the free corner of a side, so far below the corner's top."""
    (start, stop), _ = _domains(extent, left, 2)
    _, (_, top) = _domains(extent, left, 1)
    return {**BAR, "x": start, "xanchor": "left", "y": top - down, "len": stop - start}


def _references(pane: Pane) -> dict[str, str]:
    """The axes of a trace."""
    return {"xaxis": f"x{pane.axes}", "yaxis": f"y{pane.axes}"}


def _volume_of(volume: Any, extent: tuple[int, ...]) -> NDArray[np.float32]:  # noqa: ANN401
    """What the network sees, of values from 0 to 1."""
    if volume is None:
        return np.full(extent, 0.75, np.float32)
    if isinstance(volume, (str, os.PathLike)):
        return fit_volume(open_volume(volume), extent)
    array = np.asarray(volume, np.float32)
    if array.ndim != 3:
        raise ValueError(f"A volume has the shape (depth, height, width), this one {array.shape}")
    return fit_volume(array, extent)
