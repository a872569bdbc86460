"""What all pages have in common: their set-up, their menu, their errors."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_ENTRY = "streamlit_app.py"


def set_up(title: str) -> None:
    """Begins a page: call it before anything else is drawn."""
    st.set_page_config(
        page_title=f"{title} · RF-Viz", page_icon=str(_HERE / "icon.png"), layout="wide"
    )
    st.html(_HERE / "page.css")
    _menu()


def _menu() -> None:
    """Links to all pages in the sidebar; nothing where there is only one."""
    root = _HERE.parent.parent
    others = sorted((root / "pages").glob("[!_]*.py"))
    if not others:
        return
    with st.sidebar:
        st.page_link(_ENTRY, label="Explore")
        for page in others:
            label = page.stem.replace("_", " ").capitalize()
            st.page_link(str(page.relative_to(root)), label=label)
