"""A layer's values as one map a channel, and which of them to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ...trace.network import Layer
from ..address import ignore, ignore_echo, opened
from ..text import number


def by_channel(values: NDArray[np.float32], layer: Layer) -> NDArray[np.float32]:
    """Arranges a layer's values as (channels, *grid).

    Without a channel axis all its other axes count as channels; of others beside that axis the
    first index is taken.
    """
    grid = layer.extents
    maps = np.moveaxis(values, layer.grid_axes, range(-len(grid), 0)).reshape(-1, *grid)
    return maps if layer.channel_axis is None else maps[: layer.shape[layer.channel_axis]]


def choose_channel(maps: NDArray[np.float32], names: Sequence[str], *, key: str) -> tuple[int, str]:
    """Draws the picker and returns the channel and its title; the strongest comes first.

    ``names`` are what the channels stand for; empty where that is not known.
    """
    strength = np.nan_to_num(np.fmax.reduce(maps.reshape(len(maps), -1), axis=1), nan=-np.inf)
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
        format_func=lambda channel: f"{title(channel)}: up to {number(strength[channel])}",
        key=key,
        persist_state="session",
        on_change=ignore_echo,
    )
    return channel, title(channel)
