"""The teacher's page: a plan for a lesson, a set for the class, worksheets, misconceptions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ...lessons.exercise_set import write_link
from ...lessons.exercises import exercise
from ..address import refresh
from ..address_choice import address_choice
from ..text import minus
from .set_builder import set_builder
from .teaching_plans import BELIEFS, PLANS, READY, Belief, Stage

_CSS = Path(__file__).with_suffix(".css")


@st.fragment
def teaching() -> None:
    """Draws the page."""
    st.html(_CSS)
    with st.container(key="teaching"):
        with st.container():
            st.markdown("## The plan")
            labels = {minutes: f"{minutes} minutes" for minutes in PLANS}
            minutes = address_choice("plan", labels, st.segmented_control, "45")
            st.caption(
                "What to ask is bold; below it is the answer to expect. Links open in a new tab. "
                "On paper this page is the plan alone."
            )
            _plan(PLANS[minutes])
        with st.container():
            with st.container(key="set builder"):
                st.markdown("## Your set")
                set_builder()
            st.markdown("## Have ready")
            st.markdown("\n".join(f"- {thing}" for thing in READY))
    st.markdown("## What learners often believe")
    st.markdown(
        "Each belief leads to a wrong number in some exercise. RF-Viz comments on that number, and "
        "on every other wrong one."
    )
    st.markdown("\n".join(map(_belief, BELIEFS)))
    refresh()


def _plan(stages: Sequence[Stage]) -> None:
    """Draws a plan, minute by minute."""
    begin = 0
    for stage in stages:
        end = begin + stage.minutes
        lines = [f"### {begin} to {end} min · {stage.title}", stage.shows]
        lines += [f"- **{question}**  \n  {answer}" for question, answer in stage.asks]
        st.markdown("\n\n".join(lines[:2]) + "\n\n" + "\n".join(lines[2:]))
        begin = end


def _belief(belief: Belief) -> str:
    """A misconception as an item of a list, in Markdown."""
    link = write_link(belief.exercise)
    parts = exercise(*belief.exercise).parts
    label = next(part.label for part in parts if part.symbol == belief.symbol)
    number = minus(str(belief.number))
    return (
        f"- **{belief.says}** {belief.truth} In exercise "
        f"[{link}](?part=exercises&exercise={link}) the belief leads to {number} for the "
        f"{label[0].lower()}{label[1:]}."
    )
