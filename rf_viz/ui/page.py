"""The set-up that all pages share: title, style, menu, and where errors are logged."""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st

from . import address
from .browser.token import hand_out
from .chart.chart import set_up_charts

_HERE = Path(__file__).parent
_STYLES = (_HERE / "browser" / "theme.css", _HERE / "page.css")

_PAGES = {
    "streamlit_app.py": ("Explore", ":material/search:"),
    "pages/network.py": ("Network", ":material/account_tree:"),
    "pages/compare.py": ("Compare", ":material/balance:"),
    "pages/build.py": ("Build", ":material/construction:"),
    "pages/learn.py": ("Learn", ":material/school:"),
}
"""The pages as the menu lists them: name and icon."""

_LOG = "rf_viz pages"
"""The name of the handler by which the server's log gets what the library logs."""


def set_up(title: str) -> None:
    """Begins a page: call it before anything else is drawn."""
    st.set_page_config(
        page_title=f"{title} · RF-Viz", page_icon=str(_HERE / "icon.png"), layout="wide"
    )
    for style in _STYLES:
        st.html(style)
    st.html(f'<h1 class="rf-spoken">{title}</h1>')
    set_up_charts()
    log_to_server()
    address.begin(title)
    _menu()


def log_to_server() -> None:
    """Lets what ``rf_viz`` logs, such as tracebacks of defects, appear in the server's log, once.

    A library keeps quiet by itself (a ``NullHandler``), and Streamlit takes care of its own
    loggers only. Where the root logger has handlers, these write all of it already.
    """
    logger = logging.getLogger("rf_viz")
    names = [handler.get_name() for handler in logger.handlers]  # pages run again at each click
    if _LOG in names or logging.getLogger().handlers:
        return
    handler = logging.StreamHandler()
    handler.set_name(_LOG)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)


def _menu() -> None:
    """Links to all pages, at the top of the sidebar."""
    with st.sidebar.container(key="menu"):
        for path, (name, icon) in _PAGES.items():
            if (_HERE.parent.parent / path).exists():
                st.page_link(path, label=name, icon=icon)
        hand_out()
