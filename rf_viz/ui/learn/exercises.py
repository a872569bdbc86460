"""Exercises: predict what a unit of a small network sees, and learn what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from ...lessons.comments import comment, part_name
from ...lessons.exercise_set import LAST, read_link, write_link
from ...lessons.exercises import LEVELS, Exercise, exercise
from .. import address
from ..text import plain
from .book import Attempt, Book, browser_book
from .diagram.living_figure import living_figure
from .diagram.networks import single
from .exercise_set import opened_set, place_in_set, summary, turn
from .explained import explained
from .focus import lead_to_wanted, want_focus
from .network_stack import network_html

_CSS = Path(__file__).parent / "exercises.css"

_LEVEL, _NUMBER, _LINK = "exercise level", "exercise number", "exercise link"
"""Keys of the session state."""

_PRAISE = ("Right!", "Well done!", "Exactly!", "Yes!")

_STREAK = 3
"""Number of exercises solved in a row after which the next level is offered."""


@st.fragment
def exercises() -> None:
    """Draws one exercise: the network, the question, and the comment on the answer."""
    st.html(_CSS)
    _exercises()
    lead_to_wanted()


def _exercises() -> None:
    """Draws what is chosen, or what the open set has next."""
    book, links = browser_book(), opened_set()
    if links:
        place = place_in_set(links, book)
        if place == len(links):
            summary(links, book)
            return
        _exercise(exercise(*links[place]), book, lambda done: turn(place, len(links), done=done))
        st.caption(
            "The address of this page leads to this set. Your answers are kept for this browser "
            "only, under no name."
        )
        return
    chosen = _choose()
    _exercise(chosen, book, lambda done: _go_on(chosen, book, done=done))
    st.caption(
        f"{book.score()} The address of this page leads to this exercise. Everyone you share it "
        "with gets the same one.".strip()
    )


def _exercise(task: Exercise, book: Book, go_on: Callable[[bool], None]) -> None:
    """Draws an exercise; ``go_on`` draws the ways on, once it is done or before."""
    attempt = book.attempt((task.level, task.seed))
    with st.container(key="exercise"):
        st.container().html(network_html(task.example))
        with st.container():
            st.markdown(f"## {task.question}")
            _answer(task, attempt, book)
            if attempt.answer:
                _feedback(task, attempt)
            _help(task, attempt, book)
            go_on(attempt.solved or attempt.shown)
    if attempt.solved or attempt.shown:
        _solution(task)


def _choose() -> Exercise:
    """Lets the person choose an exercise; at first it is that of the page's address, or 1-1."""
    state = st.session_state
    link = address.read("exercise")
    if link is not None:
        numbers = read_link(link)
        if numbers:
            state[_LEVEL], state[_NUMBER] = numbers
        else:
            st.warning(f"There is no exercise {plain(link)}: here is another one.")
    level, number = read_link(state.get(_LINK, "")) or (1, 1)
    state.setdefault(_LEVEL, level)
    state.setdefault(_NUMBER, number)
    with st.container(horizontal=True, gap="medium"):
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
            "Exercise", 1, LAST, step=1, key=_NUMBER, width=140, on_change=address.ignore_echo
        )
    chosen = exercise(state[_LEVEL], state[_NUMBER])
    link = write_link((chosen.level, chosen.seed))
    state[_LINK] = link
    address.put("exercise", link)
    address.refresh()
    return chosen


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
    if attempt.hints:
        with st.container(key="exercise-hints"):
            for hint in exercise.hints[: attempt.hints]:
                st.info(hint, icon=":material/tips_and_updates:")
    if attempt.solved or attempt.shown:
        return
    name, left = f"{exercise.level}-{exercise.seed}", len(exercise.hints) - attempt.hints

    def give() -> None:
        attempt.hints += 1
        want_focus("exercise-hints")

    def show() -> None:
        attempt.shown = True
        book.streak = 0
        want_focus("solution")

    st.caption(explained(exercise))
    with st.container(horizontal=True):
        label = f"Hint ({left} left)" if attempt.hints else "Hint"
        st.button(label, key=f"hint {name}", on_click=give, disabled=not left)
        st.button("Show the solution", key=f"show {name}", on_click=show, type="tertiary")


def _go_on(exercise: Exercise, book: Book, *, done: bool) -> None:
    if not done:
        return

    def go(level: int, number: int) -> None:
        st.session_state[_LEVEL], st.session_state[_NUMBER] = level, number
        book.streak *= level == exercise.level  # Another level begins a streak of its own.
        want_focus("exercise")

    up = book.streak >= _STREAK and exercise.level < len(LEVELS)
    with st.container(horizontal=True):
        if exercise.seed < LAST:
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
        living_figure(
            "describedNetwork",
            [],
            key="solution figure",
            name=f"solution-{exercise.level}-{exercise.seed}",
            details=single(exercise.example, unit),
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
