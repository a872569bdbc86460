"""Exercises: predict what a unit of a small network sees, and be told what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import streamlit as st

from ...lessons import Row
from ...lessons.exercises import (
    LEVELS,
    Exercise,
    Part,
    exercise,
)
from ...lessons.worked import paths
from ..text import plain
from .unit_diagram.unit_diagram import Pin, unit_diagram

_CSS = Path(__file__).parent / "exercises.css"

_LEVEL, _NUMBER, _LINK = "exercise level", "exercise number", "exercise link"

_LAST = 9999
"""The last number of every level: as many exercises as anybody can want."""

_PRAISE = ("Right!", "Well done!", "Exactly!", "Yes!")

_STREAK = 3
"""After so many of a level in a row the next one is offered."""


@dataclass
class Attempt:
    """What the person did with one exercise.

    Attributes:
        given: the latest answer; empty before the first.
        wrong: how many answers were wrong.
        hints: how many hints were asked for.
        solved: whether the right answer was given before the solution was shown.
        shown: whether the solution was asked for.
    """

    given: tuple[int, ...] = ()
    wrong: int = 0
    hints: int = 0
    solved: bool = False
    shown: bool = False


@dataclass
class Book:
    """The attempts of a session by exercise, and how many of a level were solved in a row."""

    attempts: dict[tuple[int, int], Attempt] = field(default_factory=dict)
    streak: int = 0

    def attempt(self, asked: Exercise) -> Attempt:
        return self.attempts.setdefault((asked.level, asked.seed), Attempt())

    def take(self, attempt: Attempt, given: tuple[int, ...], right: bool) -> None:
        """Takes an answer down; after the solution has been shown none of them counts."""
        attempt.given = given
        if attempt.solved or attempt.shown:
            return
        attempt.solved = right
        attempt.wrong += not right
        self.streak = self.streak + 1 if right else 0

    def score(self) -> str:
        """In a sentence; empty before anything was answered."""
        tried = [a for a in self.attempts.values() if a.given or a.shown]
        if not tried:
            return ""
        solved = [a for a in tried if a.solved]
        first = sum(not a.wrong for a in solved)
        tries = f", {first} of them at the first try" if first else ""
        return f"Solved {len(solved)} of {len(tried)}{tries}."


@st.fragment
def exercises() -> None:
    """One exercise: the network, the question, and what becomes of the answer."""
    st.html(_CSS)
    if "step" in st.query_params:
        del st.query_params["step"]
    book: Book = st.session_state.setdefault("exercise book", Book())
    asked = _choose()
    attempt = book.attempt(asked)
    with st.container(key="exercise"):
        st.container().html(network_html(asked))
        with st.container():
            st.markdown(f"#### {asked.question}")
            _answer(asked, attempt, book)
            if attempt.given:
                _feedback(asked, attempt)
            _help(asked, attempt, book)
            _go_on(asked, attempt, book)
    if attempt.solved or attempt.shown:
        _solution(asked)
    st.caption(
        f"{book.score()} The address of this page leads to this very exercise: hand it on, and "
        "everybody gets the same one.".strip()
    )


def _choose() -> Exercise:
    """The exercise of the address, of the choices above it, or the first one."""
    state = st.session_state
    address = st.query_params.get("exercise", "")
    if address and address != state.get(_LINK):
        place = read(address)
        if place:
            state[_LEVEL], state[_NUMBER] = place
        else:
            st.warning(f"There is no exercise {plain(address)}: here is another one.")
    level, number = read(state.get(_LINK, "")) or (1, 1)
    state.setdefault(_LEVEL, level)
    state.setdefault(_NUMBER, number)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control(
            "Level",
            range(1, len(LEVELS) + 1),
            format_func=lambda level: f"{level} · {LEVELS[level - 1]}",
            key=_LEVEL,
            required=True,
            wrap=True,
        )
        st.number_input("Exercise", 1, _LAST, step=1, key=_NUMBER, width=140)
    asked = exercise(state[_LEVEL], state[_NUMBER])
    link = f"{asked.level}-{asked.seed}"
    state[_LINK] = link
    if address != link:
        st.query_params["exercise"] = link
    return asked


def read(link: str) -> tuple[int, int] | None:
    """The level and the number that an address tells; None where there is no such exercise."""
    level, _, number = link.partition("-")
    with suppress(ValueError):
        place = int(level), int(number)
        if 1 <= place[0] <= len(LEVELS) and 1 <= place[1] <= _LAST:
            return place
    return None


def network_html(asked: Exercise) -> str:
    """The network as a stack of layers, the input at the bottom; branches side by side."""
    rows = asked.example.rows
    ways = [
        "".join(_row_html(stage.row) for stage in reversed(path)) for path in paths(asked.example)
    ]
    top = _row_html(rows[-1]) if len(ways) > 1 else ""
    inner = "".join(f"<div>{way}</div>" for way in ways)
    return (
        f'<div class="rf-stack">{top}<div class="ways">{inner}</div>{_row_html(rows[0])}'
        "<p>k kernel, s stride, p padding at both ends (q: at the far end), d dilation</p></div>"
    )


def _row_html(row: Row) -> str:
    name = row.name.capitalize() if row.layer is None or row.name.startswith("layer") else row.name
    about = row.about.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
    return (
        f'<div class="row"><b>{escape(name)}</b><span>{escape(about)}</span>'
        f"<i>{row.size} units</i></div>"
    )


def _answer(asked: Exercise, attempt: Attempt, book: Book) -> None:
    name = f"answer {asked.level}-{asked.seed}"
    keys = [f"{name} {part.symbol}" for part in asked.parts]
    missing = f"{name} missing"

    def check() -> None:
        given = tuple(st.session_state[key] for key in keys)
        if None in given:
            st.session_state[missing] = True
        else:
            book.take(attempt, given, given == asked.answer)

    with st.form(name, border=False):
        columns = st.columns(len(keys), vertical_alignment="bottom")
        for column, key, part in zip(columns, keys, asked.parts, strict=True):
            column.number_input(part.label, value=None, step=1, format="%d", key=key)
        if asked.unit is not None:
            st.caption("Units are counted from 0; the first and the last are both seen.")
        over = attempt.solved or attempt.shown
        st.form_submit_button("Check", type="secondary" if over else "primary", on_click=check)
    if st.session_state.pop(missing, False):
        st.info("Fill in every field first.", icon=":material/edit:")


def _feedback(asked: Exercise, attempt: Attempt) -> None:
    if attempt.given == asked.answer:
        found = ", ".join(f"{named(part)} = {part.answer}" for part in asked.parts)
        praise = _PRAISE[asked.seed % len(_PRAISE)]
        st.success(f"**{praise}** {found}.", icon=":material/check_circle:")
        return
    lines = [comment(part, given) for part, given in zip(asked.parts, attempt.given, strict=True)]
    st.warning("\n\n".join(lines), icon=":material/lightbulb:")


def named(part: Part) -> str:
    """How a part is called in a sentence."""
    return f"${part.symbol}$" if len(part.symbol) == 1 else f"{part.symbol} unit"


def comment(part: Part, given: int) -> str:
    """What to say of an answer to one part, in Markdown."""
    head = f"**{named(part)} = {given}**"
    if given == part.answer:
        return f"{head} is right."
    why = part.slips.get(given)
    if why:
        return f"{head}: not quite. {why}"
    return f"{head}: not yet. Take it layer by layer; a hint may help."


def _help(asked: Exercise, attempt: Attempt, book: Book) -> None:
    for hint in asked.hints[: attempt.hints]:
        st.info(hint, icon=":material/tips_and_updates:")
    if attempt.solved or attempt.shown:
        return
    name, left = f"{asked.level}-{asked.seed}", len(asked.hints) - attempt.hints

    def give() -> None:
        attempt.hints += 1

    def show() -> None:
        attempt.shown = True
        book.streak = 0

    with st.container(horizontal=True):
        label = f"Hint ({left} left)" if attempt.hints else "Hint"
        st.button(label, key=f"hint {name}", on_click=give, disabled=not left)
        st.button("Show the solution", key=f"show {name}", on_click=show, type="tertiary")


def _go_on(asked: Exercise, attempt: Attempt, book: Book) -> None:
    if not (attempt.solved or attempt.shown):
        return

    def go(level: int, number: int) -> None:
        st.session_state[_LEVEL], st.session_state[_NUMBER] = level, number
        book.streak *= level == asked.level

    up = book.streak >= _STREAK and asked.level < len(LEVELS)
    with st.container(horizontal=True):
        if asked.seed < _LAST:
            st.button(
                "Next exercise",
                key="next exercise",
                type="secondary" if up else "primary",
                on_click=go,
                args=(asked.level, asked.seed + 1),
            )
        if up:
            st.button(
                f"Go up to level {asked.level + 1}: {LEVELS[asked.level]}",
                key="next level",
                type="primary",
                on_click=go,
                args=(asked.level + 1, 1),
            )


def _solution(asked: Exercise) -> None:
    rows = asked.example.rows
    unit = rows[-1].size // 2 if asked.unit is None else asked.unit
    with st.container(key="solution"):
        st.markdown("#### The solution")
        unit_diagram(
            asked.example,
            key=f"solution {asked.level}-{asked.seed}",
            pinned=Pin(len(rows) - 1, unit),
        )
        for number, step in enumerate(asked.solution, 1):
            st.markdown(f"{number}. {step.says}")
            st.latex(aligned(step.equations), width="content")
        if asked.remark:
            st.markdown(asked.remark)


def aligned(equations: Sequence[str]) -> str:
    """Equations in LaTeX under each other, by their first equals sign."""
    lines = r" \\ ".join(equation.replace(" = ", " &= ", 1) for equation in equations)
    return rf"\begin{{aligned}} {lines} \end{{aligned}}"
