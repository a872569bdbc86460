"""The guided lesson: an opening, and ten short steps from one kernel to a real network."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import streamlit as st

from ...lessons.example import Example
from ...lessons.steps import STEPS, LessonStep, Unit
from ..address import hand_over, ignore_echo, refresh
from ..address_choice import Form, address_choice, in_short, restored, several_of
from ..browser.token import browser_token
from .diagram.living_figure import Slider, living_figure
from .diagram.networks import described
from .exercise_set import set_is_open
from .focus import lead_to_wanted, want_focus
from .lesson_network import TITLE, lesson_network
from .opening.opening import OPENING, OPENING_IN_SHORT, opening
from .task import task

_CSS = Path(__file__).with_suffix(".css")

TITLES = (OPENING, *(step.title for step in STEPS), TITLE)
"""Titles of all steps, in order; the opening is step 0."""

_STEP = "address step"
"""Key of the widget by which a step is chosen."""

_LATEST = "lesson latest step"
"""Key of the step that showed last."""


@st.cache_resource(max_entries=1000, show_spinner=False)
def _ticks(token: str) -> set[int]:
    """The steps that were done in a browser, which outlast a reload and a session."""
    return set()


@st.cache_resource(show_spinner=False)
def _prepare() -> None:
    """Makes the network of step 1 in the background, once: it loads what all networks need."""
    first = STEPS[0]
    Thread(target=first.build, args=[s.start for s in first.sliders], daemon=True).start()


@st.fragment
def lesson() -> None:
    """Draws one step: an explanation, sliders, and the network that they make."""
    _prepare()
    st.html(_CSS)
    ticks = _ticks(browser_token())
    of_session: frozenset[int] = st.session_state[
        restored("lesson.done", "lesson done", _steps_done())
    ]
    done = of_session | ticks
    number = int(address_choice("step", _labels(done), st.pills))
    with st.container(key="step-heading", horizontal=True, vertical_alignment="bottom"):
        st.markdown(f"## {_heading(number)}", width="content")
        st.caption(f"{len(done)} of {len(TITLES)} done", width="content")
    finished = _draw(number)
    if finished:
        ticks.add(number)
    if finished and number not in of_session:
        st.session_state["lesson done"] = of_session | {number}
        st.rerun()  # The row of steps is above.
    refresh()
    _turn(number, finished)
    _go_to_heading(number)
    st.html(f"<script>{_SHOW_CHOSEN} // {number}</script>", unsafe_allow_javascript=True)


def _labels(done: Collection[int]) -> dict[str, str]:
    """Labels of the steps in the row of all of them, by their numbers."""
    labels = [OPENING_IN_SHORT, *(f"{n} {title}" for n, title in enumerate(TITLES) if n)]
    return {
        str(n): f":material/check: {label}" if n in done else label
        for n, label in enumerate(labels)
    }


def _heading(number: int) -> str:
    return f"{number}. {TITLES[number]}" if number else TITLES[number]


def _draw(number: int) -> bool:
    """Draws what a step shows and returns whether its task is done."""
    if number == 0:
        return opening()
    if number > len(STEPS):
        return lesson_network()
    return _step(STEPS[number - 1], number)


def _step(step: LessonStep, number: int) -> bool:
    """Draws a step and returns whether its task is done."""
    with st.container(key="lesson"):
        with st.container():
            st.markdown(step.says)
            message = st.container()
        with st.container():
            values = living_figure(
                "describedNetwork",
                _sliders(step),
                key="lesson figure",
                name=f"step{number}",
                details=step_details(step),
            )
    example = step.build(*(values[slider.name] for slider in _sliders(step)))
    finished = step.done(example, _pinned(example, values["unit"]))
    with message:
        task(step.task, step.conclusion, finished)
    return finished


def _sliders(step: LessonStep) -> list[Slider]:
    return [
        Slider(in_short(slider.label), slider.label, slider.low, slider.high, slider.start)
        for slider in step.sliders
    ]


def step_details(step: LessonStep) -> dict[str, Any]:
    """Describes the networks of a step for the browser, by the values of its sliders."""
    sliders = _sliders(step)
    settings = product(*(range(slider.low, slider.high + 1) for slider in sliders))
    return {
        "networks": {
            ",".join(map(str, values)): described(step.layers(*values)) for values in settings
        },
        "names": [slider.name for slider in sliders],
        "length": step.length,
        "equation": step.equation,
        "counts": step.counts,
        "closedForm": step.names_closed_form,
        "start": None if sliders else 0,
    }


def _pinned(example: Example, unit: tuple[int, int] | None) -> Unit:
    """The pinned unit, or the nearest one of a smaller network; at first the output's middle."""
    top = len(example.rows) - 1
    above, place = unit or (0, example.rows[-1].size // 2)
    row = max(0, top - above)
    return Unit(row, min(place, example.rows[row].size - 1))


def _steps_done() -> Form:
    """The form of the set of steps whose tasks are done."""
    form = several_of(range(len(TITLES)))
    return Form(
        frozenset(), lambda text: frozenset(form.read(text)), lambda done: form.write(sorted(done))
    )


def _turn(number: int, finished: bool) -> None:
    """Draws the buttons that lead to the step before and the next one, or to the exercises."""
    kind: Literal["primary", "secondary"] = "primary" if finished else "secondary"

    def go(to: int) -> None:
        st.session_state[_STEP] = str(to)
        ignore_echo()

    def practise() -> None:
        hand_over("part", "exercises")
        if not set_is_open():
            hand_over("exercise", "1-1")
        ignore_echo()

    with st.container(horizontal=True):
        if number > 0:
            st.button("Back", key="lesson back", on_click=go, args=(number - 1,))
        if number < len(TITLES) - 1:
            label = f"Next: {TITLES[number + 1]}"
            st.button(label, key="lesson next", type=kind, on_click=go, args=(number + 1,))
        elif st.button("To the exercises", key="lesson exercises", type=kind, on_click=practise):
            st.rerun()  # The part is chosen above.
    if number == len(TITLES) - 1:
        st.html(f"<script>{_TO_THE_TOP}</script>", unsafe_allow_javascript=True)


def _go_to_heading(number: int) -> None:
    """Moves the focus to the heading of a step that has just replaced another."""
    latest = st.session_state.get(_LATEST, number)
    st.session_state[_LATEST] = number
    if latest != number:
        want_focus("step-heading")
    lead_to_wanted()


_SHOW_CHOSEN = """{
  const show = () => {
    const chosen = document.querySelector(".st-key-address-step [aria-checked=true]");
    const row = chosen?.parentElement;
    const left = chosen?.offsetLeft - row?.offsetLeft;
    row?.scrollTo(left - (row.clientWidth - chosen.offsetWidth) / 2, 0);
  };
  show();
  setTimeout(show, 300); // when the page opens, the row is drawn later
}"""
"""Scrolls the row of steps to the one that shows; brackets keep the names to the script itself."""

_TO_THE_TOP = """
document.querySelector(".st-key-lesson-exercises").addEventListener("click", () => {
  document.querySelector("[data-testid=stMain]").scrollTo(0, 0);
});
"""
"""The exercises begin at the top, and the way to them is at the bottom."""
