"""A table whose rows are clicked, to open what they are about."""

from __future__ import annotations

from typing import Any

import streamlit as st


def clickable_table(data: Any, *, key: str, **options: Any) -> int | None:  # noqa: ANN401
    """Draws a table and returns the number of the row that was just clicked, whichever its cell.

    ``options`` are those of ``st.dataframe``. A row is returned once a click.
    """
    clicked = f"{key} clicked"

    def click() -> None:
        for row, _ in st.session_state[key].selection.cells:
            st.session_state[clicked] = row

    st.dataframe(
        data, hide_index=True, key=key, on_select=click, selection_mode="single-cell", **options
    )
    row: int | None = st.session_state.pop(clicked, None)
    return row
