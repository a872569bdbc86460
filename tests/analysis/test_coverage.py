"""How many cells see each pixel, against the masks of all cells one by one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import rf_viz
from rf_viz import Layer
from rf_viz.analysis import coverage
from rf_viz.catalogue.samples import SAMPLE_MODELS
from tests.models.small_nets import Net


def one_by_one(layer: Layer) -> NDArray[np.int64]:
    return np.sum([layer.mask(cell) for cell in np.ndindex(layer.grid)], axis=0)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("squeezenet", "fire7/concat"),  # 169 cells: more than one walk
        ("blazeface", "classificator_8__211:0"),  # cells along axes 1 and 2
        ("crepe", "conv5"),
        ("efficientnet-lite0", "features"),
    ],
)
def test_counts_are_those_of_all_masks_together(model: str, name: str) -> None:
    layer = rf_viz.load(SAMPLE_MODELS[model].path).trace(cut_global=True)[name]
    counted = coverage.coverage(layer)
    assert counted.exact
    assert np.array_equal(counted.counts, one_by_one(layer))


def test_holes_are_not_counted() -> None:
    net = Net()
    net.conv("x", 3, name="holes", dilation=2)
    layer = net.trace(9)["holes"]
    counted = coverage.coverage(layer)
    assert np.array_equal(counted.counts, one_by_one(layer))
    assert counted.counts.sum() < coverage._of_boxes(layer).sum()


def test_pixels_that_no_cell_sees_are_counted() -> None:
    net = Net()
    net.conv("x", 1, 2, name="skipping", pad=0)
    counted = coverage.coverage(net.trace(8)["skipping"])
    assert counted.unseen == 48
    assert np.array_equal(np.argwhere(counted.counts)[:3], [[0, 0], [0, 2], [0, 4]])


def test_of_many_cells_the_boxes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Net()
    net.conv("x", 3, 2, name="solid")
    layer = net.trace(16)["solid"]
    exact = coverage.coverage(layer)
    monkeypatch.setattr(coverage, "MOST", 10)
    counted = coverage.coverage(layer)
    assert (exact.exact, counted.exact) == (True, False)
    assert np.array_equal(counted.counts, exact.counts)
