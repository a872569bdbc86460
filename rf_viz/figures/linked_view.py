"""The linked view of a cell: the picture with what it sees, and the feature map that it is in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from ..analysis.numbers import VALUE_FORMAT
from ..analysis.seen import Mode
from ..inputs.images import fit, open_image
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
from .maps import arranged
from .overlays import Pane

_HEIGHT, _FLAT_HEIGHT = 470, 420

MOST_POINTS = 8000
"""A longer line is drawn by the least and the largest value of each of so many parts, halved."""

_SMOOTH = 600
"""A picture with longer sides is smoothed: it is shown smaller than it is."""


@dataclass(frozen=True)
class LinkedView(CellView):
    """A linked view of an image or a signal, and the figure of it."""

    @property
    def flat(self) -> bool:
        """Whether the picture is a signal."""
        return len(self.extent) == 1

    @cached_property
    def places(self) -> NDArray[np.int32]:
        """The map: at (row, column) the number of a cell in the flattened grid, or -1."""
        return arranged(self.layer, flat=self.flat)

    @property
    def is_line(self) -> bool:
        """Whether the map is drawn as a line: one row of several cells."""
        rows, columns = self.places.shape
        return bool(rows == 1 < columns)

    @property
    def panes(self) -> tuple[Pane, Pane]:
        """The subplots of the picture and of the map."""
        return Pane("", self.flat), Pane("2", self.is_line)

    @cached_property
    def shown(self) -> NDArray[np.float32]:
        """The values as the map shows them; 0 and 1 by turns where there are none."""
        return self.laid_out(self.places)

    def place_of(self, cell: Sequence[int]) -> tuple[int, int]:
        """The row and the column of a cell in the map."""
        grid = self.layer.extents
        number = int(np.ravel_multi_index(tuple(cell), grid)) if grid else 0
        row, column = np.argwhere(self.places == number)[0].tolist()
        return row, column

    def figure(self) -> go.Figure:
        """Draws the view as a Plotly figure."""
        figure = self.panes_alone()
        if not self.flat:
            figure.update_traces(source=picture_url(self.picture), selector={"name": PICTURE})
        shapes = [shape for shape in self.shapes() if not overlays.is_hidden(shape)]
        figure.update_layout(shapes=shapes, annotations=list(self.titles()))
        figure.update_traces(self._hover_labels(), selector={"name": MAP})
        if self.mode != "box":
            start = self.seen.region.start
            trace = overlays.marks_trace(start, self.marks, self.mode, self.limits)
            figure.add_trace(trace.update(colorbar=colour_bar("")))
        return figure

    def panes_alone(self) -> go.Figure:
        """Draws the panes without overlays and titles, and an image without its content."""
        picture = axes_of("", self.extent, self.border, max(self.border, self.reach))
        plan = axes_of("2", self.places.shape[self.is_line :], 0, 0)
        if self.flat:
            picture["yaxis"]["domain"], plan["yaxis2"]["domain"] = [0.6, 1], [0, 0.4]
        else:
            picture["xaxis"]["domain"], plan["xaxis2"]["domain"] = [0, 0.47], [0.53, 1]
        layout = {
            "height": _FLAT_HEIGHT if self.flat else _HEIGHT,
            "margin": {"l": 44, "r": 12, "t": 56, "b": 64},
            "legend": {"orientation": "h", "x": 0, "y": -0.12, "yanchor": "top"},
            **picture,
            **plan,
        }
        return go.Figure([self._picture(), self._map()], layout)

    def shapes(self) -> Iterator[dict[str, Any]]:
        """All overlays that are shapes, also those that do not show."""
        picture, plan = self.panes
        yield overlays.outside(self.extent, self.region, picture)
        yield edge(self.extent if self.border and not self.flat else None, picture)
        for name, box, options in region_outlines(self):
            yield from overlays.outline(name, box, picture, **options)
        yield overlays.centre(self.middle, picture, legend=self.field is not None)
        yield overlays.blind_cells(self.seeing(self.places), plan)
        place = [(n, n + 1) for n in self.place_of(self.cell)]
        yield from overlays.outline(overlays.CELL, place, plan)

    def titles(self) -> Iterator[dict[str, Any]]:
        """What stands over the panes, as annotations."""
        yield heading("image title", f"<b>{self.title}</b>", "")
        yield heading("map title", f"<b>{self.map_title}</b>", "2")

    def _picture(self) -> go.Image | go.Scatter:
        if self.flat:
            x, y = _thinned(self.picture)
            return _line(
                x,
                y,
                PICTURE,
                "",
                hovertemplate=f"sample %{{x}}: %{{y:{VALUE_FORMAT}}}<extra></extra>",
            )
        return go.Image(
            name=PICTURE,
            zsmooth="fast" if max(self.extent) > _SMOOTH else False,
            hovertemplate="row %{y}, column %{x}<extra></extra>",
        )

    def _map(self) -> go.Heatmap | go.Scatter:
        if self.is_line:
            x, y = _thinned(self.shown[0])
            return _line(x, y, MAP, "2", shape="hvh")
        scale = self.scale
        bar = scale.pop("colorbar", {})
        return go.Heatmap(
            name=MAP, z=self.shown, xaxis="x2", yaxis="y2", colorbar=colour_bar("2", **bar), **scale
        )

    def _hover_labels(self) -> dict[str, Any]:
        """The label of each cell of the map: its position, its value and the size of its region."""
        labels = self.seen_sizes(self.places)
        unit, by = ("samples" if self.flat else "px"), " \N{MULTIPLICATION SIGN} "
        sees = by.join(f"%{{customdata[{i}]}}" for i in range(len(self.extent)))
        if self.is_line:
            value = "" if self.values is None else f": %{{y:{VALUE_FORMAT}}}"
            template = f"cell %{{x}}{value}<br>sees {sees} {unit}"
            if len(self.shown[0]) > MOST_POINTS:
                return {"hovertemplate": f"cell %{{x}}{value}<extra></extra>"}
            return {"customdata": labels[0], "hovertemplate": f"{template}<extra></extra>"}
        value = "" if self.values is None else f"<br>value %{{z:{VALUE_FORMAT}}}"
        template = f"row %{{y}}, column %{{x}}{value}<br>sees {sees} {unit}"
        return {"customdata": labels, "hovertemplate": f"{template}<extra></extra>"}


def linked_figure(
    layer: Layer,
    image: Any = None,  # noqa: ANN401
    cell: Sequence[int] | None = None,
    *,
    mode: Mode = "box",
    channel: int | None = None,
    values: NDArray[np.floating[Any]] | None = None,
    pixel: Sequence[int] | None = None,
    title: str = "",
    influence: NDArray[np.floating[Any]] | None = None,
) -> go.Figure:
    """Draw what a cell of a layer sees: the image with its region, and the map with the cell.

    Args:
        layer: a layer of a network that was traced at a size, on images or signals.
        image: what the network sees: an array (height, width) or (height, width, 3) of uint8, or of
            floats from 0 to 1, a PIL image or a path; it is cropped and scaled to the network's
            input. For a signal an array of its length. Without it, a plain ground.
        cell: the cell, one index for each axis of ``layer.grid``. Default: the cell with the
            largest value, or the one in the middle where there are no values.
        mode: "box" for the region, "pixels" for the exact pixels of it, "paths" for the share of
            all paths that begin at each pixel, "influence" for what ``influence`` holds.
        channel: the channel of the layer. Default: with ``values`` that hold several channels the
            one with the largest value, else the union over all channels.
        values: the layer's values, as ``Model.activations`` returns them, or those of one channel
            over ``layer.grid``. Without them the map is plain.
        pixel: a pixel of the image (row, column): the cells that do not see it turn grey.
        title: what stands over the image.
        influence: the influence of each pixel on the cell, as ``Model.influence`` returns it.

    Returns:
        A figure of two panes. Traces and shapes have names, such as "exact region", "closed form",
        "centre", "pinned cell", "outside the region", "path counts" and "influence". The solid
        outline is an exact region, the dotted one an assumed region, the dashed one the closed
        form.

    Raises:
        IndexError: the cell, the channel or the pixel does not exist.
        ValueError: the network was traced at an unknown size, the input is neither an image nor a
            signal, or image or values have a shape that does not fit.
    """
    refuse(layer, mode, (1, 2), "images or signals")
    extent = layer.net.input.size
    cell, channel, plane = settle(layer, cell, channel, values)
    return LinkedView(
        layer,
        picture_of(image, extent),
        plane,
        cell,
        channel,
        mode,
        None if pixel is None else tuple(int(i) for i in pixel),
        title or ("Signal" if len(extent) == 1 else "Image"),
        map_title(layer, channel),
        influence=influence_of(layer, mode, influence),
    ).figure()


def colour_bar(axes: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """A colour bar in a row under the pane with these axes."""
    place = {"len": 0.3, "x": 0.765} if axes else {"len": 0.14, "x": 0.4}
    return {**BAR, **place, "y": -0.09, **options}


def _line(
    x: NDArray[Any], y: NDArray[Any], name: str, axes: str, shape: str = "linear",
    hovertemplate: str | None = None,
) -> go.Scatter:  # fmt: skip
    return go.Scatter(
        x=x, y=y, name=name, xaxis=f"x{axes}", yaxis=f"y{axes}", mode="lines", showlegend=False,
        line={"color": "#8a8f98", "width": 1.25, "shape": shape}, hovertemplate=hovertemplate,
    )  # fmt: skip


def _thinned(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Positions and values of a line; of a long one the least and the largest of each part."""
    if len(values) <= MOST_POINTS:
        return np.arange(len(values)), values
    size = -(-2 * len(values) // MOST_POINTS)
    starts = np.arange(0, len(values), size)
    ends = np.stack([np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)], axis=1)
    return np.repeat(starts, 2), ends.reshape(-1)


def picture_of(image: Any, extent: tuple[int, ...]) -> NDArray[Any]:  # noqa: ANN401
    """What the network sees, as it is drawn: ``image`` as ``linked_figure`` takes it."""
    if len(extent) == 1:
        signal = np.zeros(extent, np.float32)
        if image is not None:
            signal = np.asarray(image, np.float32).reshape(-1)
        if signal.shape != extent:
            raise ValueError(f"The signal has {signal.size} samples, the input {extent[0]}")
        return signal
    if image is None:
        return np.full((*extent, 3), 190, np.uint8)
    if not isinstance(image, np.ndarray):
        opened = image.convert("RGB") if isinstance(image, Image.Image) else open_image(image)
        return fit(opened, (extent[0], extent[1]))
    pixels = image
    if pixels.dtype != np.uint8:
        pixels = (255 * np.clip(pixels, 0, 1)).round().astype(np.uint8)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=-1)
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise ValueError(f"An image has the shape (height, width, 3), this one {image.shape}")
    return fit(Image.fromarray(pixels[..., :3]), (extent[0], extent[1]))
