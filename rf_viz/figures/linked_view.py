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

from ..analysis.seen import Mode, Seen
from ..inputs.images import fit, open_image
from ..trace.closed_form import ReceptiveField
from ..trace.network import Layer
from . import colours, encode, overlays
from .maps import arranged, by_channel, strengths, strongest, value_range
from .overlays import Box, Pane, box_of

LARGEST_MARGIN = 0.15
"""How much of the picture's size is left around it, at most, for boxes that leave it."""

PICTURE, MAP = "picture", "feature map"
"""The names of the traces of the two panes."""

_HEIGHT, _FLAT_HEIGHT = 470, 420

MOST_POINTS = 8000
"""A longer line is drawn by the least and the largest value of each of so many parts, halved."""

_SMOOTH = 600
"""A picture with longer sides is smoothed: it is shown smaller than it is."""


@dataclass(frozen=True)
class LinkedView:
    """What a linked view shows, and the figure of it.

    Attributes:
        layer: the layer.
        picture: what the network sees: (height, width, 3) uint8, or a signal (length,).
        values: the values of a channel, an array over the layer's grid; None for a plain map.
        cell: the pinned cell.
        channel: the channel whose regions show; None for the union over channels.
        mode: what to show of the cell.
        pixel: a pixel of the picture, to mark the cells that see it.
        title, map_title: what stands over the panes.
        margin: the share of the picture's size that is left around it; None for as much as the
            boxes of the closed form need.
    """

    layer: Layer
    picture: NDArray[Any]
    values: NDArray[np.float32] | None
    cell: tuple[int, ...]
    channel: int | None = None
    mode: Mode = "box"
    pixel: tuple[int, ...] | None = None
    title: str = "Image"
    map_title: str = "Feature map"
    margin: float | None = None

    @property
    def extent(self) -> tuple[int, ...]:
        """The extents of the picture in pixels."""
        return self.layer.net.input.size

    @cached_property
    def seen(self) -> Seen:
        """What the cell sees."""
        return Seen(self.layer, self.cell, self.channel)

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
        values = self.values
        if values is None:
            values = (np.indices(self.layer.extents).sum(axis=0) % 2).astype(np.float32)
        shown = values.reshape(-1)[self.places].astype(np.float32)
        shown[(self.places < 0) | ~np.isfinite(shown)] = np.nan
        return shown

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest finite value."""
        return (0.0, 0.0) if self.values is None else value_range(self.values)

    @property
    def field(self) -> ReceptiveField | None:
        """The closed form, where it has a box for every cell."""
        field = self.layer.receptive_field
        fits = field and len(field.size) == len(self.layer.grid) and None not in field.padding
        return field if fits else None

    @cached_property
    def reach(self) -> float:
        """The largest share of the picture's size by which boxes of the closed form leave it."""
        field = self.field
        if field is None:
            return 0.0
        corners = [(0,) * len(self.extent), tuple(n - 1 for n in self.layer.extents)]
        boxes = [zip(field.start(c), field.stop(c), self.extent, strict=True) for c in corners]
        return max(max(-start, stop - n, 0) / n for box in boxes for start, stop, n in box)

    @property
    def border(self) -> float:
        """The share of the picture's size that is left around it."""
        return min(self.reach, LARGEST_MARGIN) if self.margin is None else self.margin

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
            marked = self.seen.marks(self.mode)
            trace = overlays.marks_trace(self.seen.region.start, marked, self.mode)
            figure.add_trace(trace.update(colorbar=colour_bar("")))
        return figure

    def panes_alone(self) -> go.Figure:
        """Draws the panes without overlays and titles, and an image without its content."""
        picture = self._axes("", self.extent, self.border, max(self.border, self.reach))
        plan = self._axes("2", self.places.shape[self.is_line :], 0, 0)
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
        region = self.seen.region
        box = box_of(region.start, region.stop)
        closed = None if self.field is None else self._closed_box(self.field)
        yield overlays.outside(self.extent, box, picture)
        edged = self.border and not self.flat
        yield _edge([(0, n) for n in self.extent] if edged else None, picture)
        show_closed = closed if closed != box else None
        yield from overlays.outline(
            overlays.CLOSED_FORM, show_closed, picture,
            colour=colours.CLOSED, dash=colours.CLOSED_FORM, legend=self.field is not None,
        )  # fmt: skip
        yield from overlays.outline(
            overlays.region_name(self.layer), box, picture,
            dash=colours.EXACT if self.layer.exact else colours.ASSUMED, legend=True,
        )  # fmt: skip
        middle = None if self.field is None else [float(n) for n in self.field.centre(self.cell)]
        yield overlays.centre(middle, picture, legend=self.field is not None)
        pixel = [(n, n + 1) for n in self.pixel] if self.pixel else None
        yield from overlays.outline(overlays.PIXEL, pixel, picture, colour=colours.HOVERED)
        seeing = None
        if self.pixel:
            seeing = self.layer.seeing(self.pixel, self.channel).reshape(-1)[self.places]
            seeing &= self.places >= 0
        yield overlays.blind_cells(seeing, plan)
        place = [(n, n + 1) for n in self.place_of(self.cell)]
        yield from overlays.outline(overlays.CELL, place, plan)

    def titles(self) -> Iterator[dict[str, Any]]:
        """What stands over the panes, as annotations."""
        panes = (("image title", self.title, ""), ("map title", self.map_title, "2"))
        for name, text, axes in panes:
            yield {
                "name": name,
                "text": f"<b>{text}</b>",
                "showarrow": False,
                "xref": f"x{axes} domain",
                "x": 0,
                "xanchor": "left",
                "yref": f"y{axes} domain",
                "y": 1,
                "yanchor": "bottom",
                "yshift": 4,
            }

    def _closed_box(self, field: ReceptiveField) -> Box:
        return [
            (float(a), float(b))
            for a, b in zip(field.start(self.cell), field.stop(self.cell), strict=True)
        ]

    def _picture(self) -> go.Image | go.Scatter:
        if self.flat:
            x, y = _thinned(self.picture)
            return _line(x, y, PICTURE, "", hovertemplate="sample %{x}: %{y:.4g}<extra></extra>")
        return go.Image(
            name=PICTURE,
            zsmooth="fast" if max(self.extent) > _SMOOTH else False,
            hovertemplate="row %{y}, column %{x}<extra></extra>",
        )

    def _map(self) -> go.Heatmap | go.Scatter:
        if self.is_line:
            x, y = _thinned(self.shown[0])
            return _line(x, y, MAP, "2", shape="hvh")
        scale = colours.chequered_scale()
        if self.values is not None:
            scale = colours.heatmap_scale(*self.range)
        bar = scale.pop("colorbar", {})
        return go.Heatmap(
            name=MAP, z=self.shown, xaxis="x2", yaxis="y2", colorbar=colour_bar("2", **bar), **scale
        )

    def _axes(
        self, axes: str, extent: Sequence[int], margin: float, reach: float
    ) -> dict[str, dict[str, Any]]:
        """The axes of a pane; beyond the margin one may zoom out as far as ``reach``."""
        shared = {"showgrid": False, "zeroline": False, "constrain": "domain"}
        ranges = [
            ((-margin * n - 0.5, n - 0.5 + margin * n), (-reach * n - 0.5, n - 0.5 + reach * n))
            for n in extent
        ]
        home, far = ranges[-1]
        across = {**shared, "range": home, "minallowed": far[0], "maxallowed": far[1]}
        across |= {"constraintoward": "left", "anchor": f"y{axes}"}
        if len(extent) == 1:
            down: dict[str, Any] = {"zeroline": False, "nticks": 4, "anchor": f"x{axes}"}
            return {f"xaxis{axes}": across, f"yaxis{axes}": down}
        home, far = ranges[0]
        down = {**shared, "range": home[::-1], "minallowed": far[0], "maxallowed": far[1]}
        down |= {"scaleanchor": f"x{axes}", "constraintoward": "top", "anchor": f"x{axes}"}
        return {f"xaxis{axes}": across, f"yaxis{axes}": down}

    def _hover_labels(self) -> dict[str, Any]:
        """The label of each cell of the map: its position, its value and the size of its region."""
        sizes = [
            np.broadcast_to(np.maximum(stop - start, 0), self.layer.extents).reshape(-1)
            for start, stop in self.layer.spans(self.channel)
        ]
        labels = np.stack([size[self.places] for size in sizes], axis=-1).astype(np.int32)
        unit, by = ("samples" if self.flat else "px"), " \N{MULTIPLICATION SIGN} "
        sees = by.join(f"%{{customdata[{i}]}}" for i in range(len(sizes)))
        if self.is_line:
            value = "" if self.values is None else ": %{y:.4g}"
            template = f"cell %{{x}}{value}<br>sees {sees} {unit}"
            if len(self.shown[0]) > MOST_POINTS:
                return {"hovertemplate": f"cell %{{x}}{value}<extra></extra>"}
            return {"customdata": labels[0], "hovertemplate": f"{template}<extra></extra>"}
        value = "" if self.values is None else "<br>value %{z:.4g}"
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
            all paths that begin at each pixel.
        channel: the channel of the layer. Default: with ``values`` that hold several channels the
            one with the largest value, else the union over all channels.
        values: the layer's values, as ``Model.activations`` returns them, or those of one channel
            over ``layer.grid``. Without them the map is plain.
        pixel: a pixel of the image (row, column): the cells that do not see it turn grey.
        title: what stands over the image.

    Returns:
        A figure of two panes. Traces and shapes have names, such as "exact region", "closed form",
        "centre", "pinned cell", "outside the region" and "path counts". The solid outline is an
        exact region, the dotted one an assumed region, the dashed one the closed form.

    Raises:
        IndexError: the cell, the channel or the pixel does not exist.
        ValueError: the network was traced at an unknown size, the input is neither an image nor a
            signal, or image or values have a shape that does not fit.
    """
    extent = layer.net.input.size
    if layer.net.any_size or len(extent) not in (1, 2):
        raise ValueError(
            "The linked view needs a network that was traced at a size, on images or signals"
        )
    if mode not in ("box", "pixels", "paths"):
        raise ValueError(f"There is no mode {mode!r}: use box, pixels or paths")
    plane = None
    if values is not None:
        channel, plane = _channel_of(layer, np.asarray(values, np.float32), channel)
    if cell is None:
        cell = strongest(plane) if plane is not None else tuple(n // 2 for n in layer.extents)
    layer.region(cell, channel)  # raises for a cell or a channel that does not exist
    where = "" if channel is None else f", channel {channel}"
    return LinkedView(
        layer,
        picture_of(image, extent),
        plane,
        tuple(int(i) for i in cell),
        channel,
        mode,
        None if pixel is None else tuple(int(i) for i in pixel),
        title or ("Signal" if len(extent) == 1 else "Image"),
        f"{layer.title}{where}",
    ).figure()


def picture_url(picture: NDArray[Any]) -> str:
    """A picture (height, width, 3) as a URL that holds it."""
    encoded = encode.picture(picture, lossless=encode.LOSSLESS_VIEW, exact_colours=True)
    return encoded.data_url


def colour_bar(axes: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """A colour bar in a row under the pane with these axes."""
    return {
        "orientation": "h",
        "thickness": 8,
        "outlinewidth": 0,
        "xref": "paper",
        **({"len": 0.3, "x": 0.765} if axes else {"len": 0.14, "x": 0.4}),
        "yref": "paper",
        "y": -0.09,
        "yanchor": "top",
        "tickformat": ".4~g",
        **options,
    }


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


def _edge(box: Box | None, pane: Pane) -> dict[str, Any]:
    """The edge of the picture, where there is a margin around it."""
    line = {"color": "rgba(128,128,128,0.6)", "width": 1}
    *_, shape = overlays.outline(overlays.EDGE, box, pane)
    return {**shape, "line": line}


def _channel_of(
    layer: Layer, values: NDArray[np.float32], channel: int | None
) -> tuple[int | None, NDArray[np.float32]]:
    """The channel and its values over the grid."""
    if values.shape == layer.extents:
        return channel, values
    if values.shape != layer.shape:
        raise ValueError(
            f"The values have the shape {values.shape}, but {layer.name} has the shape "
            f"{layer.shape} and the grid {layer.extents}"
        )
    maps = by_channel(values, layer)
    index = int(strengths(maps).argmax()) if channel is None else channel
    if not 0 <= index < len(maps):
        raise IndexError(f"There is no channel {index}: {layer.name} has {len(maps)}")
    return (index if layer.channel_axis is not None else None), maps[index]


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
