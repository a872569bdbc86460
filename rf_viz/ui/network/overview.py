"""Sections of the Network page, each a fragment that runs again by itself."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import NoReturn

import streamlit as st

from ...analysis.coverage import MOST, Coverage, coverage
from ...analysis.diagnosis import features, skips
from ...figures.coverage import coverage_figure
from ...figures.growth import growth_figure
from ...trace.network import Layer, Network
from ..address import refresh
from ..address_choice import kept, one_of, restored
from ..chart.chart import chart
from ..navigation import Destination, set_destination
from ..sharing import kept_with_it
from ..text import by, count, percent, plain, whole
from .findings import cached_findings, draw_finding
from .folds import folds
from .graph.graph import graph
from .network_table import network_table

_SOURCES = (
    "The size r and its alignment follow [Araujo, Norris and Sim, Distill 2019]"
    "(https://distill.pub/2019/computing-receptive-fields), border layers and the range of input "
    "sizes [Richter et al., ICMLA 2021](https://arxiv.org/abs/2106.12307)."
)

_LARGEST = 2**22
"""Most cells of a layer, and most pixels of an input, for which there is a coverage map."""


@st.fragment
def growth_section(net: Network, traced: str) -> None:
    """Draws how far the layers see; a clicked point opens its layer in Explore."""
    axis = _choose_axis(net, traced)
    effective = st.toggle(
        "Effective size",
        help="Most of what a cell sees has hardly any influence on it. The line shows the size of "
        "the **effective receptive field** of each layer's middle cell that is to be expected of "
        "random weights: the side of a square of all pixels with more than 4.55% of the largest "
        "influence ([Luo et al. 2016](https://arxiv.org/abs/1701.04128)). In Explore, *Effective "
        "field* measures it with the model's own weights.",
        **kept("effective", "effective size", one_of({"hidden": False, "shown": True})),
    )
    refresh()
    event = chart(
        _growth_figure(net, axis, effective),
        "How far the layers see",
        key=f"growth {traced} {axis} {effective}",
        on_select="rerun",
    )
    for point in event.selection.points:
        _go_to_explore(point["customdata"][0])


@st.fragment
def findings_section(net: Network, traced: str) -> None:
    """Draws the findings, each with buttons for the layers that show it."""
    for number, finding in enumerate(cached_findings(net)):
        name = draw_finding(finding, key=f"finding {number} {traced}")
        if name:
            _go_to_explore(name)
    st.caption(_SOURCES)


@st.fragment
def graph_section(net: Network, traced: str) -> None:
    """Draws the graph; a clicked layer opens in Explore."""
    restored("folds", f"unfolded {traced}", folds(net))
    name = graph(net, traced)
    refresh()
    if name:
        _go_to_explore(name)


@st.fragment
def table_section(net: Network, parameters: Mapping[str, int], traced: str) -> None:
    """Draws the table of layers; a clicked row opens its layer in Explore."""
    name = network_table(net, parameters, key=traced)
    refresh()
    if name:
        _go_to_explore(name)


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


def _go_to_explore(layer: str) -> NoReturn:
    """Opens a layer in Explore; the point that was looked at in another layer stays."""
    set_destination(Destination(layer, keep_point=True))
    st.switch_page("streamlit_app.py")
    raise AssertionError("the page was switched")


def _choose_axis(net: Network, traced: str) -> int:
    """Lets the person choose an axis of the input, where the axes differ."""
    axes = len(net.input.size)
    same = len(set(net.input.size)) == 1 and all(
        len(set(layer.receptive_field.size)) == 1 for layer in net.layers if layer.receptive_field
    )
    if axes < 2 or same:
        return 0
    names = ("depth", "height", "width")[-axes:] if axes <= 3 else tuple(map(str, range(axes)))
    return st.radio(
        "Along",
        range(axes),
        format_func=names.__getitem__,
        horizontal=True,
        **kept("along", f"axis {traced}", one_of({name: n for n, name in enumerate(names)})),
    )


@kept_with_it("Measuring the layers ...")
def _growth_figure(net: Network, axis: int, effective: bool) -> object:
    return growth_figure(net, axis, effective=effective)


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
