"""Network: an overview of the whole model."""

from __future__ import annotations

import streamlit as st

from rf_viz.ui import cache, page, sidebar
from rf_viz.ui.network.growth import growth_section
from rf_viz.ui.network.overview import (
    coverage_section,
    findings_section,
    graph_section,
    table_section,
)

LEAD = (
    "The whole model at a glance: how far its layers see, how they connect, and what stands "
    "out. Click any layer to open it in Explore."
)

page.set_up("Network")
if sidebar.asks_files():
    st.stop()
with st.sidebar:
    sidebar.drop()
    file, sample = sidebar.choose_model()
if sidebar.asks_size(file):
    st.stop()
with st.sidebar, st.expander("Options"):
    net, options = sidebar.choose_options(file)
traced = f"{file.digest} {options}"
sidebar.problem()
page.lead(LEAD)
st.header("How far the layers see", anchor="growth")
growth_section(file, net, options, sample, traced)
st.header("Findings", anchor="findings")
findings_section(net, traced)
st.header("The graph", anchor="graph")
graph_section(net, traced)
st.header("All layers", anchor="layers")
table_section(net, cache.load(file).parameters(), traced)
st.header("How many cells see each pixel", anchor="coverage")
coverage_section(net, traced)
page.finish()
