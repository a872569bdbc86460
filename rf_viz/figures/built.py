"""The growth of a network that is being built, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from ..analysis.categories import CATEGORIES
from ..analysis.numbers import whole
from .legend import LEGEND_ABOVE

_GOAL = "#d55e00"


@dataclass(frozen=True)
class Grown:
    """A row of the network and the extent that its cells see.

    Attributes:
        number, name: as the editor has them.
        family: a key of ``CATEGORIES``.
        shape: the shape of the row's output, in words.
        closed: the size r of the closed form, in pixels; None where there is none.
        seen: the extent of the largest region inside the input, along the axis where it is
            largest, as ``closed`` is.
    """

    number: int
    name: str
    family: str
    shape: str
    closed: int | None
    seen: int


def built(rows: Sequence[Grown], extent: int, chosen: int, goal: int | None = None) -> go.Figure:
    """Draws the size by row: a line of steps, and a dot in its family's colour for each row.

    Hollow dots have no closed form: they show the largest region. ``extent`` is the input's,
    ``goal`` the size that is asked for.
    """
    sizes = [row.closed if row.closed is not None else row.seen for row in rows]
    figure = go.Figure()
    figure.add_scatter(
        x=[row.number for row in rows],
        y=sizes,
        mode="lines",
        line={"shape": "hv", "width": 1.5, "color": "rgba(128, 128, 128, 0.7)"},
        hoverinfo="skip",
        showlegend=False,
    )
    for family in dict.fromkeys(row.family for row in rows):
        places = [i for i, row in enumerate(rows) if row.family == family]
        figure.add_scatter(
            x=[rows[i].number for i in places],
            y=[sizes[i] for i in places],
            mode="markers",
            name=family,
            marker={
                "color": CATEGORIES[family],
                "symbol": ["circle-open" if rows[i].closed is None else "circle" for i in places],
                "size": [13 if rows[i].number == chosen else 8 for i in places],
                "line": {"width": [2 if rows[i].closed is None else 0 for i in places]},
            },
            text=[_hover(rows[i]) for i in places],
            customdata=[rows[i].number for i in places],
            hovertemplate="%{text}<extra></extra>",
        )
    figure.add_hline(
        y=extent,
        line={"dash": "dot", "width": 1, "color": "gray"},
        annotation={"text": f"the input's {whole(extent)} px", "font": {"size": 11}},
        annotation_position="top left",
    )
    if goal is not None:
        figure.add_hline(
            y=goal,
            line={"dash": "dash", "width": 1.5, "color": _GOAL},
            annotation={"text": f"goal {whole(goal)} px", "font": {"size": 11}},
            annotation_position="bottom right",
        )
    figure.update_layout(
        height=330,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend=LEGEND_ABOVE,
        xaxis={"title": "row", "rangemode": "tozero", "zeroline": False},
        yaxis={"title": "receptive field (px)", "rangemode": "tozero"},
    )
    return figure


def _hover(row: Grown) -> str:
    size = (
        f"no closed form, sees up to {whole(row.seen)} px"
        if row.closed is None
        else f"r = {whole(row.closed)} px, inside the input up to {whole(row.seen)} px"
    )
    return f"<b>{row.number} {row.name}</b><br>{row.shape}<br>{size}"
