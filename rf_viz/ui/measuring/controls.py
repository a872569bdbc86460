"""The button that begins a measurement over depth, its progress, and what came of it."""

from __future__ import annotations

import streamlit as st

from ..address import ignore_echo
from ..text import plain
from .depth import Queue

PAUSE = 0.1
"""Seconds from one step to the next; in between the page answers."""


def controls(queue: Queue, label: str, about: str) -> None:
    """Draws a button that begins; while it runs, how far it is and a button that ends it.

    ``label`` is what the button says at first; ``about`` stands beside it, as Markdown. Below are
    the problems that came up.
    """
    network = queue.next
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if queue.running and network is not None:
            st.progress(network.share, text=_progress(queue), width=280)
            st.button("Cancel", key="depth cancel", on_click=queue.cancel)
        elif queue.ended or queue.left:
            text = _label(queue, label)
            st.button(text, key="depth begin", on_click=_begin, args=(queue,))
        if about:
            st.caption(about, width="stretch")
    for network in queue.networks:
        if network.problem:
            name = f"{network.title}: " if len(queue.networks) > 1 else ""
            st.caption(plain(f"{name}{network.problem}"))


def _label(queue: Queue, label: str) -> str:
    """What the button says."""
    if queue.ended:
        return "Try again"
    if all(network.measurement is None for network in queue.networks):
        return label
    return "Go on" if queue.next is not None else "Measure finer"


def _progress(queue: Queue) -> str:
    """What is measured now."""
    network = queue.next
    assert network is not None
    finer = "" if network.coarse_left else ", finer"
    if len(queue.networks) == 1:
        return f"Measuring{finer}"
    number = queue.networks.index(network) + 1
    return plain(f"{network.title}, {number} of {len(queue.networks)}{finer}")


def _begin(queue: Queue) -> None:
    ignore_echo()
    queue.begin()
