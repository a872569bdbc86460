"""Learn: receptive fields from the ground up, in figures, a lesson and exercises."""

from __future__ import annotations

import streamlit as st

from rf_viz.ui import page
from rf_viz.ui.addressed import addressed

LEAD = (
    "What a unit of a network sees, in one dimension: move the sliders, point at any unit, and "
    "watch the equations fill in."
)

FIGURES, LESSON, EXERCISES = "figures", "lesson", "exercises"

# What the address tells besides, and in which part.
TOLD = {"figure": FIGURES, "step": LESSON, "exercise": EXERCISES}

page.set_up("Learn")
st.html(f'<p class="rf-lead">{LEAD}</p>')
if "part" not in st.query_params:
    for name in TOLD.keys() & st.query_params.keys():
        st.query_params["part"] = TOLD[name]
part = addressed(
    "part", {name: name.capitalize() for name in (FIGURES, LESSON, EXERCISES)}, st.segmented_control
)
for name in TOLD.keys() & st.query_params.keys():
    if TOLD[name] != part:
        del st.query_params[name]
if part == LESSON:
    from rf_viz.ui.lesson import lesson

    lesson()
elif part == EXERCISES:
    from rf_viz.ui.exercises import exercises

    exercises()
else:
    from rf_viz.ui.living import living_figures

    living_figures()
