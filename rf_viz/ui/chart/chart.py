"""Shows a figure, with a mode bar that zooms, pans, resets and saves it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, cast

import streamlit as st
from streamlit.elements.plotly_chart import PlotlyState

from ..browser.component import component

_MODE_BAR = 34
"""Room that the mode bar takes, in pixels."""

_svg_buttons = component(__file__, styles=[])  # it shows nothing


def chart(
    figure: Any,  # noqa: ANN401
    name: str,
    *,
    key: str,
    on_select: Literal["rerun", "ignore"] | Callable[[], None] = "ignore",
    theme: Literal["streamlit"] | None = "streamlit",
) -> PlotlyState:
    """Shows a Plotly figure in the page's theme; returns the points that are selected.

    ``name`` says in a few words what is drawn: to screen readers, and as the name of the file in
    which the mode bar saves the figure, at twice its size on the screen. Only with ``on_select``
    a click selects a point. Without a ``theme`` the figure has its own colours.
    """
    # The mode bar stands where neither the legend, at the top, nor a colour bar, at the right, is.
    flat = any(trace.type == "heatmap" for trace in figure.data)
    side = "t" if flat else "r"
    room = max(figure.layout.margin[side] or 0, _MODE_BAR)
    figure.update_layout(modebar={"orientation": "h" if flat else "v"}, margin={side: room})
    state = st.plotly_chart(
        figure,
        theme=theme,
        key=key,
        alt=name,
        on_select=on_select,
        selection_mode="points",
        config={
            "displayModeBar": True,
            "modeBarButtonsToRemove": ["autoScale2d"],
            "toImageButtonOptions": {
                "format": "png",
                "scale": 2,
                "filename": re.sub(r"\W+", "-", name).strip("-").lower(),
            },
        },
    )
    return cast("PlotlyState", state)


def set_up_charts() -> None:
    """Lets the charts of the page be saved as SVG, too: call it once a page."""
    _svg_buttons(key="svg buttons")
