"""What the Network page lets one choose, and the way from there to Explore."""

from __future__ import annotations

from math import prod
from typing import NoReturn

import plotly.graph_objects as go
import streamlit as st

from ...analysis.coverage import MOST, Coverage, coverage
from ...analysis.diagnosis import features, skips
from ...figures.growth import growth_figure
from ...trace.network import Layer, Network
from ..navigation import Destination, set_destination
from ..text import by, percent, plain

_LARGEST = 2**22
"""Of layers with more cells than this, or inputs with more pixels, there is no map."""


def go_to_explore(layer: str) -> NoReturn:
    """Opens a layer there; what was pinned in another one stays."""
    set_destination(Destination(layer, keep_point=True))
    st.switch_page("streamlit_app.py")
    raise AssertionError("the page was switched")


def choose_axis(net: Network, traced: str) -> int:
    """Along which of the input's axes: asked only where that makes a difference."""
    axes = len(net.input.size)
    same = len(set(net.input.size)) == 1 and all(
        len(set(layer.receptive_field.size)) == 1 for layer in net.layers if layer.receptive_field
    )
    if axes < 2 or same:
        return 0
    names = ("depth", "height", "width")[-axes:] if axes <= 3 else tuple(map(str, range(axes)))
    return st.radio(
        "Along", range(axes), format_func=names.__getitem__, horizontal=True, key=f"axis {traced}"
    )


@st.cache_resource(max_entries=12, show_spinner=False)
def grown(traced: str, axis: int, _net: Network) -> go.Figure:
    """How far the layers see along an axis."""
    return growth_figure(_net, axis)


def choose_covering(net: Network, traced: str) -> Layer | None:
    """The layer whose cells to count; first the one that sees the least of the image."""
    inside = [x for x, own in zip(net.layers, features(net), strict=True) if own]
    layers = [layer for layer in inside if prod(layer.grid) <= _LARGEST]
    if not layers or prod(net.input.size) > _LARGEST:
        st.caption("There are no cells to count, or too many.")
        return None
    worst = max(skips(net), key=lambda skip: skip.unseen, default=None)
    names = [layer.name for layer in layers]
    first = worst.layer.name if worst and worst.unseen and worst.layer.name in names else names[-1]
    name = st.selectbox("Layer", names, index=names.index(first), key=f"covering {traced}")
    return net[name]


@st.cache_resource(max_entries=24, show_spinner="Counting cells ...")
def covering(traced: str, name: str, _layer: Layer) -> Coverage:
    """How many of the layer's cells see each pixel."""
    return coverage(_layer)


def said_of(layer: Layer, found: Coverage) -> str:
    """What the map shows, in words."""
    counts = found.counts
    how = "" if found.exact else f" Of more than {MOST:,} cells the boxes count, holes included."
    unseen = "Every pixel is seen by some cell."
    if found.unseen:
        unseen = f"No cell sees {found.unseen:,} pixels ({percent(found.unseen / counts.size)})."
    return (
        f"How many of the {by(layer.grid)} cells of {plain(layer.name)} see each pixel: "
        f"from {counts.min():,} to {counts.max():,}. {unseen}{how}"
    )
