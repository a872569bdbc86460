"""What the pinned cell sees, worked out once a click for all that shows it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ...analysis.seen import Seen
from ...trace.network import Layer

_KEY = "seen"


def seen_by(layer: Layer, cell: Sequence[int], channel: int | None) -> Seen:
    """What a cell sees; the answer for the session's latest cell is kept."""
    latest: Seen | None = st.session_state.get(_KEY)
    now = Seen(layer, tuple(cell), channel)
    if latest is None or latest.layer is not layer or latest != now:
        latest = st.session_state[_KEY] = now
    return latest
