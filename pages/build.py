"""Build: put a network together row by row and see at once how far its cells see."""

from __future__ import annotations

import streamlit as st

from rf_viz.design import PRESETS
from rf_viz.ui import page
from rf_viz.ui.build import trial
from rf_viz.ui.build.design_session import bench, studied, write
from rf_viz.ui.build.editor.editor import editor
from rf_viz.ui.build.export_panel import carry
from rf_viz.ui.build.goal_seek import goal_seek
from rf_viz.ui.text import plain

LEAD = (
    "Put a network together row by row, without code: every change shows at once what its cells "
    "see. The weights are random, the regions are exact."
)

page.set_up("Build")
found = bench()


def begin() -> None:
    if st.session_state["preset"]:
        found.begin(PRESETS[st.session_state["preset"]].build())


study, chosen = studied(found)
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
    given = trial.choose_input(study) if study else None
st.html(f'<p class="rf-lead">{LEAD}</p>')
if found.problem:
    st.error(plain(found.problem), icon=":material/error:")
    found.problem = ""
editor(found)
write(found)
if study:
    if study.design != found.design:
        st.info("The last network that could be built stays on show.", icon=":material/info:")
    row = study.rows[chosen - 1]
    cell = trial.show(study, row, given)
    chart = st.container()
    goal = goal_seek(study, found.show)
    with chart:
        trial.growth(study, chosen, goal, found.choose)
    carry(study, row, cell)
