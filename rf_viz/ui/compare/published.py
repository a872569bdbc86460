"""Table of the article's published receptive fields, with what RF-Viz computes beside it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ...analysis.records import Record
from ...catalogue.article import EndPoint, end_points
from ..address import refresh
from ..address_choice import kept, one_of
from ..tables import save_as_csv
from ..text import MISSING, by

_ALL, _ANY = "All networks", "Any size"


@st.fragment
def published() -> None:
    """Draws the table: all rows, or those of a network, of an input size, or that differ."""
    st.html(Path(__file__).with_suffix(".css"))
    rows = end_points()
    differ = sum(not row.agrees for row in rows)
    networks = sorted({row.net for row in rows})
    sizes = sorted({row.resolution for row in rows if row.resolution})
    st.html(
        f'<p class="rf-tally"><b>{len(rows)} rows, {differ} differences</b> between what was '
        f"published of {len(networks)} networks and what RF-Viz computes.</p>"
    )
    filters = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    offered = [_ALL, *networks]
    network = filters.selectbox(
        "Network",
        offered,
        width=260,
        **kept("published.network", "published network", one_of(offered)),
    )
    by_text = {str(n): by((n, n)) for n in sizes}
    at = {"all": "All", "any": _ANY, **by_text}
    size = filters.segmented_control(
        "Input size",
        list(at.values()),
        required=True,
        **kept("published.size", "published size", one_of(at)),
    )
    only = filters.toggle(
        "Differences only",
        **kept("published.rows", "published differences", one_of({"all": False, "differ": True})),
    )
    refresh()
    resolution = {_ANY: None} | {by((n, n)): n for n in sizes}
    shown = [
        row
        for row in rows
        if network in (_ALL, row.net)
        and (size == "All" or row.resolution == resolution[str(size)])
        and not (only and row.agrees)
    ]
    if shown:
        records = [_row(row) for row in shown]
        whole = st.column_config.NumberColumn(format="%,d")
        st.dataframe(
            records,
            hide_index=True,
            placeholder=MISSING,
            height=420,
            column_config=dict.fromkeys(_figures(shown[0]), whole),
        )
        save_as_csv(records, "published.csv", key="save published")
    elif only:
        st.info("No row differs: what RF-Viz computes is what was published, in every one.")
    else:
        st.info("Nothing was published of this network at this size.")
    st.caption(
        "Published with the article in RECEPTIVE_FIELD_TABLE.md of "
        "[google-research/receptive_field](https://github.com/google-research/receptive_field), "
        "the same along both axes; **here** is what RF-Viz computes, from TF-Slim's graphs and, "
        "for MobileNet, Inception-v4 and Inception-ResNet-v2, from graphs built after their "
        f"papers. {MISSING} is a padding that depends on the input's size."
    )


def _row(row: EndPoint) -> Record:
    return {
        "Network": row.net,
        "Input": str(row.resolution or "any"),
        "End point": row.name.removeprefix(f"{row.net}/"),
        **_figures(row),
        "Compared": "equal" if row.agrees else "differs",
    }


def _figures(row: EndPoint) -> dict[str, int | None]:
    """Columns of r, S and P as published and as computed here; None where there is no figure."""
    columns: dict[str, int | None] = {}
    for name, published, computed in zip("rSP", row.published, row.computed, strict=True):
        columns[name] = published
        columns[f"{name} here"] = computed
    return columns
