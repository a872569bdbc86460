"""A table of all layers and what their cells see."""

from __future__ import annotations

import streamlit as st

from ...analysis.growth import largest_region
from ...trace.network import Layer, Network
from ...trace.settings import in_words
from ..address import ignore_echo
from ..text import by


def layer_table(net: Network, *, open: bool) -> None:
    """Draws the table, at first closed unless it is all there is to see."""
    with st.expander(
        "All layers", expanded=open, on_change=ignore_echo, key=f"table {open}"
    ) as panel:
        if panel.open:
            st.dataframe([_row(layer) for layer in net.layers], hide_index=True)


def _row(layer: Layer) -> dict[str, str]:
    field = layer.receptive_field
    return {
        "Layer": layer.title,
        "Operator": layer.op,
        "Settings": in_words(layer.settings),
        "Shape": by(layer.shape),
        "Largest region": by(largest_region(layer)),
        "Size r": by(field.size) if field else "",
        "Stride S": by(field.stride) if field else "",
        "Padding P": by(field.padding) if field else "",
        "Known": "exact" if layer.exact else "assumed",
        "Note": layer.note,
    }
