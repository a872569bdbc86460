"""Network: the whole model at a glance."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from rf_viz import Network
from rf_viz.figures.coverage import coverage_figure
from rf_viz.ui import cache, page, sidebar
from rf_viz.ui.network.findings import kept_findings, show
from rf_viz.ui.network.graph.graph import graph
from rf_viz.ui.network.network_table import network_table
from rf_viz.ui.network.overview import (
    choose_axis,
    choose_covering,
    covering,
    go_to_explore,
    grown,
    said_of,
)
from rf_viz.ui.text import plain

LEAD = (
    "The whole model at a glance: how far its layers see, how they hang together, and what is "
    "notable. Click any layer to open it in Explore."
)
SOURCES = (
    "The size r and its alignment follow [Araujo, Norris and Sim, Distill 2019]"
    "(https://distill.pub/2019/computing-receptive-fields), border layers and the range of input "
    "sizes [Richter et al., ICMLA 2021](https://arxiv.org/abs/2106.12307)."
)
PLAIN = {"displayModeBar": False}


@st.fragment
def show_growth(net: Network, traced: str) -> None:
    axis = choose_axis(net, traced)
    chosen = st.plotly_chart(
        grown(traced, axis, net),
        config=PLAIN,
        on_select="rerun",
        selection_mode="points",
        key=f"growth {traced} {axis}",
    )
    for point in chosen.selection.points:
        go_to_explore(point["customdata"][0])


@st.fragment
def show_findings(net: Network, traced: str) -> None:
    for number, finding in enumerate(kept_findings(traced, net)):
        name = show(finding, key=f"finding {number} {traced}")
        if name:
            go_to_explore(name)
    st.caption(SOURCES)


@st.fragment
def show_graph(net: Network, traced: str) -> None:
    name = graph(net, traced)
    if name:
        go_to_explore(name)


@st.fragment
def show_table(net: Network, parameters: Mapping[str, int], traced: str) -> None:
    name = network_table(net, parameters, key=traced)
    if name and st.button(f"Open {plain(name)} in Explore", icon=":material/arrow_forward:"):
        go_to_explore(name)


@st.fragment
def show_coverage(net: Network, traced: str) -> None:
    words, picture = st.columns([2, 3], gap="large")
    with words:
        layer = choose_covering(net, traced)
    if layer:
        found = covering(traced, layer.name, layer)
        words.markdown(said_of(layer, found))
        picture.plotly_chart(coverage_figure(found), config=PLAIN, key=f"coverage {traced}")


page.set_up("Network")
with st.sidebar:
    file, sample = sidebar.choose_model()
    with st.expander("Options"):
        net, asked = sidebar.choose_options(file)
traced = f"{file.digest} {asked}"
sidebar.problem()
st.html(f'<p class="rf-lead">{LEAD}</p>')
st.subheader("How far the layers see", anchor="growth")
show_growth(net, traced)
st.subheader("What is notable", anchor="findings")
show_findings(net, traced)
st.subheader("The graph", anchor="graph")
show_graph(net, traced)
st.subheader("All layers", anchor="layers")
show_table(net, cache.load(file).parameters(), traced)
st.subheader("How many cells see each pixel", anchor="coverage")
show_coverage(net, traced)
