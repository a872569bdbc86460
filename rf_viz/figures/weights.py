"""Summed weights of a layer's outputs: one bar each, and what two dimensions make of them."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..analysis.numbers import VALUE_FORMAT
from .colours import PINNED

INNER, BORDER = PINNED, "#999999"
"""The colours of outputs away from the border, and of those beside it."""

_HEIGHT = 260


def bars(sums: NDArray[np.float64], inner: NDArray[np.bool_]) -> go.Figure:
    """Draws the summed weight of each output; ``inner`` marks those away from the border."""
    places = np.arange(len(sums))
    figure = go.Figure()
    for name, marks, colour in (
        ("away from the border", inner, INNER),
        ("beside the border", ~inner, BORDER),
    ):
        figure.add_bar(
            x=places[marks],
            y=sums[marks],
            name=name,
            marker_color=colour,
            hovertemplate=f"output %{{x}}<br>summed weight %{{y:{VALUE_FORMAT}}}<extra></extra>",
        )
    figure.update_xaxes(title="output")
    figure.update_yaxes(title="summed weight", rangemode="tozero")
    return figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 32, "b": 0},
        bargap=0.15,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )


def picture(sums: NDArray[np.float64]) -> go.Figure:
    """Draws the summed weights in two dimensions, as pixels: each is the product of two sums."""
    pixels = np.outer(sums, sums)
    figure = go.Figure()
    figure.add_heatmap(
        z=pixels,
        colorscale="Viridis",
        zmin=0,
        zmax=pixels.max(),
        colorbar={"thickness": 12, "title": "in 2-D"},
        hovertemplate="output (%{y}, %{x})<br>"
        f"summed weight %{{z:{VALUE_FORMAT}}}<extra></extra>",
    )
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    return figure.update_layout(height=_HEIGHT, margin={"l": 0, "r": 0, "t": 8, "b": 8})
