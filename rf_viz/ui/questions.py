"""The questions that a person can ask about the pinned cell; one at a time is answered."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import streamlit as st

from .scene import Scene

QUESTIONS: Mapping[str, str] = {
    "Through the layers": "trail",
    "Prove it": "prove",
    "Strongest cells": "strongest",
    "Channels": "gallery",
    "Who sees this pixel": "seers",
    "Take it along": "take",
}
"""The module that answers each question by the function of its name, loaded when it is asked."""


def choose_question() -> str | None:
    """Draws the row of questions and returns the chosen one, if any is."""
    question: str | None = st.segmented_control(
        "Ask about this cell",
        list(QUESTIONS),
        key="question",
        label_visibility="collapsed",
        persist_state="session",
    )
    return question


def ask(question: str, scene: Scene) -> None:
    """Draws the answer to a question."""
    module = QUESTIONS[question]
    getattr(import_module(f".{module}", __package__), module)(scene)
