"""The linked view: the input and a feature map side by side, and what each cell sees."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ....figures import encode
from ....figures.colours import colours
from ....trace.closed_form import ReceptiveField
from ...address import ignore_echo
from ...browser.component import component, pack
from ...pictures import (
    LARGEST_MARGIN,
    FeatureMap,
    Picture,
    Pinned,
    arranged,
    quantised,
    value_range,
)

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


def linked_view(picture: Picture, feature_map: FeatureMap, *, view: str, key: str) -> Pinned | None:
    """Draws the view and returns what the person pinned in it last; None before that.

    ``view`` stands for the layer. When the page goes elsewhere by itself, a cue tells the view.
    """
    state = _component(
        key=key,
        data=packet(picture, feature_map, view, live=True),
        default={"pinned": None},
        on_pinned_change=ignore_echo,
    )
    report = state.pinned
    if not report:
        return None
    pixel = report.get("pixel")
    return Pinned(
        report["view"],
        tuple(report["cell"]),
        None if pixel is None else tuple(pixel),
        report.get("mode", "box"),
        report.get("turn", 0),
    )


def packet(picture: Picture, feature_map: FeatureMap, view: str, *, live: bool = False) -> bytes:
    """Packs all data of the view, with the bounds of every cell.

    ``live`` says that a server answers the questions that the view cannot answer by itself.
    """
    layer = feature_map.layer
    values = feature_map.values
    valued = values is not None
    low, high = (0.0, 0.0) if values is None else value_range(values)
    if values is None:
        values = np.zeros(layer.extents, np.float32)
    cells = arranged(layer, flat=len(picture.extent) == 1)
    rows, columns = cells.shape
    closed = layer.receptive_field
    field = None
    if closed and len(closed.size) == len(layer.grid) and None not in closed.padding:
        field = {"size": closed.size, "stride": closed.stride, "padding": closed.padding}
    reach = _overhang(closed, layer.extents, picture.extent) if closed and field else 0.0

    arrays: dict[str, NDArray[Any]] = {"image": _encoded(picture.key, picture)}
    if not np.array_equal(cells.reshape(-1), np.arange(prod(layer.extents))):
        arrays["places"] = cells
    shown = values.reshape(-1)[cells]
    if rows == 1 < columns:
        arrays["map"] = np.nan_to_num(shown.reshape(-1), nan=low, posinf=high, neginf=low)
    elif valued:
        arrays["map"] = quantised(shown, low, high)
        arrays["colours"] = colours("Viridis")
    else:
        arrays["map"], arrays["colours"] = _chequered(cells.shape), _GREYS
    if valued and not np.isfinite(values).all():
        arrays["finite"] = np.isfinite(shown).astype(np.uint8)
    for axis, (start, stop) in enumerate(layer.spans(feature_map.channel)):
        arrays[f"start{axis}"], arrays[f"stop{axis}"] = start, stop

    header = {
        "view": view,
        "live": live,
        "exact": layer.exact,
        "picture": picture.key,
        "extent": picture.extent,
        "grid": layer.extents,
        "rows": rows,
        "columns": columns,
        "field": field,
        "margin": min(reach, LARGEST_MARGIN),
        "reach": reach,
        "pinned": feature_map.strongest,
        "known": valued,
        "unit": "cells" if picture.within else "",
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


def _chequered(grid: Sequence[int]) -> NDArray[np.uint8]:
    """Cells without values, to be told from one another."""
    cells: NDArray[np.intp] = np.indices(grid).sum(axis=0) % 2
    return (255 * cells).astype(np.uint8)


@st.cache_resource(max_entries=8, show_spinner=False)
def _encoded(key: str, _picture: Picture) -> NDArray[Any]:
    if _picture.values.ndim == 1:
        return _picture.values.astype(np.float32)
    encoded = encode.picture(_picture.values, lossless=encode.LOSSLESS_VIEW, exact_colours=True)
    return encoded.array


def _overhang(field: ReceptiveField, grid: Sequence[int], extent: Sequence[int]) -> float:
    """The largest share of the picture's size by which boxes of the closed form leave it."""
    corners = [(0,) * len(grid), tuple(n - 1 for n in grid)]
    starts = [field.start(corner) for corner in corners]
    stops = [field.stop(corner) for corner in corners]
    return max(
        float(max(-min(start), max(stop) - size, 0) / size)
        for start, stop, size in zip(
            zip(*starts, strict=True), zip(*stops, strict=True), extent, strict=True
        )
    )
