"""The effective receptive field: path counts over a unit's region, and its width by depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..analysis.numbers import VALUE_FORMAT, whole
from .colours import PINNED
from .legend import LEGEND_ABOVE

WITHIN, BEYOND, LAW, AREA = PINNED, "#999999", "#2f86c9", "#009e73"
"""The colours of the bell, of what lies beyond it, of the square root law, and of its area."""


def bell(
    counts: NDArray[np.float64],
    within: NDArray[np.bool_],
    influences: Mapping[str, NDArray[np.float64]] | None = None,
) -> go.Figure:
    """Draws the share of all paths that start at each unit of a region, the bell marked.

    ``counts`` and ``within`` have the region's length; the counts sum to 1. ``influences`` are
    drawn as lines over them, by their names; they have that length, and sum to 1, too.
    """
    places = np.arange(len(counts)) - (len(counts) - 1) / 2
    figure = go.Figure()
    for name, marks, colour in (
        ("within the bell", within, WITHIN),
        ("beyond it", ~within, BEYOND),
    ):
        figure.add_bar(
            x=places[marks],
            y=100 * counts[marks],
            name=name,
            marker_color=colour,
            hovertemplate="%{x:+g} units from the middle<br>"
            f"%{{y:{VALUE_FORMAT}}}% of the paths<extra></extra>",
        )
    for (name, shares), (colour, dash) in zip(
        (influences or {}).items(), ((LAW, "dash"), (AREA, "solid")), strict=False
    ):
        figure.add_scatter(
            x=places,
            y=100 * shares,
            name=name,
            mode="lines",
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate=f"%{{y:{VALUE_FORMAT}}}% of the influence<extra>{name}</extra>",
        )
    figure.update_xaxes(title="units from the middle")
    of = "the paths, or of the influence" if influences else "the paths"
    figure.update_yaxes(title=f"% of {of}", rangemode="tozero")
    return _dressed(figure)


def growth(
    depths: Sequence[int],
    sizes: Sequence[int],
    widths: Sequence[int],
    areas: Sequence[float],
    laws: tuple[Sequence[float], Sequence[float]],
    now: int,
) -> go.Figure:
    """Draws receptive field size and effective width by depth, on logarithmic axes.

    ``widths`` are those in one dimension, ``areas`` the square roots of the areas in two; ``laws``
    are both by the square root law. ``now`` is the depth to mark.
    """
    hover = f"%{{x}} layers: %{{y:{VALUE_FORMAT}}} units<extra></extra>"
    figure = go.Figure()
    figure.add_scatter(
        x=depths,
        y=sizes,
        name="receptive field r",
        mode="lines",
        line_color=BEYOND,
        hovertemplate=hover,
    )
    for number, law in enumerate(laws):
        figure.add_scatter(
            x=depths,
            y=law,
            name="square root law",
            mode="lines",
            line={"color": LAW, "dash": "dash"},
            hoverinfo="skip",
            showlegend=number == 0,
        )
    for name, values, colour, symbol in (
        ("width in 1-D", widths, WITHIN, "circle"),
        ("square root of the area in 2-D", areas, AREA, "diamond-open"),
    ):
        figure.add_scatter(
            x=depths,
            y=values,
            name=name,
            mode="markers",
            marker={"color": colour, "size": 7, "symbol": symbol},
            hovertemplate=hover,
        )
    figure.add_vline(x=now, line={"color": BEYOND, "width": 1, "dash": "dot"})
    ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    texts = [whole(tick) for tick in ticks]
    figure.update_xaxes(title="layers", type="log", tickvals=ticks, ticktext=texts)
    figure.update_yaxes(title="units", type="log", tickvals=ticks, ticktext=texts)
    return _dressed(figure)


def _dressed(figure: go.Figure) -> go.Figure:
    return figure.update_layout(
        height=320,
        margin={"l": 0, "r": 0, "t": 32, "b": 0},
        bargap=0.08,
        legend=LEGEND_ABOVE,
    )
