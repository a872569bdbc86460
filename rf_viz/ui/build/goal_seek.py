"""Goal seek: ways to the receptive field that somebody asks for, with what they cost."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ...design import (Design, Goal, Proposal, Study, reached_by, seek,)
from ..text import percent

_FAR, _NEAR = 127, 8
"""What is asked for at first: pixels, and a stride of at most so many."""


def goal_seek(study: Study, apply: Callable[[Design], None]) -> int | None:
    """Draws the question and the answers; ``apply`` takes the design of the one that was chosen.

    Returns the size that is asked for, once it is.
    """
    now = reached_by(study)
    st.markdown("#### How do I reach ...")
    if now is None:
        st.caption("The network leaves no map of cells, so there is nothing to reach with.")
        return None
    what = "pixels" if len(study.design.input) == 3 else "samples"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        size = st.number_input(
            f"A receptive field of at least, in {what}",
            min_value=2,
            max_value=100_000,
            value=_FAR,
            key="goal size",
            width=270,
        )
        stride = st.number_input(
            "with a stride of at most",
            min_value=1,
            max_value=1024,
            value=_NEAR,
            key="goal stride",
            width=200,
        )
        asked = (study.design.compact(), Goal(int(size), int(stride)))
        if st.button("Find ways", key="find ways", type="primary"):
            st.session_state["goal"] = asked
    goal = asked[1]
    name = study.rows[now.row - 1].step.name
    if now.meets(goal):
        st.caption(f"It does already: {name} sees {now.size} {what} with stride {now.stride}.")
        return None
    if st.session_state.get("goal") != asked:
        st.caption(f"Now {name} sees {now.size} {what} with stride {now.stride}.")
        return None
    with st.spinner("Trying changes ..."):
        found = _sought(*asked, study.design)
    if not found:
        _nothing(study, goal, closed=now.closed)
        return goal.size
    st.caption("Each was built and traced; the cheapest comes first.")
    for number, proposal in enumerate(found):
        _draw(number, proposal, what, apply)
    return goal.size


@st.cache_resource(max_entries=16, show_spinner=False)
def _sought(link: str, goal: Goal, _design: Design) -> list[Proposal]:
    return seek(_design, goal)


def _nothing(study: Study, goal: Goal, *, closed: bool) -> None:
    extent = min(study.design.input[1:])
    if not closed and goal.size > extent:
        st.info(
            f"Without a closed form the cells are measured inside the input, which has {extent}: "
            "make it larger to ask for more.",
            icon=":material/info:",
        )
        return
    st.info(
        "One or two changes of kernels, dilations, depth and strides do not get there: ask for "
        "less, or add layers first.",
        icon=":material/info:",
    )


def _draw(number: int, made: Proposal, what: str, apply: Callable[[Design], None]) -> None:
    words = "; ".join(made.changes)
    sees = f"{made.reached.size} {what}, stride {made.reached.stride}"
    gaps = f", but only {percent(made.share)} of the {what} in it count" if made.share < 1 else ""
    button, text = st.columns([1, 6], vertical_alignment="center")
    button.button("Apply", key=f"apply {number}", on_click=apply, args=(made.design,))
    text.markdown(
        f"**{words}**  \n"
        f"sees {sees}{gaps} · {_more(made.more_parameters, '')} weights · "
        f"{_more(2 * made.more_multiply_adds, 'FLOPs')}"
    )


def _more(count: int, unit: str) -> str:
    """By how many more, short: "+2.4 M", "+180 MFLOPs", or "the same number of"."""
    if not count:
        return f"the same {unit or 'number of'}"
    size, letters = float(abs(count)), iter("kMGT")
    letter = ""
    while size >= 1000:
        size, letter = size / 1000, next(letters)
    sign = "+" if count > 0 else "\N{MINUS SIGN}"
    return " ".join(part for part in (f"{sign}{size:.3g}", f"{letter}{unit}") if part)
