"""The figures of summed weights show every output once, in one dimension and in two."""

from __future__ import annotations

import numpy as np

from rf_viz.figures.weights import bars, picture

SUMS = np.array([1.0, 1, 2, 1, 2, 1])
INNER = np.array([False, False, True, True, True, False])


def test_every_output_has_its_bar_and_those_beside_the_border_are_apart() -> None:
    inside, border = bars(SUMS, INNER).data
    assert list(zip(inside.x, inside.y, strict=True)) == [(2, 2), (3, 1), (4, 2)]
    assert list(border.x) == [0, 1, 5]


def test_two_dimensions_multiply_and_the_scale_begins_at_nothing() -> None:
    (heat,) = picture(SUMS).data
    assert (heat.z == SUMS[:, None] * SUMS).all()
    assert (heat.zmin, heat.zmax) == (0, 4)
