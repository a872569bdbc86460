"""Figures: functions from results to Plotly figures, and to encoded pictures.

The figures are ordinary ones: they show in a notebook, and take ``update_layout``, ``write_html``
and whatever else Plotly offers. What is laid over pictures and maps has names (see
``figures.overlays``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .channels import channels_figure as channels_figure
    from .coverage import coverage_figure as coverage_figure
    from .growth import growth_figure as growth_figure
    from .linked_view import linked_figure as linked_figure
    from .trail import trail_figure as trail_figure
    from .volume_view import volume_figure as volume_figure

_HOMES = {
    "channels_figure": "channels",
    "coverage_figure": "coverage",
    "growth_figure": "growth",
    "linked_figure": "linked_view",
    "trail_figure": "trail",
    "volume_figure": "volume_view",
}
"""The public figures and their modules; each is imported when it is first used."""

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
