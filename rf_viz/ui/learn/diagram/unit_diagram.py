"""The unit diagram: a one-dimensional network, unit by unit, with every connection.

The input lies at the bottom and the output on top; paths that part stand side by side in lanes.
Pointing at a unit lights all that it depends on and all that depends on it; a click pins it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from ....lessons import Example, Row
from ....lessons.example import Spans
from ...address import ignore, put, read_numbers
from ...address_choice import in_short
from ...browser.component import component

_component = component(__file__)

Brackets = Mapping[str, Sequence[Spans | None]]
"""Spans of input units to draw below the input, by label; a list for each row, the input first."""


@dataclass(frozen=True)
class Pin:
    """Pinned unit: ``row`` counts from the input, ``unit`` from the left; both begin with 0."""

    row: int
    unit: int


def unit_diagram(
    example: Example,
    *,
    key: str,
    brackets: Brackets | None = None,
    counts: bool = False,
    pinned: Pin | None = None,
) -> Pin:
    """Draws the diagram and returns the unit that is pinned.

    Until the person pins a unit it is ``pinned``, by default the middle one of the output. With
    ``counts`` every unit shows the number of paths by which it reaches the unit under the pointer.
    ``brackets`` are by default those of ``regions``.
    """
    start = pinned or Pin(len(example.rows) - 1, example.rows[-1].size // 2)
    parameter = f"{in_short(key.replace(' diagram', ''))}.unit"
    start = _restored(example, parameter, key) or start
    state = _component(
        key=key,
        data=content(example, regions(example) if brackets is None else brackets, counts, start),
        default={"pinned": None},
        on_pinned_change=lambda: None,
    )
    if not state.pinned:
        return start
    pin = _nearest(example, state.pinned)
    put(parameter, f"{state.pinned['above']},{state.pinned['unit']}")
    return pin


def _restored(example: Example, parameter: str, key: str) -> Pin | None:
    """The unit that the address names: by the number of rows above its own, and its place there."""
    numbers, kept = read_numbers(parameter), f"{key} pinned"
    if numbers is not None:
        st.session_state.pop(kept, None)
        if len(numbers) == 2 and min(numbers) >= 0 and numbers[0] < len(example.rows):
            st.session_state[kept] = {"above": numbers[0], "unit": numbers[1]}
        else:
            ignore(parameter, ",".join(map(str, numbers)))
    pinned = st.session_state.get(kept)
    if pinned is None:
        return None
    put(parameter, f"{pinned['above']},{pinned['unit']}")
    return _nearest(example, pinned)


def regions(example: Example) -> dict[str, Sequence[Spans | None]]:
    """Brackets of the closed form of all units, and of the exact regions where any differs."""
    rows = range(len(example.rows))
    forms, exact = [example.forms(row) for row in rows], [example.spans(row) for row in rows]
    brackets: dict[str, Sequence[Spans | None]] = {}
    if any(forms[1:]):
        brackets["closed form"] = forms
    if forms != exact:
        brackets["exact region"] = exact
    return brackets


def content(example: Example, brackets: Brackets, counts: bool, start: Pin) -> dict[str, Any]:
    """Data for the component."""
    return {
        "rows": [
            {
                "name": row.name,
                "about": row.about,
                "path": row.path,
                "level": level,
                "size": row.size,
                "at": at,
                "step": row.step,
                "padding": padding,
                "links": [{"source": links.source, "of": links.of} for links in row.links],
            }
            for row, level, at, padding in zip(
                example.rows,
                levels(example.rows),
                positions(example.rows),
                example.padding,
                strict=True,
            )
        ],
        "brackets": [{"label": label, "spans": spans} for label, spans in brackets.items()],
        "counts": counts,
        "start": {"row": start.row, "unit": start.unit},
    }


def levels(rows: Sequence[Row]) -> list[int]:
    """Height of each row in the drawing, the input's is 0; rows of different paths share them."""
    heights: list[int] = []
    for row in rows:
        heights.append(1 + max((heights[links.source] for links in row.links), default=-1))
    return heights


def positions(rows: Sequence[Row]) -> list[float]:
    """Position of unit 0 of each row in input units: a row is centred on the units it sees."""
    starts: list[float] = []
    for row in rows:
        offsets = [
            starts[links.source] + rows[links.source].step * i - row.step * unit
            for links in row.links
            for unit, inputs in enumerate(links.of)
            for i in inputs
        ]
        starts.append(float(np.mean(offsets)) if offsets else 0.0)
    return starts


def _nearest(example: Example, pinned: Mapping[str, int]) -> Pin:
    """Pinned unit, or the nearest one if the network has become smaller since.

    The component counts rows from the output, so that a unit stays pinned when a layer comes in
    below it.
    """
    row = max(0, len(example.rows) - 1 - pinned["above"])
    return Pin(row, min(pinned["unit"], example.rows[row].size - 1))
