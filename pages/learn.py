"""Learn: receptive fields from the ground up: a lesson, figures, a lab, exercises, teaching."""

from __future__ import annotations

import streamlit as st

from rf_viz.ui import address, page
from rf_viz.ui.address_choice import address_choice

FIGURES, LESSON, LAB = "figures", "lesson", "lab"
EXERCISES, TEACHING = "exercises", "teaching"

LABELS = {
    LESSON: "Lesson",
    FIGURES: "Figures",
    LAB: "Why it matters",
    EXERCISES: "Exercises",
    TEACHING: "Teaching",
}

LEADS = {
    FIGURES: "What a unit of a network sees, in one dimension: move the sliders, point at any "
    "unit, and watch the equations fill in.",
    LESSON: "What one cell of a network gets to see, and why: an opening in pictures, and ten "
    "steps, each with one thing to do.",
    LAB: "Train a small network to see how far apart two dots are. It succeeds only if its "
    "receptive field is large enough.",
    EXERCISES: "Predict what a network sees, then check it. Everyone with the link gets the same "
    "exercise.",
    TEACHING: "A plan for your lesson, a set of exercises with a link for your class, and "
    "worksheets to print.",
}

# The parameters of the address that belong to one part only.
PARAMETERS = {"figure": FIGURES, "step": LESSON, "exercise": EXERCISES, "set": EXERCISES}

page.set_up("Learn")
lead = st.container()
link = address.unread()
first = next((part for name, part in PARAMETERS.items() if name in link), LESSON)
part = address_choice(
    "part",
    LABELS,
    st.segmented_control,
    first,
)
with lead:
    page.lead(LEADS[part])
for name in PARAMETERS:
    if PARAMETERS[name] != part:
        address.leave_out(name)
# A part is imported when it is opened: each brings modules that the others do not need.
if part == LESSON:
    from rf_viz.ui.learn.lesson import lesson

    lesson()
elif part == LAB:
    from rf_viz.ui.learn.lab import lab

    lab()
elif part == EXERCISES:
    from rf_viz.ui.learn.exercises import exercises

    exercises()
elif part == TEACHING:
    from rf_viz.ui.learn.teaching import teaching

    teaching()
else:
    from rf_viz.ui.learn.figures import living_figures

    living_figures()
page.finish()
