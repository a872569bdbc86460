"""A picture with the region that a cell sees."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..trace.network import Layer
from . import colours, overlays
from .cell_view import PICTURE, picture_url
from .overlays import Pane, box_of


def region_figure(
    layer: Layer, cell: tuple[int, ...], picture: NDArray[np.uint8], height: int = 400
) -> go.Figure:
    """Draw the picture (height, width, 3) that a network sees, dark outside a cell's region.

    ``height`` is the figure's, in screen pixels. The overlays have the names that they have in the
    linked view.
    """
    region, extent, pane = layer.region(cell), layer.net.input.size, Pane()
    box = box_of(region.start, region.stop)
    dash = colours.EXACT if layer.exact else colours.ASSUMED
    outlined = overlays.outline(overlays.region_name(layer), box, pane, dash=dash)
    down, across = extent
    axis: dict[str, Any] = {"visible": False, "constrain": "domain"}
    image = go.Image(
        source=picture_url(picture),
        name=PICTURE,
        hovertemplate="row %{y}, column %{x}<extra></extra>",
    )
    return go.Figure(image).update_layout(
        shapes=[overlays.outside(extent, box, pane), *outlined],
        xaxis={**axis, "range": [-0.5, across - 0.5]},
        yaxis={**axis, "range": [down - 0.5, -0.5], "scaleanchor": "x"},
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        height=height,
    )
