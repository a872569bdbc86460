"""What the strip of stops tells, without a browser."""

from __future__ import annotations

import numpy as np
import pytest
from rf_viz.ui.explore.trail.trail import counted, middle, thumbnail

from rf_viz import Layer
from tests.oracles.onnx_oracle import single, traced

BY = "\N{MULTIPLICATION SIGN}"


def pooled(channels: int, height: int, width: int) -> Layer:
    shape = (1, channels, height, width)
    return traced(single("MaxPool", shape, kernel_shape=[3, 3], pads=[1] * 4))["y"]


def marked(shape: tuple[int, ...], *cells: tuple[int, ...]) -> np.ndarray:
    marks = np.zeros(shape, bool)
    for cell in cells:
        marks[cell] = True
    return marks


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        (marked((9, 8), (2, 3), (2, 4)), f"1 {BY} 2 of 9 {BY} 8"),
        (marked((9, 8), (2, 3), (2, 5)), f"2 of 9 {BY} 8"),
        (np.ones((3, 4), bool), f"all 3 {BY} 4"),
        (marked((5,), (1,), (2,)), "2 of 5"),
        (np.ones((), bool), "the only cell"),
    ],
)
def test_how_many_cells_feed(marks: np.ndarray, text: str) -> None:
    assert counted(marks) == text


def test_a_stop_leads_to_a_cell_that_feeds_near_the_middle_of_those_that_do() -> None:
    ring = [(y, x) for y in (1, 3, 5) for x in (1, 3, 5) if (y, x) != (3, 3)]
    assert middle(marked((9, 9), *ring)) in {(1, 3), (3, 1), (3, 5), (5, 3)}
    assert middle(marked((9, 9), (2, 2), (2, 3), (2, 4))) == (2, 3)
    assert middle(np.ones((), bool)) == ()


def test_a_thumbnail_shows_strength_whatever_its_sign() -> None:
    values = np.zeros((1, 2, 3, 3), np.float32)
    values[0, 0, 1, 2], values[0, 1, 0, 0], values[0, 1, 2, 2] = -4, 2, np.nan
    assert thumbnail(values, pooled(2, 3, 3)).tolist() == [[128, 0, 0], [0, 0, 255], [0, 0, 0]]


def test_a_thumbnail_of_a_large_map_is_small() -> None:
    values = np.zeros((1, 1, 100, 50), np.float32)
    values[..., 50:, :] = 1
    small = thumbnail(values, pooled(1, 100, 50))
    assert small.shape == (48, 48)
    assert small[:23].max() == 0
    assert small[25:].min() == 255
