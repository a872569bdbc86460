"""The network that a session is building, with its history and its link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from ...design import (
    LAYER_KINDS,
    PRESETS,
    Design,
    Row,
    Study,
    plan,
    row,
    study,
)
from ...design.presets import FIRST
from ...design.rows import check_input
from ...errors import ModelError
from .. import address
from ..text import sentence

_MOST = 200
"""Number of earlier designs that are kept, at most."""

_SIGNAL, _IMAGE = (1, 2048), (3, 128, 128)
"""Channels and extents that an input has at first when it becomes one of these."""


@dataclass(frozen=True)
class Refusal:
    """What was typed into a field, and why it cannot be there."""

    typed: str
    reason: str


@dataclass
class DesignSession:
    """Design that a session edits, with its history for undo and redo.

    Rows are numbered from 1; row 0 is the input.

    Attributes:
        design: the current design, valid or not.
        past, future: the designs before it and, after an undo, those behind it.
        chosen: number of the row that is looked at.
        latest_valid: the latest design without a mistake, and the row that was looked at in it.
        latest_turn: number of the latest edit that arrived from the table.
        refusals: by row and name of a field, what was typed there that the row cannot have.
        link_problem: what is wrong with the link by which the page was opened.
    """

    design: Design
    past: list[Design] = field(default_factory=list)
    future: list[Design] = field(default_factory=list)
    chosen: int = 0
    latest_valid: tuple[Design, int] | None = None
    latest_turn: int = 0
    refusals: dict[tuple[int, str], Refusal] = field(default_factory=dict)
    link_problem: str = ""

    def show(self, design: Design, chosen: int | None = None) -> None:
        """Replaces the design, which can be undone."""
        if design == self.design:
            return
        self.past = [*self.past, self.design][-_MOST:]
        self.future.clear()
        self.design = design
        self.choose(self.chosen if chosen is None else chosen)

    def begin(self, design: Design) -> None:
        """Replaces the design by another network, seen at its deepest layer with several cells."""
        self.refusals.clear()
        self.show(design)
        self.choose(_deepest_map(design))

    def open(self, design: Design) -> None:
        """Goes to a design by undo or redo where the history has it; else begins with it."""
        self.refusals.clear()
        if design in [*self.past, *self.future]:
            step = self.undo if design in self.past else self.redo
            while self.design != design:
                step()
        else:
            self.begin(design)

    def undo(self) -> None:
        """Takes back what was refused, if anything was; else the latest change of the design."""
        if self.refusals:
            self.refusals.clear()
        elif self.past:
            self.future.append(self.design)
            self.design = self.past.pop()
            self.choose(self.chosen)

    def redo(self) -> None:
        """Repeats the change that was undone last."""
        if self.future:
            self.refusals.clear()
            self.past.append(self.design)
            self.design = self.future.pop()
            self.choose(self.chosen)

    def choose(self, number: int) -> None:
        """Looks at another row, or at the nearest one that there is."""
        self.chosen = min(max(number, 1), len(self.design.rows))

    def apply(self, edit: Mapping[str, Any]) -> None:
        """Applies one edit of the table, or refuses a value that a row cannot have."""
        number, design = int(edit.get("row", 0)), self.design
        if number > len(design.rows):
            return
        match edit["what"]:
            case "choose":
                self.choose(number)
            case "undo":
                self.undo()
            case "redo":
                self.redo()
            case "insert":
                added = _new_row(design, number, edit["kind"])
                self._renumber(lambda n: n + (n > number))
                self.show(design.inserted(number, added), number + 1)
            case "copy":
                self._renumber(lambda n: n + (n > number))
                self.show(design.inserted(number, design.rows[number - 1]), number + 1)
            case "remove":
                self._renumber(lambda n: None if n == number else n - (n > number))
                self.show(design.removed(number), min(number, len(design.rows) - 1))
            case "move":
                other = number + int(edit["by"])
                self._renumber(lambda n: {number: other, other: number}.get(n, n))
                self.show(design.moved(number, other - number), other)
            case "forget":
                self.refusals.pop((number, edit["name"]), None)
            case "set":
                self._set(number, edit["name"], str(edit["value"]))

    def _set(self, number: int, name: str, value: str) -> None:
        """Gives a field of a row another value, or keeps it apart if the row cannot have it."""
        self.refusals.pop((number, name), None)
        if name in ("kind", "axes"):
            self._renumber(lambda n: None if n == number else n)  # its fields are others now
        try:
            if number == 0:
                self.show(_with_input(self.design, name, value))
            else:
                changed = _changed(self.design.rows[number - 1], name, value)
                self.show(self.design.replaced(number, changed), number)
        except ModelError as error:
            self.refusals[number, name] = Refusal(value, str(error))

    def _renumber(self, change: Callable[[int], int | None]) -> None:
        """Moves what was refused along with its row; None takes it out."""
        self.refusals = {
            (new, name): refusal
            for (number, name), refusal in self.refusals.items()
            if (new := change(number)) is not None
        }


def design_session() -> DesignSession:
    """The session's design; the one of the page's address where the person arrived by one."""
    session: DesignSession | None = st.session_state.get("bench")
    if session is None:
        session = st.session_state["bench"] = DesignSession(PRESETS[FIRST].build())
        session.choose(_deepest_map(session.design))
    link, row = address.read("net"), address.read_numbers("row")
    if link and link != session.design.compact():
        try:
            session.open(Design.expand(link))
        except ModelError as error:
            text = sentence(error)
            session.link_problem = text[:1].upper() + text[1:]
            row = None
    if row:
        session.choose(row[0])
        if session.chosen != row[0]:
            address.ignore("row", row[0])
    return session


def write_address(session: DesignSession) -> None:
    """Puts the design and the row that is looked at into the page's address."""
    address.put("net", session.design.compact())
    address.put("row", str(session.chosen))


def apply_edits(edits: Mapping[str, Any] | None) -> None:
    """Applies the edits that the table sends, except those that arrived before.

    The table repeats an edit until it learns that the edit has arrived.
    """
    session: DesignSession = st.session_state.get("bench") or design_session()
    address.ignore_echo()
    for edit in (edits or {}).get("edits", ()):
        if edit["turn"] <= session.latest_turn:
            continue
        session.latest_turn = edit["turn"]
        session.apply(edit)


@st.cache_resource(max_entries=100, show_spinner=False)
def _study(link: str, _design: Design) -> Study:
    return study(_design)


def latest_study(session: DesignSession) -> tuple[Study | None, int]:
    """The traced network and the row to look at; of the latest valid design, if there is one."""
    if plan(session.design).ok:
        session.latest_valid = session.design, session.chosen
    if session.latest_valid is None:
        return None, 0
    design, chosen = session.latest_valid
    return _study(design.compact(), design), chosen


def partial_study(session: DesignSession) -> Study | None:
    """The traced network up to its first mistake; None where that leaves no row."""
    design, planned = session.design, plan(session.design)
    if not planned.ok:
        design = replace(design, rows=design.rows[: max(planned.problems[0][0] - 1, 0)])
    return _study(design.compact(), design) if design.rows else None


def _deepest_map(design: Design) -> int:
    """Number of the last row with more than one cell; of the last row, if none has."""
    steps = [step for step in plan(design).steps.values() if max(step.shape[1:], default=1) > 1]
    return steps[-1].number if steps else len(design.rows)


def _new_row(design: Design, after: int, kind: str) -> Row:
    """Row of a kind; a join gets the nearest earlier row of a fitting shape as its source."""
    added = row(kind)
    if not LAYER_KINDS[added.kind].joins:
        return added
    steps = plan(design).steps
    shapes = {0: design.input, **{number: step.shape for number, step in steps.items()}}
    fitting = [n for n in range(after - 1, -1, -1) if shapes.get(n) == shapes.get(after)]
    return replace(added, sources=tuple(fitting[:1]))


def _with_input(design: Design, name: str, value: str) -> Design:
    extents = list(design.input)
    if name == "axes":
        return replace(design, input=_SIGNAL if value == "signal" else _IMAGE)
    extents[("channels", "height", "width").index(name)] = _whole(name, value, 1)
    check_input(tuple(extents))
    return replace(design, input=tuple(extents))


def _changed(old: Row, name: str, value: str) -> Row:
    """Row with another setting. Raises ModelError for a value that it cannot have."""
    if name == "kind":
        return old.with_kind(value)
    if name == "from":
        parts = value.replace("+", " ").replace(",", " ").split()
        sources = tuple(_whole("From", part, 0) for part in parts)
        return row(old.kind, *sources, **old.settings())
    setting = value.strip()
    number = int(setting) if setting.removeprefix("-").isdecimal() else setting
    return row(old.kind, *old.sources, **{**old.settings(), name: number})


def _whole(name: str, value: str, least: int) -> int:
    """Reads a whole number. Raises ModelError for anything else, and for one that is too small."""
    try:
        number = int(value)
    except ValueError:
        raise ModelError(f"{name} is a whole number, not {value!r}") from None
    if number < least:
        raise ModelError(f"{name} is at least {least}, not {number}")
    return number


def design_title(design: Design) -> str:
    """Title of a network: that of its preset, else one that tells its depth."""
    for preset in PRESETS.values():
        if preset.build() == design:
            return preset.title
    return f"A network of {len(design.rows)} layers"
