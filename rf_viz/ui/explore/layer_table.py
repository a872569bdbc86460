"""A table of all layers and what their cells see."""

from __future__ import annotations

import streamlit as st

from ...analysis.growth import largest_region
from ...analysis.records import Record
from ...trace.network import Layer, Network
from ...trace.settings import in_words
from ..address import ignore_echo
from ..tables import save_as_csv, with_extents
from ..text import MISSING


def layer_table(net: Network, *, open: bool) -> None:
    """Draws the table, at first closed unless it is all there is to see."""
    with st.expander(
        "All layers", expanded=open, on_change=ignore_echo, key=f"table {open}"
    ) as panel:
        if panel.open:
            with st.spinner("Listing the layers ..."):
                rows = [_row(layer) for layer in net.layers]
            st.dataframe([with_extents(row) for row in rows], hide_index=True, placeholder=MISSING)
            save_as_csv(rows, "layers.csv", key="save layers")


def _row(layer: Layer) -> Record:
    field = layer.receptive_field
    return {
        "Layer": layer.title,
        "Operator": layer.op,
        "Settings": in_words(layer.settings),
        "Shape": layer.shape,
        "Largest region": largest_region(layer),
        "Size r": field.size if field else None,
        "Stride S": field.stride if field else None,
        "Padding P": field.padding if field else None,
        "Known": "exact" if layer.exact else "assumed",
        "Note": layer.note,
    }
