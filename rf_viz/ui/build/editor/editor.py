"""Table in which a network's layers are edited, with shape, field and region of each."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import streamlit as st

from ....analysis.categories import CATEGORIES
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
from ..design_session import DesignSession, apply_edits, partial_study

_KEY = "editor"

_component = component(__file__)


def editor(session: DesignSession) -> None:
    """Draws the table; its edits are in the session when the page is drawn again."""

    def edited() -> None:
        apply_edits(st.session_state[_KEY].edits)

    _component(key=_KEY, data=content(session, partial_study(session)), on_edits_change=edited)


def content(session: DesignSession, study: Study | None) -> dict[str, Any]:
    """Data for the component; ``study`` is of the rows up to the first mistake."""
    design = session.design
    planned = plan(design)
    problems: dict[int, list[str]] = defaultdict(list)
    for number, problem in planned.problems:
        problems[number].append(problem)
    typed: dict[int, dict[str, str]] = defaultdict(dict)
    for (number, name), refusal in session.refusals.items():
        problems[number].append(refusal.reason)
        typed[number][name] = refusal.typed
    measured = {row.step.number: row for row in study.rows} if study else {}
    rows = [_row(design, number, measured.get(number)) for number in range(1, len(design.rows) + 1)]
    for entry in rows:
        step = planned.steps.get(entry["number"])
        entry["shape"] = by(step.shape) if step else ""
        entry["problem"] = "; ".join(problems[entry["number"]])
        entry["typed"] = typed[entry["number"]]
    return {
        "kinds": _kinds(),
        "variants": list(VARIANTS),
        "input": design.input,
        "problem": "; ".join(problems[0]),
        "typed": typed[0],
        "rows": rows,
        "chosen": session.chosen,
        "heard": session.latest_turn,
        "undo": bool(session.past or session.refusals),
        "redo": bool(session.future),
    }


def _row(design: Design, number: int, measured: Measured | None) -> dict[str, Any]:
    row = design.rows[number - 1]
    entry: dict[str, Any] = {
        "number": number,
        "name": name_of(design, number),
        "kind": row.kind,
        "from": ", ".join(map(str, row.sources)),
        "settings": row.settings(),
        "field": None,
        "sees": "",
        "note": "",
    }
    if measured is not None:
        field = measured.field
        if field is not None:
            numbers = (field.size, field.stride, field.padding)
            entry["field"] = [_short(values) for values in numbers]
        entry["sees"], entry["note"] = _short(measured.largest), measured.layer.note
    return entry


def _short(values: tuple[int | None, ...]) -> str:
    """Values along the axes; a single one where they agree."""
    return str(values[0]) if len(set(values)) == 1 else by(values)


def _kinds() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "family": kind.family,
            "colour": CATEGORIES[kind.family],
            "about": kind.about,
            "settings": list(kind.settings),
            "called": dict(kind.called),
            "joins": kind.joins,
        }
        for name, kind in LAYER_KINDS.items()
    ]
