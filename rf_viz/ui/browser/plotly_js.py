"""Plotly.js for components: from the installed package, served once and cached by the browser."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

from ...figures.plotly_js import plotly_js, plotly_version

STATIC = Path(__file__).resolve().parents[3] / "static"
"""The folder that Streamlit serves as ``app/static/``; it lies beside ``streamlit_app.py``."""


@cache
def plotly_url() -> str:
    """The address of Plotly.js, relative to the app's own; puts the file there first.

    Raises OSError where the folder cannot be written.
    """
    file = STATIC / f"plotly-{plotly_version()}.min.js"
    if not file.exists():
        STATIC.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=STATIC, delete=False, encoding="utf-8") as part:
            part.write(plotly_js())
        os.chmod(part.name, 0o644)
        os.replace(part.name, file)  # at once: another process may be serving it already
    return f"app/static/{file.name}"
