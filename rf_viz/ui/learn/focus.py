"""Where focus and view go when a click has replaced what they were on."""

from __future__ import annotations

from string import Template

import streamlit as st

_WANTED, _MOVES = "learn focus", "learn focus moves"
"""Keys of the container that is wanted next, and of how often the focus was moved so."""

_MOVE = Template("""{
  const place = document.querySelector(".st-key-$key");
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
  const block = matchMedia("(width < 640px)").matches ? "start" : "nearest";
  const scroll = () => {
    if (document.activeElement === place) place.scrollIntoView({ block });
  };
  scroll();
  setTimeout(scroll, 300); // what is drawn below it makes the page longer
}""")
"""Brackets keep its names to itself: all scripts of a page share one scope."""


def want_focus(key: str) -> None:
    """Let the next run lead to the container with this key; a callback calls it."""
    st.session_state[_WANTED] = key


def lead_to_wanted() -> None:
    """Move the focus to the container that is wanted, if any, and scroll to it.

    Call it at the end, so that nothing else changes its place on the page.
    """
    key = st.session_state.pop(_WANTED, None)
    if key is not None:
        moves = st.session_state[_MOVES] = st.session_state.get(_MOVES, 0) + 1
        script = f"{_MOVE.substitute(key=key)} // {moves}"  # the same one again would not run
        st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)
