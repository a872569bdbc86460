"""Colours that mean the same in every figure and view."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

PINNED = "#ff7f0e"
"""The colour of the pinned cell and of what it sees; the browser side has it in its own files."""


@lru_cache
def colours(scale: str) -> NDArray[np.uint8]:
    """A colour scale, by Plotly's name for it, as 256 rows of red, green, blue."""
    samples = sample_colorscale(get_colorscale(scale), np.linspace(0, 1, 256))
    table: NDArray[np.uint8] = np.array([unlabel_rgb(sample) for sample in samples]).round()
    return table.astype(np.uint8)
