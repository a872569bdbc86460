"""The bench: the network that a session is building, with its history and its link."""

from __future__ import annotations

from collections.abc import Mapping
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
from ..text import sentence

_MOST = 200
"""How many designs of the past are kept."""

_SIGNAL, _IMAGE = (1, 2048), (3, 128, 128)
"""What an input begins with when it becomes one."""


@dataclass
class Bench:
    """What a session remembers of its network.

    Attributes:
        past, future: the designs before and, after an undo, behind the one that shows.
        design: the one that shows, right or wrong.
        chosen: the number of the row that is looked at.
        good: the last design with nothing wrong, and the row that was looked at in it.
        heard: the number of the last edit that was taken from the table.
        refused: what could not be taken: a row and a message.
        link: the text that stands for the design in the page's address.
        problem: what was wrong with the link that the person came by.
    """

    design: Design
    past: list[Design] = field(default_factory=list)
    future: list[Design] = field(default_factory=list)
    chosen: int = 0
    good: tuple[Design, int] | None = None
    heard: int = 0
    refused: tuple[int, str] | None = None
    link: str = ""
    problem: str = ""

    def show(self, design: Design, chosen: int | None = None) -> None:
        """Another design, which can be undone."""
        if design == self.design:
            return
        self.past = [*self.past, self.design][-_MOST:]
        self.future.clear()
        self.design = design
        self.choose(self.chosen if chosen is None else chosen)

    def begin(self, design: Design) -> None:
        """A network from somewhere else, seen at its deepest layer that still has a place."""
        self.show(design)
        self.choose(_telling(design))

    def undo(self) -> None:
        if self.past:
            self.future.append(self.design)
            self.design = self.past.pop()
            self.choose(self.chosen)

    def redo(self) -> None:
        if self.future:
            self.past.append(self.design)
            self.design = self.future.pop()
            self.choose(self.chosen)

    def choose(self, number: int) -> None:
        """Looks at another row, as far as there is one."""
        self.chosen = min(max(number, 1), len(self.design.rows))

    def take(self, edit: Mapping[str, Any]) -> None:
        """One edit of the table. Raises ModelError for a value that a row cannot have."""
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
                self.show(design.inserted(number, _added(design, number, edit["kind"])), number + 1)
            case "copy":
                self.show(design.inserted(number, design.rows[number - 1]), number + 1)
            case "remove":
                self.show(design.removed(number), min(number, len(design.rows) - 1))
            case "move":
                by = int(edit["by"])
                self.show(design.moved(number, by), number + by)
            case "set" if number == 0:
                self.show(_with_input(design, edit["name"], str(edit["value"])))
            case "set":
                changed = _changed(design.rows[number - 1], edit["name"], str(edit["value"]))
                self.show(design.replaced(number, changed), number)


def bench() -> Bench:
    """The session's bench; what the address holds is on it when a person comes by a link."""
    found: Bench | None = st.session_state.get("bench")
    if found is None:
        found = st.session_state["bench"] = Bench(PRESETS[FIRST].build())
        found.choose(_telling(found.design))
    link = st.query_params.get("net", "")
    if link and link != found.link:
        try:
            found.begin(Design.expand(link))
        except ModelError as error:
            told = sentence(error)
            found.problem = told[:1].upper() + told[1:]
    return found


def write(found: Bench) -> None:
    """Puts the network into the page's address."""
    found.link = found.design.compact()
    if st.query_params.get("net") != found.link:
        st.query_params["net"] = found.link


def take(edits: Mapping[str, Any] | None) -> None:
    """What the table tells: all edits that it does not know to have been heard."""
    found: Bench = st.session_state.get("bench") or bench()
    # The browser's address may still be that of an earlier design, and is no news then.
    found.link = st.query_params.get("net", "")
    for edit in (edits or {}).get("edits", ()):
        if edit["turn"] <= found.heard:
            continue
        found.heard, found.refused = edit["turn"], None
        try:
            found.take(edit)
        except ModelError as error:
            found.refused = (int(edit.get("row", 0)), str(error))


@st.cache_resource(max_entries=24, show_spinner=False)
def _studied(link: str, _design: Design) -> Study:
    return study(_design)


def studied(found: Bench) -> tuple[Study | None, int]:
    """The network traced, and the row to look at; where it is wrong, the last one that was not."""
    if plan(found.design).ok:
        found.good = found.design, found.chosen
    if found.good is None:
        return None, 0
    design, chosen = found.good
    return _studied(design.compact(), design), chosen


def in_part(found: Bench) -> Study | None:
    """As much of the network traced as comes before its first mistake; all of it without one."""
    design, worked = found.design, plan(found.design)
    if not worked.ok:
        design = replace(design, rows=design.rows[: max(worked.problems[0][0] - 1, 0)])
    return _studied(design.compact(), design) if design.rows else None


def _telling(design: Design) -> int:
    """The last row that is a map of more than one cell."""
    steps = [step for step in plan(design).steps.values() if max(step.shape[1:], default=1) > 1]
    return steps[-1].number if steps else len(design.rows)


def _added(design: Design, after: int, kind: str) -> Row:
    """A new row; one that joins takes the nearest earlier row that fits, where there is one."""
    made = row(kind)
    if not LAYER_KINDS[made.kind].joins:
        return made
    steps = plan(design).steps
    shapes = {0: design.input, **{number: step.shape for number, step in steps.items()}}
    fitting = [n for n in range(after - 1, -1, -1) if shapes.get(n) == shapes.get(after)]
    return replace(made, sources=tuple(fitting[:1]))


def _with_input(design: Design, name: str, value: str) -> Design:
    extents = list(design.input)
    if name == "axes":
        return replace(design, input=_SIGNAL if value == "signal" else _IMAGE)
    extents[("channels", "height", "width").index(name)] = _whole(name, value)
    check_input(tuple(extents))
    return replace(design, input=tuple(extents))


def _changed(old: Row, name: str, value: str) -> Row:
    """A row with another setting. Raises ModelError for one that it cannot have."""
    if name == "kind":
        return old.with_kind(value)
    if name == "from":
        parts = value.replace("+", " ").replace(",", " ").split()
        sources = tuple(_whole("From", part, least=0) for part in parts)
        return row(old.kind, *sources, **old.settings())
    is_number = name != "padding" or value.strip().lstrip("-").isdigit()
    told = _whole(name, value, least=None) if is_number else value
    return row(old.kind, *old.sources, **{**old.settings(), name: told})


def _whole(name: str, value: str, least: int | None = 1) -> int:
    try:
        number = int(value)
    except ValueError:
        raise ModelError(f"{name} is a whole number, not {value!r}") from None
    if least is not None and number < least:
        raise ModelError(f"{name} is at least {least}, not {number}")
    return number


def title_of(design: Design) -> str:
    """What to call a network: the preset that it is, else by its size."""
    for preset in PRESETS.values():
        if preset.build() == design:
            return preset.title
    return f"A network of {len(design.rows)} layers"
