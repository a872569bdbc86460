"""Measured fields: path counts and influence as maps of one scale, and their sizes over depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..analysis.numbers import VALUE_FORMAT
from ..lessons.fields import LayerFields, PatchField
from .colours import HOVERED, PINNED
from .effective import count_scale
from .legend import LEGEND_ABOVE

STYLES: Mapping[str, tuple[str, str, str]] = {
    "paths": ("paths", "#8a8f98", "dot"),
    "trained": ("influence, trained weights", PINNED, "solid"),
    "random": ("influence, random weights", "#2f86c9", "dash"),
}
"""The names, colours and strokes of the fields, by ``lessons.fields.KINDS``."""

_REGION = "#999999"


def field_map(field: PatchField, highest: float) -> go.Figure:
    """Draws the share of the whole in each patch, white lines around what counts as the field.

    ``highest`` is the share in a pixel, the largest that has a colour of its own: maps to compare
    share it.
    """
    rows, columns = field.edges
    figure = go.Figure()
    pixels = (rows[1] - rows[0]) * (columns[1] - columns[0])
    figure.add_heatmap(
        z=100 * pixels * field.densities,
        x=columns,
        y=rows,
        colorscale=count_scale(),
        zmin=0,
        zmax=100 * pixels * highest,
        colorbar={
            "orientation": "h",
            "thickness": 8,
            "y": -0.03,
            "yanchor": "top",
            "nticks": 4,
            "ticksuffix": "%",
        },
        hovertemplate=f"pixel (%{{y}}, %{{x}}): %{{z:{VALUE_FORMAT}}}% a patch<extra></extra>",
    )
    x, y = _outline(field.within, rows, columns)
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": HOVERED, "width": 1.5}, hoverinfo="skip"
    )
    plain = {"showticklabels": False, "ticks": "", "showgrid": False, "zeroline": False}
    beyond = 0.01 * float(columns[-1] - columns[0])  # so that no line is cut off
    figure.update_xaxes(
        range=[columns[0] - beyond, columns[-1] + beyond], constrain="domain", **plain
    )
    figure.update_yaxes(
        range=[rows[-1] + beyond, rows[0] - beyond],
        scaleanchor="x",
        constrain="domain",
        **plain,
    )
    return figure.update_layout(
        height=350, margin={"l": 0, "r": 0, "t": 8, "b": 0}, showlegend=False, dragmode=False
    )


def _outline(
    within: NDArray[np.bool_], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[list[int | None], list[int | None]]:
    """Lines between patches within and beyond, as x and y of a broken line."""
    framed = np.pad(within, 1)
    x, y = list[int | None](), list[int | None]()
    for row, column in np.argwhere(framed[1:, 1:-1] != framed[:-1, 1:-1]).tolist():
        x += [int(columns[column]), int(columns[column + 1]), None]
        y += [int(rows[row]), int(rows[row]), None]
    for row, column in np.argwhere(framed[1:-1, 1:] != framed[1:-1, :-1]).tolist():
        x += [int(columns[column]), int(columns[column]), None]
        y += [int(rows[row]), int(rows[row + 1]), None]
    return x, y


def sizes_by_layer(layers: Sequence[LayerFields], now: int) -> go.Figure:
    """Draws the sizes of the fields of some layers, and of their regions; one of them is marked.

    ``now`` counts from 0.
    """
    numbers = list(range(1, len(layers) + 1))
    names = [layer.layer for layer in layers]
    figure = go.Figure()
    figure.add_scatter(
        x=numbers,
        y=[float(np.sqrt(np.prod(layer.region))) for layer in layers],
        customdata=names,
        name="the whole region",
        mode="lines",
        line={"color": _REGION, "width": 1},
        hovertemplate=f"%{{customdata}}: %{{y:{VALUE_FORMAT}}} px<extra>the whole region</extra>",
    )
    for kind, (name, colour, dash) in STYLES.items():
        figure.add_scatter(
            x=numbers,
            y=[layer.sizes[kind] for layer in layers],
            customdata=names,
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate=f"%{{customdata}}: %{{y:{VALUE_FORMAT}}} px<extra>{name}</extra>",
        )
    figure.add_vline(x=now + 1, line={"color": _REGION, "width": 1, "dash": "dot"})
    figure.update_xaxes(title="layer", tickvals=numbers)
    figure.update_yaxes(title="size in pixels", rangemode="tozero")
    return figure.update_layout(
        height=320, margin={"l": 0, "r": 0, "t": 48, "b": 0}, legend=LEGEND_ABOVE, dragmode=False
    )
