"""Colours and strokes that mean the same in every figure and view."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

from ..analysis.numbers import number

PINNED = "#ff7f0e"
"""The colour of the pinned cell and of what it sees; the browser side has it in its own files."""

HOVERED = "#ffffff"
"""The colour of what the pointer is on, and of the centre of a closed form."""

CLOSED = "#4aa3df"
"""The colour of the closed form's box."""

CASING = "rgba(0,0,0,0.75)"
"""The colour around every outline, so that it shows on bright and on dark pictures."""

DIMMED = "rgba(0,0,0,0.5)"
"""What is laid over the part of a picture that does not count."""

PALED = "rgba(128,128,128,0.35)"
"""What is laid over the part of a signal that does not count."""

GREYED = "rgba(112,112,112,0.82)"
"""What is laid over the cells of a map that do not count."""

CROSSED = "rgba(255,255,255,0.35)"
"""The colour of the lines where slices of a volume cut one another."""

EXACT, ASSUMED, CLOSED_FORM = "solid", "dot", "dash"
"""The strokes of an exact region, of an assumed one, and of the closed form's box."""

SEQUENTIAL, DIVERGING, COUNTS = "Viridis", "RdBu_r", "Inferno"
"""The scales of values of one sign, of both signs, and of path counts."""

_CHEQUERS = [[0, "#8c8c8c"], [1, "#969696"]]
"""The colours of cells without values, to be told from one another."""


_APART = 0.3
"""So far from zero an end of a diverging scale is marked, as a share of the farther one."""


@lru_cache
def colours(scale: str) -> NDArray[np.uint8]:
    """A colour scale, by Plotly's name for it, as 256 rows of red, green, blue."""
    samples = sample_colorscale(get_colorscale(scale), np.linspace(0, 1, 256))
    table: NDArray[np.uint8] = np.array([unlabel_rgb(sample) for sample in samples]).round()
    return table.astype(np.uint8)


def is_signed(low: float, high: float) -> bool:
    """Whether values lie on both sides of zero, so that they need a diverging scale."""
    return low < 0 < high


def heatmap_scale(low: float, high: float) -> dict[str, Any]:
    """The colour scale of values between two limits, as attributes of a Plotly heatmap.

    Values of both signs have a diverging scale, white at zero, and zero is marked; an end that lies
    next to it is not, or the two texts would run into each other.
    """
    limit = max(-low, high)
    ends = [low, high]
    if is_signed(low, high):
        ends = sorted([0, *(end for end in ends if abs(end) > _APART * limit)])
    return {
        "colorscale": DIVERGING if is_signed(low, high) else SEQUENTIAL,
        "zmin": -limit if is_signed(low, high) else low,
        "zmax": limit if is_signed(low, high) else high,
        "showscale": low < high,
        "colorbar": {"tickvals": ends, "ticktext": [number(end) for end in ends]},
    }


def chequered_scale() -> dict[str, Any]:
    """The colour scale of a map without values, 0 and 1 by turns, as a Plotly heatmap's."""
    return {"colorscale": _CHEQUERS, "zmin": 0, "zmax": 1, "showscale": False}


def indexed(
    values: NDArray[np.float32], low: float, high: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Values on the scale that ``heatmap_scale`` gives for the limits: steps, and the 256 colours.

    What is not a number lies at ``low``; where the limits are the same, all lie in the middle.
    """
    scale = heatmap_scale(low, high)
    bottom, top = scale["zmin"], scale["zmax"]
    table = colours(scale["colorscale"])
    if low == high:
        return np.full(values.shape, 127, np.uint8), table
    clean = np.nan_to_num(values, nan=low, posinf=high, neginf=low).clip(low, high)
    return (255 * (clean - bottom) / (top - bottom)).round().astype(np.uint8), table
