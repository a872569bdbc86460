"""Build: put a network together row by row and see at once how far its cells see."""

from __future__ import annotations

import streamlit as st

from rf_viz.design import PRESETS
from rf_viz.ui import address, page, sidebar
from rf_viz.ui.build.design_session import design_session, latest_study, write_address
from rf_viz.ui.build.editor.editor import editor
from rf_viz.ui.build.export_panel import export_panel
from rf_viz.ui.build.goal_seek import goal_seek
from rf_viz.ui.build.trial import choose_input, growth, trial
from rf_viz.ui.text import plain

LEAD = (
    "Build a network row by row, without code. Every change shows at once what its cells see. The "
    "weights are random; the regions are exact."
)

page.set_up("Build")
if sidebar.asks_files():
    st.stop()
session = design_session()


def begin() -> None:
    """Begins with the preset that was chosen."""
    address.ignore_echo()
    if st.session_state["preset"]:
        session.begin(PRESETS[st.session_state["preset"]].build())


study, chosen = latest_study(session)
with st.sidebar:
    key = st.selectbox(
        "Start from",
        list(PRESETS),
        index=None,
        format_func=lambda key: PRESETS[key].title,
        placeholder="Choose a network",
        key="preset",
        on_change=begin,
    )
    if key:
        st.caption(PRESETS[key].about)
    network_input = choose_input(study) if study else None
page.lead(LEAD)
if session.link_problem:
    st.error(plain(session.link_problem), icon=":material/error:")
    session.link_problem = ""
editor(session)
write_address(session)
if study:
    if study.design != session.design:
        st.info("The last network that could be built is still shown.", icon=":material/info:")
    row = study.rows[chosen - 1]
    cell = trial(study, row, network_input)
    # The goal is asked for below the chart, and drawn in it.
    chart = st.container()
    goal = goal_seek(study, session.show)
    with chart:
        growth(study, chosen, goal, session.choose)
    export_panel(study, row, cell)
page.finish()
