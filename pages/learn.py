"""Learn: receptive fields from the ground up, to read, to play with, to practise and to teach."""

from __future__ import annotations

import streamlit as st

from rf_viz.ui import address, page
from rf_viz.ui.address_choice import address_choice

LESSON, FIGURES, PLAYGROUND = "lesson", "figures", "playground"
LAB, EXERCISES, TEACHING = "lab", "exercises", "teaching"

LABELS = {
    LESSON: "Lesson",
    FIGURES: "Figures",
    PLAYGROUND: "Playground",
    LAB: "Why it matters",
    EXERCISES: "Exercises",
    TEACHING: "Teaching",
}

LEADS = {
    LESSON: "What one cell of a network gets to see, and why: an opening in pictures, and ten "
    "steps, each with one thing to do.",
    FIGURES: "What a unit of a network sees, in one dimension: move the sliders, point at any "
    "unit, and watch the equations fill in.",
    PLAYGROUND: "What a convolution does to real pixels: choose an operation, move the sliders, "
    "and point at any cell to see how its number comes about.",
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
part = address_choice("part", LABELS, st.segmented_control, first)
with lead:
    page.lead(LEADS[part])
for name in PARAMETERS:
    if PARAMETERS[name] != part:
        address.leave_out(name)
# A part is imported when it is opened: each brings modules that the others do not need.
if part == LESSON:
    from rf_viz.ui.learn.lesson import lesson

    lesson()
elif part == FIGURES:
    from rf_viz.ui.learn.figures import living_figures

    living_figures()
elif part == PLAYGROUND:
    from rf_viz.ui.learn.playground.playground import playground

    playground()
elif part == LAB:
    from rf_viz.ui.learn.lab import lab

    lab()
elif part == EXERCISES:
    from rf_viz.ui.learn.exercises import exercises

    exercises()
else:
    from rf_viz.ui.learn.teaching import teaching

    teaching()
page.finish()
