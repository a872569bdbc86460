"""A set of exercises, one after the other, and the summary at its end."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from ...lessons.exercise_set import Link, read_link, read_set, write_link, write_set
from ...lessons.exercises import LEVELS
from .. import address
from ..address_choice import Form, restored
from .book import Book
from .focus import want_focus

_SET, _PLACE = "exercise set", "exercise place"
"""Keys of the session state."""

_SUMMARY = "summary"
"""What the address has in place of an exercise where the summary shows."""


def set_address(links: Sequence[Link]) -> str:
    """The address at which a class opens a set."""
    page = str(st.context.url or "").partition("?")[0]
    return f"{page}?{urlencode({'part': 'exercises', 'set': write_set(links)})}"


def opened_set() -> tuple[Link, ...]:
    """The set that is open; empty where none is."""
    key = restored("set", _SET, Form((), read_set, write_set))
    links: tuple[Link, ...] = st.session_state[key]
    return links


def set_is_open() -> bool:
    """Whether the exercises show a set."""
    return bool(st.session_state.get(_SET))


def place_in_set(links: Sequence[Link], book: Book) -> int:
    """Draws the way through the set, and returns the place of what shows.

    One place more than there are exercises has the summary.
    """
    state, last = st.session_state, len(links)
    link = address.read("exercise")
    if link is not None:
        state[_PLACE] = _place(links, link)
    state[_PLACE] = min(state.get(_PLACE) or 0, last)

    def label(place: int) -> str:
        if place == last:
            return "Summary"
        attempt = book.attempt(links[place])
        mark = "check" if attempt.solved else "visibility" if attempt.shown else ""
        return f":material/{mark}: {place + 1}" if mark else str(place + 1)

    place: int = state[_PLACE]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        title = "Summary" if place == last else f"Exercise {place + 1} of {last}"
        st.markdown(f"**{title}**", width="content")
        if place < last:
            level, _ = links[place]
            st.caption(f"Level {level}, {LEVELS[level - 1]}", width="content")
        st.button("Leave the set", key="exercise leave", type="tertiary", on_click=_leave)
    st.pills(
        "Exercises of this set",
        range(last + 1),
        format_func=label,
        key=_PLACE,
        required=True,
        label_visibility="collapsed",
        on_change=address.ignore_echo,
    )
    address.put("exercise", write_link(links[place]) if place < last else _SUMMARY)
    address.refresh()
    return place


def _place(links: Sequence[Link], text: str) -> int:
    """The place that an address names; the first where the set has no such exercise."""
    if text == _SUMMARY:
        return len(links)
    link = read_link(text)
    if link in links:
        return links.index(link)
    address.ignore("exercise", text)
    return 0


def _go(place: int, last: int) -> None:
    st.session_state[_PLACE] = place
    want_focus("exercise" if place < last else "exercise-summary")
    address.ignore_echo()


def _leave() -> None:
    st.session_state[_SET] = ()
    address.ignore_echo()


def turn(place: int, last: int, *, done: bool) -> None:
    """Draws the buttons to the exercise before and to the next one, or to the summary."""
    with st.container(horizontal=True):
        if place:
            st.button("Previous", key="previous exercise", on_click=_go, args=(place - 1, last))
        if place < last:
            st.button(
                "Next" if place < last - 1 else "To the summary",
                key="next exercise",
                type="primary" if done else "secondary",
                on_click=_go,
                args=(place + 1, last),
            )


def summary(links: Sequence[Link], book: Book) -> None:
    """Draws how the set went: plain text, to show, copy or save."""
    text = book.summary(links, set_address(links))
    with st.container(key="exercise-summary"):
        _summary(text)
    turn(len(links), len(links), done=True)


def _summary(text: str) -> None:
    """Draws the summary, and the button that saves it."""
    st.markdown("## How it went")
    st.markdown(
        "Show this to your teacher, or copy it. It is kept for this browser only, under no name: "
        "nobody else can look it up."
    )
    st.code(text, language=None, wrap_lines=True)
    st.download_button(
        "Save as text",
        text,
        "exercises.txt",
        "text/plain",
        key="exercise summary",
        on_click="ignore",
        icon=":material/download:",
    )
