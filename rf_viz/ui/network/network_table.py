"""Table of all layers of a network, to sort, to search and to export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from ...analysis.categories import CATEGORIES, category_of
from ...analysis.growth import largest_region
from ...analysis.records import Record
from ...trace.network import Layer, Network
from ...trace.settings import in_words
from ..address_choice import kept, several_of, words
from ..clickable_table import clickable_table
from ..sharing import kept_with_it
from ..tables import save_as_csv, with_extents
from ..text import MISSING, position

_COLUMNS = {
    "GFLOPs": st.column_config.NumberColumn(format="%,.4f", help="A multiply-add counts as two"),
    "Parameters": st.column_config.NumberColumn(format="%,d"),
    "Size r": st.column_config.TextColumn(help="Of the closed form; padding counts"),
    "Centre": st.column_config.TextColumn(help="Of cell 0, in pixels: (r - 1) / 2 - P"),
    "Sees": st.column_config.TextColumn(help="The most that a cell sees of the image, exactly"),
}


def network_table(net: Network, parameters: Mapping[str, int], *, key: str) -> str | None:
    """Draws the table; returns the name of the layer that was just clicked.

    ``parameters`` are the numbers of weights by layer name. ``key`` stands for the network.
    """
    rows = _rows(net, parameters)
    search, kinds, save = st.columns([3, 3, 1], vertical_alignment="bottom")
    text = search.text_input(
        "Search", placeholder="Name or operator", **kept("search", f"search {key}", words())
    )
    here = [name for name in CATEGORIES if any(row["Kind"] == name for row in rows)]
    by_text = {name.replace(" ", "-"): name for name in here}
    chosen = kinds.multiselect(
        "Kinds",
        here,
        placeholder="All kinds",
        select_all=False,
        **kept("kinds", f"kinds {key}", several_of(by_text)),
    )
    shown = matching_rows(rows, text, chosen)
    save_as_csv(shown, "layers.csv", key=f"save {key}", where=save)
    if not shown:
        st.caption("No layer has that in its name or operator.")
        return None
    st.caption("Click a row to open its layer in Explore.")
    row = clickable_table(
        [_displayed(row) for row in shown],
        placeholder=MISSING,
        height=min(420, 38 + 35 * len(shown)),
        column_config=_COLUMNS,
        column_order=[
            name for name in rows[0] if any(row[name] not in ("", None) for row in shown)
        ],
        key=f"table {key} {text} {chosen}",
    )
    if row is None or row >= len(shown):
        return None
    return net[str(shown[row]["Layer"])].name


def matching_rows(rows: Sequence[Record], words: str, kinds: Sequence[str]) -> list[Record]:
    """Rows of these kinds (all, if none is named) that contain every word."""
    parts = words.lower().split()
    return [
        row
        for row in rows
        if (not kinds or row["Kind"] in kinds)
        and all(part in f"{row['Layer']} {row['Operator']} {row['In']}".lower() for part in parts)
    ]


@kept_with_it("Listing the layers ...")
def _rows(net: Network, _parameters: Mapping[str, int]) -> list[Record]:
    return [_row(layer, _parameters.get(layer.name, 0)) for layer in net.layers]


def _row(layer: Layer, parameters: int) -> Record:
    field = layer.receptive_field
    adds = layer.multiply_adds
    centre = field.centre((0,) * len(field.size)) if field and None not in field.padding else None
    return {
        "Layer": layer.title,
        "Operator": layer.op,
        "Settings": in_words(layer.settings),
        "Shape": layer.shape,
        "Size r": field.size if field else None,
        "Stride": field.stride if field else None,
        "Padding": field.padding if field else None,
        "Centre": centre,
        "Sees": largest_region(layer),
        "Aligned": layer.aligned,
        "Exact": layer.exact,
        "Parameters": parameters,
        "GFLOPs": None if adds is None else 2e-9 * adds,
        "Kind": category_of(layer),
        "In": layer.group.name if layer.group else "",
        "Note": layer.note,
    }


def _displayed(row: Record) -> Record:
    """A row as it reads on the page; numbers that stand alone stay numbers, to sort by."""
    words = {
        "Centre": position(row["Centre"]) if row["Centre"] else None,
        "Aligned": {True: "yes", False: "no", None: "unknown"}[row["Aligned"]],
        "Exact": "exact" if row["Exact"] else "assumed",
    }
    return {**with_extents(row), **words}
