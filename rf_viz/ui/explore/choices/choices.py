"""Shows a figure whose parts a person chooses from, by the mouse or by the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from ...browser.component import component
from ...browser.plotly_js import plotly_url

_component = component(__file__, styles=[], isolated=False)

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Part:
    """A part of a figure to choose.

    Attributes:
        name: what is reported when it is chosen.
        box: its left, top, right and bottom edge in the coordinates of the figure.
        spoken: all that it shows in words, for screen readers and the pointer.
        current: whether it is what the page shows.
        shapes: the numbers of the figure's shapes that belong to it, and stand out with it.
    """

    name: str
    box: Box
    spoken: str
    current: bool = False
    shapes: Sequence[int] = ()


def choices(
    figure: Any,  # noqa: ANN401
    parts: Sequence[Part],
    *,
    of: str,
    title: str,
    key: str,
    columns: Sequence[tuple[int, int]] = (),
    across: int = 0,
    at_end: bool = False,
) -> str | None:
    """Draws the figure and returns the name of the part that was just chosen.

    Args:
        figure: a Plotly figure whose axes count screen pixels from the top left corner.
        parts: what can be chosen.
        of: stands for what the figure is of.
        title: what it shows, for screen readers and as the name of saved files.
        key: of the component; ``columns_of`` takes it too.
        columns: how many columns fit from which width on; the figure then fills the width. Without
            them it keeps its size, and can be scrolled.
        across: how many columns the figure has.
        at_end: whether its right end shows at first.
    """
    state = _component(
        key=key,
        data={
            "figure": figure.to_json(),
            "parts": [asdict(part) for part in parts],
            "of": of,
            "title": title,
            "columns": list(columns),
            "across": across,
            "at_end": at_end,
            "url": plotly_url(),
        },
        default={"columns": None},
        on_columns_change=lambda: None,
        on_chosen_change=lambda: None,
    )
    chosen = state.chosen
    return str(chosen["name"]) if chosen and chosen["of"] == of else None


def columns_of(key: str) -> int:
    """How many columns fit into the component of that key; 0 where it has not said so."""
    state = st.session_state.get(key)
    return int((state and state.get("columns")) or 0)
