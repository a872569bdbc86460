"""The crop of what the pinned cell sees, with its pixels marked."""

from __future__ import annotations

import numpy as np

from rf_viz.ui.inspector.cell_panel import veiled


def test_a_veil_leaves_what_counts_as_it_is() -> None:
    part = np.full((2, 2, 3), 200, np.uint8)
    veil = np.array([[1, 0], [0, 1]], np.uint8)
    assert veiled(part, veil, "pixels")[..., 0].tolist() == [[200, 80], [80, 200]]


def test_a_veil_of_paths_is_brightest_where_most_lead() -> None:
    part = np.full((1, 3, 3), 100, np.uint8)
    none, few, most = veiled(part, np.array([[0, 40, 255]], np.uint8), "paths")[0].sum(axis=-1)
    assert none == 120
    assert most > 600 > few > none
