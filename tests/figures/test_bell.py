"""The figures of the effective receptive field show the numbers they are given."""

from __future__ import annotations

import numpy as np
import pytest

from rf_viz.figures.bell import bell, growth


def test_every_unit_has_its_bar_on_the_side_where_it_lies() -> None:
    counts = np.array([1, 3, 6, 7, 6, 3, 1]) / 27
    inside, outside = bell(counts, counts > 0.1).data
    assert list(inside.x) == [-2, -1, 0, 1, 2]
    assert list(outside.x) == [-3, 3]
    assert sum(inside.y) + sum(outside.y) == pytest.approx(100)


def test_growth_has_the_sizes_the_widths_and_the_law() -> None:
    laws = [4.0, 5.7, 8.1], [3.5, 5.0, 7.2]
    figure = growth([1, 2, 4], [3, 5, 9], [3, 5, 7], [3, 4.6, 6.1], laws, 2)
    assert [(line.name, list(line.y)) for line in figure.data] == [
        ("receptive field r", [3, 5, 9]),
        ("square root law", [4.0, 5.7, 8.1]),
        ("square root law", [3.5, 5.0, 7.2]),
        ("width in 1-D", [3, 5, 7]),
        ("square root of the area in 2-D", [3, 4.6, 6.1]),
    ]
    assert figure.layout.shapes[0].x0 == 2
