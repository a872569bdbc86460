"""Compare: networks side by side, and beside what was published."""

from __future__ import annotations

import streamlit as st

from rf_viz.ui import page, sidebar
from rf_viz.ui.compare import networks, side_by_side
from rf_viz.ui.compare.accuracies import accuracies
from rf_viz.ui.compare.published import published

LEAD = (
    "See how the receptive fields of up to eight networks grow, where they end, and what that has "
    "to do with accuracy."
)

SIDE, ACCURACY, TABLE = "Side by side", "Accuracy", "Published table"

page.set_up("Compare")
with st.sidebar:
    file, _ = sidebar.choose_model()
    chosen = networks.choose(file)
sidebar.problem()
st.html(f'<p class="rf-lead">{LEAD}</p>')
side, accuracy, table = st.tabs([SIDE, ACCURACY, TABLE], key="part", on_change="rerun")
with side:
    if side.open:
        curves, rows, middles = st.container(), st.container(), st.container()
        slot = rows.empty()
        with slot.container():
            side_by_side.table(chosen, {}, "being read ...")
        with curves:
            traced = networks.trace_all(chosen)
            side_by_side.curves(traced)
        with slot.container():
            side_by_side.table(chosen, traced, "could not be read")
        with middles:
            side_by_side.middles(traced)
with accuracy:
    if accuracy.open:
        accuracies(networks.trace_all(chosen))
with table:
    if table.open:
        published()
