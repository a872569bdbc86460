"""What all pages have in common: their set-up, their menu, their errors."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_PAGES = {
    "streamlit_app.py": ("Explore", ":material/search:"),
    "pages/network.py": ("Network", ":material/account_tree:"),
    "pages/compare.py": ("Compare", ":material/balance:"),
    "pages/build.py": ("Build", ":material/construction:"),
    "pages/learn.py": ("Learn", ":material/school:"),
}
"""The pages as the menu lists them: name and icon."""


def set_up(title: str) -> None:
    """Begins a page: call it before anything else is drawn."""
    st.set_page_config(
        page_title=f"{title} · RF-Viz", page_icon=str(_HERE / "icon.png"), layout="wide"
    )
    st.html(_HERE / "page.css")
    _menu()


def _menu() -> None:
    """Links to all pages, at the top of the sidebar."""
    with st.sidebar.container(key="menu"):
        for path, (name, icon) in _PAGES.items():
            if (_HERE.parent.parent / path).exists():
                st.page_link(path, label=name, icon=icon)
