"""Sections of the Network page, each a fragment that runs again by itself."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import streamlit as st

from ...analysis.coverage import MOST, Coverage, coverage
from ...analysis.diagnosis import features, skips
from ...figures.coverage import coverage_figure
from ...trace.network import Layer, Network
from ..address import refresh
from ..address_choice import kept, one_of, restored
from ..chart.chart import chart
from ..sharing import kept_with_it
from ..text import by, count, percent, plain, whole
from .findings import cached_findings, draw_finding
from .folds import folds
from .graph.graph import graph
from .growth import open_in_explore
from .network_table import network_table

_SOURCES = (
    "The size r and its alignment follow [Araujo, Norris and Sim, Distill 2019]"
    "(https://distill.pub/2019/computing-receptive-fields), border layers and the range of input "
    "sizes [Richter et al., ICMLA 2021](https://arxiv.org/abs/2106.12307)."
)

_LARGEST = 2**22
"""Most cells of a layer, and most pixels of an input, for which there is a coverage map."""


@st.fragment
def findings_section(net: Network, traced: str) -> None:
    """Draws the findings, each with buttons for the layers that show it."""
    for number, finding in enumerate(cached_findings(net)):
        name = draw_finding(finding, key=f"finding {number} {traced}")
        if name:
            open_in_explore(name)
    st.caption(_SOURCES)


@st.fragment
def graph_section(net: Network, traced: str) -> None:
    """Draws the graph; a clicked layer opens in Explore."""
    restored("folds", f"unfolded {traced}", folds(net))
    name = graph(net, traced)
    refresh()
    if name:
        open_in_explore(name)


@st.fragment
def table_section(net: Network, parameters: Mapping[str, int], traced: str) -> None:
    """Draws the table of layers; a clicked row opens its layer in Explore."""
    name = network_table(net, parameters, key=traced)
    refresh()
    if name:
        open_in_explore(name)


@st.fragment
def coverage_section(net: Network, traced: str) -> None:
    """Draws, for one layer, how many of its cells see each pixel of the input."""
    words, picture = st.columns([2, 3], gap="large")
    with words:
        layer = _choose_layer(net, traced)
    refresh()
    if layer:
        seen = _coverage(layer)
        words.markdown(_coverage_text(layer, seen))
        with picture:
            chart(coverage_figure(seen), "How many cells see each pixel", key=f"coverage {traced}")


def _choose_layer(net: Network, traced: str) -> Layer | None:
    """Lets the person choose a layer; at first the one that sees the least of the image."""
    inside = [x for x, own in zip(net.layers, features(net), strict=True) if own]
    layers = [layer for layer in inside if prod(layer.extents) <= _LARGEST]
    if not layers or prod(net.input.size) > _LARGEST:
        st.caption("There are no cells to count, or too many.")
        return None
    worst = max(skips(net), key=lambda skip: skip.unseen, default=None)
    names = [layer.name for layer in layers]
    first = worst.layer.name if worst and worst.unseen and worst.layer.name in names else names[-1]
    name = st.selectbox(
        "Layer",
        names,
        format_func=lambda name: net[name].title,
        **kept("coverage", f"covering {traced}", one_of(names, first)),
    )
    return net[name]


@kept_with_it("Counting cells ...")
def _coverage(layer: Layer) -> Coverage:
    return coverage(layer)


def _coverage_text(layer: Layer, seen: Coverage) -> str:
    """Coverage of the input by a layer's cells in words, as Markdown."""
    counts = seen.counts
    how = (
        "" if seen.exact else f" Of more than {whole(MOST)} cells the boxes count, holes included."
    )
    unseen = "Every pixel is seen by some cell."
    if seen.unseen:
        unseen = (
            f"No cell sees {count(seen.unseen, 'pixel')} ({percent(seen.unseen / counts.size)})."
        )
    return (
        f"How many of the {by(layer.extents)} cells of {plain(layer.title)} see each pixel: "
        f"from {whole(counts.min())} to {whole(counts.max())}. {unseen}{how}"
    )
