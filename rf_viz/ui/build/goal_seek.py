"""Goal seek: changes that lead to a receptive field of a wanted size, with their cost."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ...design import (
    Design,
    Goal,
    Proposal,
    Study,
    reached_by,
    seek,
)
from ..address import ignore_echo, put, read
from ..address_choice import between, kept
from ..text import difference, percent, whole

_FAR, _NEAR = 127, 8
"""Goal at first: a size in pixels, and the largest stride."""


def goal_seek(study: Study, apply: Callable[[Design], None]) -> int | None:
    """Draws the form and the proposals; ``apply`` gets the design of the one that is chosen.

    Returns the size to reach, once the person has asked for it; None where it is reached.
    """
    now = reached_by(study)
    st.markdown("## How do I reach ...")
    if now is None:
        st.caption("The last layer has no map of cells, so there is no receptive field to enlarge.")
        return None
    what = "pixels" if len(study.design.input) == 3 else "samples"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        size = st.number_input(
            f"A receptive field of at least, in {what}",
            min_value=2,
            max_value=100_000,
            width=270,
            **kept("goal", "goal size", between(2, 100_000, _FAR)),
        )
        stride = st.number_input(
            "with a stride of at most",
            min_value=1,
            max_value=1024,
            width=200,
            **kept("goal-stride", "goal stride", between(1, 1024, _NEAR)),
        )
        link, goal = study.design.compact(), Goal(int(size), int(stride))
        pressed = st.button("Find ways", key="find ways", type="primary", on_click=ignore_echo)
        if pressed or read("ways") == "shown":
            st.session_state["goal"] = link, goal
        put("ways", "shown" if st.session_state.get("goal") == (link, goal) else "")
    name = study.rows[now.row - 1].step.name
    if now.meets(goal):
        st.caption(
            f"It already does: {name} sees {whole(now.size)} {what} with stride {now.stride}."
        )
        return None
    # The proposals are for the network and the goal of the latest click, and no others.
    if st.session_state.get("goal") != (link, goal):
        st.caption(f"Now {name} sees {whole(now.size)} {what} with stride {now.stride}.")
        return None
    with st.spinner("Trying changes ..."):
        proposals = _proposals(link, goal, study.design)
    if not proposals:
        _say_nothing_helps(study, goal, closed=now.closed)
        return goal.size
    st.caption("Each suggestion was built and traced. The cheapest comes first.")
    for number, proposal in enumerate(proposals):
        _draw(number, proposal, what, apply)
    return goal.size


@st.cache_resource(max_entries=100, show_spinner=False)
def _proposals(link: str, goal: Goal, _design: Design) -> list[Proposal]:
    return seek(_design, goal)


def _say_nothing_helps(study: Study, goal: Goal, *, closed: bool) -> None:
    extent = min(study.design.input[1:])
    if not closed and goal.size > extent:
        st.info(
            "Without a closed form the cells are measured inside the input, which has "
            f"{whole(extent)}: make it larger to ask for more.",
            icon=":material/info:",
        )
        return
    st.info(
        "No one or two changes of kernels, dilations, depth and strides reach it. Ask for less, "
        "or add layers first.",
        icon=":material/info:",
    )


def _draw(number: int, proposal: Proposal, what: str, apply: Callable[[Design], None]) -> None:
    words = "; ".join(proposal.changes)
    sees = f"{whole(proposal.reached.size)} {what}, stride {proposal.reached.stride}"
    gaps = ""
    if proposal.share < 1:
        gaps = f", but only {percent(proposal.share)} of the {what} in it count"
    button, text = st.columns([1, 6], vertical_alignment="center")

    def choose() -> None:
        ignore_echo()
        apply(proposal.design)

    button.button("Apply", key=f"apply {number}", on_click=choose)
    text.markdown(
        f"**{words}**  \n"
        f"sees {sees}{gaps} · {_more(proposal.more_parameters, 'weights')} · "
        f"{_more(2 * proposal.more_multiply_adds, 'FLOPs')}"
    )


def _more(count: int, unit: str) -> str:
    """Difference with its sign: "+2.4 M weights", "+180 MFLOPs", or "the same ..."."""
    return difference(count, unit) if count else f"the same {unit}"
