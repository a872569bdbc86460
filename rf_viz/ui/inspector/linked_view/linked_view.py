"""The linked view: the input and a feature map side by side, and what each cell sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from math import prod
from typing import Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

from ....trace.closed_form import ReceptiveField
from ....trace.network import Layer
from ...browser.component import component, pack

Cell = tuple[int, ...]

Mode = Literal["box", "pixels", "paths"]
"""What to show of the pinned cell: its region, its dependency mask, or its path counts."""

LARGEST_MARGIN = 0.15
"""How much of the picture's size is left around it, at most, for boxes that leave it."""

_LOSSLESS = 300 * 300
"""Pictures of more pixels travel as JPEG: they are shown at most at their own size."""

_GREYS = np.linspace([140] * 3, [150] * 3, 256).astype(np.uint8)
"""The colours of cells without values."""

SCRIPTS = (
    "../../browser/bus.js",
    "../../browser/packet.js",
    "../../browser/overlays.js",
    "../../browser/pane.js",
    "linked_view.js",
)
"""The view's modules, each after those it imports."""

STYLES = ("../../browser/pane.css",)
"""The styles that come before the view's own."""

_component = component(__file__, *SCRIPTS, styles=STYLES)


@dataclass(frozen=True)
class Picture:
    """What the model was fed, as people see it.

    Attributes:
        key: stands for the content.
        title: name for people.
        values: (height, width, 3) uint8; float32 of (length,) for a signal, and of (depth,
            height, width) for a volume.
    """

    key: str
    title: str
    values: NDArray[Any]

    @property
    def extent(self) -> tuple[int, ...]:
        """The extents of its spatial axes."""
        return self.values.shape[:2] if self.values.dtype == np.uint8 else self.values.shape

    def drawable(self, values: NDArray[Any], near: int) -> NDArray[Any]:
        """What to draw of an array like ``values``: itself; of a volume a slice, as a picture.

        ``near`` is the slice's depth.
        """
        return sliced(values, near, self.values) if self.kind == "volume" else values

    @property
    def kind(self) -> Literal["signal", "image", "volume"]:
        """What it is, by how many spatial axes it has."""
        return ("signal", "image", "volume")[len(self.extent) - 1]


@dataclass(frozen=True)
class FeatureMap:
    """One channel of a layer.

    Attributes:
        layer: the layer.
        channel: the channel whose regions show; None for the union over channels.
        title: name for people.
        values: an array over the layer's grid; None where the model cannot be run.
    """

    layer: Layer
    channel: int | None
    title: str
    values: NDArray[np.float32] | None

    @property
    def strongest(self) -> Cell:
        """The cell that answers most strongly; the middle one where there are no values."""
        if self.values is None:
            return tuple(n // 2 for n in self.layer.grid)
        values = np.where(np.isfinite(self.values), self.values, -np.inf)
        return tuple(int(i) for i in np.unravel_index(values.argmax(), values.shape))


@dataclass(frozen=True)
class Pinned:
    """What the person pinned: a cell of the layer that ``view`` stands for, perhaps a pixel.

    ``mode`` says what to show of the cell: "box", "pixels" or "paths".
    """

    view: str
    cell: Cell
    pixel: Cell | None = None
    mode: Mode = "box"
    turn: int = 0
    """How often the person has pinned something in this view of the page."""


def linked_view(picture: Picture, feature_map: FeatureMap, *, view: str, key: str) -> Pinned | None:
    """Draws the view and returns what the person last pinned in it, None before that.

    ``view`` stands for the layer. Where the page goes elsewhere by itself, a cue tells the view.
    """
    state = _component(
        key=key,
        data=packet(picture, feature_map, view, live=True),
        default={"pinned": None},
        on_pinned_change=lambda: None,
    )
    told = state.pinned
    if not told:
        return None
    pixel = told.get("pixel")
    return Pinned(
        told["view"],
        tuple(told["cell"]),
        None if pixel is None else tuple(pixel),
        told.get("mode", "box"),
        told.get("turn", 0),
    )


def packet(picture: Picture, feature_map: FeatureMap, view: str, *, live: bool = False) -> bytes:
    """All that the view shows, with the bounds of every cell, as bytes.

    ``live`` says that a server answers what the view cannot know by itself.
    """
    layer = feature_map.layer
    values = feature_map.values
    known = values is not None
    low, high = (0.0, 0.0) if values is None else value_range(values)
    if values is None:
        values = np.zeros(layer.grid, np.float32)
    cells = arranged(layer, flat=len(picture.extent) == 1)
    rows, columns = cells.shape
    closed = layer.receptive_field
    field = None
    if closed and len(closed.size) == len(layer.grid) and None not in closed.padding:
        field = {"size": closed.size, "stride": closed.stride, "padding": closed.padding}
    reach = _overhang(closed, layer.grid, picture.extent) if closed and field else 0.0

    arrays: dict[str, NDArray[Any]] = {"image": _encoded(picture.key, picture)}
    if not np.array_equal(cells.reshape(-1), np.arange(prod(layer.grid))):
        arrays["places"] = cells
    shown = values.reshape(-1)[cells]
    if rows == 1 < columns:
        arrays["map"] = np.nan_to_num(shown.reshape(-1), nan=low, posinf=high, neginf=low)
    elif known:
        arrays["map"] = quantised(shown, low, high)
        arrays["colours"] = colours("Viridis")
    else:
        arrays["map"], arrays["colours"] = _chequered(cells.shape), _GREYS
    if known and not np.isfinite(values).all():
        arrays["finite"] = np.isfinite(shown).astype(np.uint8)
    for axis, (start, stop) in enumerate(layer.spans(feature_map.channel)):
        arrays[f"start{axis}"], arrays[f"stop{axis}"] = start, stop

    header = {
        "view": view,
        "live": live,
        "exact": layer.exact,
        "picture": picture.key,
        "extent": picture.extent,
        "grid": layer.grid,
        "rows": rows,
        "columns": columns,
        "field": field,
        "margin": min(reach, LARGEST_MARGIN),
        "reach": reach,
        "pinned": feature_map.strongest,
        "known": known,
        "range": {
            "map": {"low": low, "high": high},
            "image": dict(zip(("low", "high"), value_range(picture.values), strict=True)),
        },
        "titles": {
            "image": picture.title,
            "map": feature_map.title,
            "keys": f"{feature_map.title}: the arrow keys move the pinned cell",
            "pixels": f"{picture.title}: the arrow keys move a pixel and show who sees it",
        },
    }
    return pack(header, arrays)


@lru_cache
def colours(scale: str) -> NDArray[np.uint8]:
    """A colour scale as 256 rows of red, green, blue."""
    samples = sample_colorscale(get_colorscale(scale), np.linspace(0, 1, 256))
    table: NDArray[np.uint8] = np.array([unlabel_rgb(sample) for sample in samples]).round()
    return table.astype(np.uint8)


def arranged(layer: Layer, flat: bool) -> NDArray[np.int32]:
    """How the layer's cells lie in the map: at each row and column the number in the flattened
    grid, -1 where there is none.

    Tokens lie where their patches are in the picture, and those without a place (a class token)
    in a last row of their own. Grids of more axes are laid out row by row. ``flat`` says that
    the input is a signal.
    """
    cells = np.arange(prod(layer.grid), dtype=np.int32).reshape(layer.grid)
    apart: tuple[int, ...] = ()
    if layer.layout is not None:
        cells, apart = layer.layout.cells, layer.layout.apart
    if cells.ndim < 2 or (flat and max(cells.shape) == cells.size):
        return np.concatenate([cells.reshape(-1), np.array(apart, np.int32)])[None]
    cells = cells.reshape(-1, cells.shape[-1])
    if not apart:
        return cells
    rows = -(-len(apart) // cells.shape[1])
    last = np.full(rows * cells.shape[1], -1, np.int32)
    last[: len(apart)] = apart
    return np.concatenate([cells, last.reshape(rows, -1)])


def sliced(volume: NDArray[Any], near: int, whole: NDArray[Any]) -> NDArray[np.uint8]:
    """A slice of a volume as a grey picture (height, width, 3), on the scale of a whole one."""
    shown = quantised(volume[near], *value_range(whole))
    return np.repeat(shown[..., None], 3, axis=-1)


def value_range(values: NDArray[Any]) -> tuple[float, float]:
    """The smallest and the largest finite value; 0 and 0 where there is none."""
    if values.size:
        low, high = float(values.min()), float(values.max())
        if np.isfinite(low) and np.isfinite(high):
            return low, high
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def quantised(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    """The values as 0 to 255; a map that is the same everywhere lies in the middle."""
    if low == high:
        return np.full(values.shape, 127, np.uint8)
    scaled = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / (high - low)
    quantised: NDArray[np.uint8] = (255 * scaled).round().astype(np.uint8)
    return quantised


def _chequered(grid: Sequence[int]) -> NDArray[np.uint8]:
    """Cells without values, to be told from one another."""
    cells: NDArray[np.intp] = np.indices(grid).sum(axis=0) % 2
    return (255 * cells).astype(np.uint8)


@st.cache_resource(max_entries=8, show_spinner=False)
def _encoded(key: str, _picture: Picture) -> NDArray[Any]:
    if _picture.values.ndim == 1:
        return _picture.values.astype(np.float32)
    stream = BytesIO()
    image = Image.fromarray(_picture.values)
    if image.width * image.height <= _LOSSLESS:
        image.save(stream, "PNG")
    else:
        image.save(stream, "JPEG", quality=90, subsampling=0)
    return np.frombuffer(stream.getvalue(), np.uint8)


def _overhang(field: ReceptiveField, grid: Sequence[int], extent: Sequence[int]) -> float:
    """By how much of the picture's size the closed form's boxes leave it, at most."""
    corners = [(0,) * len(grid), tuple(n - 1 for n in grid)]
    starts = [field.start(corner) for corner in corners]
    stops = [field.stop(corner) for corner in corners]
    return max(
        float(max(-min(start), max(stop) - size, 0) / size)
        for start, stop, size in zip(
            zip(*starts, strict=True), zip(*stops, strict=True), extent, strict=True
        )
    )
