"""The guided lesson: ten short steps from one kernel to a real network."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ...lessons.steps import (
    STEPS,
    LessonStep,
    Slider,
    Unit,
)
from ..address import ignore_echo, refresh
from ..address_choice import (
    Form,
    address_choice,
    between,
    in_short,
    kept,
    restored,
    several_of,
)
from .diagram.unit_diagram import Pin, unit_diagram
from .lesson_network import TITLE, lesson_network
from .task import task

_CSS = Path(__file__).with_suffix(".css")

TITLES = (*(step.title for step in STEPS), TITLE)
"""Titles of all steps, in order."""

_STEP = "address step"
"""Key of the widget by which a step is chosen."""


@st.fragment
def lesson() -> None:
    """Draws one step: an explanation, sliders, and the network that they make."""
    st.html(_CSS)
    done: frozenset[int] = st.session_state[restored("lesson.done", "lesson done", _steps_done())]
    numbers = range(1, len(TITLES) + 1)
    labels = {str(n): f":material/check: {n}" if n in done else str(n) for n in numbers}
    number = int(address_choice("step", labels, st.pills))
    st.markdown(f"## {number}. {TITLES[number - 1]}")
    finished = lesson_network() if number > len(STEPS) else _step(STEPS[number - 1], number)
    refresh()
    if finished and number not in done:
        st.session_state["lesson done"] = done | {number}
        st.rerun()  # The row of steps is above.
    _turn(number, finished)


def _step(step: LessonStep, number: int) -> bool:
    """Draws a step and returns whether its task is done."""
    with st.container(key="lesson"):
        with st.container():
            st.markdown(step.says)
            values = [_slide(slider, number) for slider in step.sliders]
            message = st.container()
        with st.container():
            example = step.build(*values)
            top = len(example.rows) - 1
            start = Pin(top, example.rows[-1].size // 2 if step.sliders else 0)
            pin = unit_diagram(
                example, key=f"lesson diagram {number}", counts=step.counts, pinned=start
            )
            if step.equation:
                st.latex(step.equation(example))
    finished = step.done(example, Unit(pin.row, pin.unit))
    with message:
        task(step.task, step.conclusion, finished)
    return finished


def _slide(slider: Slider, number: int) -> int:
    return st.slider(
        slider.label,
        slider.low,
        slider.high,
        **kept(
            f"step{number}.{in_short(slider.label)}",
            f"lesson {number} {slider.label}",
            between(slider.low, slider.high, slider.start),
        ),
    )


def _steps_done() -> Form:
    """The form of the set of steps whose tasks are done."""
    numbers = {str(number): number for number in range(1, len(TITLES) + 1)}
    form = several_of(numbers)
    return Form(
        frozenset(), lambda text: frozenset(form.read(text)), lambda done: form.write(sorted(done))
    )


def _turn(number: int, finished: bool) -> None:
    """Draws the buttons that lead to the step before and the next one."""

    def go(to: int) -> None:
        st.session_state[_STEP] = str(to)
        ignore_echo()

    with st.container(horizontal=True):
        if number > 1:
            st.button("Back", key="lesson back", on_click=go, args=(number - 1,))
        if number < len(TITLES):
            st.button(
                f"Next: {TITLES[number]}",
                key="lesson next",
                type="primary" if finished else "secondary",
                on_click=go,
                args=(number + 1,),
            )
