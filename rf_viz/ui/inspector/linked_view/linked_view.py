"""The linked view: the input and a feature map side by side, and what each cell sees."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....figures import overlays
from ....figures.cell_view import picture_url, shared_margin
from ....figures.colours import HOVERED
from ....figures.linked_view import MOST_POINTS, LinkedView, colour_bar
from ....figures.maps import quantised
from ...address import ignore_echo
from ...browser.component import CELL_VIEW, component, pack, pack_once
from ...browser.plotly_js import plotly_url
from ...pictures import FeatureMap, Picture, Pinned
from ...sharing import shared
from ..picture_data.picture_data import picture_data

_component = component(__file__, styles=[CELL_VIEW], isolated=False)

_HOVERED_REGION, _HOVERED_CELL = "hovered region", "hovered cell"


def linked_view(picture: Picture, feature_map: FeatureMap, *, view: str, key: str) -> Pinned | None:
    """Draws the view and returns what the person pinned in it last; None before that.

    ``view`` stands for the layer. When the page goes elsewhere by itself, a cue tells the view.
    """
    picture_data(picture, _encoded(picture.key, picture), key=key)
    state = _component(
        key=key,
        data=pack_once(key, partial(packet, live=True), picture, feature_map, view),
        default={"pinned": None},
        on_pinned_change=ignore_echo,
    )
    return Pinned.of(state.pinned)


def packet(picture: Picture, feature_map: FeatureMap, view: str, *, live: bool = False) -> bytes:
    """Packs all data of the view, with the bounds of every cell.

    ``live`` says that a server answers the questions that the view cannot answer by itself, that
    Plotly.js is to be fetched from it, and that it sends the picture apart (``picture_data``).
    Without one, the values of maps are quantised.
    """
    layer = feature_map.layer
    shown = LinkedView(
        layer,
        picture.values,
        feature_map.values,
        feature_map.strongest,
        feature_map.channel,
        title=picture.title,
        map_title=feature_map.title,
        margin=shared_margin(layer.net),
    )
    figure, arrays = _hosted(shown), dict[str, NDArray[Any]]()
    if not live:
        arrays["image"] = _encoded(picture.key, picture)
    low, high = shown.range
    places = shown.places
    if not np.array_equal(places.reshape(-1), np.arange(places.size)):
        arrays["places"] = places
    arrays["map"] = shown.shown
    if not (live or shown.is_line or np.isnan(shown.shown).any()):
        arrays["map"] = quantised(shown.shown, low, high)
    for axis, (start, stop) in enumerate(layer.spans(feature_map.channel)):
        arrays[f"start{axis}"], arrays[f"stop{axis}"] = start, stop
    field = shown.field
    header = {
        "view": view,
        "live": live,
        "picture": picture.key,
        "host": {
            "url": plotly_url() if live else "",
            "titles": list(shown.titles()),
            "name": f"{layer.title} {feature_map.title}",
        },
        "figure": figure,
        "region": overlays.region_name(layer),
        "extent": picture.extent,
        "grid": layer.extents,
        "map": places.shape,
        "margin": shown.border,
        "field": field and {"size": field.size, "stride": field.stride, "padding": field.padding},
        "pinned": feature_map.strongest,
        "valued": feature_map.values is not None,
        "unit": "cells" if picture.within else "",
        "range": {"low": low, "high": high},
        "titles": {
            "image": picture.title,
            "map": feature_map.title,
            "map keys": f"{feature_map.title}: the arrow keys move the pinned cell",
            "image keys": f"{picture.title}: the arrow keys move a pixel and show which cells see "
            "it",
        },
    }
    return pack(header, arrays)


def _hosted(shown: LinkedView) -> dict[str, Any]:
    """The figure without the content of its panes.

    All overlays are there from the start, also those of what the pointer is on: the browser side
    moves them.
    """
    figure = shown.panes_alone()
    image, plan = shown.panes
    shapes = [*shown.shapes()]
    for name, pane in ((_HOVERED_REGION, image), (_HOVERED_CELL, plan)):
        shapes += overlays.outline(name, None, pane, colour=HOVERED)
    marks = overlays.marks_trace((0,) * len(shown.extent), np.zeros((1, 1), np.uint8), "pixels")
    content = figure.to_plotly_json()
    # Dictionaries from here on: Plotly checks every attribute of an object, at every click.
    data = [dict(trace) for trace in (*content["data"], marks.to_plotly_json())]
    data[2] |= {"visible": False, "colorbar": {**data[2]["colorbar"], **colour_bar("")}}
    lengths = (shown.extent[-1], shown.places.shape[1], 0)
    for trace, length in zip(data, lengths, strict=True):
        trace.pop("z", None)
        if length <= MOST_POINTS:
            trace.pop("x", None), trace.pop("y", None)
    layout = {**content["layout"], "shapes": shapes}
    layout.pop("template")
    return {"data": data, "layout": layout}


@shared(2**25, lambda encoded: encoded.nbytes)
def _encoded(key: str, _picture: Picture) -> NDArray[Any]:
    if _picture.values.ndim == 1:
        return _picture.values.astype(np.float32)
    return np.frombuffer(picture_url(_picture.values).encode(), np.uint8)
