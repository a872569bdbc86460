"""The linked view: the input and a feature map side by side, and what each cell sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from math import prod
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

from ..closed_form import ReceptiveField
from ..network import Layer
from .component import component, pack

Cell = tuple[int, ...]

LARGEST_MARGIN = 0.15
"""How much of the picture's size is left around it, at most, for boxes that leave it."""

_LOSSLESS = 300 * 300
"""Pictures of more pixels travel as JPEG: they are shown at most at their own size."""

_GREYS = np.linspace([140] * 3, [150] * 3, 256).astype(np.uint8)
"""The colours of cells without values."""

_component = component("linked_view", "packet.js", "pane.js", "linked_view.js")


@dataclass(frozen=True)
class Picture:
    """What the model was fed, as people see it.

    Attributes:
        key: stands for the content.
        title: name for people.
        values: (height, width, 3) uint8, or (length,) float32 for a signal.
    """

    key: str
    title: str
    values: NDArray[Any]

    @property
    def extent(self) -> tuple[int, ...]:
        """The extents of its spatial axes."""
        return self.values.shape[:2] if self.values.ndim == 3 else self.values.shape


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


def linked_view(picture: Picture, feature_map: FeatureMap, *, view: str, key: str) -> Cell:
    """Draws the view and returns the pinned cell: the person's choice, else the strongest.

    ``view`` stands for the layer; a pinned cell holds as long as it is the same.
    """
    state = _component(
        key=key,
        data=packet(picture, feature_map, view),
        default={"pinned": None},
        on_pinned_change=lambda: None,
    )
    pinned = state.pinned
    if pinned and pinned["view"] == view:
        return tuple(pinned["cell"])
    return feature_map.strongest


def packet(picture: Picture, feature_map: FeatureMap, view: str) -> bytes:
    """All that the view shows, with the bounds of every cell, as bytes."""
    layer = feature_map.layer
    values = feature_map.values
    known = values is not None
    low, high = (0.0, 0.0) if values is None else _limits(values)
    if values is None:
        values = np.zeros(layer.grid, np.float32)
    rows, columns = _laid_out(layer.grid, flat=len(picture.extent) == 1)
    closed = layer.receptive_field
    field = None
    if closed and len(closed.size) == len(layer.grid) and None not in closed.padding:
        field = {"size": closed.size, "stride": closed.stride, "padding": closed.padding}
    reach = _overhang(closed, layer.grid, picture.extent) if closed and field else 0.0

    arrays: dict[str, NDArray[Any]] = {"image": _encoded(picture.key, picture)}
    if rows == 1 < columns:
        arrays["map"] = np.nan_to_num(values.reshape(-1), nan=low, posinf=high, neginf=low)
    elif known:
        arrays["map"] = _quantised(values, low, high)
        arrays["colours"] = colours("Viridis")
    else:
        arrays["map"], arrays["colours"] = _chequered(layer.grid), _GREYS
    for axis, (start, stop) in enumerate(layer.spans(feature_map.channel)):
        arrays[f"start{axis}"], arrays[f"stop{axis}"] = start, stop

    header = {
        "view": view,
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
            "image": dict(zip(("low", "high"), _limits(picture.values), strict=True)),
        },
        "titles": {
            "image": picture.title,
            "map": feature_map.title,
            "keys": f"{feature_map.title}: the arrow keys move the pinned cell",
        },
    }
    return pack(header, arrays)


@lru_cache
def colours(scale: str) -> NDArray[np.uint8]:
    """A colour scale as 256 rows of red, green, blue."""
    samples = sample_colorscale(get_colorscale(scale), np.linspace(0, 1, 256))
    table: NDArray[np.uint8] = np.array([unlabel_rgb(sample) for sample in samples]).round()
    return table.astype(np.uint8)


def _laid_out(grid: Sequence[int], flat: bool) -> tuple[int, int]:
    """Rows and columns of the plot: any number of axes is laid out row by row."""
    cells = prod(grid)
    if len(grid) < 2 or (flat and max(grid) == cells):
        return 1, cells
    return cells // grid[-1], grid[-1]


def _limits(values: NDArray[Any]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _quantised(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
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
