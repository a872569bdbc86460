"""Compare: networks side by side, and beside what was published."""

from __future__ import annotations

import streamlit as st

from rf_viz.ui import contenders, page, pick, side_by_side
from rf_viz.ui.accuracies import accuracies
from rf_viz.ui.published import published

LEAD = (
    "See how the receptive fields of up to eight networks grow, where they end, and what that has "
    "to do with accuracy."
)

SIDE, ACCURACY, TABLE = "Side by side", "Accuracy", "Published table"

page.set_up("Compare")
with st.sidebar:
    file, _ = pick.choose_model()
    chosen = contenders.choose(file)
pick.problem()
st.html(f'<p class="rf-lead">{LEAD}</p>')
side, accuracy, table = st.tabs([SIDE, ACCURACY, TABLE], key="part", on_change="rerun")
with side:
    if side.open:
        curves, rows, middles = st.container(), st.container(), st.container()
        slot = rows.empty()
        with slot.container():
            side_by_side.table(chosen, {}, "being read ...")
        with curves:
            traced = contenders.trace_all(chosen)
            side_by_side.curves(traced)
        with slot.container():
            side_by_side.table(chosen, traced, "could not be read")
        with middles:
            side_by_side.middles(traced)
with accuracy:
    if accuracy.open:
        accuracies(contenders.trace_all(chosen))
with table:
    if table.open:
        published()
