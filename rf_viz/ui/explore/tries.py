"""Three things to try, for somebody who sees the page for the first time."""

from __future__ import annotations

import streamlit as st

from ..address import ignore_echo
from ..navigation import Destination, set_destination
from ..sidebar.session import visitor

_EYE = Destination("fire5/concat", (13, 23), 142)
"""The cell of the first sample model that answers most strongly to the cat's eye."""

_PLAYED = "played"


def things_to_try() -> int:
    """Draws the buttons; returns how often the field was to be watched while it grows."""
    with st.container(key="tries", horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.html("<span>Try:</span>", width="content")
        st.button("The cat's eye", key="try eye", on_click=_show_eye)
        st.button("Watch the field grow", key="try growth", on_click=_play)
        st.button("Prove it", key="try proof", on_click=_prove)
    played: int = st.session_state.get(_PLAYED, 0)
    return played


def _show_eye() -> None:
    visit = visitor()
    visit.next_model, visit.next_image = "squeezenet", "chelsea"
    visit.image_chosen = True
    set_destination(_EYE)


def _play() -> None:
    ignore_echo()
    st.session_state[_PLAYED] = st.session_state.get(_PLAYED, 0) + 1


def _prove() -> None:
    ignore_echo()
    st.session_state["question"] = "Prove it"
