"""The linked view of volumes: three slices through the input and three through a feature map."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ....figures import encode, overlays
from ....figures.cell_view import shared_margin
from ....figures.colours import HOVERED
from ....figures.encode import LOSSLESS_VIEW
from ....figures.maps import quantised
from ....figures.volume_view import VolumeView, drawn_lengths, legended
from ...address import ignore_echo
from ...browser.component import CELL_VIEW, component, pack, pack_once
from ...browser.plotly_js import plotly_url
from ...pictures import FeatureMap, Picture, Pinned
from ...sharing import shared
from ..picture_data.picture_data import picture_data

LARGEST_SIDE = 96
"""Volumes are shown with at most so many voxels along an axis. Their regions stay exact."""

_LARGEST_JPEG = 150_000
"""So many bytes at most, if one of the coarser qualities can do it."""

_QUALITIES = (85, 65, 45)
"""The JPEG qualities of large volumes: ten times as many pixels as a picture."""

_HOVERED_REGION, _HOVERED_CELL = "hovered region", "hovered cell"

_component = component(__file__, styles=[CELL_VIEW], isolated=False)


def volume_view(volume: Picture, feature_map: FeatureMap, *, view: str, key: str) -> Pinned | None:
    """Draws the view and returns what the person pinned in it last; None before that.

    ``volume`` has the values (depth, height, width); ``view`` stands for the layer.
    """
    picture_data(volume, encoded(volume.key, volume), key=key)
    state = _component(
        key=key,
        data=pack_once(key, packet, volume, feature_map, view),
        default={"pinned": None},
        on_pinned_change=ignore_echo,
    )
    return Pinned.of(state.pinned)


def packet(volume: Picture, feature_map: FeatureMap, view: str) -> bytes:
    """Packs all that the view shows, with the bounds of every cell."""
    layer, values = feature_map.layer, feature_map.values
    shown = VolumeView(
        layer,
        volume.values,
        values,
        feature_map.strongest,
        feature_map.channel,
        title=volume.title,
        map_title=feature_map.title,
        margin=shared_margin(layer.net),
    )
    cells, (low, high) = shown.places, shown.range
    small = cells.size <= LOSSLESS_VIEW and max(cells.shape) <= LARGEST_SIDE
    laid_out = shown.laid_out(cells)
    if values is None:
        high = 1.0  # of the cells' two shades
    arrays: dict[str, NDArray[Any]] = {
        "map": laid_out if small else stacked(quantised(laid_out, low, high)),
    }
    if not np.array_equal(cells.reshape(-1), np.arange(cells.size)):
        arrays["places"] = cells
    for axis, (start, stop) in enumerate(layer.spans(feature_map.channel)):
        arrays[f"start{axis}"], arrays[f"stop{axis}"] = start, stop
    field = shown.field
    thinned = {"input": _thinned(volume.values).shape, "map": _thinned(cells).shape}
    header = {
        "view": view,
        "live": True,
        "host": {
            "url": plotly_url(),
            "titles": list(shown.titles()),
            "name": f"{layer.title} {feature_map.title}",
        },
        "figure": _hosted(shown, thinned),
        "region": overlays.region_name(layer),
        "volume": volume.key,
        "extent": shown.extent,
        "grid": layer.extents,
        "map": cells.shape,
        "shown": thinned,
        "lengths": {"image": drawn_lengths(shown.extent), "map": drawn_lengths(cells.shape)},
        "field": field and {"size": field.size, "stride": field.stride, "padding": field.padding},
        "pinned": feature_map.strongest,
        "valued": values is not None and small,
        "unit": "voxels",
        "range": {"low": low, "high": high},
        "titles": {"image": volume.title, "map": feature_map.title, **_hints(shown)},
    }
    return pack(header, arrays)


def _hints(shown: VolumeView) -> dict[str, str]:
    """What a screen reader calls each pane."""
    keys = "the arrow and page keys move"
    hints = {}
    for axis, name in enumerate(("depth", "rows", "columns")):
        across = f"slice across {name}"
        hints[f"image {axis} keys"] = (
            f"{shown.title}, {across}: {keys} a voxel and show which cells see it"
        )
        hints[f"map {axis} keys"] = f"{shown.map_title}, {across}: {keys} the pinned cell"
    return hints


def _hosted(shown: VolumeView, thinned: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """The figure without the content of its panes.

    All overlays are there from the start, also those of what the pointer is on: the browser side
    moves them.
    """
    content = shown.panes_alone().to_plotly_json()
    shapes = [*shown.shapes()]
    through, plan = shown.slices
    for name, slices in ((_HOVERED_REGION, through), (_HOVERED_CELL, plan)):
        for piece in slices:
            shapes += overlays.outline(name, None, piece.pane, colour=HOVERED)
    data = [dict(trace) for trace in content["data"]]
    sides = ((data[:3], through, shown.extent, thinned["input"]),
             (data[3:], plan, shown.places.shape, thinned["map"]))  # fmt: skip
    for traces, slices, extent, count in sides:
        for trace, piece in zip(traces, slices, strict=True):
            down, right = piece.axes
            for name, axis in (("y", down), ("x", right)):
                step = extent[axis] / count[axis]
                trace |= {f"{name}0": (step - 1) / 2, f"d{name}": step}
    for marks in shown.marks_traces(np.zeros((1, 1, 1), np.uint8)):
        data.append({**marks.to_plotly_json(), "visible": False})
    layout = {**content["layout"], "shapes": legended(shapes)}
    layout.pop("template")
    for trace in data:
        trace.pop("z", None)
    return {"data": data, "layout": layout}


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


@shared(2**25, lambda encoded: encoded.nbytes)
def encoded(key: str, _volume: Picture) -> NDArray[np.uint8]:
    """A volume as a browser gets it: its slices below each other, as a greyscale picture.

    ``key`` stands for the volume.
    """
    return stacked((255 * _volume.values).round().astype(np.uint8))
