"""The set of exercises that a teacher puts together, its link, and its worksheets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from ...lessons.exercise_set import MOST, Link, drawn_set, read_set, write_link
from ...lessons.exercises import LEVELS
from ...lessons.worksheet import PAPERS, worksheet
from ..address_choice import address_choice, between, kept, one_of, words
from ..text import plain
from .exercise_set import set_address

_COUNTS = (2, 2, 1, 1, 1, 1)
"""Number of exercises of each level, at first."""

_MOST_OF_A_LEVEL = 6

_SEEDS = 9999


def set_builder() -> None:
    """Draws how to put a set together, the link for the class, and what to print."""
    by = address_choice("by", {"levels": "By levels", "list": "From a list"}, st.segmented_control)
    links, note = _by_levels() if by == "levels" else _from_list()
    if not links:
        return
    link = set_address(links)
    count = f"{len(links)} exercise{'s' * (len(links) > 1)}"
    st.markdown(f"**The link for your class** opens {count}, one after the other:")
    st.code(link, language=None, wrap_lines=True)
    st.markdown(
        f"[Open it as your class does]({link}). Everybody gets the same exercises. Nobody signs "
        "in, and no name is stored: at the end each learner has a summary to show you."
    )
    _print(links, link, note)


def _by_levels() -> tuple[Sequence[Link], str]:
    """A set drawn at random: so many of each level."""
    counts = []
    with st.container(key="levels"):
        for level, (title, start) in enumerate(zip(LEVELS, _COUNTS, strict=True), 1):
            counts.append(
                st.number_input(
                    f"{level} · {title}",
                    0,
                    _MOST_OF_A_LEVEL,
                    **kept(
                        f"n{level}", f"set of level {level}", between(0, _MOST_OF_A_LEVEL, start)
                    ),
                )
            )
        seed = st.number_input(
            "Seed",
            1,
            _SEEDS,
            help="Another seed draws other exercises. The same seed always draws the same.",
            **kept("seed", "set seed", between(1, _SEEDS, 1)),
        )
    if not any(counts):
        st.info("Choose at least one exercise.", icon=":material/edit:")
    return drawn_set(counts, seed), f"Seed {seed}, levels 1 to 6: {', '.join(map(str, counts))}"


def _from_list() -> tuple[Sequence[Link], str]:
    """A set that is listed, exercise by exercise."""
    text = st.text_input(
        "Exercises, as level and number",
        placeholder="1-3, 2-7, 2-8",
        help=f"At most {MOST}, with commas between them.",
        **kept("list", "set list", words()),
    )
    if not text.strip(" ,;~"):
        st.info("List the exercises, such as 1-3, 2-7.", icon=":material/edit:")
        return (), ""
    try:
        links = read_set(text)
    except ValueError as error:
        message = plain(str(error))
        st.warning(f"{message[0].upper()}{message[1:]}.", icon=":material/edit:")
        return (), ""
    return links, f"Exercises {', '.join(map(write_link, links))}"


def _print(links: Sequence[Link], link: str, note: str) -> None:
    """The worksheets to download."""
    st.markdown("### Worksheets")
    st.markdown(
        "A page that your browser prints: two exercises on a sheet, with room to write. The "
        "solutions stand on sheets of their own."
    )
    paper = st.segmented_control(
        "Paper",
        list(PAPERS),
        required=True,
        label_visibility="collapsed",
        **kept("paper", "set paper", one_of(PAPERS.keys())),
    )
    assert paper is not None  # it is required, and has a value from the first
    with st.container(horizontal=True):
        for label, solutions in (("Worksheet", False), ("Worksheet with solutions", True)):
            st.download_button(
                label,
                partial(worksheet, links, paper, solutions=solutions, address=link, note=note),
                f"receptive-fields{'-solutions' * solutions}.html",
                "text/html",
                key=f"set {label}",
                on_click="ignore",
                icon=":material/download:",
            )
