"""Coverage: how many cells of a layer see each pixel, as a map over the input."""

from __future__ import annotations

import plotly.graph_objects as go

from ..analysis.coverage import Coverage

_SIDE = 256
"""Longer sides are thinned to this many pixels."""


def coverage_figure(coverage: Coverage) -> go.Figure:
    """Draws a map for a picture, a line for a signal, and the middle slice of a volume."""
    counts = coverage.counts
    while counts.ndim > 2:
        counts = counts[len(counts) // 2]
    figure = go.Figure()
    if counts.ndim == 1:
        figure.add_scatter(y=counts, mode="lines", line={"shape": "hv", "color": "#0072b2"})
        figure.update_traces(hovertemplate="sample %{x:,}: %{y:,} cells<extra></extra>")
        figure.update_layout(
            xaxis={"title": "sample"}, yaxis={"title": "cells", "rangemode": "tozero"}
        )
    else:
        down, across = (-(-n // _SIDE) for n in counts.shape)
        figure.add_heatmap(
            z=counts[::down, ::across],
            y0=0, dy=down, x0=0, dx=across,
            zmin=0, zmax=max(1, int(counts.max())),
            colorscale="Viridis",
            colorbar={"title": {"text": "cells"}, "thickness": 12},
            hovertemplate="pixel (%{y}, %{x}): %{z:,} cells<extra></extra>",
        )  # fmt: skip
        figure.update_yaxes(autorange="reversed", scaleanchor="x", constrain="domain")
        figure.update_xaxes(constrain="domain")
    figure.update_layout(height=340, margin={"l": 0, "r": 0, "t": 8, "b": 0}, dragmode=False)
    return figure
