"""The questions that a person can ask about the pinned cell; one at a time is answered."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import streamlit as st

from ..inspector.scene import Scene

QUESTIONS: Mapping[str, tuple[str, str]] = {
    "Through the layers": (".trail", "trail"),
    "Prove it": (".prove", "prove"),
    "Strongest cells": (".strongest", "strongest"),
    "Channels": (".channel_gallery", "channel_gallery"),
    "Who sees this pixel": (".pixel_cells", "pixel_cells"),
    "Take it along": (".export_panel", "export_panel"),
}
"""The module and the function that answer each question; the module is loaded with the question."""


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
    module, answer = QUESTIONS[question]
    getattr(import_module(module, __package__), answer)(scene)
