"""Compare: networks side by side, and beside what was published."""

from __future__ import annotations

import streamlit as st

from rf_viz.ui import address, page, sidebar
from rf_viz.ui.address_choice import one_of, restored
from rf_viz.ui.compare.accuracies import accuracies
from rf_viz.ui.compare.library_tables import library_tables
from rf_viz.ui.compare.networks import choose_networks, trace_all
from rf_viz.ui.compare.published import published
from rf_viz.ui.compare.side_by_side import side_by_side

LEAD = (
    "Compare up to eight networks: how their receptive fields grow, how large they become, and how "
    "accuracy relates to them."
)

SIDE, ACCURACY, LIBRARIES, TABLE = (
    "Side by side",
    "Accuracy",
    "Keras and torchvision",
    "Published table",
)

page.set_up("Compare")
if sidebar.asks_files():
    st.stop()
with st.sidebar:
    sidebar.drop()
    file, _ = sidebar.choose_model()
sidebar.problem()
page.lead(LEAD)
contenders = choose_networks(file)
part = restored(
    "part",
    "part",
    one_of({"side": SIDE, "accuracy": ACCURACY, "libraries": LIBRARIES, "table": TABLE}),
)
side, accuracy, libraries, table = st.tabs(
    [SIDE, ACCURACY, LIBRARIES, TABLE], key=part, on_change=address.ignore_echo
)
# Only the open tab is drawn: tracing eight networks takes a while.
with side:
    if side.open:
        side_by_side(contenders)
with accuracy:
    if accuracy.open:
        accuracies(trace_all(contenders))
with libraries:
    if libraries.open:
        library_tables()
with table:
    if table.open:
        published()
page.finish()
