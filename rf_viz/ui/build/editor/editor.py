"""The table of a network's layers: to be edited, with what each of them comes to beside it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ....analysis.categories import CATEGORIES as FAMILIES
from ....design import (
    LAYER_KINDS,
    VARIANTS,
    Design,
    Measured,
    Study,
    name_of,
    plan,
)
from ...browser.component import component
from ...text import by
from ..design_session import Bench, in_part, take

_KEY = "editor"

_component = component(__file__, "editor.js")


def editor(bench: Bench) -> None:
    """Draws the table; what is edited in it is on the bench when the page is drawn again."""

    def edited() -> None:
        take(st.session_state[_KEY].edits)

    _component(key=_KEY, data=table(bench, in_part(bench)), on_edits_change=edited)


def table(bench: Bench, study: Study | None) -> dict[str, Any]:
    """All that the table shows; ``study`` is of the rows up to the first mistake."""
    design = bench.design
    worked = plan(design)
    problems: dict[int, str] = dict(worked.problems)
    if bench.refused:
        problems[bench.refused[0]] = bench.refused[1]
    measured = {row.step.number: row for row in study.rows} if study else {}
    rows = [
        _row(design, number, measured.get(number), problems.get(number, ""))
        for number in range(1, len(design.rows) + 1)
    ]
    for entry in rows:
        step = worked.steps.get(entry["number"])
        entry["shape"] = by(step.shape) if step else ""
    return {
        "kinds": _kinds(),
        "variants": list(VARIANTS),
        "input": design.input,
        "problem": problems.get(0, ""),
        "rows": rows,
        "chosen": bench.chosen,
        "heard": bench.heard,
        "undo": bool(bench.past),
        "redo": bool(bench.future),
    }


def _row(design: Design, number: int, row: Measured | None, problem: str) -> dict[str, Any]:
    told = design.rows[number - 1]
    entry: dict[str, Any] = {
        "number": number,
        "name": name_of(design, number),
        "kind": told.kind,
        "from": ", ".join(map(str, told.sources)),
        "settings": told.settings(),
        "problem": problem,
        "field": None,
        "sees": "",
        "note": "",
    }
    if row is not None:
        field = row.field
        if field is not None:
            numbers = (field.size, field.stride, field.padding)
            entry["field"] = [_one(values) for values in numbers]
        entry["sees"], entry["note"] = _one(row.largest), row.layer.note
    return entry


def _one(values: tuple[int | None, ...]) -> str:
    """A number for each axis; a single one where they agree."""
    return str(values[0]) if len(set(values)) == 1 else by(values)


def _kinds() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "family": kind.family,
            "colour": FAMILIES[kind.family],
            "about": kind.about,
            "settings": list(kind.settings),
            "called": dict(kind.called),
            "joins": kind.joins,
        }
        for name, kind in LAYER_KINDS.items()
    ]
