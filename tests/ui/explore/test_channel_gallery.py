"""Channels in order, and small pictures of them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from rf_viz.ui.explore.tiles.tiles import line

from rf_viz.figures.colours import colours
from rf_viz.ui.explore.channel_gallery import (
    PAGE,
    bars,
    by_cell,
    by_maximum,
    by_mean,
    reduced,
    strongest_first,
    thumbnails,
)

MAPS = np.array([[[0, 9], [0, 0]], [[4, 4], [4, 4]], [[-1, -1], [8, -1]]], np.float32)


@pytest.mark.parametrize(
    ("figures", "channels"),
    [
        (by_maximum(MAPS, (0, 0)), [0, 2, 1]),
        (by_mean(MAPS, (0, 0)), [1, 0, 2]),
        (by_cell(MAPS, (1, 0)), [2, 1, 0]),
    ],
    ids=["maximum", "mean", "cell"],
)
def test_orders(figures: np.ndarray, channels: list[int]) -> None:
    assert strongest_first(figures) == channels


def test_equal_channels_stay_in_order_and_what_is_no_number_comes_last() -> None:
    figures = np.array([np.nan, 1, -np.inf, 1, np.inf], np.float32)
    assert strongest_first(figures) == [4, 1, 3, 2, 0]


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def test_thumbnails_run_through_the_colours_of_the_feature_map() -> None:
    first, last = colours("Viridis")[0], colours("Viridis")[-1]
    own = [pixels(png) for png in thumbnails(MAPS, None)]
    common = [pixels(png) for png in thumbnails(MAPS, (0, 18))]
    assert (own[0][0, 1] == last).all()
    assert (own[2][0, 0] == first).all()
    assert (own[2][1, 0] == last).all()
    assert (common[0][0, 0] == first).all()
    assert (common[0][0, 1] != last).any()


def test_a_thumbnail_has_the_means_of_blocks() -> None:
    values = np.arange(130 * 3, dtype=np.float32).reshape(1, 130, 3)
    small = reduced(values)
    assert small.shape == (1, 44, 3)
    np.testing.assert_allclose(small[0, 0], values[0, :3].mean(axis=0))
    np.testing.assert_allclose(small[0, -1], values[0, 129:].mean(axis=0))


def test_a_page_of_noise_is_below_300_kilobytes() -> None:
    noise = np.random.default_rng(0).standard_normal((PAGE, 224, 224)).astype(np.float32)
    assert sum(map(len, thumbnails(noise, None))) < 280_000


def test_a_line_reaches_from_the_lowest_to_the_highest_value_however_many_there_are() -> None:
    for count in (2, 100, 50_000):
        values = np.zeros(count, np.float32)
        values[count // 2] = 7
        drawn = [point.split() for point in line(values, 0, 7).removeprefix("M").split("L")]
        assert len(drawn) <= 300
        heights = [float(y) for _, y in drawn]
        assert (min(heights), max(heights)) == (0.05, 0.95)
        (top,) = (float(x) for x, y in drawn if float(y) == 0.05)
        assert abs(top - (count // 2 + 0.5) / count) < 0.01


def test_bars_begin_at_zero() -> None:
    assert list(bars(np.array([3, -1, 0], np.float32), [0, 1, 2])) == [
        (0.25, 1),
        (0, 0.25),
        (0.25, 0.25),
    ]
