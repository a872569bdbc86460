"""The unit diagram: a one-dimensional network, unit by unit, with every connection.

The input lies at the bottom and the output on top. Pointing at a unit lights all that it depends
on and all that depends on it; a click pins it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....lessons import Example, Row
from ....lessons.example import Spans
from ...browser.component import component

_component = component(__file__, "unit_diagram.js")

Brackets = Mapping[str, Sequence[Spans | None]]
"""Spans of input units to draw below the input, by their label: for each row those of its units."""


@dataclass(frozen=True)
class Pin:
    """A unit of a row, counted from the input."""

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

    Until the person pins one it is ``pinned``, or the middle one of the output. With ``counts``
    the units tell by how many paths they reach the one that is pointed at. ``brackets`` are by
    default those of the closed form, and of the exact region where that differs.
    """
    start = pinned or Pin(len(example.rows) - 1, example.rows[-1].size // 2)
    state = _component(
        key=key,
        data=content(example, regions(example) if brackets is None else brackets, counts, start),
        default={"pinned": None},
        on_pinned_change=lambda: None,
    )
    return _kept(example, state.pinned) if state.pinned else start


def regions(example: Example) -> dict[str, Sequence[Spans | None]]:
    """The closed form of every row's units, and the exact regions if they differ anywhere."""
    rows = range(len(example.rows))
    forms, exact = [example.forms(row) for row in rows], [example.spans(row) for row in rows]
    found: dict[str, Sequence[Spans | None]] = {}
    if any(forms[1:]):
        found["closed form"] = forms
    if forms != exact:
        found["exact region"] = exact
    return found


def content(example: Example, brackets: Brackets, counts: bool, start: Pin) -> dict[str, Any]:
    """All that the component draws."""
    return {
        "rows": [
            {
                "name": row.name,
                "about": row.about,
                "path": row.path,
                "size": row.size,
                "at": at,
                "step": row.step,
                "padding": padding,
                "links": [{"source": links.source, "of": links.of} for links in row.links],
            }
            for row, at, padding in zip(
                example.rows, positions(example.rows), example.padding, strict=True
            )
        ],
        "brackets": [{"label": label, "spans": spans} for label, spans in brackets.items()],
        "counts": counts,
        "start": {"row": start.row, "unit": start.unit},
    }


def positions(rows: Sequence[Row]) -> list[float]:
    """Where unit 0 of each row lies, in input units: each row is centred on what it takes."""
    found: list[float] = []
    for row in rows:
        offsets = [
            found[links.source] + rows[links.source].step * i - row.step * unit
            for links in row.links
            for unit, taken in enumerate(links.of)
            for i in taken
        ]
        found.append(float(np.mean(offsets)) if offsets else 0.0)
    return found


def _kept(example: Example, told: Mapping[str, int]) -> Pin:
    """The pinned unit, or the nearest one if the network has become smaller since.

    Rows are counted from the output, so that it stays pinned when a layer comes in below.
    """
    row = max(0, len(example.rows) - 1 - told["above"])
    return Pin(row, min(told["unit"], example.rows[row].size - 1))
