"""Plotly.js as the installed ``plotly`` package has it."""

from __future__ import annotations

from importlib.metadata import version

from plotly.offline import get_plotlyjs


def plotly_js() -> str:
    """The source of Plotly.js, minified: about 5 MB."""
    source: str = get_plotlyjs()
    return source


def plotly_version() -> str:
    """The version of the package that it comes from."""
    return version("plotly")
