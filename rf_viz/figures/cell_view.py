"""What every view of a cell shows, whatever the number of the input's axes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ..analysis.seen import Influence, Mode, Seen
from ..trace.closed_form import ReceptiveField
from ..trace.network import Layer, Network
from . import colours, encode, overlays
from .maps import by_channel, strengths, strongest, value_range
from .overlays import Box, Pane, box_of

LARGEST_MARGIN = 0.15
"""How much of the picture's size is left around it, at most, for boxes that leave it."""

PICTURE, MAP = "picture", "feature map"
"""The names of the traces of the input and of the map."""

BAR = {
    "orientation": "h",
    "thickness": 8,
    "outlinewidth": 0,
    "xref": "paper",
    "yref": "paper",
    "yanchor": "top",
    "tickformat": ".4~g",
    "tickangle": 0,
}
"""How a colour bar that lies looks; its place is the view's."""


@dataclass(frozen=True)
class CellView:
    """What a view of a cell shows.

    Attributes:
        layer: the layer.
        picture: what the network sees: (height, width, 3) uint8, a signal (length,) or a volume
            (depth, height, width) of values from 0 to 1.
        values: the values of a channel, an array over the layer's grid; None for a plain map.
        cell: the pinned cell.
        channel: the channel whose regions show; None for the union over channels.
        mode: what to show of the cell.
        pixel: a pixel of the picture, to mark the cells that see it.
        title, map_title: what stands over the input and over the map.
        margin: the share of the picture's size that is left around it; None for as much as the
            boxes of the closed form need.
        influence: what was measured of each pixel, for the mode "influence".
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
    influence: Influence | None = None

    @property
    def extent(self) -> tuple[int, ...]:
        """The extents of the picture in pixels."""
        return self.layer.net.input.size

    @cached_property
    def seen(self) -> Seen:
        """What the cell sees."""
        return Seen(self.layer, self.cell, self.channel)

    @property
    def marks(self) -> NDArray[np.uint8]:
        """The marks of the region's pixels (see ``Seen.marks``)."""
        return self.seen.marks(self.mode, self.influence)

    @property
    def limits(self) -> tuple[float, float]:
        """What the lowest and the highest mark stand for (see ``Seen.limits``)."""
        return (0.0, 0.0) if self.influence is None else self.seen.limits(self.influence)

    @property
    def region(self) -> Box | None:
        """The box of what the cell sees; None where it sees nothing."""
        return box_of(self.seen.region.start, self.seen.region.stop)

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest finite value."""
        return (0.0, 0.0) if self.values is None else value_range(self.values)

    @property
    def scale(self) -> dict[str, Any]:
        """The colour scale of the map, as attributes of a Plotly heatmap."""
        if self.values is None:
            return colours.chequered_scale()
        return colours.heatmap_scale(*self.range)

    @property
    def field(self) -> ReceptiveField | None:
        """The closed form, where it has a box for every cell."""
        field = self.layer.receptive_field
        fits = field and len(field.size) == len(self.layer.grid) and None not in field.padding
        return field if fits else None

    @property
    def closed_box(self) -> Box | None:
        """The closed form's box of the cell; it counts padding and may leave the picture."""
        if self.field is None:
            return None
        ends = zip(self.field.start(self.cell), self.field.stop(self.cell), strict=True)
        return [(float(start), float(stop)) for start, stop in ends]

    @property
    def middle(self) -> tuple[float, ...] | None:
        """The centre of the closed form's box."""
        return None if self.field is None else tuple(map(float, self.field.centre(self.cell)))

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

    def laid_out(self, places: NDArray[np.int32]) -> NDArray[np.float32]:
        """The values as a map shows them; 0 and 1 by turns where there are none.

        ``places`` holds the numbers of cells in the flattened grid, -1 where there is none.
        """
        values = self.values
        if values is None:
            odd = np.zeros(self.layer.extents, bool)
            for positions in np.indices(self.layer.extents, sparse=True):
                odd ^= positions % 2 == 1
            values = odd.astype(np.float32)
        shown = values.reshape(-1)[places].astype(np.float32)
        shown[(places < 0) | ~np.isfinite(shown)] = np.nan
        return shown

    def seeing(self, places: NDArray[np.int32]) -> NDArray[np.bool_] | None:
        """Whether each cell sees the pixel, in places as in ``laid_out``; None without a pixel."""
        if self.pixel is None:
            return None
        seeing: NDArray[np.bool_] = self.layer.seeing(self.pixel, self.channel).reshape(-1)[places]
        return seeing & (places >= 0)

    def seen_sizes(self, places: NDArray[np.int32]) -> NDArray[np.int32]:
        """How many pixels along each axis each cell sees, in places as in ``laid_out``."""
        sizes = [
            np.broadcast_to(np.maximum(stop - start, 0), self.layer.extents).reshape(-1)
            for start, stop in self.layer.spans(self.channel)
        ]
        return np.stack([size[places] for size in sizes], axis=-1).astype(np.int32)


def shared_margin(net: Network) -> float:
    """The margin of all views of a network, so that pictures don't shrink from layer to layer."""
    return LARGEST_MARGIN if any(map(_leaves, net.layers)) else 0.0


def _leaves(layer: Layer) -> bool:
    """Whether the closed form of a layer leaves the picture."""
    field = layer.receptive_field
    paddings: Iterable[int | None] = field.padding if field else ()
    return any(padding is not None and padding > 0 for padding in paddings)


def refuse(layer: Layer, mode: str, dimensions: Sequence[int], what: str) -> None:
    """Raises ValueError for a layer or a mode that a view cannot show."""
    if layer.net.any_size or len(layer.net.input.size) not in dimensions:
        raise ValueError(f"The view needs a network that was traced at a size, on {what}")
    if mode not in get_args(Mode):
        raise ValueError(f"There is no mode {mode!r}: use box, pixels, paths or influence")


def influence_of(
    layer: Layer, mode: str, influence: NDArray[np.floating[Any]] | None
) -> Influence | None:
    """The influence to show. Raises ValueError where a view of it has none that fits."""
    if influence is None:
        if mode == "influence":
            raise ValueError("The mode influence shows what influence=... holds")
        return None
    if np.shape(influence) != layer.net.input.size:
        raise ValueError(
            f"The influence has the shape {np.shape(influence)}, the input {layer.net.input.size}"
        )
    return np.asarray(influence, np.float64)


def settle(
    layer: Layer,
    cell: Sequence[int] | None,
    channel: int | None,
    values: NDArray[np.floating[Any]] | None,
) -> tuple[tuple[int, ...], int | None, NDArray[np.float32] | None]:
    """Chooses the cell and the channel, with the values of the channel over the grid.

    Raises IndexError for a cell or a channel that does not exist, ValueError for values whose shape
    does not fit.
    """
    plane = None
    if values is not None:
        channel, plane = _channel_of(layer, np.asarray(values, np.float32), channel)
    if cell is None:
        cell = strongest(plane) if plane is not None else tuple(n // 2 for n in layer.extents)
    layer.region(cell, channel)  # raises for a cell or a channel that does not exist
    return tuple(int(i) for i in cell), channel, plane


def map_title(layer: Layer, channel: int | None) -> str:
    """What stands over the map of a channel."""
    return layer.title if channel is None else f"{layer.title}, channel {channel}"


def picture_url(picture: NDArray[Any]) -> str:
    """A picture (height, width, 3) as a URL that holds it."""
    encoded = encode.picture(picture, lossless=encode.LOSSLESS_VIEW, exact_colours=True)
    return encoded.data_url


def region_outlines(view: CellView) -> Iterator[tuple[str, Box | None, dict[str, Any]]]:
    """The outlines of what the cell sees: name, box and further arguments of ``outline``."""
    closed = view.closed_box
    yield (
        overlays.CLOSED_FORM,
        None if closed == view.region else closed,
        {
            "colour": colours.CLOSED,
            "dash": colours.CLOSED_FORM,
            "legend": view.field is not None,
        },
    )
    dash = colours.EXACT if view.layer.exact else colours.ASSUMED
    yield overlays.region_name(view.layer), view.region, {"dash": dash, "legend": True}
    pixel = [(n, n + 1) for n in view.pixel] if view.pixel else None
    yield overlays.PIXEL, pixel, {"colour": colours.HOVERED}


def edge(extent: Sequence[int] | None, pane: Pane) -> dict[str, Any]:
    """The edge of the picture, where there is a margin around it."""
    box = None if extent is None else [(0, n) for n in extent]
    *_, shape = overlays.outline(overlays.EDGE, box, pane)
    return {**shape, "line": {"color": "rgba(128,128,128,0.6)", "width": 1}}


def heading(name: str, text: str, axes: str, shift: int = 4) -> dict[str, Any]:
    """What stands over a pane, as an annotation; ``shift`` counts pixels up."""
    return {
        "name": name,
        "text": text,
        "showarrow": False,
        "xref": f"x{axes} domain",
        "x": 0,
        "xanchor": "left",
        "yref": f"y{axes} domain",
        "y": 1,
        "yanchor": "bottom",
        "yshift": shift,
    }


def axes_of(
    axes: str, extent: Sequence[int], margin: float, reach: float
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
