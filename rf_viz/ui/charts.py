"""Charts on the pages: what all of them can do."""

from __future__ import annotations

from typing import Any


def chart_config(name: str) -> dict[str, Any]:
    """Plotly's configuration of a chart with a mode bar, which saves it under this name.

    The picture has twice the size on the screen.
    """
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d"],
        "toImageButtonOptions": {"filename": name, "scale": 2},
    }
