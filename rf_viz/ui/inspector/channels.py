"""The channel of a layer to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ...figures.maps import strengths
from ..address import ignore, ignore_echo, opened
from ..text import number


def choose_channel(maps: NDArray[np.float32], names: Sequence[str], *, key: str) -> tuple[int, str]:
    """Draws the picker and returns the channel and its title; the strongest comes first.

    ``names`` are what the channels stand for; empty where that is not known.
    """
    strength = strengths(maps)
    order: list[int] = np.argsort(-strength, kind="stable").tolist()

    def title(channel: int) -> str:
        return f"{channel} ({names[channel]})" if names else str(channel)

    state = st.session_state
    if state.get(key, 0) not in range(len(maps)):
        channel = state.pop(key)
        if opened():
            ignore("channel", channel)
    channel = st.selectbox(
        "Channel, strongest first",
        order,
        format_func=lambda channel: (
            f"Channel {title(channel)}, up to {number(float(strength[channel]))}"
        ),
        label_visibility="collapsed",
        key=key,
        persist_state="session",
        on_change=ignore_echo,
    )
    return channel, title(channel)
