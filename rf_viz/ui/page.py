"""What all pages share: title, style, menu, presentation, and where errors are logged."""

from __future__ import annotations

import base64
import logging
import time
from functools import cache
from importlib import import_module
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ..catalogue.app_folder import app_folder
from . import address
from .address_choice import kept, one_of
from .browser.token import hand_out
from .cache import warm_up
from .chart.chart import set_up_charts
from .garbage import Collector, forget_widgets

_HERE = Path(__file__).parent
_ICON = _HERE / "icon.svg"
_STYLES = (_HERE / "browser" / "theme.css", _HERE / "page.css")

_PAGES = {
    "streamlit_app.py": ("Explore", ":material/search:"),
    "pages/network.py": ("Network", ":material/account_tree:"),
    "pages/compare.py": ("Compare", ":material/balance:"),
    "pages/build.py": ("Build", ":material/construction:"),
    "pages/learn.py": ("Learn", ":material/school:"),
}
"""The pages as the menu lists them: name and icon."""

SENTENCE = "See which pixels drive any neuron."
"""What RF-Viz does."""

_SIDEBAR = 206
"""The width of the sidebar in pixels, at first: a window of 1280 has room for all of Explore."""

_LOG = "rf_viz pages"
"""The name of the handler by which the server's log gets what the library logs."""


def set_up(title: str) -> None:
    """Begins a page: call it before anything else is drawn."""
    st.set_page_config(
        page_title=f"{title} · RF-Viz",
        page_icon=str(_ICON),
        layout="wide",
        initial_sidebar_state=_SIDEBAR,
    )
    for style in _STYLES:
        st.html(style)
    st.html(f'<h1 class="rf-spoken">{title}</h1>')
    set_up_charts()
    log_to_server()
    _begin_server()
    address.begin(title)
    # Where the sidebar is folded, the page begins with what stands at its top.
    st.html(_brand())
    _menu()


def finish() -> None:
    """Ends a page: call it when all is drawn."""
    address.finish()
    forget_widgets()


def lead(text: str) -> DeltaGenerator:
    """Draws what the page is about, in a line, and at its end the switch for a presentation.

    Returns the place between the two.
    """
    with st.container(key="lead", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="rf-lead">{text}</p>', width="content")
        between = st.container(width="stretch")
        presents = st.toggle(
            "Present",
            help="For a projector: hides the sidebar and enlarges the text.",
            **kept("present", "present", one_of({"0": False, "1": True})),
        )
    if presents:
        st.html(_HERE / "present.css")
    return between


@cache
def _brand() -> str:
    """The mark, the name and the sentence."""
    mark = base64.b64encode(_ICON.read_bytes()).decode()
    return (
        f'<div class="rf-brand"><img alt="" src="data:image/svg+xml;base64,{mark}">'
        f"<p><b>RF-Viz</b> {SENTENCE}</p></div>"
    )


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


@st.cache_resource(show_spinner=False)
def _begin_server() -> None:
    """What is done once, when the first page is drawn."""
    # Streamlit imports it at the first table. Plotly looks it up whenever it draws: a figure that
    # somebody else's page draws at that moment would find half of it, and fail.
    import_module("pandas")
    Collector(time.monotonic(), time.process_time()).start()
    warm_up()


def _menu() -> None:
    """The name and links to all pages, at the top of the sidebar."""
    with st.sidebar.container(key="menu"):
        st.html(_brand())
        for path, (name, icon) in _PAGES.items():
            if (app_folder() / path).exists():
                st.page_link(path, label=name, icon=icon)
        hand_out()
