"""Histograms over the fixed bins of surveys."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..analysis.numbers import number, percent, whole

_HEIGHT = 240

_BAR, _ZERO = "#2f86c9", "#b8bec7"

_TICKS = 7
"""About so many edges are labelled."""


def histogram_figure(counts: NDArray[np.int64], edges: Sequence[float]) -> go.Figure:
    """Draws how many values lie between neighbouring edges, as shares of all values.

    Empty bins at both ends are left out, and so are those next to zero. Most values of many layers
    are zero: the bin in the middle, which has these, has a colour of its own, and is cut off where
    it would dwarf the others.

    Args:
        counts: how many values each bin has, below, between and above the edges.
        edges: ascending, one fewer than bins.
    """
    figure = go.Figure()
    bins, middle = _bins(counts), len(counts) // 2
    shares = counts[bins] / max(1, counts.sum())
    figure.add_bar(
        x=np.arange(len(bins)),
        y=shares,
        marker={"color": [_ZERO if i == middle else _BAR for i in bins], "line": {"width": 0}},
        text=[_about(i, counts, edges) for i in bins],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )
    labels = {
        place + 0.5: edges[one]
        for place, (one, other) in enumerate(pairwise(bins))
        if other == one + 1
    }
    every = max(1, -(-len(labels) // _TICKS))
    figure.update_xaxes(
        title="value",
        showgrid=False,
        tickvals=list(labels)[::every],
        ticktext=[number(edge, 2) for edge in labels.values()][::every],
    )
    others = max((share for i, share in zip(bins, shares, strict=True) if i != middle), default=0)
    cut = bool(others) and counts[middle] > 2 * others * counts.sum()
    figure.update_yaxes(
        title="share",
        tickformat=".2~%",
        nticks=4,
        range=[0, 1.25 * others] if cut else None,
        rangemode="tozero",
    )
    return figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        bargap=0.08,
        dragmode=False,
        showlegend=False,
    )


def _bins(counts: NDArray[np.int64]) -> list[int]:
    """The bins to draw: on each side of zero those from the first to the last with a value."""
    (filled,) = counts.nonzero()
    bins: list[int] = []
    middle = len(counts) // 2
    for side in (filled[filled < middle], filled[filled == middle], filled[filled > middle]):
        bins += range(int(side[0]), int(side[-1]) + 1) if len(side) else ()
    return bins


def _about(bin_: int, counts: NDArray[np.int64], edges: Sequence[float]) -> str:
    if bin_ == len(counts) // 2:
        where = "zero, or next to it"
    elif bin_ == 0:
        where = f"below {number(edges[0])}"
    elif bin_ == len(edges):
        where = f"{number(edges[-1])} and above"
    else:
        where = f"{number(edges[bin_ - 1])} to {number(edges[bin_])}"
    share = percent(counts[bin_] / counts.sum())
    return f"{where}<br>{whole(counts[bin_])} values, {share}"
