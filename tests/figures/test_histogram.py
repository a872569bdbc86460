"""Histograms over the bins of surveys."""

from __future__ import annotations

import numpy as np
import pytest

from rf_viz.figures.histogram import histogram_figure
from rf_viz.survey.bins import edges, histogram


def test_bars_are_the_shares_of_values_between_edges() -> None:
    values = np.array([[-3, -3, 0, 0, 0, 0, 0.3, 5, 5, 5.5]], np.float32)
    figure = histogram_figure(histogram(values)[0], edges())
    (bars,) = figure.data
    drawn = {text: y for text, y in zip(bars.text, bars.y, strict=True) if y}
    shares = {text.split("<br>")[0]: share for text, share in drawn.items()}
    minus = "\N{MINUS SIGN}"
    assert shares == pytest.approx(
        {f"{minus}4 to {minus}3": 0.2, "zero, or next to it": 0.4, "0.25 to 0.375": 0.1,
         "4 to 6": 0.3}
    )  # fmt: skip
    # Between the first and the last bin of a side none is left out: 0.25 to 6 are nine bins.
    assert len(bars.x) == 1 + 1 + 9


def test_a_channel_of_zeros_and_one_without_values() -> None:
    zeros = histogram_figure(histogram(np.zeros((1, 7), np.float32))[0], edges())
    assert list(zeros.data[0].y) == [1]
    nothing = histogram_figure(np.zeros(len(edges()) + 1, np.int64), edges())
    assert len(nothing.data[0].x) == 0
