"""Where a click on a stop leads."""

from __future__ import annotations

import numpy as np

from rf_viz.ui.explore.trail import middle


def marked(shape: tuple[int, ...], *cells: tuple[int, ...]) -> np.ndarray:
    marks = np.zeros(shape, bool)
    for cell in cells:
        marks[cell] = True
    return marks


def test_a_stop_leads_to_a_cell_that_feeds_near_the_middle_of_those_that_do() -> None:
    ring = [(y, x) for y in (1, 3, 5) for x in (1, 3, 5) if (y, x) != (3, 3)]
    assert middle(marked((9, 9), *ring)) in {(1, 3), (3, 1), (3, 5), (5, 3)}
    assert middle(marked((9, 9), (2, 2), (2, 3), (2, 4))) == (2, 3)
    assert middle(np.ones((), bool)) == ()
