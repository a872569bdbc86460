"""Exercises: predict what a unit of a small network sees, and learn what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import streamlit as st

from ...lessons import Conv, Example, Row, Transposed
from ...lessons.comments import comment, part_name
from ...lessons.exercises import LEVELS, Exercise, exercise
from ...lessons.worked import paths
from .. import address
from ..browser.token import browser_token
from ..text import plain
from .diagram.unit_diagram import Pin, unit_diagram

_CSS = Path(__file__).parent / "exercises.css"

_LEVEL, _NUMBER, _LINK = "exercise level", "exercise number", "exercise link"
"""Keys of the session state."""

_LAST = 9999
"""Largest number of an exercise, on every level: more than anybody can want."""

_PRAISE = ("Right!", "Well done!", "Exactly!", "Yes!")

_STREAK = 3
"""Number of exercises solved in a row after which the next level is offered."""


@dataclass
class Attempt:
    """State of one exercise in a session.

    Attributes:
        answer: the latest answer; empty before the first.
        wrong: number of wrong answers.
        hints: number of hints that show.
        solved: whether the right answer came before the solution was shown.
        shown: whether the solution shows.
    """

    answer: tuple[int, ...] = ()
    wrong: int = 0
    hints: int = 0
    solved: bool = False
    shown: bool = False


@dataclass
class Book:
    """Attempts of a session by level and number of the exercise.

    ``streak`` counts the exercises of one level that were solved in a row.
    """

    attempts: dict[tuple[int, int], Attempt] = field(default_factory=dict)
    streak: int = 0

    def attempt(self, exercise: Exercise) -> Attempt:
        """Attempt at an exercise, a new one where there was none."""
        return self.attempts.setdefault((exercise.level, exercise.seed), Attempt())

    def record(self, attempt: Attempt, answer: tuple[int, ...], right: bool) -> None:
        """Records an answer; none counts once the exercise is solved or its solution shown."""
        attempt.answer = answer
        if attempt.solved or attempt.shown:
            return
        attempt.solved = right
        attempt.wrong += not right
        self.streak = self.streak + 1 if right else 0

    def score(self) -> str:
        """Number of solved exercises in a sentence; empty before the first answer."""
        tried = [a for a in self.attempts.values() if a.answer or a.shown]
        if not tried:
            return ""
        solved = [a for a in tried if a.solved]
        first = sum(not a.wrong for a in solved)
        tries = f", {first} of them at the first try" if first else ""
        return f"Solved {len(solved)} of {len(tried)}{tries}."


@st.cache_resource(max_entries=1000, show_spinner=False)
def _book(token: str) -> Book:
    """The book of a browser, which outlasts a reload. No link holds it: it is for others, too."""
    return Book()


@st.fragment
def exercises() -> None:
    """Draws one exercise: the network, the question, and the comment on the answer."""
    st.html(_CSS)
    book = _book(browser_token())
    exercise = _choose()
    attempt = book.attempt(exercise)
    with st.container(key="exercise"):
        st.container().html(network_html(exercise.example))
        with st.container():
            st.markdown(f"## {exercise.question}")
            _answer(exercise, attempt, book)
            if attempt.answer:
                _feedback(exercise, attempt)
            _help(exercise, attempt, book)
            _go_on(exercise, attempt, book)
    if attempt.solved or attempt.shown:
        _solution(exercise)
    st.caption(
        f"{book.score()} The address of this page leads to this exercise. Everyone you share it "
        "with gets the same one.".strip()
    )


def _choose() -> Exercise:
    """Lets the person choose an exercise; at first it is that of the page's address, or 1-1."""
    state = st.session_state
    link = address.read("exercise")
    if link is not None:
        numbers = parse_link(link)
        if numbers:
            state[_LEVEL], state[_NUMBER] = numbers
        else:
            st.warning(f"There is no exercise {plain(link)}: here is another one.")
    level, number = parse_link(state.get(_LINK, "")) or (1, 1)
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
            on_change=address.ignore_echo,
        )
        st.number_input(
            "Exercise", 1, _LAST, step=1, key=_NUMBER, width=140, on_change=address.ignore_echo
        )
    chosen = exercise(state[_LEVEL], state[_NUMBER])
    link = f"{chosen.level}-{chosen.seed}"
    state[_LINK] = link
    address.put("exercise", link)
    address.refresh()
    return chosen


def parse_link(link: str) -> tuple[int, int] | None:
    """Level and number of the exercise that a link like "3-17" means; None if there is none."""
    level, _, number = link.partition("-")
    with suppress(ValueError):
        numbers = int(level), int(number)
        if 1 <= numbers[0] <= len(LEVELS) and 1 <= numbers[1] <= _LAST:
            return numbers
    return None


def network_html(example: Example) -> str:
    """Network as a stack of layers in HTML, the input at the bottom; branches side by side."""
    rows = example.rows
    ways = ["".join(_row_html(stage.row) for stage in reversed(path)) for path in paths(example)]
    top = _row_html(rows[-1]) if len(ways) > 1 else ""
    inner = "".join(f"<div>{way}</div>" for way in ways)
    return (
        f'<div class="rf-stack">{top}<div class="ways">{inner}</div>{_row_html(rows[0])}'
        f"<p>{_letters(example)}</p></div>"
    )


def _letters(example: Example) -> str:
    """What the letters in the rows of a network stand for, those that occur."""
    layers = [stage.layer for path in paths(example) for stage in path]
    plain_ones = [layer for layer in layers if isinstance(layer, Conv)]
    parts = ["k kernel"]
    if any(layer.stride > 1 for layer in layers):
        parts.append("s stride")
    if any(layer.dilation > 1 for layer in plain_ones):
        parts.append("d dilation")
    written = [str(layer) for layer in plain_ones]
    if any("p = " in about and "q = " not in about for about in written):
        parts.append("p padding at both ends")
    if any("q = " in about for about in written):
        parts.append("where there is a q, p is the padding before and q the padding after")
    if any(isinstance(layer, Transposed) and layer.padding != (0, 0) for layer in layers):
        parts.append("in a transposed convolution, p is what is cut off at both ends")
    return "; ".join(parts)


def _row_html(row: Row) -> str:
    name = row.name.capitalize() if row.layer is None or row.name.startswith("layer") else row.name
    about = row.about.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
    return (
        f'<div class="row"><b>{escape(name)}</b><span>{escape(about)}</span>'
        f"<i>{row.size} units</i></div>"
    )


def _answer(exercise: Exercise, attempt: Attempt, book: Book) -> None:
    name = f"answer {exercise.level}-{exercise.seed}"
    keys = [f"{name} {part.symbol}" for part in exercise.parts]
    missing = f"{name} missing"

    def check() -> None:
        answer = tuple(st.session_state[key] for key in keys)
        if None in answer:
            st.session_state[missing] = True
        else:
            book.record(attempt, answer, answer == exercise.answer)

    with st.form(name, border=False):
        columns = st.columns(len(keys), vertical_alignment="bottom")
        for column, key, part in zip(columns, keys, exercise.parts, strict=True):
            column.number_input(part.label, value=None, step=1, format="%d", key=key)
        if exercise.unit is not None:
            st.caption("Units are counted from 0; the first and the last are both seen.")
        over = attempt.solved or attempt.shown
        st.form_submit_button("Check", type="secondary" if over else "primary", on_click=check)
    if st.session_state.pop(missing, False):
        st.info("Fill in every field first.", icon=":material/edit:")


def _feedback(exercise: Exercise, attempt: Attempt) -> None:
    if attempt.answer == exercise.answer:
        values = ", ".join(f"{part_name(part)} = {part.answer}" for part in exercise.parts)
        praise = _PRAISE[exercise.seed % len(_PRAISE)]
        st.success(f"**{praise}** {values}.", icon=":material/check_circle:")
        return
    answers = zip(exercise.parts, attempt.answer, strict=True)
    lines = [comment(exercise, part, number) for part, number in answers]
    st.warning("\n\n".join(lines), icon=":material/lightbulb:")


def _help(exercise: Exercise, attempt: Attempt, book: Book) -> None:
    for hint in exercise.hints[: attempt.hints]:
        st.info(hint, icon=":material/tips_and_updates:")
    if attempt.solved or attempt.shown:
        return
    name, left = f"{exercise.level}-{exercise.seed}", len(exercise.hints) - attempt.hints

    def give() -> None:
        attempt.hints += 1

    def show() -> None:
        attempt.shown = True
        book.streak = 0

    with st.container(horizontal=True):
        label = f"Hint ({left} left)" if attempt.hints else "Hint"
        st.button(label, key=f"hint {name}", on_click=give, disabled=not left)
        st.button("Show the solution", key=f"show {name}", on_click=show, type="tertiary")


def _go_on(exercise: Exercise, attempt: Attempt, book: Book) -> None:
    if not (attempt.solved or attempt.shown):
        return

    def go(level: int, number: int) -> None:
        st.session_state[_LEVEL], st.session_state[_NUMBER] = level, number
        book.streak *= level == exercise.level  # Another level begins a streak of its own.

    up = book.streak >= _STREAK and exercise.level < len(LEVELS)
    with st.container(horizontal=True):
        if exercise.seed < _LAST:
            st.button(
                "Next exercise",
                key="next exercise",
                type="secondary" if up else "primary",
                on_click=go,
                args=(exercise.level, exercise.seed + 1),
            )
        if up:
            st.button(
                f"Go up to level {exercise.level + 1}: {LEVELS[exercise.level]}",
                key="next level",
                type="primary",
                on_click=go,
                args=(exercise.level + 1, 1),
            )


def _solution(exercise: Exercise) -> None:
    rows = exercise.example.rows
    unit = rows[-1].size // 2 if exercise.unit is None else exercise.unit
    with st.container(key="solution"):
        st.markdown("### The solution")
        unit_diagram(
            exercise.example,
            key=f"solution {exercise.level}-{exercise.seed}",
            pinned=Pin(len(rows) - 1, unit),
        )
        for number, step in enumerate(exercise.solution, 1):
            st.markdown(f"{number}. {step.says}")
            st.latex(aligned(step.equations), width="content")
        if exercise.remark:
            st.markdown(exercise.remark)


def aligned(equations: Sequence[str]) -> str:
    """LaTeX of equations below each other, aligned at their first equals signs."""
    lines = r" \\ ".join(equation.replace(" = ", " &= ", 1) for equation in equations)
    return rf"\begin{{aligned}} {lines} \end{{aligned}}"
