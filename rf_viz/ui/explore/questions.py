"""The questions that a person can ask about the pinned cell; one at a time is answered."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import streamlit as st

from ...errors import ModelError
from ..address_choice import kept, one_of
from ..inspector.scene import Scene
from ..text import sentence

QUESTIONS: Mapping[str, tuple[str, str]] = {
    "Through the layers": (".trail", "trail"),
    "Prove it": (".prove", "prove"),
    "Strongest cells": (".strongest", "strongest"),
    "Channels": (".channel_gallery", "channel_gallery"),
    "Who sees this pixel": (".pixel_cells", "pixel_cells"),
    "Effective field": (".effective_field", "effective_field"),
    "Share & export": (".export_panel", "export_panel"),
}
"""The module and the function that answer each question; the module is loaded with the question."""

_IN_ADDRESS = {
    **{answer: question for question, (_, answer) in QUESTIONS.items()},
    # Older addresses have the questions as they were worded then.
    "Through the layers": "Through the layers",
    "Prove it": "Prove it",
    "Strongest cells": "Strongest cells",
    "Channels": "Channels",
    "Who sees this pixel": "Who sees this pixel",
    "Take it along": "Share & export",
}
"""The questions by the texts that stand for them in an address."""


_COUNT = "questions"

OF_ANSWERS = ("page", "proved", "whole")
"""The parameters of an address that belong to the open answer alone."""


def choose_question() -> str | None:
    """Draws the row of questions and returns the chosen one, if any is."""
    with st.container(key="questions"):
        question: str | None = st.segmented_control(
            "Ask about this cell",
            list(QUESTIONS),
            label_visibility="collapsed",
            **kept("ask", "question", one_of(_IN_ADDRESS, None)),
        )
    return question


def count_questions(question: str | None) -> int:
    """How many questions were asked in this session, this one included; the page scrolls then."""
    latest: str | None
    number: int
    latest, number = st.session_state.get(_COUNT, (question, 0))
    if question and question != latest:
        number += 1
    st.session_state[_COUNT] = question, number
    return number


def ask(question: str, scene: Scene) -> None:
    """Draws the answer to a question."""
    module, answer = QUESTIONS[question]
    with st.container(key="answer"):
        try:
            getattr(import_module(module, __package__), answer)(scene)
        except ModelError as error:  # the answer would take too much memory or time
            st.warning(sentence(error))
