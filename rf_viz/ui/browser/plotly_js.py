"""Plotly.js for components: from the installed package, served once and cached by the browser."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

from streamlit.runtime import get_instance

from ...catalogue.app_folder import app_folder
from ...figures.plotly_js import plotly_js, plotly_version

STATIC = app_folder() / "static"
"""The folder that Streamlit serves as ``app/static/``; it lies beside ``streamlit_app.py``."""


def plotly_url() -> str:
    """The address of Plotly.js, relative to the app's own.

    The file is put there first. Where nothing may be written, the app's memory serves it.
    """
    try:
        return f"app/static/{_file().name}"
    except OSError:
        manager = get_instance().media_file_mgr
        return manager.add(plotly_js().encode(), "text/javascript", "plotly.js").lstrip("/")


@cache
def _file() -> Path:
    """The file that browsers fetch, complete. Raises OSError where it cannot be written."""
    file = STATIC / f"plotly-{plotly_version()}.min.js"
    if not file.exists():
        STATIC.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=STATIC, delete=False, encoding="utf-8") as part:
            part.write(plotly_js())
        os.chmod(part.name, 0o644)
        os.replace(part.name, file)  # at once: another process may be serving it already
    return file
