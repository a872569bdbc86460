"""The linked view of volumes: three slices through the input and three through a feature map."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from ....figures import encode
from ....figures.colours import colours
from ....figures.encode import LOSSLESS_VIEW
from ....figures.maps import quantised, value_range
from ....trace.network import Layer
from ...address import ignore_echo
from ...browser.component import component, pack
from ...pictures import FeatureMap, Picture, Pinned

LARGEST_SIDE = 96
"""Volumes are shown with at most so many voxels along an axis. Their regions stay exact."""

_LARGEST_JPEG = 150_000
"""So many bytes at most, if one of the coarser qualities can do it."""

_QUALITIES = (85, 65, 45)
"""The JPEG qualities of large volumes: ten times as many pixels as a picture."""

_GREYS = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)

_component = component(__file__, styles=("../../browser/pane.css",))


def volume_view(volume: Picture, feature_map: FeatureMap, *, view: str, key: str) -> Pinned | None:
    """Draws the view and returns what the person pinned in it last; None before that.

    ``volume`` has the values (depth, height, width); ``view`` stands for the layer.
    """
    state = _component(
        key=key,
        data=packet(volume, feature_map, view),
        default={"pinned": None},
        on_pinned_change=ignore_echo,
    )
    report = state.pinned
    return Pinned(report["view"], tuple(report["cell"]), turn=report["turn"]) if report else None


def packet(volume: Picture, feature_map: FeatureMap, view: str) -> bytes:
    """Packs all that the view shows, with the bounds of every cell."""
    layer, values = feature_map.layer, feature_map.values
    cells = laid_out(layer)
    arrays: dict[str, NDArray[Any]] = {"input": _encoded(volume.key, volume), "greys": _GREYS}
    low = high = 0.0
    if values is None:
        arrays["map"] = stacked((255 * (np.indices(cells.shape).sum(axis=0) % 2)).astype(np.uint8))
        arrays["colours"] = np.linspace([140] * 3, [150] * 3, 256).astype(np.uint8)
    else:
        low, high = value_range(values)
        arrays["map"] = stacked(quantised(values.reshape(-1)[cells], low, high))
        arrays["colours"] = colours("Viridis")
    if not np.array_equal(cells.reshape(-1), np.arange(cells.size)):
        arrays["cells"] = cells
    for axis, (start, stop) in enumerate(layer.spans(feature_map.channel)):
        arrays[f"start{axis}"], arrays[f"stop{axis}"] = start, stop
    header = {
        "view": view,
        "volume": volume.key,
        "extent": volume.values.shape,
        "grid": layer.extents,
        "shape": cells.shape,
        "shown": {
            "input": _thinned(volume.values).shape,
            "map": _thinned(cells).shape,
        },
        "pinned": feature_map.strongest,
        "known": values is not None
        and cells.size <= LOSSLESS_VIEW
        and max(cells.shape) <= LARGEST_SIDE,
        "range": {"low": low, "high": high},
        "titles": {"input": volume.title, "map": feature_map.title},
    }
    return pack(header, arrays)


def laid_out(layer: Layer) -> NDArray[np.int32]:
    """Lays the cells out as a box: at (depth, row, column) the number in the flattened grid.

    Cells without a place in it (class tokens) are left out.
    """
    cells = np.arange(prod(layer.extents), dtype=np.int32).reshape(layer.extents)
    if layer.layout is not None:
        cells = layer.layout.cells
    if cells.ndim > 3:
        return cells.reshape(-1, *cells.shape[-2:])
    return cells.reshape([1] * (3 - cells.ndim) + list(cells.shape))


def _thinned(values: NDArray[Any]) -> NDArray[Any]:
    """At most ``LARGEST_SIDE`` positions along each axis, evenly spaced."""
    for axis, extent in enumerate(values.shape):
        if extent > LARGEST_SIDE:
            middles = (np.arange(LARGEST_SIDE) + 0.5) * extent / LARGEST_SIDE
            values = values.take(middles.astype(int), axis=axis)
    return values


def stacked(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Encodes a volume, thinned, as one picture: its slices one below the other."""
    values = _thinned(values)
    image = Image.fromarray(values.reshape(-1, values.shape[-1]))
    if values.size <= LOSSLESS_VIEW:
        return encode.png(image).array
    for quality in _QUALITIES:
        content = encode.jpeg(image, quality=quality).array
        if content.size <= _LARGEST_JPEG:
            break
    return content


@st.cache_resource(max_entries=8, show_spinner=False)
def _encoded(key: str, _volume: Picture) -> NDArray[np.uint8]:
    return stacked((255 * _volume.values).round().astype(np.uint8))
