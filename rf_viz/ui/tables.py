"""Tables on the pages: what their records read like, and the same records as a file."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ..analysis.records import Record, csv_text
from .text import by


def with_extents(record: Record) -> Record:
    """A record as a table shows it: extents in words, all else as it is."""
    return {
        name: by(value) if isinstance(value, list | tuple) else value
        for name, value in record.items()
    }


def save_as_csv(
    records: Sequence[Record], name: str, *, key: str, where: DeltaGenerator | None = None
) -> None:
    """Draws a button that saves records as a CSV file of that name.

    Streamlit's own button is hidden: what it writes can hold formulas, and extents as people read
    them (see ``page.css``).
    """
    (where or st).download_button(
        "CSV",
        lambda: csv_text(records),
        name,
        "text/csv",
        key=key,
        on_click="ignore",
        icon=":material/download:",
    )
