"""The effective receptive field: where the influence on a cell lies, and how it falls off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ..analysis.effective import EffectiveField
from ..analysis.numbers import VALUE_FORMAT
from . import colours
from .legend import LEGEND_ABOVE

_HEIGHT = 320

STYLES = {
    "expected": ("to expect of random weights", "#2f86c9", "dash"),
    "measured": ("measured", colours.PINNED, "solid"),
    "paths": ("share of paths", "#8a8f98", "dot"),
}
"""The names, colours and strokes of fields."""


def profile_figure(fields: Mapping[str, EffectiveField]) -> go.Figure:
    """Draws the mean influence at each distance from the centre, each field by its largest.

    ``fields`` are named as in ``STYLES``.
    """
    figure = go.Figure()
    for key, field in fields.items():
        name, colour, dash = STYLES[key]
        distances, means = field.profile()
        largest = means.max(initial=0)
        if not largest:
            continue
        figure.add_scatter(
            x=distances,
            y=means / largest,
            name=name,
            mode="lines",
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate=f"%{{x}} px from the centre: %{{y:{VALUE_FORMAT}}}<extra>{name}</extra>",
        )
    figure.update_xaxes(title="pixels from the centre", rangemode="tozero")
    figure.update_yaxes(title="influence, by its largest", rangemode="tozero")
    return figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend=LEGEND_ABOVE,
        showlegend=True,
        dragmode=False,
    )


def field_figure(field: EffectiveField, share: float = 0.5) -> go.Figure:
    """Draws a field as a map over the region, with the square that holds a share of it.

    Of a signal it is a line, of a volume the slice through the centre.
    """
    influence, mask, centre = field.influence, field.mask, list(field.centre)
    while influence.ndim > 2:
        middle = round(centre.pop(0))
        influence, mask = influence[middle], mask[middle]
    spans = [np.flatnonzero(mask.any(axis=tuple(_others(mask.ndim, a)))) for a in range(mask.ndim)]
    first = [int(span[0]) if len(span) else 0 for span in spans]
    last = [int(span[-1]) + 1 if len(span) else 1 for span in spans]
    part = influence[tuple(slice(a, b) for a, b in zip(first, last, strict=True))]
    reach = field.side(share) / 2
    figure = go.Figure()
    if part.ndim == 1:
        figure.add_scatter(
            x=np.arange(first[0], last[0]),
            y=part,
            mode="lines",
            line={"color": colours.PINNED, "width": 1.5},
            hovertemplate=f"sample %{{x:,}}: %{{y:{VALUE_FORMAT}}}<extra></extra>",
        )
        figure.add_vrect(
            centre[0] - reach, centre[0] + reach, line_width=0, fillcolor="rgba(47,134,201,0.2)"
        )
        figure.update_xaxes(title="sample")
        figure.update_yaxes(title="share of the influence", rangemode="tozero")
    else:
        figure.add_heatmap(
            z=part,
            x0=first[1],
            y0=first[0],
            colorscale=count_scale(),
            zmin=0,
            zmax=float(part.max(initial=0)) or 1.0,
            showscale=False,
            hovertemplate=f"pixel (%{{y}}, %{{x}}): %{{z:{VALUE_FORMAT}}}<extra></extra>",
        )
        figure.add_shape(
            type="rect",
            x0=centre[1] - reach,
            x1=centre[1] + reach,
            y0=centre[0] - reach,
            y1=centre[0] + reach,
            line={"color": colours.HOVERED, "width": 1.5},
        )
        figure.update_yaxes(autorange="reversed", scaleanchor="x", constrain="domain")
        figure.update_xaxes(constrain="domain")
    return figure.update_layout(
        height=_HEIGHT, margin={"l": 0, "r": 0, "t": 8, "b": 0}, dragmode=False
    )


def count_scale() -> list[list[Any]]:
    """The scale of counts in decimal colours: Streamlit takes some of its hexadecimal ones for
    places to put colours of its theme."""
    table = colours.colours(colours.COUNTS)[:: 255 // 15]
    last = len(table) - 1
    return [[n / last, f"rgb({r},{g},{b})"] for n, (r, g, b) in enumerate(table.tolist())]


def _others(axes: int, axis: int) -> list[int]:
    return [other for other in range(axes) if other != axis]
